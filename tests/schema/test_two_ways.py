"""Server-side JSON and ORM execution answer alike, for any query, to the letter."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.databases import library_sql
from tests.fixtures.schemas import both_ways, built_of

SLOW = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)
COLUMNS = {
    "Genre": {"genreId": "int", "name": "text"},
    "Artist": {"artistId": "int", "name": "text", "country": "text"},
    "Album": {
        "albumId": "int",
        "artistId": "int",
        "title": "text",
        "released": "date",
        "price": "decimal",
    },
    "Track": {
        "trackId": "int",
        "albumId": "int",
        "name": "text",
        "seconds": "int",
        "bytes": "bigint",
        "rating": "float",
        "explicit": "bool",
        "recordedAt": "moment",
        "meta": None,
        "cover": None,
    },
    "PlaylistTrack": {"playlist": "int", "position": "int", "note": "text"},
}
TO_ONE = {
    "Album": {"artist": "Artist"},
    "Track": {"album": "Album", "genre": "Genre"},
    "PlaylistTrack": {"track": "Track"},
}
TO_MANY = {
    "Artist": {"albums": "Album"},
    "Album": {"tracks": "Track"},
    "Genre": {"tracks": "Track"},
    "Track": {"playlistTracks": "PlaylistTrack"},
}
ROOTS = {
    "Genre": "genre",
    "Artist": "artist",
    "Album": "album",
    "Track": "track",
    "PlaylistTrack": "playlistTrack",
}
VALUES = {
    "int": st.sampled_from([0, 1, 2, 3, 100, 305, -5]),
    "text": st.sampled_from(["Rock", "Ada", "One", "x", "", "Jóga", "it's"]),
    "date": st.sampled_from(["1999-01-02", "1958-01-01"]),
    "decimal": st.sampled_from(["9.90", "12", "0.05"]),
    "bigint": st.sampled_from(["9007199254740993", "0", "-1"]),
    "float": st.sampled_from([4.5, 0.1, 1e20, 5.0]),
    "bool": st.booleans(),
    "moment": st.sampled_from(["1999-01-01T10:00:00", "2001-05-05T23:59:59.250"]),
}
ORDERS = ["ASC", "DESC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"]
# Text is ordered by each server's own collation; both ways run on the same server, so it counts
# too.


@st.composite
def conditions(draw, table: str, depth: int = 2):  # noqa: PLR0911 - one per kind
    choices = ["column", "column", "null"] + (["and", "or", "not", "relation"] if depth else [])
    choices += ["computed"] if depth and table in TO_MANY else []
    choices += ["cast"] if table == "Track" else []
    match draw(st.sampled_from(choices)):
        case "column":
            column, kind = draw(st.sampled_from([(c, k) for c, k in COLUMNS[table].items() if k]))
            operators = ["_eq", "_neq"] + ([] if kind == "bool" else ["_gt", "_lte", "_in", "_nin"])
            operator = draw(
                st.sampled_from(operators + (["_like", "_nilike"] if kind == "text" else []))
            )
            if operator in ("_in", "_nin"):
                return {column: {operator: draw(st.lists(VALUES[kind], max_size=3))}}
            pattern = st.sampled_from(["%", "%o%", "_ne", "J%", "%\\_%"])
            return {
                column: {operator: draw(pattern if operator.endswith("like") else VALUES[kind])}
            }
        case "cast":
            casts = {"String": {"_like": "%a%"}, "Decimal": {"_neq": "2"}}
            kind = draw(st.sampled_from(list(casts)))
            return {"meta": {"_cast": {kind: casts[kind]}}}
        case "null":
            return {draw(st.sampled_from(list(COLUMNS[table]))): {"_isNull": draw(st.booleans())}}
        case "not":
            return {"_not": draw(conditions(table, depth - 1))}
        case "relation":
            relations = {**TO_ONE.get(table, {}), **TO_MANY.get(table, {})}
            name = draw(st.sampled_from(list(relations)))
            return {name: draw(st.one_of(st.just({}), conditions(relations[name], depth - 1)))}
        case "computed":
            name, target = draw(st.sampled_from(list(TO_MANY[table].items())))
            computed = st.one_of(counts(target, depth), predicates(target, depth))
            return {f"{name}Aggregate": draw(computed)}
        case combination:
            return {f"_{combination}": draw(st.lists(conditions(table, depth - 1), max_size=3))}


@st.composite
def counts(draw, table: str, depth: int):
    operator = draw(st.sampled_from(["_eq", "_gt", "_lte"]))
    count = {"predicate": {operator: draw(st.integers(0, 3))}}
    if draw(st.booleans()):
        count["filter"] = draw(conditions(table, depth - 1))
    if draw(st.booleans()):
        columns = [c for c, k in COLUMNS[table].items() if k]
        count |= {
            "arguments": [draw(st.sampled_from(columns))],
            "distinct": draw(st.booleans()),
        }
    return {"count": count}


@st.composite
def predicates(draw, table: str, depth: int):
    function = draw(st.sampled_from(["sum", "min", "max", "avg", "stddevPop", "varSamp"]))
    column = draw(st.sampled_from(FIGURES[table].split()))
    kind = "float" if function in ("avg", "stddevPop", "varSamp") else COLUMNS[table][column]
    operator = draw(st.sampled_from(["_gt", "_lte", "_neq"]))
    given = {"arguments": column, "predicate": {operator: draw(VALUES[kind])}}
    if table == "Track" and draw(st.booleans()):
        function = draw(st.sampled_from(["boolAnd", "boolOr"]))
        given = {"arguments": "explicit", "predicate": {"_eq": draw(st.booleans())}}
    if draw(st.booleans()):
        given["filter"] = draw(conditions(table, depth - 1))
    if function not in ("stddevPop", "varSamp") and draw(st.booleans()):
        given["distinct"] = draw(st.booleans())
    return {function: given}


@st.composite
def orders(draw, table: str, depth: int = 1):
    if depth and table in TO_ONE and draw(st.booleans()):
        name = draw(st.sampled_from(list(TO_ONE[table])))
        return {name: draw(orders(TO_ONE[table][name], depth - 1))}
    if table in TO_MANY and draw(st.integers(0, 3)) == 0:
        name, target = draw(st.sampled_from(list(TO_MANY[table].items())))
        return {f"{name}Aggregate": draw(figure_orders(target))}
    column = draw(st.sampled_from([c for c, k in COLUMNS[table].items() if k]))
    return {column: draw(st.sampled_from(ORDERS))}


@st.composite
def figure_orders(draw, table: str):
    direction = draw(st.sampled_from(ORDERS))
    function = draw(st.sampled_from(["count", "sum", "avg", "min", "max"]))
    if function == "count":
        return {"count": direction}
    return {function: {draw(st.sampled_from(FIGURES[table].split())): direction}}


@st.composite
def arguments(draw, table: str):
    given = {}
    if draw(st.booleans()):
        given["where"] = draw(conditions(table))
    if draw(st.booleans()):
        given["orderBy"] = draw(st.lists(orders(table), max_size=2))
    if draw(st.integers(0, 3)) == 0:
        columns = [c for c, k in COLUMNS[table].items() if k]
        given["distinctOn"] = draw(
            st.lists(st.sampled_from(columns), min_size=1, max_size=2, unique=True)
        )
        if "orderBy" in given:
            first = [{column: draw(st.sampled_from(ORDERS))} for column in given["distinctOn"]]
            given["orderBy"] = [*draw(st.permutations(first)), *given["orderBy"]]
    if draw(st.booleans()):
        given["limit"] = draw(st.integers(0, 4))
    if draw(st.booleans()):
        given["offset"] = draw(st.integers(0, 3))
    return given


@st.composite
def selections(draw, table: str, depth: int, variables: dict):
    parts = ['part: meta(path: "$.a")', 'none: meta(path: "b[0]")'] if table == "Track" else []
    names = [*COLUMNS[table], *parts, "__typename", "id", "nodeId"]
    fields = draw(st.lists(st.sampled_from(names), unique=True, max_size=6))
    if depth:
        for name, target in TO_ONE.get(table, {}).items():
            if draw(st.booleans()):
                fields.append(f"{name} {{ {draw(selections(target, depth - 1, variables))} }}")
        for name, target in TO_MANY.get(table, {}).items():
            if draw(st.booleans()):
                inner = draw(selections(target, depth - 1, variables))
                fields.append(f"{name}{draw(spelled_arguments(target, variables))} {{ {inner} }}")
            if draw(st.integers(0, 2)) == 0:
                fields.append(f"{name}Aggregate{draw(aggregates(target, variables))}")
            if depth > 1 and draw(st.integers(0, 3)) == 0:
                inner = draw(selections(target, depth - 2, variables))
                fields.append(f"{name}Connection{draw(pages(target, inner, variables))}")
    return " ".join(fields) or "__typename"


SPREADS = ["sum", "avg", "stddev", "stddevPop", "stddevSamp", "variance", "varPop", "varSamp"]
FIGURES = {
    "Genre": "genreId",
    "Artist": "artistId",
    "Album": "price",
    "Track": "seconds bytes rating",
    "PlaylistTrack": "position",
}
ORDERED = {
    "Genre": "name",
    "Artist": "country",
    "Album": "released title",
    "Track": "recordedAt name bytes",
    "PlaylistTrack": "note",
}


@st.composite
def aggregates(draw, table: str, variables: dict):
    """Arguments and selection of an aggregate."""
    comparable = [c for c, k in COLUMNS[table].items() if k]
    parts = ["count", f"n: count(columns: [{draw(st.sampled_from(comparable))}])"]
    column = draw(st.sampled_from(comparable))
    parts.append(f"d: count(columns: [{column}], distinct: true)")
    numbers = draw(st.lists(st.sampled_from(SPREADS), unique=True))
    ends = draw(st.lists(st.sampled_from(["min", "max"]), unique=True))
    parts += [
        *(f"{function} {{ {FIGURES[table]} }}" for function in numbers),
        *(f"{function} {{ {ORDERED[table]} {FIGURES[table]} __typename }}" for function in ends),
    ]
    nodes = f"nodes {{ {draw(selections(table, 1, variables))} }}" if draw(st.booleans()) else ""
    return (
        f"{draw(spelled_arguments(table, variables))} "
        f"{{ aggregate {{ {' '.join(parts)} }} {nodes} }}"
    )


@st.composite
def pages(draw, table: str, inner: str, variables: dict):
    """Arguments and selection of a connection."""
    names = ["where", "orderBy"]
    given = {name: value for name, value in draw(arguments(table)).items() if name in names}
    given |= {name: draw(st.integers(0, 3)) for name in ("first", "last") if draw(st.booleans())}
    around = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    parts = draw(
        st.permutations([f"edges {{ cursor n: node {{ {inner} }} }}", around, "totalCount"])
    )
    return f"{spelled(given, table, variables)} {{ {' '.join(parts)} }}"


@st.composite
def spelled_arguments(draw, table: str, variables: dict):
    given = draw(arguments(table))
    return spelled(given, table, variables)


def spelled(given: dict, table: str, variables: dict) -> str:
    """Each argument as a variable: the same code reads literals (tests of variables show it)."""
    types = {
        "where": f"{table}BoolExp",
        "orderBy": f"[{table}OrderBy!]",
        **dict.fromkeys(("limit", "offset", "first", "last"), "Int"),
        "distinctOn": f"[{table}SelectColumn!]",
    }
    parts = []
    for name, value in given.items():
        variable = f"v{len(variables)}"
        variables[variable] = (types[name], value)
        parts.append(f"{name}: ${variable}")
    return f"({', '.join(parts)})" if parts else ""


@st.composite
def having(draw, table: str, depth: int = 1):
    if depth and draw(st.booleans()):
        inner = having(table, depth - 1)
        return (
            {"_not": draw(inner)}
            if draw(st.booleans())
            else {"_or": draw(st.lists(inner, max_size=2))}
        )
    operator = draw(st.sampled_from(["_eq", "_gt", "_lte", "_neq"]))
    if draw(st.booleans()):
        return {"aggregate": {"count": {operator: draw(st.integers(0, 3))}}}
    function = draw(st.sampled_from(["avg", "min", "max"]))
    field = draw(st.sampled_from(FIGURES[table].split()))
    kind = "float" if function == "avg" else COLUMNS[table][field]
    return {"aggregate": {function: {field: {operator: draw(VALUES[kind])}}}}


@st.composite
def groups(draw, table: str, variables: dict):
    by = draw(
        st.lists(
            st.sampled_from([c for c, k in COLUMNS[table].items() if k]),
            min_size=1,
            max_size=2,
            unique=True,
        )
    )
    given = {"by": by} | {
        name: value
        for name, value in draw(arguments(table)).items()
        if name in ("where", "limit", "offset")
    }
    if draw(st.booleans()):
        given["having"] = draw(having(table))
    if draw(st.booleans()):
        key = {"keys": {draw(st.sampled_from(by)): draw(st.sampled_from(ORDERS))}}
        given["orderBy"] = [{"aggregate": draw(figure_orders(table))}, key][
            draw(st.integers(0, 1)) :
        ]
    types = {
        "by": f"[{table}SelectColumn!]!",
        "where": f"{table}BoolExp",
        "having": f"{table}GroupBoolExp",
        "orderBy": f"[{table}GroupOrderBy!]",
        "limit": "Int",
        "offset": "Int",
    }
    parts = []
    for name, value in given.items():
        variable = f"v{len(variables)}"
        variables[variable] = (types[name], value)
        parts.append(f"{name}: ${variable}")
    figures = (
        f"count sum {{ {FIGURES[table]} }} min {{ {ORDERED[table]} }} max {{ {FIGURES[table]} }}"
    )
    return (
        f"({', '.join(parts)}) {{ keys {{ {' '.join(by)} __typename }} aggregate {{ {figures} }} }}"
    )


@st.composite
def queries(draw):
    table = draw(st.sampled_from(list(ROOTS)))
    variables: dict = {}
    kind = draw(st.integers(0, 5))
    if kind == 0:
        field = f"{ROOTS[table]}GroupBy{draw(groups(table, variables))}"
    elif kind == 1:
        field = f"{ROOTS[table]}Aggregate{draw(aggregates(table, variables))}"
    else:
        inner = draw(selections(table, 3, variables))
        field = f"{ROOTS[table]}{draw(spelled_arguments(table, variables))} {{ {inner} }}"
    head = ", ".join(f"${name}: {kind}" for name, (kind, _) in variables.items())
    return f"query{f'({head})' if head else ''} {{ {field} }}", {
        name: value for name, (_, value) in variables.items()
    }


@pytest.fixture
def run(vendor, new_database):
    database = new_database(vendor, library_sql(vendor))
    schema = built_of(database)
    return lambda text, variables: both_ways(database, schema, text, variables)


@SLOW
@given(query=queries())
def test_any_query(run, query) -> None:
    text, variables = query

    # Sums of floats depend on the order in which a server meets the rows; nothing else may differ.
    sums = any(f"{function} {{" in text for function in SPREADS)
    for exact, portable in run(text, variables):
        assert exact == portable or (sums and close(exact, portable)), json.dumps(variables)


def close(left: object, right: object) -> bool:
    """Equal but for the last digits of floats."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(close(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(close, left, right))
    if (
        isinstance(left, str)
        and isinstance(right, str)
        and left.startswith("number ")
        and right.startswith("number ")
    ):
        return math.isclose(float(left[7:]), float(right[7:]), rel_tol=1e-9)
    return left == right
