"""Column and relation names → Python attribute names, lossless and independent of their order."""

from __future__ import annotations

import hashlib
import keyword
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dynamic_databases.catalog.types import Catalog, ForeignKey, Table, TableName

_LONGEST_CLASS = 80  # content types and permissions keep names of a hundred characters
_ID_SUFFIX = re.compile(r"(?:_id|(?<=[a-z0-9])I[dD])$")


@dataclass(frozen=True)
class Attributes:
    """The names of one table's model: `columns` by column, `relations` by foreign key."""

    columns: Mapping[str, str]
    relations: Mapping[ForeignKey, str]
    reverse: Mapping[ForeignKey, str | None]  # the target's attribute; None: Django's `<model>_set`


def class_names(catalog: Catalog) -> dict[TableName, str]:
    """Return a distinct class name for each table: `invoice_line` → `InvoiceLine`."""
    plain = {name: _class_name(str(name)) for name in catalog.by_name}
    count = Counter(name.lower() for name in plain.values())  # Django keeps models by lower case
    return {
        table: name if count[name.lower()] == 1 else f"{name}_{_digest(str(table))}"
        for table, name in plain.items()
    }


def relation_attribute(key: ForeignKey) -> str:
    """Return a foreign key's plain attribute: its column less `_id` or `Id`.

    Where the column has no such ending, or there are several, the target and the columns name it.
    """
    plain = _ID_SUFFIX.sub("", key.columns[0])
    if len(key.columns) == 1 and plain and plain != key.columns[0]:
        return plain
    return f"{key.target.name}_by_{'_'.join(key.columns)}"


def attributes_of(
    table: Table, names: Mapping[TableName, str], reserved: Collection[str]
) -> Attributes:
    """Return the attributes of one table's model; `reserved` are those of its base class."""
    taken = set(reserved)
    relations: dict[ForeignKey, str] = {}
    reverse: dict[ForeignKey, str | None] = {}
    count = Counter(key.target for key in table.foreign_keys)
    columns = {
        column.name: _free(_identifier(column.name), column.name, taken) for column in table.columns
    }
    for key in table.foreign_keys:
        plain = _identifier(relation_attribute(key))
        spelled = "_by_".join([plain, *key.columns])
        relations[key] = _free(plain, spelled, taken)
        child = names[table.name].lower()
        is_main = (
            count[key.target] == 1 or relation_attribute(key).lower() == key.target.name.lower()
        )
        reverse[key] = None if is_main else f"{relations[key]}_{child}_set"
    return Attributes(columns, relations, reverse)


def _class_name(text: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", text)
    name = "".join(word[:1].upper() + word[1:] for word in words)
    if not name or not name[0].isalpha() or not text.isascii():
        name = f"Table{name}_{_digest(text)}"
    return name if len(name) <= _LONGEST_CLASS else f"{name[:_LONGEST_CLASS]}_{_digest(text)}"


def _identifier(text: str) -> str:
    """Return `text` itself where Python and Django can spell it, else the nearest they can."""
    name = re.sub(r"_+", "_", re.sub(r"\W", "_", text)).strip("_")
    if not name.isidentifier() or keyword.iskeyword(name):
        name = f"column_{name}" if name else "column"
    return name


def _free(plain: str, spelled: str, taken: set[str]) -> str:
    """A taken name gets a suffix from its own spelling, never from its order."""
    name = plain if plain not in taken else f"{plain}_{_digest(spelled)}"
    taken.add(name)
    return name


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
