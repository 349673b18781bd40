"""Each rule finds what breaks it, and lets the right statement pass."""

from __future__ import annotations

import pytest

from tests.tsql.parser import parsed
from tests.tsql.rules import RULES, broken

pytestmark = pytest.mark.pure

LIST = "SELECT t1.[a] AS [a] FROM [t] t1 FOR JSON PATH"
# rule → a statement that breaks it, and one that keeps it
STATEMENTS = {
    "names_are_quoted": ("SELECT t1.[a] FROM customer t1", "SELECT t1.[a] FROM [customer] t1"),
    "literals_are_unicode": ("SELECT 'Łódź' AS [a]", "SELECT N'Łódź' AS [a]"),
    "no_subquery_in_coalesce": (
        "SELECT COALESCE((SELECT 1 AS [a]), 2) AS [a]",
        "SELECT ISNULL((SELECT 1 AS [a]), 2) AS [a]",
    ),
    "order_counts": (
        "SELECT p1.[a] FROM (SELECT t1.[a] FROM [t] t1 ORDER BY t1.[a]) p1",
        "SELECT p1.[a] FROM (SELECT TOP (5) t1.[a] FROM [t] t1 ORDER BY t1.[a]) p1",
    ),
    "nested_json_is_json": (
        f"SELECT ISNULL(({LIST}), N'[]') AS [a]",
        f"SELECT JSON_QUERY(ISNULL(({LIST}), N'[]')) AS [a]",
    ),
    "parameters_are_few": (
        f"SELECT t1.[a] FROM [t] t1 WHERE t1.[a] IN ({', '.join('?' * 2_099)})",
        f"SELECT t1.[a] FROM [t] t1 WHERE t1.[a] IN ({', '.join('?' * 2_098)})",
    ),
    "texts_have_a_collation": (
        (
            "SELECT t1.[a] FROM [t] t1 WHERE t1.[a] IN"
            " (SELECT CAST(j.value AS nvarchar(max)) FROM OPENJSON(?) j)"
        ),
        (
            "SELECT t1.[a] FROM [t] t1 WHERE t1.[a] IN"
            " (SELECT CAST(j.value AS nvarchar(max)) COLLATE DATABASE_DEFAULT FROM OPENJSON(?) j)"
        ),
    ),
    "old_types_are_cast": (
        "SELECT t1.[a] FROM [t] t1 WHERE t1.[notes] = ?",
        "SELECT t1.[a] FROM [t] t1 WHERE CAST(t1.[notes] AS nvarchar(max)) = ?",
    ),
}
# More that the last two find.
BAD = {
    "texts_have_a_collation": ["SELECT t1.[a] FROM [t] t1 WHERE t1.[a] LIKE ?"],
    "old_types_are_cast": [
        "SELECT t1.[a] FROM [t] t1 ORDER BY t1.[memo]",
        "SELECT MAX(t1.[notes]) AS [a] FROM [t] t1",
        "SELECT COUNT(DISTINCT t1.[notes]) AS [a] FROM [t] t1",
        "SELECT t1.[photo] FROM [t] t1 GROUP BY t1.[photo]",
        "SELECT MAX(p1.c0) AS [a] FROM (SELECT t1.[doc] AS c0 FROM [t] t1) p1",
    ],
}


def test_every_rule_is_tried() -> None:
    assert [rule.__name__ for rule in RULES] == list(STATEMENTS)


@pytest.mark.parametrize("rule", STATEMENTS)
def test_a_rule_finds_what_breaks_it(rule: str) -> None:
    bad, good = STATEMENTS[rule]

    assert [text.partition(":")[0] for text in broken(parsed(bad))] == [rule]
    assert broken(parsed(good)) == []


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule in BAD for text in BAD[rule]])
def test_a_rule_finds_the_rest_of_its_kind(rule: str, text: str) -> None:
    assert rule in {one.partition(":")[0] for one in broken(parsed(text))}


@pytest.mark.parametrize("text", ["SELECT (", "SELEC 1 FROM", "END ELSE"])
def test_what_is_no_sql_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parsed(text)
