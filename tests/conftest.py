import pytest
from hypothesis import HealthCheck, settings

# How long an example takes is this machine's affair, not the code's.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

pytest_plugins = (
    "tests.fixtures.control",
    "tests.fixtures.vendors",
    "tests.fixtures.databases",
    "tests.fixtures.statements",
    "tests.fixtures.doors",
    "tests.fixtures.processes",
    "tests.fixtures.browser",
    "tests.fixtures.proxy",
    "tests.fixtures.hostile_postgresql",
    "tests.fixtures.http_proxy",
    "tests.fixtures.outages",
    "tests.fixtures.redis",
    "tests.fixtures.replicas",
    "tests.fixtures.mariadb_servers",
    "tests.fixtures.golden",
    "tests.fixtures.stand_in",
    "tests.fixtures.row_rules",
    "tests.fixtures.issuers",
)

_STARTERS = {"gateway_with", "shared_gateway", "demo_gateway", "Gateway", "Demo"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that start gateways: the last file to end bounds the whole run."""
    slow = {item.path for item in items if _STARTERS & _used_by(item)}
    items.sort(key=lambda item: item.path not in slow)


def _used_by(item: pytest.Item) -> set[str]:
    """Return the fixtures of a test and the names of its module."""
    return {*getattr(item, "fixturenames", ()), *vars(getattr(item, "module", item))}
