"""Unique names in any order of spellings; the exact spelling keeps the plain name."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping

from schema.names.casing import not_reserved, suffix_of


class Derived(Container[str]):
    """Names made from tables, such as `trackByPk`, and fixed ones: never an exact spelling."""

    def __init__(self, bases: Iterable[str], forms: Iterable[str], fixed: Collection[str]) -> None:
        self._bases = frozenset(bases)
        self._endings = tuple(form.removeprefix("{}") for form in forms)
        self._fixed = fixed

    def __contains__(self, name: object) -> bool:
        if name in self._fixed:
            return True
        if not isinstance(name, str) or not name.endswith(self._endings):
            return False
        return any(
            name.removesuffix(ending) in self._bases
            for ending in self._endings
            if name.endswith(ending)
        )


def distinct(
    plain: Mapping[str, str], reserved: Container[str], given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return spelling → name, every name once, whatever the order of `plain`."""
    wanted = set(plain.values())
    if not given and len(wanted) == len(plain) and not any(n in reserved for n in wanted):
        return dict(plain)  # as nearly always
    names = dict(given or {})
    taken = set(names.values())
    claims: dict[str, list[str]] = defaultdict(list)
    for spelling, name in plain.items():
        if spelling not in names:
            claims[name].append(spelling)
    losers: list[str] = []
    for name, spellings in claims.items():
        keeper = (
            spellings[0] if len(spellings) == 1 else next((s for s in spellings if s == name), None)
        )
        if name in taken or name in reserved:
            keeper = None
        losers += [spelling for spelling in spellings if spelling != keeper]
        if keeper is not None:
            names[keeper] = name
    taken |= set(names.values())
    for spelling in sorted(losers):
        name = not_reserved(f"{plain[spelling].rstrip('_')}_{suffix_of(spelling)}")
        if name in taken or name in reserved:
            name = f"{name}_{hashlib.sha256(spelling.encode()).hexdigest()[:8]}"
        names[spelling] = name
        taken.add(name)
    return names
