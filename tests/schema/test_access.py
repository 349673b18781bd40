"""What a role may do with a table: by its name, by `*`, and by a name that is spelled otherwise."""

from __future__ import annotations

import pytest

from schema.access import Access, TableAccess

pytestmark = pytest.mark.pure

ALL = frozenset({"*"})
EVERYTHING = TableAccess(ALL, ALL, ALL, delete=True)
NARROW = TableAccess(select=frozenset({"id", "name"}))


def access(**tables: TableAccess) -> Access:
    return Access(frozenset(tables.items()))


def test_a_table_has_its_own_permission_before_the_one_of_all() -> None:
    role = access(**{"*": EVERYTHING, "author": NARROW})

    assert role.of("author") == NARROW
    assert role.of("book") == EVERYTHING
    assert access(author=NARROW).of("book") == TableAccess()


@pytest.mark.parametrize(
    "spelled", ["Author", "AUTHOR", "public.author", "dbo.Author", "main.author"]
)
def test_a_limit_that_is_spelled_otherwise_limits_all_the_same(spelled: str) -> None:
    """Else a role would see by `*` what was meant to be hidden from it."""
    role = access(**{"*": EVERYTHING, spelled: NARROW})

    assert role.of("author") == NARROW


def test_a_name_that_is_spelled_otherwise_permits_nothing_by_itself() -> None:
    assert access(AUTHOR=EVERYTHING).of("author") == TableAccess()
    role = access(**{"*": NARROW, "AUTHOR": TableAccess(frozenset({"name", "secret"}), ALL)})
    assert role.of("author") == TableAccess(frozenset({"name"}))


def test_a_table_of_another_schema_is_another_table() -> None:
    role = access(**{"*": EVERYTHING, "sales.author": NARROW})

    assert role.of("author") == EVERYTHING
    assert role.of("sales.author") == role.of("SALES.author") == NARROW
