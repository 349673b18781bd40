"""`make run` as a newcomer meets it: the printed pages in a real Chromium, rows in the answer."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.fixtures.processes import Demo


@pytest.fixture
def demo(tmp_path: Path):
    found = Demo(tmp_path)
    yield found
    found.stop()


def test_the_prefilled_query_shows_rows(demo: Demo, page) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request",
        lambda request: (
            problems.append(request.url)
            if not request.url.startswith((demo.url, "data:", "blob:"))
            else None
        ),
    )
    for tenant in ("acme", "globex", "initech"):
        url = f"{demo.url}/t/{tenant}/graphql"
        assert url in demo.printed
        page.goto(url)
        page.wait_for_selector(".graphiql-execute-button")
        page.wait_for_selector(".graphiql-query-editor .view-lines >> text=accountId")
        page.click(".graphiql-execute-button")
        page.wait_for_selector(".result-window >> text=accountId")
        assert page.locator(".gateway-switches select").count() == 2
    page.select_option(".gateway-switches select >> nth=0", "acme")
    page.wait_for_url("**/t/acme/**")
    page.wait_for_selector(".gateway-switches select >> nth=1")
    page.select_option(".gateway-switches select >> nth=1", "development")
    page.wait_for_url("**/t/acme/development/graphql")
    assert problems == []


def test_the_printed_login_and_token_work(demo: Demo, page) -> None:
    token = demo.printed.split("Bearer …'):\n")[1].split("\n")[0]
    assert demo.ask("/graphql", "{ author(limit: 1) { name } }", Authorization=f"Bearer {token}")[
        "data"
    ]["author"]
    assert "errors" in demo.ask(
        "/t/globex/graphql", "{ author { name } }", Authorization=f"Bearer {token}"
    )

    operator_token = demo.printed.split("and /metrics:\n")[1].split("\n")[0]
    with_token = {"Authorization": f"Bearer {operator_token}"}
    assert httpx.get(f"{demo.url}/metrics", headers=with_token).status_code == 200
    assert httpx.get(f"{demo.url}/metrics").status_code == 404
    assert demo.ask("/t/globex/graphql", "{ __typename }", **with_token)["data"]

    user, password = re.search(r"user: (\S+)  password: (\S+)", demo.printed).groups()
    page.goto(f"{demo.url}/admin/")
    page.fill("#id_username", user)
    page.fill("#id_password", password)
    page.click("input[type=submit]")
    page.click("text=Databases >> nth=-1")
    page.wait_for_selector("text=acme_production")
    assert "rgb" in page.evaluate(
        "getComputedStyle(document.querySelector('#header')).backgroundColor"
    )


def test_custom_columns_and_environments_differ(demo: Demo) -> None:
    def columns(path: str) -> set[str]:
        fields = demo.ask(path, '{ __type(name: "Contact") { fields { name description } } }')[
            "data"
        ]["__type"]["fields"]
        return {f["name"] for f in fields if f["description"].startswith("contact.")}

    acme = columns("/t/acme/graphql")
    assert len(acme) == 50
    assert len(columns("/t/globex/graphql")) == 110
    assert len(columns("/t/initech/graphql")) == 800
    assert columns("/t/acme/development/graphql") - acme == {"leadScore", "nickname"}
    assert "campaign" in str(
        demo.ask("/t/acme/development/graphql", "{ campaign { name } }")["data"]
    )
    assert (
        demo.ask("/t/acme/graphql", "{ campaign { name } }")["errors"][0]["extensions"]["code"]
        == "GRAPHQL_VALIDATION_FAILED"
    )


def test_stopping_and_starting_again_keeps_the_data(tmp_path: Path) -> None:
    first = Demo(tmp_path)
    created = first.ask(
        "/t/acme/graphql", 'mutation { insertAuthorOne(object: {name: "Kept"}) { authorId } }'
    )
    secrets = (
        first.printed.split("Admin:")[1].split("password:")[1].split()[0],
        first.printed.strip().splitlines()[-1],
    )
    first.stop()

    again = Demo(tmp_path)
    found = again.ask("/t/acme/graphql", '{ author(where: {name: {_eq: "Kept"}}) { authorId } }')
    assert found["data"]["author"] == [created["data"]["insertAuthorOne"]]
    assert all(secret in again.printed for secret in secrets)
    again.stop()
