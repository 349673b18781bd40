"""Texts of SQL Server that aren't Unicode: which characters a code page has."""

from __future__ import annotations

_UTF8 = 65001


def first_lost(text: str, code_page: int) -> str | None:
    """Return the first character that a code page lacks, which the server would store as `?`.

    None where it has all of them, or where Python doesn't know it (manual: "COLLATE", data loss
    during code page translations).
    """
    try:
        text.encode("utf-8" if code_page == _UTF8 else f"cp{code_page}")
    except UnicodeEncodeError as error:
        return text[error.start]
    except LookupError:
        return None
    return None


def refusal(type_name: str, code_page: int, character: str) -> str:
    """Return what a client is answered who writes such a character."""
    return (
        f"{type_name} of code page {code_page} can't hold {character!r}; "
        "nvarchar holds every character."
    )
