"""The demo's databases: a CRM and a small publisher on SQLite, made by code, deterministic."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

_TODAY = date(2026, 1, 1)
_FIRST = (
    "Ada Alan Barbara Clara Donald Edsger Frances Grace Hedy Ivan Jean John Katherine Linus "
    "Margaret Niklaus"
).split()
_LAST = (
    "Allen Backus Booth Church Codd Dijkstra Easley Floyd Goldberg Hamilton Hoare Iverson Jones "
    "Kay Liskov Milner"
).split()
_CITIES = "Berlin Graz Lyon Porto Turin Ghent Aarhus Tampere Zürich Kraków Brno Malmö".split()
_WORDS = (
    "red blue north south early late open final brief deep broad quiet rapid solid clear".split()
)

# The 50 base columns of a contact: name, SQL type, constraint.
_CONTACT_COLUMNS: tuple[tuple[str, str], ...] = (
    ("contact_id", "INTEGER PRIMARY KEY"),
    ("account_id", "INTEGER REFERENCES account(account_id)"),
    ("first_name", "VARCHAR(80) NOT NULL"),
    ("last_name", "VARCHAR(80) NOT NULL"),
    ("email", "VARCHAR(200) UNIQUE"),
    ("phone", "VARCHAR(40)"),
    ("mobile", "VARCHAR(40)"),
    ("fax", "VARCHAR(40)"),
    ("title", "VARCHAR(80)"),
    ("department", "VARCHAR(80)"),
    ("salutation", "VARCHAR(20)"),
    ("birth_date", "DATE"),
    ("gender", "VARCHAR(20)"),
    ("language", "VARCHAR(10)"),
    ("time_zone", "VARCHAR(40)"),
    ("street", "VARCHAR(200)"),
    ("city", "VARCHAR(80)"),
    ("postal_code", "VARCHAR(20)"),
    ("region", "VARCHAR(80)"),
    ("country", "VARCHAR(80)"),
    ("other_street", "VARCHAR(200)"),
    ("other_city", "VARCHAR(80)"),
    ("other_postal_code", "VARCHAR(20)"),
    ("other_country", "VARCHAR(80)"),
    ("website", "VARCHAR(200)"),
    ("linkedin_url", "VARCHAR(200)"),
    ("assistant_name", "VARCHAR(80)"),
    ("assistant_phone", "VARCHAR(40)"),
    ("reports_to_id", "INTEGER REFERENCES contact(contact_id)"),
    ("lead_source", "VARCHAR(40)"),
    ("lifecycle_stage", "VARCHAR(40)"),
    ("score", "INTEGER"),
    ("rating", "REAL"),
    ("annual_budget", "DECIMAL(12,2)"),
    ("do_not_call", "BOOLEAN NOT NULL DEFAULT 0"),
    ("email_opt_out", "BOOLEAN NOT NULL DEFAULT 0"),
    ("is_decision_maker", "BOOLEAN NOT NULL DEFAULT 0"),
    ("preferred_channel", "VARCHAR(20)"),
    ("newsletter", "BOOLEAN NOT NULL DEFAULT 1"),
    ("consent_at", "DATETIME"),
    ("first_contacted_at", "DATETIME"),
    ("last_contacted_at", "DATETIME"),
    ("next_step", "VARCHAR(200)"),
    ("next_step_on", "DATE"),
    ("visits", "BIGINT NOT NULL DEFAULT 0"),
    ("notes", "TEXT"),
    ("tags", "JSON"),
    ("external_id", "VARCHAR(40)"),
    ("created_at", "DATETIME NOT NULL"),
    ("updated_at", "DATETIME NOT NULL"),
)
_CUSTOM_TYPES = ("VARCHAR(120)", "INTEGER", "DECIMAL(10,2)", "DATE", "BOOLEAN", "REAL")
_TABLES = """
CREATE TABLE account (account_id INTEGER PRIMARY KEY, name VARCHAR(120) NOT NULL,
  industry VARCHAR(60), city VARCHAR(80), employees INTEGER, revenue DECIMAL(14,2), since DATE);
CREATE TABLE contact ({contact});
CREATE INDEX contact_account ON contact(account_id);
CREATE TABLE opportunity (opportunity_id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account(account_id),
  contact_id INTEGER REFERENCES contact(contact_id),
  name VARCHAR(120) NOT NULL, stage VARCHAR(40) NOT NULL, amount DECIMAL(12,2), closes_on DATE);
CREATE INDEX opportunity_account ON opportunity(account_id);
CREATE TABLE activity (activity_id INTEGER PRIMARY KEY,
  contact_id INTEGER NOT NULL REFERENCES contact(contact_id),
  kind VARCHAR(20) NOT NULL, subject VARCHAR(200) NOT NULL, happened_at DATETIME NOT NULL,
  minutes INTEGER);
CREATE INDEX activity_contact ON activity(contact_id);
CREATE TABLE author (author_id INTEGER PRIMARY KEY, name VARCHAR(120) NOT NULL, born INTEGER);
CREATE TABLE book (book_id INTEGER PRIMARY KEY,
  author_id INTEGER NOT NULL REFERENCES author(author_id),
  title VARCHAR(200) NOT NULL, price DECIMAL(6,2) NOT NULL, published_on DATE);
CREATE INDEX book_author ON book(author_id);
"""
_CAMPAIGN = """
CREATE TABLE campaign (campaign_id INTEGER PRIMARY KEY, name VARCHAR(120) NOT NULL,
  starts_on DATE, budget DECIMAL(10,2));
INSERT INTO campaign VALUES (1, 'Spring letters', '2026-03-01', 1200),
  (2, 'Autumn fair', '2026-10-01', 4500);
"""


@dataclass(frozen=True)
class DemoDatabase:
    """One database of the demo: how many custom columns it has, and what else."""

    tenant: str
    environment: str
    custom_columns: int = 0
    contact_columns: tuple[tuple[str, str], ...] = ()  # further columns of this database alone
    extra_sql: str = ""

    @property
    def name(self) -> str:
        return f"{self.tenant}_{self.environment}"


DEMO = (
    DemoDatabase("acme", "production"),
    DemoDatabase(
        "acme",
        "development",
        0,
        (("lead_score", "INTEGER"), ("nickname", "VARCHAR(80)")),
        _CAMPAIGN,
    ),
    DemoDatabase("globex", "production", 60),
    DemoDatabase("globex", "development", 60),
    DemoDatabase("initech", "production", 750),
    DemoDatabase("initech", "development", 750),
)


def make_database(demo: DemoDatabase, path: Path) -> None:
    """Write one database, all or nothing; a file that is there already stays as it is."""
    if path.exists():
        return
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    columns = [*_CONTACT_COLUMNS, *_custom_columns(demo.custom_columns), *demo.contact_columns]
    connection = sqlite3.connect(draft)
    try:
        connection.executescript(
            _TABLES.format(contact=", ".join(f"{name} {sql}" for name, sql in columns))
        )
        dice = random.Random(demo.name)  # noqa: S311 - the same data every time, nothing secret
        for table, rows in _rows(dice, columns):
            marks = ", ".join("?" * len(rows[0]))
            insert = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - our own names
            connection.executemany(insert, rows)
        connection.executescript(demo.extra_sql)
        connection.commit()
    finally:
        connection.close()
    draft.rename(path)


def _custom_columns(count: int) -> list[tuple[str, str]]:
    return [
        (f"cf_{_WORDS[i % len(_WORDS)]}_{i + 1}", _CUSTOM_TYPES[i % len(_CUSTOM_TYPES)])
        for i in range(count)
    ]


def _rows(
    dice: random.Random, columns: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    yield "account", [_account(dice, i) for i in range(1, 41)]
    yield "contact", [tuple(_contact(dice, i, columns)) for i in range(1, 301)]
    stages = ("prospecting", "proposal", "negotiation", "won", "lost")
    yield (
        "opportunity",
        [
            (
                i,
                dice.randint(1, 40),
                dice.randint(1, 300),
                f"Deal {i}",
                dice.choice(stages),
                dice.randint(1, 900) * 100.5,
                _day(dice),
            )
            for i in range(1, 201)
        ],
    )
    kinds = ("call", "mail", "meeting", "note")
    yield (
        "activity",
        [
            (
                i,
                dice.randint(1, 300),
                dice.choice(kinds),
                f"{dice.choice(_WORDS).title()} talk",
                _moment(dice),
                dice.randint(5, 90),
            )
            for i in range(1, 601)
        ],
    )
    yield (
        "author",
        [(i, f"{_FIRST[i - 1]} {_LAST[i - 1]}", dice.randint(1890, 1980)) for i in range(1, 13)],
    )
    yield (
        "book",
        [
            (
                i,
                dice.randint(1, 11),
                f"The {dice.choice(_WORDS)} {dice.choice(_WORDS)} book {i}",
                dice.randint(500, 6000) / 100,
                _day(dice),
            )
            for i in range(1, 49)
        ],
    )


def _account(dice: random.Random, number: int) -> tuple[Any, ...]:
    name = f"{dice.choice(_LAST)} & {dice.choice(_LAST)} {dice.choice(('AG', 'Ltd', 'SARL', 'BV'))}"
    industry = dice.choice(("software", "energy", "retail", "health", None))
    return (
        number,
        name,
        industry,
        dice.choice(_CITIES),
        dice.randint(3, 9000),
        dice.randint(10, 90_000) * 1000.25,
        _day(dice),
    )


def _contact(dice: random.Random, number: int, columns: Sequence[tuple[str, str]]) -> Iterator[Any]:
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    fixed: dict[str, Any] = {
        "contact_id": number,
        "account_id": dice.randint(1, 40) if number % 17 else None,
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{last}.{number}@example.com".lower(),
        "reports_to_id": dice.randint(1, number - 1) if number > 5 and number % 3 else None,
        "city": dice.choice(_CITIES),
        "tags": '["vip"]' if number % 7 == 0 else "[]",
        "visits": number * 1_000_000_007,
        "created_at": _moment(dice),
        "updated_at": _moment(dice),
    }
    for name, sql in columns:
        yield fixed[name] if name in fixed else _value(dice, sql)


def _value(dice: random.Random, sql: str) -> Any:
    if "NOT NULL" not in sql and dice.random() < 0.3:
        return None
    maker = _MAKERS.get(sql.partition("(")[0].partition(" ")[0])
    return maker(dice) if maker else f"{dice.choice(_WORDS)} {dice.choice(_WORDS)}"


def _day(dice: random.Random) -> str:
    return (_TODAY - timedelta(days=dice.randint(0, 4000))).isoformat()


def _moment(dice: random.Random) -> str:
    start = datetime.combine(_TODAY, datetime.min.time())
    return (start - timedelta(minutes=dice.randint(0, 5_000_000))).isoformat(sep=" ")


_MAKERS: dict[str, Callable[[random.Random], Any]] = {
    "INTEGER": lambda dice: dice.randint(0, 100),
    "BIGINT": lambda dice: dice.randint(0, 10**15),
    "BOOLEAN": lambda dice: dice.randint(0, 1),
    "DECIMAL": lambda dice: dice.randint(0, 10_000_00) / 100,
    "REAL": lambda dice: dice.randint(0, 1000) / 8,
    "DATE": _day,
    "DATETIME": _moment,
}
