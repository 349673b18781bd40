"""The next snapshot, made of the former and what changed, is the one that is made from nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_databases.aliases import Alias
from tenants.snapshot import DirectoryEntry, Snapshot, TokenRecord

pytestmark = pytest.mark.pure

NAMES = st.sampled_from(["a", "b", "c.example", "3"])  # few, so that they clash


@st.composite
def entries(draw: st.DrawFn) -> DirectoryEntry:
    pk = draw(st.integers(1, 5))
    attachments = draw(st.sets(st.integers(1, 3)))
    return DirectoryEntry(
        pk,
        draw(NAMES),
        "",
        "",
        {f"e{n}": Alias(f"db_{n}") for n in attachments},
        draw(st.sampled_from([(), (("max_rows", 5),)])),
        tuple(draw(st.sets(NAMES, max_size=2))),
        draw(st.none() | NAMES),
        tuple(10 * pk + n for n in attachments),  # no row is of two tenants
    )


TENANTS = st.lists(entries(), max_size=4, unique_by=lambda entry: entry.pk)
STEPS = st.lists(st.tuples(st.sets(st.integers(1, 5)), TENANTS), max_size=6)


@given(STEPS)
def test_tenants_come_change_and_go(steps: list[tuple[set[int], list[DirectoryEntry]]]) -> None:
    found, now = Snapshot(), {}
    for gone, changed in steps:
        keys = gone | {entry.pk for entry in changed}
        now = {pk: entry for pk, entry in now.items() if pk not in keys}
        now |= {entry.pk: entry for entry in changed}
        before = (found, dict(found.by_pk), dict(found.by_domain))
        following = found.with_tenants(keys, changed)
        assert (found, found.by_pk, found.by_domain) == before  # who uses it sees no change
        found = following

    assert found == Snapshot().with_tenants((), now.values())
    assert sorted(found.tenants, key=lambda entry: entry.pk) == [now[pk] for pk in sorted(now)]


@given(TENANTS, NAMES, st.booleans())
def test_a_name_finds_whoever_has_it_by_the_order_of_what_names_count(
    tenants: list[DirectoryEntry], name: str, own_ids: bool
) -> None:
    """The controller's ids, slugs, domain names, then our own ids; the first match counts."""
    in_order = sorted(tenants, key=lambda entry: entry.pk)
    having = [
        *(entry for entry in in_order if entry.external_id == name),
        *(entry for entry in in_order if entry.slug == name),
        *(e for e in in_order if name in e.domains and not name.isdecimal()),
        *(e for e in in_order if own_ids and e.external_id is None and str(e.pk) == name),
    ]
    found = Snapshot().with_tenants((), tenants).tenant(name.upper(), own_ids=own_ids)
    assert found == next(iter(having), None)


TOKENS = st.dictionaries(st.integers(1, 6), st.sampled_from(["reader", "admin"]), max_size=4)


@given(st.lists(st.tuples(st.sets(st.integers(1, 6)), TOKENS), max_size=6))
def test_tokens_come_change_and_go(steps: list[tuple[set[int], dict[int, str]]]) -> None:
    found, now = Snapshot(), {}
    for gone, changed in steps:
        keys = gone | changed.keys()
        now = {key: role for key, role in now.items() if key not in keys} | changed
        rows = [
            (key, f"digest{key}", TokenRecord("", None, None, role, None))
            for key, role in changed.items()
        ]
        found = found.with_tokens(keys, rows)

    assert {key: found.token(f"digest{key}").role for key in now} == now
    assert len(found.tokens) == len(found.digests) == len(now)
