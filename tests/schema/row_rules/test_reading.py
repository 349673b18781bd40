"""Each way to read a row that a role may not see: it isn't there."""

from __future__ import annotations

import base64
import json

import pytest

from schema.errors import Forbidden
from tests.fixtures.row_rules import SUPPORT, access_to, built_for, run_as

REP = {"x-gateway-user-id": "3"}
ADA, BO = {"id": 1, "name": "Ada"}, {"id": 2, "name": "Bo"}
READS = {
    "list": ("{ found: customer { id name } }", [ADA, BO]),
    "where": ('{ found: customer(where: {name: {_like: "secret%"}}) { id } }', []),
    "or": (
        "{ found: customer(where: {_or: [{id: {_eq: 6}}, {id: {_eq: 1}}]}) { id } }",
        [{"id": 1}],
    ),
    "not": ("{ found: customer(where: {_not: {id: {_eq: 1}}}) { id } }", [{"id": 2}]),
    "offset": ("{ found: customer(offset: 2) { id } }", []),
    "distinct": (
        "{ found: customer(distinctOn: [regionId]) { regionId id } }",
        [{"regionId": 1, "id": 1}, {"regionId": 2, "id": 2}],
    ),
    "by key": ("{ found: customerByPk(id: 6) { id name } }", None),
    "by key of mine": ("{ found: customerByPk(id: 1) { id name } }", ADA),
    "count": (
        "{ found: customerAggregate { aggregate { count max { id } } } }",
        {"aggregate": {"count": 2, "max": {"id": 2}}},
    ),
    "nodes of an aggregate": (
        "{ found: customerAggregate { nodes { id } } }",
        {"nodes": [{"id": 1}, {"id": 2}]},
    ),
    "sum": (
        "{ found: invoiceAggregate { aggregate { sum { total } } } }",
        {"aggregate": {"sum": {"total": "30"}}},
    ),
    "groups": (
        "{ found: customerGroupBy(by: [repId]) { keys { repId } aggregate { count } } }",
        [{"keys": {"repId": 3}, "aggregate": {"count": 2}}],
    ),
    "connection": (
        (
            "{ found: customerConnection { totalCount edges { node { id } } pageInfo "
            "{ hasNextPage hasPreviousPage } } }"
        ),
        {
            "totalCount": 2,
            "edges": [{"node": {"id": 1}}, {"node": {"id": 2}}],
            "pageInfo": {"hasNextPage": False, "hasPreviousPage": False},
        },
    ),
    "connection from the end": (
        "{ found: customerConnection(last: 1) { edges { node { id } } } }",
        {"edges": [{"node": {"id": 2}}]},
    ),
    "to one": (
        "{ found: region { id customers { id invoices { id items { label } } } } }",
        [
            {
                "id": 1,
                "customers": [{"id": 1, "invoices": [{"id": 1, "items": [{"label": "pen"}]}]}],
            },
            {
                "id": 2,
                "customers": [{"id": 2, "invoices": [{"id": 2, "items": [{"label": "ink"}]}]}],
            },
        ],
    ),
    "related count": (
        "{ found: region { customersAggregate { aggregate { count } } } }",
        [{"customersAggregate": {"aggregate": {"count": 1}}}] * 2,
    ),
    "related connection": (
        (
            "{ found: region { customersConnection(first: 1) { totalCount edges "
            "{ node { id } } pageInfo { hasNextPage } } } }"
        ),
        [
            {
                "customersConnection": {
                    "totalCount": 1,
                    "edges": [{"node": {"id": i}}],
                    "pageInfo": {"hasNextPage": False},
                }
            }
            for i in (1, 2)
        ],
    ),
    "filter through a relation": (
        '{ found: region(where: {customers: {name: {_like: "secret%"}}}) { id } }',
        [],
    ),
    "filter that none is related": (
        "{ found: region(where: {_not: {customers: {id: {_gt: 2}}}}) { id } }",
        [{"id": 1}, {"id": 2}],
    ),
    "filter two steps away": (
        "{ found: region(where: {customers: {invoices: {total: {_eq: 666}}}}) { id } }",
        [],
    ),
    "filter by a related count": (
        "{ found: region(where: {customersAggregate: {count: {predicate: {_gt: 1}}}}) { id } }",
        [],
    ),
    "filter by a related sum": (
        (
            "{ found: customer(where: {invoicesAggregate: {sum: {arguments: "
            'total, predicate: {_gt: "600"}}}}) { id } }'
        ),
        [],
    ),
    "order by a related count": (
        "{ found: region(orderBy: [{customersAggregate: {count: DESC}}, {id: DESC}]) { id } }",
        [{"id": 2}, {"id": 1}],
    ),
}


@pytest.fixture
def ask(shop, by_orm):
    built = built_for(shop, access_to(SUPPORT), by_orm=by_orm)
    return lambda query, session=REP, **variables: run_as(shop, built, query, session, variables)


def test_a_hidden_row_is_not_there(ask) -> None:
    found = {way: ask(query)["found"] for way, (query, _) in READS.items()}

    assert found == {way: expected for way, (_, expected) in READS.items()}
    assert "secret" not in json.dumps(found)


def test_a_global_id_of_a_hidden_row_leads_nowhere(ask) -> None:
    own = ask("{ customer { nodeId } }")["customer"][0]["nodeId"]
    hidden = base64.b64encode(base64.b64decode(own)[:-1] + b"6").decode()
    named = ("nodeId ... on Customer { name }", {"nodeId": own, "name": "Ada"})
    for fields, found in (named, ("nodeId", {"nodeId": own})):
        one = f"query ($id: ID!) {{ node(nodeId: $id) {{ {fields} }} }}"
        assert ask(one, id=own)["node"] == found
        assert ask(one, id=hidden)["node"] is None
        several = f"query ($ids: [ID!]!) {{ nodes(nodeIds: $ids) {{ {fields} }} }}"
        assert ask(several, ids=[hidden, own, hidden])["nodes"] == [None, found, None]


def test_a_missing_session_variable_is_refused_by_its_name(ask) -> None:
    with pytest.raises(Forbidden, match="session variable x-gateway-user-id is missing"):
        ask("{ customer { id } }", session={})
    assert ask("{ region { id } }", session={})["region"]


def test_a_session_variable_that_does_not_fit_is_refused(ask) -> None:
    with pytest.raises(Forbidden, match="x-gateway-user-id is no Int"):
        ask("{ customer { id } }", session={"x-gateway-user-id": "3 OR 1=1"})
