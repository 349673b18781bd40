"""`docs/django.md`, step by step: the wheel in a project outside of this repository."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tests.fixtures.ports import free_port
from tests.fixtures.processes import ROOT, clean_environment, wait_for

PAGE = (ROOT / "docs" / "django.md").read_text()
EXAMPLE = ROOT / "examples" / "django_project"
SOURCES = "\n".join(path.read_text() for path in sorted(EXAMPLE.rglob("*.py")))
PASSWORD = "a long password"
ASGI = ("-m", "uvicorn", "bookshop.asgi:application", "--log-level", "warning", "--port")
WSGI = ("manage.py", "runserver", "--noreload")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


# The commands of `manage.py` in one process: each start takes seconds.
_COMMANDS = """
import contextlib, io, json, os, sys
from django.core.management import execute_from_command_line
os.environ["DJANGO_SETTINGS_MODULE"] = "bookshop.settings"
printed = []
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as output:
        execute_from_command_line(["manage.py", *arguments])
    printed.append(output.getvalue())
print(json.dumps(printed))
"""


@dataclass(frozen=True)
class Project:
    """A copy of the example beside the installed wheel."""

    folder: Path
    environment: dict[str, str]
    token: str = ""

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def manage(self, *arguments: str) -> str:
        done = self.run("manage.py", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example with the wheel alone: nothing of this checkout is on its path."""
    folder = tmp_path_factory.mktemp("project")
    source = folder / "source"  # a build leaves files beside what it builds
    for name in ("dynamic_databases", "tenants", "schema", "gateway"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    installed = subprocess.run(
        [*pip, "--disable-pip-version-check", "--target", folder / "site", source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert installed.returncode == 0, installed.stderr
    shutil.copytree(EXAMPLE, folder / "project")
    environment = clean_environment(PYTHONPATH=str(folder / "site"))
    return Project(folder / "project", environment)


@pytest.fixture(scope="module")
def books(project: Project) -> Project:
    """The page's commands, in its order, with two files of authors and of people."""
    (project.folder / "databases").mkdir()
    secret = PBKDF2PasswordHasher().encode(PASSWORD, "salt" * 6, 1000)
    for name, author in (("books", "Ada"), ("books-dev", "Bob")):
        with closing(sqlite3.connect(project.folder / "databases" / f"{name}.sqlite3")) as file:
            file.execute(
                "CREATE TABLE author "
                "(id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, born INTEGER)"
            )
            file.execute("INSERT INTO author (name, born) VALUES (?, 1815)", (author,))
            file.execute("CREATE TABLE member (id INTEGER PRIMARY KEY, email TEXT, secret TEXT)")
            file.execute("INSERT INTO member VALUES (1, 'ann@example.com', ?)", (secret,))
            file.commit()
    lines = [
        shlex.split(line)[2:]
        for line in "\n".join(blocks("sh")).splitlines()
        if line.startswith("python manage.py ")
    ]
    printed = project.run("-c", _COMMANDS, json.dumps(lines))
    assert printed.returncode == 0, printed.stdout + printed.stderr
    outputs = json.loads(printed.stdout.splitlines()[-1])
    created = [one for line, one in zip(lines, outputs, strict=True) if line[0] == "token"]
    token = created[-1].splitlines()[-1]
    staff = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD, "DJANGO_SUPERUSER_EMAIL": ""}
    found = Project(project.folder, project.environment | staff, token)
    found.manage("createsuperuser", "--no-input", "--username", "root")
    return found


@pytest.fixture(scope="module", params=[WSGI, ASGI], ids=["wsgi", "asgi"])
def served(books: Project, request: pytest.FixtureRequest) -> Iterator[str]:
    """The project's address."""
    port = str(free_port())
    with (books.folder / "server.log").open("a") as log:
        server = subprocess.Popen(
            [sys.executable, *request.param, port],
            cwd=books.folder,
            env=books.environment,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: httpx.get(f"{url}/authors/").status_code == 200, seconds=60)
    yield url
    server.terminate()
    server.wait(timeout=20)


def test_the_page_shows_the_example() -> None:
    source = "".join(SOURCES.split())
    for block in blocks("python"):
        assert "".join(block.split()) in source
    assert blocks("yaml") == [(EXAMPLE / "roles.yaml").read_text()]


def test_the_wheel_is_what_runs(project: Project) -> None:
    code = "import gateway, dynamic_databases; print(gateway.__file__, dynamic_databases.__file__)"
    for path in project.run("-c", code).stdout.split():
        assert not Path(path).is_relative_to(ROOT)
    assert "no issues" in project.manage("check")


def test_missing_keys_are_told_at_deployment_alone(project: Project) -> None:
    assert "W004" not in project.run("manage.py", "check").stderr
    assert "dynamic_databases.W004" in project.run("manage.py", "check", "--deploy").stderr


def test_models_in_a_view(served: str) -> None:
    def names(query: str) -> list[str]:
        return [one["name"] for one in httpx.get(f"{served}/authors/{query}").json()["authors"]]

    assert names("") == ["Ada"]
    assert names("?env=development") == ["Bob"]
    assert httpx.get(f"{served}/authors/?env=testing").status_code == 404


def test_a_schema_in_a_view_and_in_graphenes_command(books: Project, served: str) -> None:
    assert httpx.get(f"{served}/names/").json() == {"names": ["Ada"]}
    assert "type Author" in (books.folder / "schema.graphql").read_text()


def test_a_class_of_the_project_filters_by_columns_that_it_does_not_declare(served: str) -> None:
    def found(column: str) -> httpx.Response:
        return httpx.get(f"{served}/t/acme/writers/{column}/1815/")

    assert found("BORN").json() == {"found": [{"name": "Ada", "born": 1815}]}
    refused = found("bron")
    assert refused.status_code == 400 and "Did you mean born?" in refused.json()["error"]


@pytest.mark.parametrize("path", ["/graphql", "/t/acme/graphql"])
def test_graphql_beside_it(books: Project, served: str, path: str) -> None:
    def ask(query: str, token: str = books.token, **parameters: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.post(
            served + path, json={"query": query}, headers=headers, params=parameters, timeout=30
        )

    answer = ask("{ author { name } }")
    assert answer.json() == {"data": {"author": [{"name": "Ada"}]}}
    assert (answer.headers["x-tenant"], answer.headers["x-environment"]) == ("acme", "production")
    assert ask("{ author { name } }", env="development").json()["data"]["author"] == [
        {"name": "Bob"}
    ]
    refused = ask("{ author { name } }", token="")
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert ask("{ authr { name } }").json()["errors"][0]["extensions"]["code"] == (
        "GRAPHQL_VALIDATION_FAILED"
    )
    form = httpx.post(served + path, data={"query": "{ __typename }"})
    assert form.status_code == 415


def test_a_tenants_name_leads_to_its_database(books: Project, served: str) -> None:
    def listed(tenant: str) -> httpx.Response:
        return httpx.get(f"{served}/t/{tenant}/authors/")

    assert listed("acme").json() == {"authors": ["Ada"]}
    assert listed("nobody").status_code == 404
    code = (
        "from django.db import connections\n"
        "cursor = connections['acme/development'].cursor()\n"
        "print(cursor.execute('SELECT name FROM author').fetchall())"
    )
    assert books.manage("shell", "--verbosity", "0", "-c", code).strip() == "[('Bob',)]"


def test_a_write_is_seen_by_the_models(books: Project, served: str) -> None:
    headers = {"Authorization": f"Bearer {books.token}"}
    insert = 'mutation { insertAuthorOne(object: {name: "Eve"}) { id } }'
    answer = httpx.post(f"{served}/graphql", json={"query": insert}, headers=headers).json()
    key = answer["data"]["insertAuthorOne"]["id"]
    assert {"id": key, "name": "Eve"} in httpx.get(f"{served}/authors/").json()["authors"]
    delete = f"mutation {{ deleteAuthorByPk(id: {key}) {{ id }} }}"
    httpx.post(f"{served}/graphql", json={"query": delete}, headers=headers)
    assert httpx.get(f"{served}/authors/").json()["authors"] == [{"id": 1, "name": "Ada"}]


def test_another_tenant_of_the_path_is_unknown(books: Project, served: str) -> None:
    headers = {"Authorization": f"Bearer {books.token}"}
    answer = httpx.post(
        f"{served}/t/globex/graphql", json={"query": "{ __typename }"}, headers=headers
    )
    assert answer.json()["errors"][0]["extensions"]["code"] == "TENANT_NOT_FOUND"


def test_rows_in_files(books: Project) -> None:
    (row,) = json.loads((books.folder / "authors.json").read_text())
    fields = {"name": "Ada", "born": 1815}
    assert row == {"model": "DYNAMIC_DATABASE_1.author", "pk": 1, "fields": fields}


def test_authors_in_the_admin(books: Project, served: str, page) -> None:
    """A member of the staff finds an author, changes the name, and finds the change noted."""
    page.goto(f"{served}/admin/")
    page.fill("#id_username", "root")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    page.click(".model-author th a")
    page.fill("#searchbar", "Ad")
    page.press("#searchbar", "Enter")
    page.click("#result_list >> text=Ada")
    page.fill("#id_name", "Ada L.")
    page.click("input[name=_continue]")
    page.wait_for_selector(".messagelist >> text=was changed successfully")
    assert httpx.get(f"{served}/authors/").json()["authors"] == [{"id": 1, "name": "Ada L."}]
    assert httpx.get(f"{served}/authors/?env=development").json()["authors"][0]["name"] == "Bob"
    page.click("#content .historylink")
    page.wait_for_selector("#change-history >> text=Changed Name")
    books.manage("loaddata", "authors.json", "--database", "acme")
    assert httpx.get(f"{served}/authors/").json()["authors"] == [{"id": 1, "name": "Ada"}]


def test_people_of_a_tenant_log_in(served: str) -> None:
    def log_in(tenant: str, password: str) -> httpx.Response:
        form = {"email": "ann@example.com", "password": password}
        return httpx.post(f"{served}/t/{tenant}/login", data=form, timeout=30)

    assert log_in("acme", "wrong").status_code == 401
    assert log_in("nobody", PASSWORD).status_code == 401
    answer = log_in("acme", PASSWORD)
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    query = {"query": "{ author { name } }"}
    found = httpx.post(f"{served}/t/acme/graphql", json=query, headers=headers, timeout=30)
    assert found.json() == {"data": {"author": [{"name": "Ada"}]}}
    query = {"query": "{ member { email } }"}
    refused = httpx.post(f"{served}/t/acme/graphql", json=query, headers=headers, timeout=30)
    assert refused.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_a_browser_gets_graphiql(books: Project, served: str, page) -> None:
    """Its files are the packages' own; the environment is chosen on the page."""
    if not httpx.get(f"{served}/static/graphiql/graphiql.js").is_success:
        pytest.skip("this server leaves static files to another")
    page.goto(f"{served}/graphql")
    page.fill(".gateway-token input", books.token)
    page.press(".gateway-token input", "Enter")
    page.wait_for_selector(".graphiql-query-editor .view-lines >> text=author")
    page.click(".graphiql-execute-button")
    page.wait_for_selector(".result-window >> text=Ada")
    page.select_option(".gateway-switches select >> nth=1", "development")
    page.wait_for_url(f"{served}/graphql?env=development")
    page.click(".graphiql-execute-button")
    page.wait_for_selector(".result-window >> text=Bob")


def test_what_graphiql_may_switch_to(books: Project, served: str) -> None:
    def targets(path: str, token: str) -> object:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(f"{served}{path}?graphiql=targets", headers=headers).json()

    acme = {"tenant": "acme", "environments": ["development", "production"]}
    acme["default"] = "production"
    assert targets("/graphql", books.token) == [acme]
    assert targets("/t/acme/graphql", books.token) == [acme]
    assert targets("/graphql", "") == []
    html = {"Accept": "text/html"}
    text = httpx.get(f"{served}/t/acme/graphql?env=development", headers=html).text
    config = json.loads(re.findall(r'type="application/json">(.*?)</script>', text)[0])
    assert config == {
        "endpoint": "/t/acme/graphql?env=development",
        "targets": "/t/acme/graphql?graphiql=targets",
        "pattern": "/t/TENANT/graphql?env=ENVIRONMENT",
        "static": "/static/graphiql/",
        "tenant": "acme",
        "environment": "development",
    }


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('    "tenants",\n', "", "gateway.E001"),
        ('    "tenants",\n    "schema",\n', '    "schema",\n    "tenants",\n', "gateway.E002"),
        ('    "django.contrib.staticfiles",\n', "", "gateway.W003"),
        ("DATABASE_ROUTERS = [", "ROUTERS = [", "dynamic_databases.E002"),
        ("DATABASES = DatabaseAliases(", "DATABASES = dict(", "dynamic_databases.E001"),
        ("USE_TZ = True", 'USE_TZ = True\nGATEWAY_SECRET_KEYS = "abc"', "dynamic_databases.E005"),
    ],
)
def test_a_check_says_what_is_missing(
    project: Project, tmp_path: Path, old: str, new: str, expected: str
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(EXAMPLE, folder)
    settings = folder / "bookshop" / "settings.py"
    text = settings.read_text()
    assert old in text
    settings.write_text(text.replace(old, new))
    (folder / "bookshop" / "urls.py").write_text("urlpatterns = []\n")

    done = Project(folder, project.environment).run("manage.py", "check")

    assert expected in done.stderr + done.stdout
    assert done.returncode == (0 if ".W" in expected else 1)


def test_dynamic_databases_alone(project: Project, tmp_path: Path) -> None:
    """Models need one app of the four."""
    folder = tmp_path / "alone"
    shutil.copytree(EXAMPLE, folder)
    settings = folder / "bookshop" / "settings.py"
    text = settings.read_text()
    for name in ("tenants", "schema", "gateway"):
        text = text.replace(f'    "{name}",\n', "")
    text = re.sub(r"AUTHENTICATION_BACKENDS = .*?\]\n", "", text, flags=re.DOTALL)
    text = re.sub(r' *"gateway\.login.*\n', "", text)
    text = text.replace('    "graphene_django",  # for its command `graphql_schema`\n', "")
    settings.write_text(text.replace('ROOT_URLCONF = "bookshop.urls"', 'ROOT_URLCONF = "bookshop"'))
    (folder / "bookshop" / "__init__.py").write_text("urlpatterns = []\n")
    (folder / "databases").mkdir()
    with closing(sqlite3.connect(folder / "databases" / "books.sqlite3")) as file:
        file.execute("CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(40))")
    alone = Project(folder, project.environment)
    alone.manage("migrate", "--verbosity", "0")
    code = (
        "from dynamic_databases.models import Database\n"
        "books = Database.objects.from_url('books', 'sqlite:///books.sqlite3')\n"
        "books.save()\n"
        "author = books.get_model('author')\n"
        "author(name='Ada').save()\n"
        "print(author.objects.using(books.label).get().name)\n"
    )
    assert alone.manage("shell", "--verbosity", "0", "-c", code).strip() == "Ada"
    assert [one.name for one in (folder / "databases").iterdir()] == ["books.sqlite3"]
