"""Every database against its baseline: in pages, under a deadline, and none left out silently."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dynamic_databases.errors import CannotConnect
from dynamic_databases.models import Baseline, Database
from gateway.reports.bounded_reads import bounded_reads_of
from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import wait_for
from tests.fixtures.proxy import Fault
from tests.fixtures.vendors import POSTGRESQL, SQLITE, present

SQL = "CREATE TABLE note (id INTEGER PRIMARY KEY, name VARCHAR(40))"
PAGE = "/admin/drift/?fleet=1"


@pytest.fixture
def well_with(new_database):
    """`well_with(3)`: so many databases with one baseline, called well01, well02, …"""

    def make(count: int) -> Baseline:
        rows = [new_database(SQLITE, SQL, f"well{n:02}") for n in range(1, count + 1)]
        baseline = Baseline.capture(rows[0], "base")
        Database.objects.update(baseline=baseline)
        for row in rows:
            row.refresh_from_db()
            row.save()
        return baseline

    return make


@pytest.fixture
def silent(well_with, proxy_to):
    """Three databases that answer, and six of a server that takes connections and says nothing."""
    baseline = well_with(3)
    url = make_url(present(POSTGRESQL), SQL)
    proxy = proxy_to(url)
    proxy.break_with(Fault.SILENT)
    for number in range(6):
        row = Database.objects.from_url(f"silent{number}", proxy.url(url))
        row.baseline = baseline
        row.save()
    yield proxy
    proxy.heal()
    drop_database(url)


def names(drifts) -> list[str]:
    return [drift.after for drift in drifts]


def test_fifty_are_on_a_page(well_with, admin_client) -> None:
    well_with(53)

    first, second = (admin_client.get(f"{PAGE}&page={page}") for page in (1, 2))
    assert names(first.context["drifts"]) == [f"well{n:02}" for n in range(1, 51)]
    assert names(second.context["drifts"]) == ["well51", "well52", "well53"]
    assert "53 databases" in first.content.decode() and "51 to 53" in second.content.decode()
    assert 'href="?fleet=1&amp;page=2" rel="next"' in first.content.decode()
    assert 'href="?fleet=1&amp;page=1" rel="prev"' in second.content.decode()
    for wrong in ("x", "0", "99"):  # as Django's own lists take them
        assert admin_client.get(f"{PAGE}&page={wrong}").status_code == 200


def test_what_is_not_reached_in_time_is_named(silent, admin_client, settings, registry) -> None:
    settings.GATEWAY = replace(settings.GATEWAY, page_deadline_ms=4000)

    page = admin_client.get(PAGE)
    assert names(page.context["drifts"]) == ["well01", "well02", "well03"]
    assert names(page.context["unreached"]) == [f"silent{n}" for n in range(6)]
    assert "Not reached within 2" in page.content.decode()
    wait_for(lambda: bounded_reads_of(registry.connections)._workers.counts == (0, 0))
    opened, idle = registry.connections.counts
    assert opened == idle

    silent.heal()
    wait_for(lambda: not admin_client.get(PAGE).context["unreached"])


def test_what_is_known_comes_first_and_as_it_is_now(well_with, registry, admin_client) -> None:
    well_with(4)
    known = Database.objects.get(name="well03")
    for alias in registry.known_aliases():
        registry.forget(alias)
    registry.entry(known.label)
    execute(f"sqlite:///{known.config['NAME']}", "ALTER TABLE note ADD COLUMN mood VARCHAR(9)")

    drifts = admin_client.get(PAGE).context["drifts"]
    assert names(drifts) == ["well03", "well01", "well02", "well04"]
    assert [bool(drift.differences) for drift in drifts] == [True, False, False, False]


def test_the_command_names_each_that_was_not_reached(silent) -> None:
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("drift", "--fleet", "--timeout", "1.5", "--json", stdout=out)

    drifts = {drift["after"]: drift for drift in json.loads(out.getvalue())}
    assert sorted(drifts) == [*(f"silent{n}" for n in range(6)), "well01", "well02", "well03"]
    late = [drift for name, drift in drifts.items() if name.startswith("silent")]
    assert {drift["error"] for drift in late} == {"The database was not reached within 1.5 s."}
    assert not any(drift["is_reached"] for drift in late)
    assert "silent5" in str(failed.value) and "well" not in str(failed.value)


class Out(StringIO):
    """Keeps how many catalogs were known when the first line was written."""

    def __init__(self, registry) -> None:
        super().__init__()
        self._registry = registry
        self.known: int | None = None

    def write(self, text: str) -> int:
        if self.known is None:
            self.known = len(self._registry.known_aliases())
        return super().write(text)


def test_the_command_prints_as_it_reads(well_with, registry) -> None:
    well_with(12)
    for alias in registry.known_aliases():
        registry.forget(alias)
    out = Out(registry)
    call_command("drift", "--fleet", stdout=out)

    assert out.known == 4
    assert out.getvalue().count("no difference") == 12


@pytest.mark.parametrize("given", ["0", "-1", "x", "nan", "1e9"])
def test_a_time_that_is_none_is_refused(db, given) -> None:
    with pytest.raises(CommandError, match="no number of seconds above 0"):
        call_command("drift", "--fleet", f"--timeout={given}")


def test_nothing_is_an_empty_list(db) -> None:
    out = StringIO()
    call_command("drift", "--fleet", "--json", stdout=out)
    assert json.loads(out.getvalue()) == []


def test_a_silent_database_holds_up_no_building_for_good(
    silent, settings, registry, tenant_of
) -> None:
    """The catalog's own lock is free: the tenant is served as soon as its database answers."""
    settings.GATEWAY = replace(settings.GATEWAY, catalog_deadline_ms=1500)
    late = Database.objects.get(name="silent0")
    tenant_of("late", production=late)
    tenant_of("well", production=Database.objects.get(name="well01"))
    out = StringIO()
    with pytest.raises(CommandError, match="late/production"):
        call_command("load_schema", stdout=out)

    assert "late/production: The database was not reached within 1.5 s." in out.getvalue()
    assert "well/production: " in out.getvalue()
    silent.heal()
    wait_for(lambda: is_read(registry, late.label))


def is_read(registry, alias: str) -> bool:
    """Ask for a catalog; what failed a moment ago is tried again after a while."""
    try:
        return bool(registry.entry(alias).catalog.tables)
    except CannotConnect:
        return False
