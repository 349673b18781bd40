"""The release before and this one share a control database, as they do in a rolling upgrade.

What one of them revokes or removes, the other stops serving within two seconds.
"""

from __future__ import annotations

import io
import sqlite3
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.databases import drop_database, make_url
from tests.fixtures.processes import ROOT, Gateway, clean_environment, wait_for
from tests.fixtures.vendors import require

FORMER_RELEASE = "3484474"  # the newest commit that operators run; moved on with each release
SEEN_WITHIN_SECONDS = 2
QUERY = "{ __typename }"


@dataclass(frozen=True)
class Upgrade:
    """Two running gateways over one control database, and an operator's token."""

    former: Gateway
    current: Gateway
    operator: str


@pytest.fixture(scope="module")
def former_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the code of the release before."""
    command = ["git", "archive", FORMER_RELEASE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    require(done.returncode == 0, f"the history lacks the former release {FORMER_RELEASE}")
    folder = tmp_path_factory.mktemp("former")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def upgrade(request, former_code, tmp_path_factory) -> Iterator[Upgrade]:
    """Both releases serve; the former migrated first, as an installation in use has."""
    folder = tmp_path_factory.mktemp("shared")
    settings = {"GATEWAY_DATA_DIR": str(folder)}
    url = ""
    if request.param == "postgresql":
        url = make_url(request.getfixturevalue("postgresql"), "")
        settings["GATEWAY_CONTROL_DATABASE_URL"] = url
    environment = clean_environment(**settings)
    former = Gateway(folder, environment, code=former_code)
    current = Gateway(folder, environment)
    former.manage("migrate", "--verbosity", "0")
    (folder / "databases").mkdir(exist_ok=True)
    former.start()
    try:
        current.manage("migrate", "--verbosity", "0")
        current.start()
        yield Upgrade(former, current, operator_token(former))
    finally:
        former.stop()
        current.stop()
        if url:
            drop_database(url)


def operator_token(by: Gateway) -> str:
    created = by.manage("token", "create", "--operator", "--role", "admin")
    return created.splitlines()[-1]


def add_tenant(by: Gateway, slug: str, operator: str) -> str:
    """Register a database, give it to a tenant, and return the path of its endpoint."""
    with closing(sqlite3.connect(by.folder / "databases" / f"{slug}.sqlite3")) as file:
        file.execute("CREATE TABLE book (id INTEGER PRIMARY KEY)")
    by.register(operator, slug, f"sqlite:///{slug}.sqlite3")
    return f"/t/{slug}/graphql"


def serves(one: Gateway, path: str, token: str) -> Callable[[], bool]:
    return lambda: one.ask(path, QUERY, token).status_code == 200


def refuses(one: Gateway, path: str, token: str) -> Callable[[], bool]:
    return lambda: one.ask(path, QUERY, token).status_code >= 400


def revoke(by: Gateway, _slug: str, token: str) -> None:
    by.manage("token", "revoke", token[:12])


def deactivate(by: Gateway, slug: str, _token: str) -> None:
    lines = f"from tenants.models import Tenant as T; T.objects.filter(slug={slug!r})"
    by.manage("shell", "--command", f"{lines}.update(active=False)")


def disable(by: Gateway, slug: str, _token: str) -> None:
    lines = f"from dynamic_databases.models import Database as D; D.objects.filter(name={slug!r})"
    by.manage("shell", "--command", f"{lines}.update(enabled=False)")


def remove(by: Gateway, slug: str, _token: str) -> None:
    force = () if by.code != ROOT else ("--force",)
    by.manage("database", "remove", slug, *force)


@pytest.mark.parametrize("by", ["former", "current"])
@pytest.mark.parametrize("take_away", [revoke, deactivate, disable, remove])
def test_what_one_release_takes_away_the_other_stops_serving(
    upgrade: Upgrade, take_away: Callable[[Gateway, str, str], None], by: str
) -> None:
    actor = getattr(upgrade, by)
    other = upgrade.current if by == "former" else upgrade.former
    slug = f"{take_away.__name__}-{by}"
    token = operator_token(actor) if take_away is revoke else upgrade.operator
    path = add_tenant(actor, slug, upgrade.operator)
    for one in (actor, other):
        wait_for(serves(one, path, token), seconds=5)

    take_away(actor, slug, token)

    for one in (other, actor):
        wait_for(refuses(one, path, token), seconds=SEEN_WITHIN_SECONDS)


@pytest.mark.parametrize("by", ["former", "current"])
def test_what_one_release_adds_the_other_serves(upgrade: Upgrade, by: str) -> None:
    path = add_tenant(getattr(upgrade, by), f"added-{by}", upgrade.operator)
    for one in (upgrade.former, upgrade.current):
        wait_for(serves(one, path, upgrade.operator), seconds=SEEN_WITHIN_SECONDS)


def test_the_former_releases_commands_work_on_the_migrated_tables(upgrade: Upgrade) -> None:
    upgrade.former.manage("tenant", "add", "back")
    assert "back" in upgrade.former.manage("tenant", "list")
    assert "back" in upgrade.current.manage("tenant", "list")
