"""A restart in an outage of the control database: the sealed last snapshot is served."""

from __future__ import annotations

import json
import stat
import time

import httpx
import pytest

from tests.fixtures.outages import Behind
from tests.fixtures.processes import wait_for
from tests.fixtures.proxy import Fault

STORE = "/t/store/graphql"


def _log(behind: Behind) -> list[dict]:
    lines = (behind.gateway.folder / "server.log").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def _kill(behind: Behind) -> None:
    assert behind.gateway.server is not None
    behind.gateway.server.kill()
    behind.gateway.server.wait()


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.REFUSE])
def test_known_tenants_are_served_after_a_restart(behind, fault) -> None:
    store, revoked = behind.tokens_of("store", "shop")
    wait_for(lambda: behind.has_on_disk(revoked))
    behind.revoke(revoked)
    wait_for(lambda: not behind.has_on_disk(revoked))
    _kill(behind)
    behind.proxy.break_with(fault)
    behind.gateway.start()

    began = time.monotonic()
    assert behind.ask(behind.known).json() == {"data": {"item": [{"name": "nail"}]}}
    assert behind.ask(store, STORE).status_code == 200  # nobody asked for it before the restart
    assert time.monotonic() - began < 10
    assert behind.ask(revoked).status_code == 503
    assert not behind.is_ready()
    assert behind.is_ready("?exclude=control")
    manage = behind.gateway.ask("/manage/graphql", "{ tenants { slug } }", behind.operator)
    assert manage.status_code == 503
    assert stat.S_IMODE(behind.snapshot_file.stat().st_mode) == 0o600

    behind.revoke(store)
    behind.proxy.heal()
    wait_for(lambda: behind.ask(store, STORE).status_code == 401, seconds=2)
    assert behind.ask(revoked).status_code == 401
    assert behind.ask(behind.known).status_code == 200


def test_a_backup_of_the_file_revives_nothing_once_the_database_is_back(behind) -> None:
    wait_for(lambda: behind.has_on_disk(behind.known))
    old = behind.snapshot_file.read_bytes()
    (new,) = behind.tokens_of("shop")
    behind.revoke(behind.known)
    wait_for(lambda: behind.has_on_disk(new) and not behind.has_on_disk(behind.known))
    _kill(behind)
    behind.snapshot_file.write_bytes(old)
    behind.proxy.break_with(Fault.REFUSE)
    behind.gateway.start()
    assert behind.ask(behind.known).status_code == 200
    assert behind.ask(new).status_code == 503
    behind.proxy.heal()
    wait_for(lambda: behind.ask(behind.known).status_code == 401, seconds=2)
    assert behind.ask(new).status_code == 200


def test_a_file_that_is_old_or_was_changed_is_not_served(behind) -> None:
    wait_for(lambda: behind.has_on_disk(behind.known))
    _kill(behind)
    good = behind.snapshot_file.read_bytes()
    behind.proxy.break_with(Fault.REFUSE)

    behind.snapshot_file.write_bytes(good[:-9] + b"A" + good[-8:])
    behind.gateway.start()
    assert behind.ask(behind.known).status_code == 503
    told = [line for line in _log(behind) if "isn't used" in line["message"]]
    assert ["it was changed" in line["message"] for line in told] == [True]
    behind.gateway.stop()

    behind.snapshot_file.write_bytes(good)
    behind.gateway.environment["GATEWAY_SNAPSHOT_MAX_AGE_SECONDS"] = "1"
    behind.gateway.start()
    assert behind.ask(behind.known).status_code == 503
    assert (
        "SNAPSHOT_MAX_AGE"
        in [line for line in _log(behind) if "isn't used" in line["message"]][-1]["message"]
    )
    behind.proxy.heal()
    wait_for(lambda: behind.ask(behind.known).status_code == 200)


def test_nothing_is_served_for_longer_than_it_counts(behind) -> None:
    """The bound holds for a process that has run all the time, too."""
    behind.gateway.stop()
    behind.gateway.environment["GATEWAY_SNAPSHOT_MAX_AGE_SECONDS"] = "4"
    behind.gateway.start()
    wait_for(lambda: behind.ask(behind.known).status_code == 200)
    behind.proxy.break_with(Fault.REFUSE)
    wait_for(lambda: not behind.is_ready())
    assert behind.is_ready("?exclude=control")
    assert behind.ask(behind.known).status_code == 200
    wait_for(lambda: behind.ask(behind.known).status_code == 503)
    assert not behind.is_ready("?exclude=control")
    behind.proxy.heal()
    wait_for(lambda: behind.ask(behind.known).status_code == 200, seconds=2)
    assert httpx.get(f"{behind.gateway.url}/readyz").status_code == 200
