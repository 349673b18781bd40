"""Which database an operation runs on where the project has routers of its own.

Django asks routers in the order of DATABASE_ROUTERS. Ours answers for generated models, so that
only routers before it are heard: they are asked once per operation, not per row.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import router

from dynamic_databases.aliases import Alias, DatabaseAliases, as_alias
from dynamic_databases.catalog.types import Table
from dynamic_databases.connections.state import SESSION_KEY
from dynamic_databases.registry import Registry
from dynamic_databases.router import others_answer_first
from schema.execution.constraint_columns import tables_of
from schema.plan.nodes import Plan
from schema.plan.walk import inside


def routed_alias(registry: Registry, alias: Alias, plan: Plan) -> Alias:
    """Return the database that Django's routers name for the tables of an operation.

    `alias` is the tenant's own: it is asked where they name none, or several for one document.
    Raises ImproperlyConfigured for one of another engine, one that DATABASES doesn't hold, and one
    that isn't given the callers' session variables where the tenant's own is.
    """
    if not others_answer_first():
        return alias
    ask = router.db_for_write if plan.writes else router.db_for_read
    tables = {table.name for root in plan.roots for table in _tables(root.action)}
    named = {_alias(ask(registry.model(alias, str(name)))) for name in tables}
    found = named.pop() if len(named) == 1 else alias
    if found != alias:
        _check_copy(found, alias)
    return found


def _tables(action: object) -> Iterator[Table]:
    """Yield the tables that a root field reads or writes itself."""
    own = list(tables_of(action))  # type: ignore[arg-type]  # reads have a table as well
    yield from own
    for part in () if own else inside(action):
        yield from _tables(part)


def _alias(name: str) -> Alias:
    databases: object = settings.DATABASES
    registered = (
        databases.registered_alias(name) if isinstance(databases, DatabaseAliases) else None
    )
    return registered or as_alias(name)


def _check_copy(found: Alias, alias: Alias) -> None:
    config = settings.DATABASES.get(found)
    if config is None:
        raise ImproperlyConfigured(f"A router names {found!r}, which DATABASES doesn't hold.")
    own = settings.DATABASES[alias]
    if config.get(SESSION_KEY) != own.get(SESSION_KEY):
        raise ImproperlyConfigured(
            f"A router sends what is of {alias} to {found!r}; only one of them is given its"
            " callers' session variables (GATEWAY_SESSION_TO_DATABASE, GATEWAY_SESSION_SET_ROLE)."
        )
    engine = own["ENGINE"]
    if config["ENGINE"] != engine:
        raise ImproperlyConfigured(
            f"A router sends what is of {alias} to {found!r}, whose engine is "
            f"{config['ENGINE']}; it must be {engine}."
        )
