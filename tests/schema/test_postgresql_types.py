"""Types of PostgreSQL whose values, NULLs or collations behave unlike others."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("{p: {_isNull: true}}", [1]),
        ("{p: {_isNull: false}}", [2, 3]),
        ("{_not: {p: {_isNull: true}}}", [2, 3]),
        ("{_or: [{p: {_isNull: true}}, {id: {_eq: 3}}]}", [1, 3]),
    ],
)
def test_a_row_of_nulls_is_a_value(postgresql, served, where: str, ids: list[int]) -> None:
    ask = served(
        postgresql,
        """CREATE TYPE pair AS (a INT, b INT); CREATE TABLE t (id INT PRIMARY KEY, p pair);
        INSERT INTO t VALUES (1, NULL), (2, '(,)'), (3, '(1,)');""",
    )

    rows = ask(f"{{ t(where: {where}, orderBy: [{{id: ASC}}]) {{ id }} }}").data["t"]
    assert [row["id"] for row in rows] == ids


def test_the_extremes_of_names_of_objects_are_names(postgresql, served) -> None:
    ask = served(
        postgresql,
        """CREATE TABLE t (id INT PRIMARY KEY, r regclass, y regtype, s regnamespace, i inet);
        INSERT INTO t VALUES (1, 't', 'int', 'public', '10.0.0.1');""",
    )

    row = {"r": "t", "y": "integer", "s": "public", "i": "10.0.0.1/32"}
    query = "{ t { r y s i } tAggregate { aggregate { max { r y s i } min { r y s i } } } }"
    assert ask(query).data == {"t": [row], "tAggregate": {"aggregate": {"max": row, "min": row}}}


def test_texts_that_no_pattern_matches_offer_none(postgresql, served) -> None:
    ask = served(
        postgresql,
        """CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2',
          deterministic = false);
        CREATE TABLE t (id INT PRIMARY KEY, f TEXT COLLATE folded, p TEXT);
        INSERT INTO t VALUES (1, 'Ab', 'Ab'), (2, 'x', 'x');""",
    )

    query = """{ f: t(where: {f: {_eq: "AB"}}) { id } p: t(where: {p: {_like: "A%"}}) { id }
        tAggregate { aggregate { max { f } } } }"""
    assert ask(query).data == {
        "f": [{"id": 1}],
        "p": [{"id": 1}],
        "tAggregate": {"aggregate": {"max": {"f": "x"}}},
    }
    for operator in ("_like", "_nilike", "_regex", "_similar"):
        reply = ask(f'{{ t(where: {{f: {{{operator}: "A%"}}}}) {{ id }} }}')
        assert reply.code == "GRAPHQL_VALIDATION_FAILED"
