"""GraphiQL in a real Chromium, as a caller with a token of many tenants meets it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.fixtures.processes import Gateway, clean_environment, wait_for

_ENVIRONMENT = ".gateway-switches select >> nth=1"
_FIELD = ".gateway-switches input[list]"
# What a browser does when a name is taken from the field's list, which opens on a screen alone.
_TAKE = """(field, name) => {
    field.setRangeText(name, 0, field.value.length, 'end');
    field.dispatchEvent(new InputEvent('input',
      { bubbles: true, inputType: 'insertReplacementText' }));
}"""


@pytest.fixture(scope="module")
def many(shared_gateway: Gateway) -> Gateway:
    """A gateway with 60 tenants, more than a list shows."""
    databases = shared_gateway.folder / "databases"
    shop = sqlite3.connect(databases / "shop.sqlite3")
    shop.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
    shop.close()
    lines = [f"t{number},production,sqlite:///{databases}/shop.sqlite3" for number in range(60)]
    file = databases / "tenants.csv"
    file.write_text("\n".join(["slug,environment,connection", *lines]))
    shared_gateway.manage("tenant", "import", str(file))
    return shared_gateway


def enter(page, token: str) -> None:
    page.fill(".gateway-token input", token)
    page.press(".gateway-token input", "Enter")
    page.wait_for_selector(_FIELD)


def test_the_editor_is_filled_once_a_token_is_given(many: Gateway, page) -> None:
    page.goto(f"{many.url}/t/t7/graphql")
    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=No schema")
    enter(page, many.operator)
    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=item")
    page.click(".graphiql-execute-button")
    page.wait_for_selector(".result-window >> text=item")


def test_one_of_many_tenants_is_found_by_its_name(many: Gateway, page) -> None:
    page.goto(f"{many.url}/t/t7/graphql")
    enter(page, many.operator)
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


def test_a_name_taken_from_the_list_needs_no_enter(many: Gateway, page) -> None:
    page.goto(f"{many.url}/t/t7/graphql")
    enter(page, many.operator)

    page.eval_on_selector(_FIELD, _TAKE, "t12")
    page.wait_for_url("**/t/t12/production/graphql")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """An installation whose tenants' default comes after others in the alphabet."""
    folder = tmp_path_factory.mktemp("few")
    gateway = Gateway(folder, clean_environment(GATEWAY_DATA_DIR=str(folder)))
    gateway.migrate()
    (folder / "databases").mkdir(exist_ok=True)
    lines = []
    for stage in ("development", "production", "testing"):
        with closing(sqlite3.connect(folder / "databases" / f"{stage}.sqlite3")) as file:
            file.execute(f"CREATE TABLE {stage}_note (id INTEGER PRIMARY KEY, body TEXT)")
        lines += [
            f"{slug},{stage},sqlite:///{stage}.sqlite3,{slug}_{stage}"
            for slug in ("acme", "globex")
        ]
    table = folder / "tenants.csv"
    table.write_text("\n".join(["slug,environment,connection,database", *lines]))
    gateway.manage("tenant", "import", str(table))
    return gateway


@pytest.fixture(scope="module")
def few(prepared: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with the tenants `acme` and `globex`, which tests leave as they are."""
    with _served(prepared, tmp_path_factory.mktemp("served")) as gateway:
        yield gateway


@pytest.fixture
def changed(prepared: Gateway, tmp_path: Path) -> Iterator[Gateway]:
    """Another one with these tenants, which a test may change."""
    with _served(prepared, tmp_path) as gateway:
        yield gateway


@contextmanager
def _served(prepared: Gateway, folder: Path) -> Iterator[Gateway]:
    """Serve a copy of an installation."""
    shutil.copytree(prepared.folder, folder, dirs_exist_ok=True)
    environment = clean_environment(
        GATEWAY_DATA_DIR=str(folder), GATEWAY_SQLITE_ROOT=str(prepared.folder / "databases")
    )
    gateway = Gateway(folder, environment, operator=prepared.operator)
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.stop()


def is_away(gateway: Gateway) -> bool:
    answer = gateway.ask("/t/acme/graphql", "{ __typename }", gateway.operator)
    return answer.status_code == 503


def switches(page) -> list[str]:
    """Return what the two lists show: the tenant and the environment."""
    page.wait_for_selector(".gateway-switches select")
    return page.eval_on_selector_all(".gateway-switches select", "all => all.map(one => one.value)")


def give(page, token: str) -> None:
    page.fill(".gateway-token input", token)
    page.press(".gateway-token input", "Enter")
    page.wait_for_selector(".gateway-switches select")


def test_the_page_shows_the_environment_that_it_asks(few: Gateway, page) -> None:
    page.goto(f"{few.url}/t/acme/graphql")
    give(page, few.operator)
    assert switches(page) == ["acme", "production"]
    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=productionNote")

    page.select_option(".gateway-switches select >> nth=1", "testing")
    page.wait_for_url("**/t/acme/testing/graphql")
    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=testingNote")
    assert switches(page) == ["acme", "testing"]

    page.select_option(".gateway-switches select >> nth=0", "globex")
    page.wait_for_url("**/t/globex/production/graphql")  # its default, not its first


def test_an_environment_out_of_service_is_shown_as_such(changed: Gateway, page) -> None:
    changed.manage("database", "remove", "acme_production", "--force")
    wait_for(lambda: is_away(changed))
    page.goto(f"{changed.url}/t/acme/graphql")
    give(page, changed.operator)

    assert switches(page) == ["acme", "production"]
    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=out of service")


def test_a_tenant_out_of_service_altogether_is_shown_as_such(changed: Gateway, page) -> None:
    mutation = 'mutation {{ enableDatabase(name: "acme_{}", enabled: false) {{ name }} }}'
    for stage in ("development", "production", "testing"):
        answer = changed.ask("/manage/graphql", mutation.format(stage), changed.operator).json()
        assert "errors" not in answer, answer
    wait_for(lambda: is_away(changed))
    page.goto(f"{changed.url}/t/acme/graphql")
    give(page, changed.operator)

    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=out of service")


def test_a_page_of_no_tenant_lets_one_choose(few: Gateway, page) -> None:
    page.goto(f"{few.url}/graphql")
    give(page, few.operator)
    assert switches(page) == [""]
    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=Choose a tenant")

    page.focus(".gateway-switches select")
    page.keyboard.type("ac")  # by keyboard: the first one can be chosen, too
    page.keyboard.press("Enter")
    page.wait_for_url("**/t/acme/production/graphql")


@pytest.mark.parametrize("choose", ["Enter", "button"])
def test_arrow_keys_choose_nothing_by_themselves(few: Gateway, page, choose: str) -> None:
    visited: list[str] = []
    page.goto(f"{few.url}/t/acme/graphql")
    give(page, few.operator)
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    page.focus(_ENVIRONMENT)

    page.keyboard.press("ArrowUp")
    page.wait_for_selector("text=Open development")
    page.keyboard.press("Escape")
    page.wait_for_selector("text=Open development", state="detached")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("text=Open testing")
    assert switches(page) == ["acme", "testing"]
    page.keyboard.press("Enter") if choose == "Enter" else page.click("text=Open testing")
    page.wait_for_url("**/t/acme/testing/graphql")
    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=testingNote")
    assert visited == [f"{few.url}/t/acme/testing/graphql"]


def test_arrow_keys_choose_no_tenant_by_themselves(few: Gateway, page) -> None:
    page.goto(f"{few.url}/t/acme/testing/graphql")
    give(page, few.operator)
    page.focus(".gateway-switches select >> nth=0")

    page.keyboard.press("ArrowDown")
    page.wait_for_selector("text=Open globex")
    assert page.url == f"{few.url}/t/acme/testing/graphql"
    page.keyboard.press("Enter")
    page.wait_for_url("**/t/globex/production/graphql")
