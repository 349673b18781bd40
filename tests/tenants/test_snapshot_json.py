"""A snapshot is the same after it was written down and read."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_databases.aliases import Alias
from tenants.snapshot import DirectoryEntry, Permission, RoleRecord, Snapshot, TokenRecord
from tenants.snapshot_json import snapshot_of, values_of

pytestmark = pytest.mark.pure

TEXTS = st.text(max_size=5)
COLUMNS = st.none() | st.frozensets(TEXTS, max_size=3)
ENTRIES = st.builds(
    DirectoryEntry,
    pk=st.integers(1, 9),
    slug=TEXTS,
    name=TEXTS,
    anonymous_role=TEXTS,
    environments=st.dictionaries(
        TEXTS, st.integers(1, 99).map(lambda pk: Alias(f"db_{pk}")), max_size=3
    ),
    limits=st.sampled_from([(), (("max_depth", 3), ("max_rows", 5))]),
    domains=st.lists(TEXTS, max_size=2, unique=True).map(tuple),
    external_id=st.none() | TEXTS,
    attachments=st.lists(st.integers(1, 9), max_size=2, unique=True).map(tuple),
    default_environment=TEXTS,
    disabled=st.lists(TEXTS, max_size=2).map(tuple),
)
TOKENS = st.builds(
    TokenRecord,
    prefix=TEXTS,
    tenant_pk=st.none() | st.integers(1, 9),
    environment=st.none() | TEXTS,
    role=TEXTS,
    expires_at=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
    variables=st.sampled_from([(), (("x-gateway-user-id", "3"),)]),
)
PERMISSIONS = st.builds(
    Permission,
    table=TEXTS,
    select=COLUMNS,
    insert=COLUMNS,
    update=COLUMNS,
    delete=st.booleans(),
    grants=st.sampled_from(["", '{"select": {"columns": "*"}}']),
)


ROLES = st.builds(
    RoleRecord,
    permissions=st.lists(PERMISSIONS, max_size=2).map(tuple),
    inherits=st.lists(TEXTS, max_size=2).map(tuple),
    limits=st.sampled_from([(), (("max_depth", 8),)]),
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    entries = draw(st.lists(ENTRIES, max_size=3, unique_by=lambda entry: entry.pk))
    tokens = draw(st.dictionaries(st.integers(1, 9), TOKENS, max_size=3))
    roles = draw(st.dictionaries(TEXTS, ROLES, max_size=2))
    found = Snapshot().with_environments(draw(st.lists(TEXTS, max_size=3)))
    keyed = [(key, f"digest{key}", record) for key, record in tokens.items()]
    return found.with_tenants((), entries).with_tokens((), keyed).with_roles(roles)


@given(snapshots())
def test_what_was_written_is_what_is_read(snapshot: Snapshot) -> None:
    values = values_of(snapshot, lambda alias: int(alias.removeprefix("db_")))
    written = [json.loads(json.dumps(value)) for value in values]

    assert snapshot_of(written, lambda pk: f"db_{pk}") == snapshot
