"""What SQLite's parser takes."""

from __future__ import annotations

import sqlite3
from contextlib import closing


def fits_parser(statement: str) -> bool:
    """Return whether SQLite's parser takes a statement: before version 3.46 its stack is small.

    An empty database is asked: what is missing there is found out after the parsing only.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(f"EXPLAIN {statement}")
        except sqlite3.Error as error:
            return "parser stack overflow" not in str(error)
    return True
