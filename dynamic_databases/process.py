"""The one registry of this process, which the app sets when Django is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from dynamic_databases.registry import Registry

_T = TypeVar("_T")


class OnePerProcess(Generic[_T]):
    """Holds what a process has one of, from its start on."""

    def __init__(self, absent: str) -> None:
        self._absent = absent
        self._value: _T | None = None

    def set(self, value: _T) -> None:
        """Make `value` the one of this process."""
        self._value = value

    def get(self) -> _T:
        """Return the one of this process. Raises RuntimeError before it is set."""
        if self._value is None:
            raise RuntimeError(self._absent)
        return self._value


_registry: OnePerProcess[Registry] = OnePerProcess(
    "No registry yet: call django.setup() first, and run the checks."
)
set_registry = _registry.set
process_registry = _registry.get
