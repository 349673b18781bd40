"""Who may enter which tenant's environment: told one by one and as a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_databases.aliases import Alias
from tenants.errors import TenantProblem
from tenants.principals import Principal
from tenants.resolution import TenantRef, reachable, resolve, tenant_ref
from tenants.snapshot import DirectoryEntry, Snapshot

STAGES = ("production", "testing")
TENANTS = st.builds(
    lambda stages, roles: [
        DirectoryEntry(pk, f"t{pk}", "", role, {name: Alias(f"db_{pk}_{name}") for name in given})
        for pk, (given, role) in enumerate(zip(stages, roles, strict=True), 1)
    ],
    st.lists(st.sets(st.sampled_from(STAGES)), min_size=3, max_size=3),
    st.lists(st.sampled_from(["", "reader"]), min_size=3, max_size=3),
)
CALLERS = st.none() | st.builds(
    Principal,
    st.just("tgw_"),
    st.just("admin"),
    st.none() | st.frozensets(st.integers(1, 4), max_size=3),
    st.none() | st.sampled_from(STAGES),
)


@given(TENANTS, CALLERS, st.booleans())
def test_what_is_listed_is_what_may_be_entered(
    tenants: list[DirectoryEntry], caller: Principal | None, anonymous: bool
) -> None:
    snapshot = Snapshot().with_tenants((), tenants)

    def may(slug: str, stage: str) -> bool:
        try:
            resolve(TenantRef(slug, stage, ""), caller, snapshot, anonymous=anonymous)
        except TenantProblem:
            return False
        return True

    one_by_one = {entry.slug: {s for s in STAGES if may(entry.slug, s)} for entry in tenants}
    listed = reachable(caller, snapshot, anonymous=anonymous)
    assert {entry.slug: set(names) for entry, names in listed} == {
        slug: stages for slug, stages in one_by_one.items() if stages
    }


def test_a_number_is_an_id_and_no_domain_name() -> None:
    """Whatever was stored before: one tenant's domain names lead to no other tenant's id."""
    first = DirectoryEntry(1, "acme", "", "", {})
    second = DirectoryEntry(2, "globex", "", "", {}, domains=("1", "٣", "acme"))
    snapshot = Snapshot().with_tenants((), [first, second])

    assert snapshot.tenant("1") is first
    assert snapshot.tenant("acme") is first
    assert snapshot.tenant("1", own_ids=False) is None
    assert snapshot.tenant("٣") is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("acme.gw.example.com", "acme"),
        ("ACME.GW.Example.com:8443", "acme"),
        ("acme.gw.example.com.", "acme"),
        ("acme.gw.example.com.:443", "acme"),
        ("acme.gw.example.com:", "acme"),
        ("2.gw.example.com", "globex"),
        ("c7.gw.example.com", "initech"),
        ("shop.example.org", "globex"),
        ("Shop.example.org.:80", "globex"),
        ("deep.shop.gw.example.com", "globex"),  # registered as it is
        ("acme", None),
        ("acme:8000", None),
        ("2", None),
        ("gw.example.com", None),
        (".gw.example.com", None),
        ("acme..gw.example.com", None),
        ("x.acme.gw.example.com", None),
        ("acme.x.gw.example.com", None),
        ("acmegw.example.com", None),
        ("acme.gw.example.com.evil.org", None),
        ("acme.gw.example.org", None),
        ("intranet.gw.example.com", None),  # a domain name is no slug
        ("intranet", "globex"),
        ("[::1]:8000", None),
        ("", None),
    ],
)
def test_the_host_of_a_request_leads_to_a_tenant(host: str, expected: str | None) -> None:
    domains = ("shop.example.org", "deep.shop.gw.example.com", "intranet")
    tenants = [
        DirectoryEntry(1, "acme", "", "", {"production": Alias("db_1")}),
        DirectoryEntry(2, "globex", "", "", {"production": Alias("db_2")}, domains=domains),
        DirectoryEntry(3, "initech", "", "", {"production": Alias("db_3")}, external_id="c7"),
    ]
    snapshot = Snapshot().with_tenants((), tenants)
    ref = tenant_ref("/graphql", "", {"host": host}, "gw.example.com")
    try:
        found = resolve(ref, Principal("tgw_", "admin"), snapshot, anonymous=False)[0].tenant.slug
    except TenantProblem:
        found = None

    assert found == expected


def test_what_counts_before_the_host() -> None:
    tenants = [DirectoryEntry(1, "acme", "", "", {"production": Alias("db_1")})]
    tenants += [DirectoryEntry(2, "globex", "", "", {"production": Alias("db_2")})]
    snapshot = Snapshot().with_tenants((), tenants)
    host = {"host": "acme.gw.example.com"}

    def found(path: str, caller: Principal, **headers: str) -> str:
        ref = tenant_ref(path, "", host | headers, "gw.example.com")
        return resolve(ref, caller, snapshot, anonymous=False)[0].tenant.slug

    operator, own = Principal("tgw_", "admin"), Principal("tgw_", "admin", frozenset({2}))
    assert found("/graphql", operator) == "acme"
    assert found("/t/globex/graphql", operator) == "globex"
    assert found("/graphql", operator, **{"x-tenant": "globex"}) == "globex"
    assert found("/graphql", own) == "globex"
