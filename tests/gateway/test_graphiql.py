"""GraphiQL in a real Chromium, as a caller with a token of many tenants meets it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.fixtures.processes import Gateway

_FIELD = ".gateway-switches input[list]"
# What a browser does when a name is taken from the field's list, which opens on a screen alone.
_TAKE = """(field, name) => {
    field.setRangeText(name, 0, field.value.length, 'end');
    field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertReplacementText' }));
}"""


@pytest.fixture
def token(gateway: Gateway, tmp_path: Path) -> str:
    """An operator's token for a gateway with 60 tenants, more than a list shows."""
    databases = tmp_path / "databases"
    databases.mkdir(exist_ok=True)
    shop = sqlite3.connect(databases / "shop.sqlite3")
    shop.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
    shop.close()
    lines = [f"t{number},production,sqlite:///{databases}/shop.sqlite3" for number in range(60)]
    file = tmp_path / "tenants.csv"
    file.write_text("\n".join(["slug,environment,connection", *lines]))
    gateway.manage("tenant", "import", str(file))
    return gateway.manage("token", "create", "--operator", "--role", "admin").splitlines()[-1]


def enter(page, token: str) -> None:
    page.fill(".gateway-token input", token)
    page.press(".gateway-token input", "Enter")
    page.wait_for_selector(_FIELD)


def test_the_editor_is_filled_once_a_token_is_given(gateway: Gateway, token: str, page) -> None:
    page.goto(f"{gateway.url}/t/t7/graphql")
    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=No schema")
    enter(page, token)
    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=item")
    page.click(".graphiql-execute-button")
    page.wait_for_selector(".result-window >> text=item")


def test_one_of_many_tenants_is_found_by_its_name(gateway: Gateway, token: str, page) -> None:
    page.goto(f"{gateway.url}/t/t7/graphql")
    enter(page, token)
    assert page.input_value(_FIELD) == "t7"
    assert page.locator("#gateway-tenants option").count() == 60

    page.fill(_FIELD, "")
    page.type(_FIELD, "t5")  # one of its own, and the beginning of ten others
    assert page.url.endswith("/t/t7/graphql")
    page.type(_FIELD, "3")
    page.press(_FIELD, "Enter")
    page.wait_for_url("**/t/t53/production/graphql")

    page.wait_for_selector(_FIELD)
    page.fill(_FIELD, "nobody")
    page.press(_FIELD, "Enter")
    assert "no tenant of this name" in page.eval_on_selector(
        _FIELD, "field => field.validationMessage"
    )
    assert page.url.endswith("/t/t53/production/graphql")


def test_a_name_taken_from_the_list_needs_no_enter(gateway: Gateway, token: str, page) -> None:
    page.goto(f"{gateway.url}/t/t7/graphql")
    enter(page, token)

    page.eval_on_selector(_FIELD, _TAKE, "t12")
    page.wait_for_url("**/t/t12/production/graphql")
