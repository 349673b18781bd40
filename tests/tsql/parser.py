"""T-SQL → the parser's trees. What it can't read is a failure of the test."""

from __future__ import annotations

import logging
import os

import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("sqlglot", reason="`make develop` installs the parser of T-SQL")
import sqlglot
from sqlglot import exp

# The parser knows no ELSE of a block: to it a condition that always holds is the same.
_ELSE, _IF = " END ELSE BEGIN ", " END; IF 1 = 1 BEGIN "


def parsed(text: str) -> list[exp.Expr]:
    """Return the statements of a text. Raises ValueError for what isn't understood."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        found = sqlglot.parse(text.replace(_ELSE, _IF), dialect="tsql")
    except sqlglot.errors.SqlglotError as error:
        raise ValueError(f"{error}: {text}") from error
    statements = [one for one in found if one is not None]
    for one in statements:
        for command in one.find_all(exp.Command):
            if "IDENTITY_INSERT" not in command.sql():
                raise ValueError(f"{command.sql()} in {text}")
    return statements
