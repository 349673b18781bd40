"""Clients that others wrote, under node, against a running gateway."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.fixtures.databases import drop_database, make_url
from tests.fixtures.processes import Demo, Gateway
from tests.fixtures.vendors import SQLITE

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def node() -> str:
    """Node with the packages of package.json: skipped where missing, a failure under CI=true."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "node and npm are missing: apt-get install nodejs npm"
        )
    if not all((FOLDER / "node_modules" / name).exists() for name in _packages()):
        done = subprocess.run(
            # Refine's own user interface, which its data provider names as a peer, isn't needed.
            [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--legacy-peer-deps"],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return node


def _packages() -> list[str]:
    return list(json.loads((FOLDER / "package.json").read_text())["dependencies"])


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    found = Demo(tmp_path_factory.mktemp("clients"))
    yield found
    found.stop()


def run(node: str, script: str, *arguments: str, token: str = "") -> dict:
    """Return what a script answers; it may send a token."""
    done = subprocess.run(
        [node, script, *arguments],
        cwd=FOLDER,
        env={**os.environ, "TOKEN": token},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_audits_of_graphql_over_http(node: str, demo: Demo) -> None:
    answer = run(node, "audit.mjs", f"{demo.url}/t/acme/graphql")

    assert answer["failed"] == []
    assert answer["ran"] >= 61


@pytest.mark.parametrize("tenant", ["acme", "globex/development", "initech"])
def test_graphql_js_finds_the_schema_valid(node: str, demo: Demo, tenant: str) -> None:
    assert run(node, "validate.mjs", f"{demo.url}/t/{tenant}") == {"errors": [], "same": True}


def test_a_typed_client_is_generated_and_checked(node: str, demo: Demo) -> None:
    """For each tenant; one process checks all, as loading TypeScript takes longest."""
    urls = [f"{demo.url}/t/{tenant}/schema.graphql" for tenant in ("acme", "globex", "initech")]
    assert run(node, "typed.mjs", "application.ts", *urls) == {url: [] for url in urls}


def test_one_typed_client_for_all_tenants(node: str, demo: Demo) -> None:
    """A client built against the baseline's schema passes strict checks on every tenant."""
    schemas = {
        tenant: httpx.get(f"{demo.url}/common/schema.graphql?tenant={tenant}").text
        for tenant in ("acme", "globex", "initech")
    }
    assert len(set(schemas.values())) == 1
    url = f"{demo.url}/common/schema.graphql?tenant=acme"
    assert run(node, "typed.mjs", "common.ts", url) == {url: []}
    query = (FOLDER / "common.ts").read_text().split("/* GraphQL */ `")[1].split("`")[0]
    for tenant in schemas:
        path = f"/t/{tenant}/graphql"
        body = {"query": query, "variables": {"fields": []}}
        headers = {"X-Schema": "baseline"}
        answer = httpx.post(demo.url + path, json=body, headers=headers).json()
        assert "errors" not in answer and len(answer["data"]["contact"]) == 2, answer
        assert answer["data"]["contact"][0]["customFields"] == {}


BLOG = """CREATE TABLE category (id {identity}, name VARCHAR(40) NOT NULL);
CREATE TABLE status (code VARCHAR(20) PRIMARY KEY, meaning VARCHAR(40));
INSERT INTO status VALUES ('draft', 'to be written'), ('in_review', NULL);
CREATE TABLE post (id {identity}, title VARCHAR(80) NOT NULL, views INTEGER NOT NULL,
  category_id INTEGER REFERENCES category(id),
  status VARCHAR(20) NOT NULL DEFAULT 'draft' REFERENCES status(code));
INSERT INTO category (name) VALUES ('News'), ('Other');"""


@pytest.fixture
def blog(request, vendor, shared_gateway: Gateway):
    """A running gateway, a tenant with posts of an enum's status; its URL, a token."""
    sql = BLOG.format(**vars(vendor))
    name = f"{request.function.__name__}-{vendor.name}".replace("_", "-")
    if vendor is SQLITE:
        path = shared_gateway.folder / "databases" / f"{name}.sqlite3"
        with sqlite3.connect(path) as connection:
            connection.executescript(sql)
        connection.close()
        url = f"sqlite:///{path}"
    else:
        url = make_url(vendor, sql)
    overrides = shared_gateway.folder / "overrides"
    overrides.mkdir(exist_ok=True)
    (overrides / f"{name}.json").write_text('{"enums": ["status"]}')
    token = shared_gateway.add_tenant(name, url)
    yield f"{shared_gateway.url}/t/{name}/graphql", token
    removal = f'mutation {{ removeDatabase(name: "{name}", force: true) }}'
    assert "errors" not in shared_gateway.ask("/manage/graphql", removal, token).json()
    if vendor is not SQLITE:
        drop_database(url)


def test_relays_compiler_and_store(node: str, blog: tuple[str, str]) -> None:
    """Relay pages a nested list by `node(nodeId)`, and merges the pages in its store."""
    url, token = blog
    posts = [
        {"title": f"Post {views}", "views": views, "categoryId": 1, "status": "in_review"}
        for views in (10, 20, 30, 40)
    ]
    written = httpx.post(
        url,
        json={
            "query": "mutation ($objects: [PostInsertInput!]!) "
            "{ insertPost(objects: $objects) { affectedRows } }",
            "variables": {"objects": posts},
        },
        headers={"Authorization": f"Bearer {token}"},
    ).json()
    assert written["data"]["insertPost"]["affectedRows"] == 4

    assert run(node, "relay.mjs", url, token) == {
        "name": "News",
        "first": ["Post 40", "Post 30"],
        "hasNextPage": True,
        "both": ["Post 40", "Post 30", "Post 20", "Post 10"],
        "isOver": True,
        "post": {
            "title": "Post 20",
            "views": 20,
            "status": "in_review",
            "category": {"name": "News"},
        },
        "nodes": ["Post 10", None, "Post 40"],
    }


@pytest.mark.parametrize("vendor", [SQLITE], indirect=True, ids=["sqlite"])
def test_a_typed_client_of_ids_pages_and_enums(node: str, blog: tuple[str, str]) -> None:
    """graphql-code-generator and `tsc --strict` take ids, pages of rows and tables as enums."""
    url, token = blog
    schema = url.replace("/graphql", "/schema.graphql")

    assert run(node, "typed.mjs", "blog.ts", schema, token=token) == {schema: []}


def test_refines_data_provider_for_hasura(node: str, blog: tuple[str, str]) -> None:
    answers = run(node, "refine.mjs", *blog)

    first = {"id": 1, "title": "First", "views": 1, "status": "draft", "category": {"name": "News"}}
    second = {"id": 2, "title": "Second", "views": 2, "status": "draft", "category": None}
    third = {
        "id": 3,
        "title": "Third",
        "views": 3,
        "status": "in_review",
        "category": {"name": "Other"},
    }
    assert answers == {
        "created": first,
        "createdMany": [
            {"id": 2, "title": "Second", "views": 2},
            {"id": 3, "title": "Third", "views": 3},
        ],
        "list": {"data": [third, first], "total": 2},
        "secondPage": {"data": [third], "total": 3},
        "nulls": {"data": [second], "total": 1},
        "reviewed": {"data": [third], "total": 1},
        "one": first,
        "many": [first, third],
        "updated": first | {"title": "First!"},
        "updatedMany": [{"id": 2, "views": 9}, {"id": 3, "views": 9}],
        "deleted": {"id": 1, "title": "First!"},
        "deletedMany": [{"id": 2, "title": "Second"}, {"id": 3, "title": "Third"}],
        "left": 0,
    }
