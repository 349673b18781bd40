#!/usr/bin/env python
"""Try the gateway on a real SQL Server, and print a report to send to its maintainers.

It makes a scratch database on the server, tries there what was written by the manual alone, and
drops it again. Nothing else on the server is read or changed. The report holds no password and no
data of yours: the server's version, its settings, and what each check answered.

The login needs CREATE DATABASE (the role dbcreator). Examples:

    python tools/verify_sqlserver.py 'Server=db.example.com,1433;User ID=sa;Password=…;Encrypt=yes'
    python tools/verify_sqlserver.py 'mssql://sa:secret@db.example.com:1433/master'

Run it with the project's own Python: .venv/bin/python, after `make setup`.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

_FACTS = (
    ("version", "SELECT CAST(SERVERPROPERTY('ProductVersion') AS varchar(30))"),
    ("edition", "SELECT CAST(SERVERPROPERTY('Edition') AS nvarchar(100))"),
    ("collation", "SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Collation') AS nvarchar(100))"),
    (
        "compatibility level",
        "SELECT CAST(compatibility_level AS int) FROM sys.databases WHERE name = DB_NAME()",
    ),
)


def main() -> int:
    """Return 0 if every check answers as it should, 1 if not, 2 if it can't be tried."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    text = "a connection string (ADO.NET or ODBC) or a mssql:// URL"
    parser.add_argument("server", nargs="?", help=text)
    given = parser.parse_args()
    if not given.server:
        parser.print_help()
        return 2
    with tempfile.TemporaryDirectory(prefix="gateway-verify-") as folder:
        os.environ["GATEWAY_DATA_DIR"] = folder
        os.environ["GATEWAY_DEMO"] = "1"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
        return _on_scratch_database(given.server)


def _on_scratch_database(server: str) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from dynamic_databases.connect_causes import explain
    from dynamic_databases.errors import DatabaseProblem
    from dynamic_databases.models import Database

    call_command("migrate", verbosity=0)
    scratch = f"gateway_verify_{secrets.token_hex(4)}"
    try:
        there = Database.objects.from_url("server", server)
        _run(there.label, f"CREATE DATABASE [{scratch}]")
    except DatabaseProblem as error:
        print(f"Nothing was tried: {explain(error)}", file=sys.stderr)
        return 2
    try:
        own = Database.objects.create(name="scratch", config={**there.config, "NAME": scratch})
        return _report(own)
    finally:
        from dynamic_databases.process import process_registry

        process_registry().connections.close_all()
        _run(there.label, f"ALTER DATABASE [{scratch}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
        _run(there.label, f"DROP DATABASE [{scratch}]")


def _report(database: Any) -> int:
    from dynamic_databases.process import process_registry
    from tools.sqlserver_checks import CHECKS, REST, TABLES, TEMPORAL

    print("# Report of verify_sqlserver\n")
    for name, query in _FACTS:
        print(f"- {name}: {_run(database.label, query)[0][0]}")
    for batch in TABLES:
        _run(database.label, batch)
    is_temporal = _tried(database.label, TEMPORAL)
    for batch in REST:
        _run(database.label, batch)
    if is_temporal:
        _run(database.label, "INSERT INTO priced (id, price) VALUES (1, 1)")
    entry = process_registry().refresh(database.label)
    print(f"- execution: {entry.capabilities.json.value}\n")
    checks = [check for check in CHECKS if is_temporal or "Priced" not in check.document]
    failed = sum(not _check(entry, check) for check in checks)
    print(f"\n{len(checks) - failed} of {len(checks)} checks answered as they should.")
    return 1 if failed else 0


def _check(entry: Any, check: Any) -> bool:
    """Run one check, print its line, and return whether it answered as it should."""
    started = time.monotonic()
    found = _answer(entry, check.document)
    expected = {"code": check.code} if check.code else {"data": check.data}
    rows = tuple(_run(entry.alias, check.then)) if check.then else ()
    is_right = found == expected and rows == check.rows
    milliseconds = round(1000 * (time.monotonic() - started))
    print(f"- {'ok' if is_right else 'DIFFERS'}: {check.point} ({milliseconds} ms)")
    if not is_right:
        print(f"  - answered {found!r}, the table then held {rows!r}")
        print(f"  - expected {expected!r}, and {check.rows!r}")
    return is_right


def _answer(entry: Any, document: str) -> dict[str, Any]:
    from schema.access import FULL_ACCESS
    from schema.build.builder import build_schema
    from schema.limits import Limits

    schema = build_schema(entry, FULL_ACCESS, {}, Limits(max_cost=10**9)).schema
    result = schema.execute(document, context_value={"alias": entry.alias})
    if not result.errors:
        return {"data": result.data}
    error = result.errors[0].original_error or result.errors[0]
    code = getattr(error, "code", None)
    # A failure of the gateway's own is what the maintainers want to see.
    return {"code": code} if code else {"error": f"{error} ({error.__cause__})"}


def _run(label: Any, batch: str) -> list[tuple[Any, ...]]:
    """Run a batch on the database's own connection, and return its last rows."""
    from dynamic_databases import outcomes
    from dynamic_databases.process import process_registry

    rows: list[tuple[Any, ...]] = []
    with (
        process_registry().connections.lease(label) as wrapper,
        outcomes.translated(wrapper.vendor, writing=False),
        wrapper.wrap_database_errors,
    ):
        cursor = wrapper.connection.cursor()
        cursor.execute(batch)
        while True:
            if cursor.description:
                rows = [tuple(row) for row in cursor.fetchall()]
            if not cursor.nextset():
                cursor.close()
                return rows


def _tried(label: Any, batch: str) -> bool:
    from dynamic_databases.errors import DatabaseProblem

    try:
        _run(label, batch)
    except DatabaseProblem as error:
        print(f"- temporal tables: not tried ({error})")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
