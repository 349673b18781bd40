"""Strategies of SQL literals: the values that columns of each type may hold."""

from __future__ import annotations

import datetime as dt
import json
import struct
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

Literals = st.SearchStrategy[str]
_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_TEXTS = st.text("aAbBéÉß %_'\"\\", max_size=6) | st.text(_CHARACTERS, max_size=12)
_DOCUMENTS = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.sampled_from([0.5, -1.25, 1e20]) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=5,
)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def whole(low: int, high: int) -> Literals:
    """Whole numbers; small ones often, so that some are equal."""
    few = st.integers(max(low, -2), 2) if low <= 2 else st.just(low)
    return (few | st.integers(low, high)).map(str)


def decimals(digits: int, places: int) -> Literals:
    """Decimals that a column of so many digits and places holds."""
    most = Decimal(10) ** (digits - places) - 1
    return st.decimals(-most, most, places=places).map(lambda number: f"{number:f}")


def doubles() -> Literals:
    return st.floats(allow_nan=False, allow_infinity=False).map(repr)


def singles() -> Literals:
    """Floats of single precision, as the doubles next to them."""
    numbers = st.floats(allow_nan=False, allow_infinity=False, width=32, allow_subnormal=False)
    return numbers.map(lambda number: repr(struct.unpack("f", struct.pack("f", number))[0]))


def texts(most: int = 12) -> Literals:
    return _TEXTS.map(lambda text: quoted(text[:most]))


def escaped_texts(most: int = 12) -> Literals:
    """Texts for a server to which a backslash in a literal means something."""
    return _TEXTS.map(lambda text: quoted(text[:most].replace("\\", "\\\\")))


def binaries(prefix: str = "x'", most: int = 8) -> Literals:
    return st.binary(max_size=most).map(lambda data: f"{prefix}{data.hex()}'")


def dates() -> Literals:
    return st.dates().map(lambda date: quoted(date.isoformat()))


def times() -> Literals:
    return st.times().map(lambda time: quoted(time.isoformat()))


def moments(first: str = "0001-01-01", last: str = "9999-12-31") -> Literals:
    return _between(first, last).map(lambda moment: quoted(moment.isoformat(sep=" ")))


def uuids() -> Literals:
    return st.uuids().map(lambda one: quoted(str(one)))


def documents() -> Literals:
    return _DOCUMENTS.map(lambda value: quoted(json.dumps(value)))


def spelled_dates() -> Literals:
    """Dates as applications write them into SQLite."""
    forms = ["{:%Y-%m-%d}", "{:%Y-%m-%dT%H:%M:%S}", "{:%Y-%m-%d %H:%M:%S}"]
    return _spelled(forms)


def spelled_times() -> Literals:
    """Times as applications write them into SQLite."""
    return _spelled(["{:%H:%M:%S}", "{:%H:%M}", "{:%H:%M:%S.%f}", "{:%H:%M:%S}.5"])


def spelled_moments(*, zoned: bool = False) -> Literals:
    """Moments as applications write them into SQLite."""
    forms = ["{:%Y-%m-%d %H:%M:%S}", "{:%Y-%m-%dT%H:%M:%S}", "{:%Y-%m-%dT%H:%M:%S.%fZ}"]
    forms += ["{:%Y-%m-%d %H:%M}", "{:%Y-%m-%d}", "{:%Y-%m-%d %H:%M:%S.%f}"]
    forms += ["{:%Y-%m-%d %H:%M:%S}+02:00", "{:%Y-%m-%dT%H:%M:%S}-04:30"] if zoned else []
    return _spelled(forms)


def _between(first: str, last: str) -> st.SearchStrategy[dt.datetime]:
    return st.datetimes(dt.datetime.fromisoformat(first), dt.datetime.fromisoformat(last))


def _spelled(forms: list[str]) -> Literals:
    # Four digits a year: what lies next to the first and the last overflows with an offset.
    moments = _between("1000-01-01", "9998-12-31")
    few = st.sampled_from(["2024-03-31T02:30", "2024-03-31"]).map(dt.datetime.fromisoformat)
    return st.builds(
        lambda form, moment: quoted(form.format(moment)), st.sampled_from(forms), few | moments
    )


def spelled_uuids() -> Literals:
    """UUIDs as applications write them into SQLite, in mixed case too."""
    few = st.sampled_from([UUID(int=0xABCDEF << 64), UUID(int=0xFF)])

    def spell(one: UUID, form: str) -> str:
        text = form.format(one.hex if "hex" in form else one, hex=one.hex, text=str(one))
        return quoted(text.upper() if form.startswith("^") else text).replace("^", "")

    forms = ["{text}", "^{text}", "{hex}", "^{hex}", "{{{text}}}", "^{{{text}}}"]
    return st.builds(spell, few | st.uuids(), st.sampled_from(forms))
