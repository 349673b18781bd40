"""The files that accompany a SQLite file: SQLite trusts them, no matter who wrote them.

A rollback journal is played back by the next reader. It may name a super-journal, a file anywhere
that SQLite deletes afterwards (https://sqlite.org/fileformat2.html#the_rollback_journal,
https://sqlite.org/atomiccommit.html#_multi_file_commit). A link in the place of a journal or log
leads what SQLite writes elsewhere.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dynamic_databases.errors import InvalidConfig

_JOURNAL = "-journal"
_COMPANIONS = (_JOURNAL, "-wal", "-shm")
# A journal with a super-journal ends with its name, the name's length, a checksum and this.
_MAGIC = bytes.fromhex("d9d505f920a163d7")


def check_files(path: str) -> None:
    """Look at a database's file and its companions, before SQLite does. Raises InvalidConfig.

    What isn't there is left to SQLite.
    """
    for name in (path, *(path + companion for companion in _COMPANIONS)):
        if not _is_plain_or_missing(name):
            raise InvalidConfig("NAME", "its file, journal or log is a link or no plain file")
    if names_a_super_journal(journal_of(path)):
        raise InvalidConfig(
            "NAME",
            "a crashed program left a journal of its file that names a super-journal;"
            " open it once in sqlite3, or remove the -journal file if you don't trust it",
        )


def _is_plain_or_missing(name: str) -> bool:
    try:
        return stat.S_ISREG(Path(name).lstat().st_mode)
    except OSError:
        return True


def journal_of(path: str) -> Path:
    """Return where the rollback journal of a database's file stands while there is one."""
    return Path(path + _JOURNAL)


def names_a_super_journal(journal: Path) -> bool:
    """Return whether the journal of a file would have SQLite delete another file."""
    if not os.access(journal, os.F_OK):  # as a rule: an error that is caught costs more
        return False
    try:
        with journal.open("rb") as opened:
            opened.seek(-len(_MAGIC), 2)
            return opened.read() == _MAGIC
    except OSError:  # none, or a shorter one
        return False
