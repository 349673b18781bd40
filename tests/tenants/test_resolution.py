"""Who may enter which tenant's environment: told one by one and as a list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dynamic_databases.aliases import Alias
from tenants.errors import TenantProblem
from tenants.principals import Principal
from tenants.resolution import TenantRef, reachable, resolve
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
    st.none() | st.integers(1, 4),
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
