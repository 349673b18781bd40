"""A dry run is refused where COMMIT would be."""

from __future__ import annotations

import pytest

from tests.fixtures.vendors import POSTGRESQL, SQLITE, present

SQL = """CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE child (id INTEGER PRIMARY KEY,
    p INTEGER REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED);"""
ORPHAN = "mutation { insertChildOne(object: {id: 1, p: 9}) { id } }"
MENDED = """mutation { insertChildOne(object: {id: 1, p: 9}) { id }
    insertParentOne(object: {id: 9}) { id } }"""


@pytest.mark.parametrize("vendor", [SQLITE, POSTGRESQL], ids=lambda vendor: vendor.name)
def test_a_dry_run_finds_what_commit_refuses(served, vendor) -> None:
    ask = served(present(vendor), SQL)
    dry = {"x-dry-run": "true"}

    assert ask(ORPHAN, None, **dry).code == ask(ORPHAN).code == "CONSTRAINT_VIOLATION"
    assert ask(MENDED, None, **dry).data["insertParentOne"] == {"id": 9}
    assert ask("{ child { id } parent { id } }").data == {"child": [], "parent": []}


def test_rows_that_violated_it_before_refuse_no_dry_run(served) -> None:
    ask = served(SQLITE, SQL + "INSERT INTO child VALUES (7, 7);")

    query = "mutation { insertParentOne(object: {id: 9}) { id } }"
    assert ask(query, None, **{"x-dry-run": "true"}).data == {"insertParentOne": {"id": 9}}


def test_a_dry_run_of_what_cannot_be_undone_is_refused(mariadb, served) -> None:
    ask = served(
        mariadb,
        """CREATE TABLE note (id INT PRIMARY KEY, n INT) ENGINE=MyISAM;
        INSERT INTO note VALUES (1, 1);""",
    )
    query = "mutation { updateNoteByPk(pkColumns: {id: 1}, _set: {n: 7}) { n } }"

    reply = ask(query, None, **{"x-dry-run": "true"})
    assert reply.code == "BAD_USER_INPUT"
    assert "no transactions" in reply.error["message"]
    assert ask("{ noteByPk(id: 1) { n } }").data == {"noteByPk": {"n": 1}}
    assert ask(query).data == {"updateNoteByPk": {"n": 7}}
