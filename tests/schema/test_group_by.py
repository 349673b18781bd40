"""`trackGroupBy`: what rows share, figures over them, having and order."""

from __future__ import annotations

import pytest

from tests.fixtures.vendors import POSTGRESQL

URL = "/t/music/graphql"
# query → the groups it answers
CASES = {
    "{ trackGroupBy(by: [genreId]) { keys { genreId } aggregate { count } } }": [
        {"keys": {"genreId": 1}, "aggregate": {"count": 3}},
        {"keys": {"genreId": 2}, "aggregate": {"count": 2}},
        {"keys": {"genreId": None}, "aggregate": {"count": 1}},
    ],
    "{ trackGroupBy(by: [genreId], "
    "orderBy: [{aggregate: {max: {seconds: DESC_NULLS_LAST}}}], limit: 1) "
    "{ aggregate { count n: count(columns: [seconds]) max { seconds } sum { bytes } "
    "avg { seconds } } } }": [
        {
            "aggregate": {
                "count": 2,
                "n": 1,
                "max": {"seconds": 549},
                "sum": {"bytes": "5"},
                "avg": {"seconds": 549},
            }
        }
    ],
    (
        "{ trackGroupBy(by: [genreId], having: {aggregate: {count: {_gt: 1, _lt: 3}}}) "
        "{ keys { genreId } __typename } }"
    ): [{"keys": {"genreId": 2}, "__typename": "TrackGroup"}],
    "{ trackGroupBy(by: [genreId], "
    "having: {_or: [{aggregate: {count: {_eq: 1}}}, {aggregate: {sum: {bytes: {_eq: 5}}}}]}) "
    "{ keys { genreId } } }": [{"keys": {"genreId": 2}}, {"keys": {"genreId": None}}],
    "{ trackGroupBy(by: [genreId, explicit], where: {genreId: {_isNull: false}}, "
    "offset: 1, limit: 2) "
    "{ keys { e: explicit g: genreId } aggregate { count } } }": [
        {"keys": {"e": True, "g": 1}, "aggregate": {"count": 1}},
        {"keys": {"e": False, "g": 2}, "aggregate": {"count": 1}},
    ],
    (
        "{ trackGroupBy(by: [genreId], "
        "orderBy: [{aggregate: {count: ASC}}, {keys: {genreId: DESC}}]) { keys { genreId } } }"
    ): [
        {"keys": {"genreId": None}},
        {"keys": {"genreId": 2}},
        {"keys": {"genreId": 1}},
    ],
    '{ albumGroupBy(by: [artistId], having: {aggregate: {max: {price: {_gt: "9.5"}}}}) '
    "{ keys { artistId } aggregate { max { price } min { released } } } }": [
        {
            "keys": {"artistId": 1},
            "aggregate": {"max": {"price": "9.90"}, "min": {"released": "1999-01-02"}},
        },
        {
            "keys": {"artistId": 2},
            "aggregate": {"max": {"price": "12.00"}, "min": {"released": "1997-09-22"}},
        },
    ],
}


@pytest.mark.parametrize("query", CASES)
def test_groups(music, sent, query: str) -> None:
    with sent() as statements:
        (groups,) = music.query(URL, query).data.values()

    assert groups == CASES[query]
    assert len(statements.answers) == 1


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "{ trackGroupBy(by: [genreId]) { keys { name } } }",
            "The rows aren't grouped by name: by is [genreId].",
        ),
        ("{ trackGroupBy(by: []) { keys { name } } }", "by must name at least one column"),
        (
            (
                "{ trackGroupBy(by: [name], having: {aggregate: {count: {_gt: null}}}) "
                "{ keys { name } } }"
            ),
            "having.aggregate.count._gt must not be null",
        ),
    ],
)
def test_what_can_not_be_grouped_is_told(music, query: str, message: str) -> None:
    reply = music.query(URL, query)

    assert reply.code == "BAD_USER_INPUT"
    assert message in reply.error["message"]


def test_bytes_are_grouped_where_the_server_sorts_them(music, vendor) -> None:
    reply = music.query(URL, "{ trackGroupBy(by: [cover]) { aggregate { count } } }")

    if vendor is POSTGRESQL:
        assert sum(group["aggregate"]["count"] for group in reply.data["trackGroupBy"]) == 6
    else:
        assert reply.code == "GRAPHQL_VALIDATION_FAILED"
        assert "'cover' does not exist" in reply.error["message"]
