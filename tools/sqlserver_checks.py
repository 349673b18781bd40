"""What `verify_sqlserver.py` makes in its scratch database, and what it tries there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WIDE = 800  # columns
_WIDE_COLUMNS = ", ".join(f"c{number} nvarchar(40) NULL" for number in range(WIDE))
# Each is a batch: CREATE TRIGGER and CREATE VIEW stand alone in theirs.
TABLES = (
    """CREATE TABLE item (id int IDENTITY PRIMARY KEY, name nvarchar(40) NULL,
      city varchar(40) COLLATE Polish_CI_AS NULL, notes ntext NULL, at datetime2(7) NULL,
      seen datetimeoffset(7) NULL, clock time(7) NULL, huge decimal(38,0) NULL,
      price decimal(10,2) NULL, cash money NULL, photo image NULL, doc xml NULL,
      version rowversion, parent_id int NULL REFERENCES item (id))""",
    "CREATE TABLE audit (id int IDENTITY PRIMARY KEY, said nvarchar(100) NOT NULL)",
    "CREATE TABLE guarded (id int PRIMARY KEY, total decimal(10,2) NULL)",
    "CREATE TABLE counted (id int PRIMARY KEY, total decimal(10,2) NULL)",
    """CREATE TABLE tag (code varchar(40) COLLATE Cyrillic_General_CI_AS PRIMARY KEY,
      label nvarchar(40) NULL)""",
    "CREATE TABLE [odd]]table] ([a]]b c] int PRIMARY KEY, [ключ] nvarchar(40) NULL)",
    f"CREATE TABLE wide (id int PRIMARY KEY, {_WIDE_COLUMNS})",
)
TEMPORAL = """CREATE TABLE priced (id int PRIMARY KEY, price decimal(10,2) NULL,
  valid_from datetime2(7) GENERATED ALWAYS AS ROW START NOT NULL,
  valid_to datetime2(7) GENERATED ALWAYS AS ROW END NOT NULL,
  PERIOD FOR SYSTEM_TIME (valid_from, valid_to)) WITH (SYSTEM_VERSIONING = ON)"""  # 2016
REST = (
    """CREATE TRIGGER guarded_refuses ON guarded AFTER UPDATE, DELETE AS
      BEGIN INSERT INTO audit (said) VALUES (N'tried');
      RAISERROR(N'Not on a Monday', 16, 1); ROLLBACK TRANSACTION; END""",
    """CREATE TRIGGER counted_shows ON counted AFTER INSERT, UPDATE, DELETE AS
      BEGIN SET NOCOUNT OFF; INSERT INTO audit (said) VALUES (N'counted');
      SELECT N'shown' AS shown; END""",
    "CREATE VIEW report AS SELECT notes, name FROM item",
    """INSERT INTO item (name, city, notes, at, seen, clock, huge, price, cash)
      VALUES (N'a', N'Łódź', N'first', '2024-01-01T10:00:00.1234567',
        '2024-01-01T10:00:00.1234567+00:00', '10:00:00.1234567',
        12345678901234567890123456789012345678, 1.50, 2.5),
      (N'B', N'Kraków', NULL, NULL, NULL, NULL, NULL, NULL, NULL)""",
    "UPDATE item SET parent_id = 1 WHERE id = 2",
    "INSERT INTO guarded VALUES (1, 5)",
    "INSERT INTO counted VALUES (1, 5)",
    "INSERT INTO tag VALUES (N'Ёж', N'x')",
    "INSERT INTO [odd]]table] VALUES (1, N'да')",
    "INSERT INTO wide (id) VALUES (1)",
)


@dataclass(frozen=True)
class Check:
    """A document and its answer: data, or the code of its error.

    `then` is a query that is asked directly afterwards; `rows` is what it answers.
    """

    point: str
    document: str
    data: Any = None
    code: str = ""
    then: str = ""
    rows: tuple[tuple[Any, ...], ...] = ()


_MOMENT = "2024-01-01T10:00:00.123456"
_KEPT = "SELECT CONVERT(varchar(10), total) FROM guarded"
_SET_WIDE = ", ".join(f'c{number}: "x"' for number in range(WIDE))
CHECKS = (
    Check(
        "lists inside lists, and keys that differ by case alone",
        "{ item { a: name A: city items { name } parent { name } } }",
        {
            "item": [
                {"a": "a", "A": "Łódź", "items": [{"name": "B"}], "parent": None},
                {"a": "B", "A": "Kraków", "items": [], "parent": {"name": "a"}},
            ]
        },
    ),
    Check(
        "an update that a trigger refuses",
        'mutation { updateGuardedByPk(pkColumns: {id: 1}, _set: {total: "7"}) { total } }',
        code="CONSTRAINT_VIOLATION",
        then=_KEPT,
        rows=(("5.00",),),
    ),
    Check(
        "a save that a trigger refuses",
        'mutation { saveGuarded(pkColumns: {id: 1}, _set: {total: "7"}) { row { total } } }',
        code="CONSTRAINT_VIOLATION",
        then=_KEPT,
        rows=(("5.00",),),
    ),
    Check(
        "a delete that a trigger refuses",
        "mutation { deleteGuarded(where: {id: {_eq: 1}}) { affectedRows } }",
        code="CONSTRAINT_VIOLATION",
        then=_KEPT,
        rows=(("5.00",),),
    ),
    Check(
        "two writes of which a trigger refuses one",
        'mutation { a: insertTagOne(object: {code: "new"}) { code }'
        ' b: updateGuardedByPk(pkColumns: {id: 1}, _set: {total: "7"}) { total } }',
        code="CONSTRAINT_VIOLATION",
        then="SELECT COUNT(*) FROM tag WHERE code = N'new'",
        rows=((0,),),
    ),
    Check(
        "a trigger that counts and shows rows",
        'mutation { updateCountedByPk(pkColumns: {id: 1}, _set: {total: "7"}) { total } }',
        {"updateCountedByPk": {"total": "7.00"}},
        then="SELECT COUNT(*) FROM audit WHERE said = N'counted'",
        rows=((2,),),
    ),
    Check(
        "an insert where a trigger shows rows",
        'mutation { insertCountedOne(object: {id: 2, total: "1"}) { id total } }',
        {"insertCountedOne": {"id": 2, "total": "1.00"}},
    ),
    Check(
        "moments of seven digits are found by what is answered",
        f'{{ item(where: {{at: {{_eq: "{_MOMENT}"}}, seen: {{_eq: "{_MOMENT}Z"}},'
        f' clock: {{_in: ["10:00:00.123456"]}}}}) {{ at seen clock }} }}',
        {"item": [{"at": _MOMENT, "seen": f"{_MOMENT}+00:00", "clock": "10:00:00.123456"}]},
    ),
    Check(
        "a row of them is saved as it was answered",
        f'mutation {{ saveItem(pkColumns: {{id: 1}}, _set: {{at: "{_MOMENT}", name: "c"}},'
        f' _expect: {{at: "{_MOMENT}", name: "a"}}) {{ changes {{ field }} }} }}',
        {"saveItem": {"changes": [{"field": "name"}]}},
        then="SELECT CONVERT(varchar(27), at, 126) FROM item WHERE id = 1",
        rows=(("2024-01-01T10:00:00.1234567",),),
    ),
    Check(
        "lists of texts, of the database's and of another collation",
        '{ item(where: {name: {_in: ["b"]}, city: {_in: ["Kraków"]}}) { id } }',
        {"item": [{"id": 2}]},
    ),
    Check(
        "patterns on a varchar of another code page",
        '{ item(where: {city: {_like: "%ź"}}) { id } tag(where: {code: {_ilike: "ё%"}}) { code } }',
        {"item": [{"id": 1}], "tag": [{"code": "Ёж"}]},
    ),
    Check(
        "a text that its varchar can't hold is refused",
        'mutation { updateItemByPk(pkColumns: {id: 2}, _set: {city: "日本"}) { city } }',
        code="BAD_USER_INPUT",
        then="SELECT city FROM item WHERE id = 2",
        rows=(("Kraków",),),
    ),
    Check(
        "a key of another code page comes back from an insert",
        'mutation { insertTagOne(object: {code: "Щука", label: "y"}) { code label } }',
        {"insertTagOne": {"code": "Щука", "label": "y"}},
    ),
    Check(
        "a view with ntext and no key",
        "{ report(limit: 1) { notes name } }",
        {"report": [{"notes": None, "name": "B"}]},
    ),
    Check(
        "decimals of 38 digits",
        '{ item(where: {huge: {_eq: "12345678901234567890123456789012345678"}}) { huge cash } }',
        {"item": [{"huge": "12345678901234567890123456789012345678", "cash": "2.5000"}]},
    ),
    Check(
        "names with brackets, blanks and other letters",
        "{ odd_table { a_bC _ } }",
        {"odd_table": [{"a_bC": 1, "_": "да"}]},
    ),
    Check(
        f"a save of {WIDE} columns",
        f"mutation {{ saveWide(pkColumns: {{id: 1}}, _set: {{{_SET_WIDE}}}) {{ row {{ c799 }} }} }}",
        {"saveWide": {"row": {"c799": "x"}}},
    ),
    Check(
        "an upsert of a row that is there",
        "mutation { insertItemOne(object: {id: 2, name: \"z\"},"
        " onConflict: {constraint: itemPkey, updateColumns: [name]}) { id name } }",
        {"insertItemOne": {"id": 2, "name": "z"}},
    ),
    Check(
        "a period of a temporal table is read and never written",
        'mutation { updatePricedByPk(pkColumns: {id: 1}, _set: {price: "2"}) { price } }',
        {"updatePricedByPk": {"price": "2.00"}},
    ),
)
