"""Documents made by schemathesis from the demo's schemas: none gets a 5xx, none leaks."""

from __future__ import annotations

import json
import os
import string
from collections import Counter

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from tests.fixtures.processes import Gateway
from tests.gateway.test_corpus import check_no_leak

TENANTS = ["acme", "globex", "initech"]
EXAMPLES = int(os.environ.get("GATEWAY_TEST_FUZZ_EXAMPLES", "60"))
# A document has thousands of choices: to shrink it takes longer than a test may.
MODEST = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_SCALARS = {
    "BigInt": st.integers(-(2**70), 2**70).map(str),
    "Decimal": st.decimals(allow_nan=False, allow_infinity=False).map(str),
    "DateTime": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    "LocalDateTime": st.datetimes().map(lambda moment: moment.isoformat()),
    "Date": st.dates().map(str),
    "LocalTime": st.times().map(str),
    "Duration": st.integers(0, 10**6).map(lambda seconds: f"PT{seconds}S"),
    "UUID": st.uuids().map(str),
    "Byte": st.sampled_from(["", "eA==", "!"]),
    "JSON": _TEXTS,
    "JSONB": _TEXTS,
}
for _name, _values in _SCALARS.items():
    schemathesis.graphql.scalar(_name, (_values | _TEXTS).map(nodes.String))


@pytest.fixture(scope="module")
def demo(demo_gateway: Gateway):
    """A running demo, and the codes that it answered."""
    codes: Counter[str] = Counter()
    yield demo_gateway, codes
    print(dict(codes))


def check(demo, tenant: str, body: object) -> None:
    gateway, codes = demo
    reply = httpx.post(f"{gateway.url}/t/{tenant}/graphql", json=body, timeout=60)
    answer = reply.json()
    found = [error["extensions"]["code"] for error in answer.get("errors", ())] or ["OK"]
    codes.update(found)
    # What takes too long is refused in time; what went wrong inside never is right.
    assert reply.status_code < 500 or found == ["TIMEOUT"], (body, answer)
    assert "INTERNAL_SERVER_ERROR" not in found, (body, answer)
    if "errors" in answer:
        # Among Hypothesis' texts are the constants of this project's own modules.
        check_no_leak(json.dumps(answer["errors"]), said=json.dumps(body))


@pytest.mark.parametrize("tenant", TENANTS)
def test_documents_of_the_schema(demo, tenant: str) -> None:
    gateway, _ = demo
    introspection = httpx.get(f"{gateway.url}/t/{tenant}/schema.json", timeout=30).json()
    schema = schemathesis.graphql.from_dict(introspection)

    @MODEST
    @given(case=schema.as_strategy())
    def try_one(case) -> None:
        check(demo, tenant, {"query": case.body})

    try_one()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)
WHERE = (
    "query($w: ContactBoolExp, $o: [ContactOrderBy!], $n: Int) "
    "{ contact(where: $w, orderBy: $o, limit: $n) { firstName } }"
)
KEYS = st.sampled_from(
    "firstName contactId account _and _or _not _eq _in _like accountId createdAt".split()
)
FILTERS = st.recursive(
    st.none() | st.integers() | _TEXTS | st.booleans(),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=10,
)


@MODEST
@given(variables=st.fixed_dictionaries({}, optional={"w": FILTERS, "o": FILTERS, "n": JSON}))
def test_variables_of_any_shape(demo, variables: dict) -> None:
    check(demo, "acme", {"query": WHERE, "variables": variables})


@MODEST
@given(
    body=st.fixed_dictionaries(
        {}, optional={"query": JSON, "variables": JSON, "operationName": JSON, "extensions": JSON}
    )
)
def test_bodies_of_any_shape(demo, body: dict) -> None:
    check(demo, "acme", body)


PUNCTUATION = [*'{}():"![]=#\n', "..."]
WORDS = "contact firstName on @skip $a 1 query fragment".split()


@MODEST
@given(
    document=st.text(string.printable, max_size=80)
    | st.lists(
        st.sampled_from(PUNCTUATION + WORDS),
        max_size=40,
    ).map(" ".join)
)
def test_documents_of_any_text(demo, document: str) -> None:
    check(demo, "globex", {"query": document})
