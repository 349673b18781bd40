"""A team's own table of customers: tenants that aren't registered here are looked up there.

`GATEWAY_CONTROLLER` names a registered database, a table and its columns. What is found is stored
as any tenant is, so that aliases, tokens and the admin work alike; rows that change or go are
followed.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Q
from django.utils.text import slugify

from dynamic_databases.aliases import as_alias
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database
from dynamic_databases.process import process_registry
from tenants.models import SLUG, Tenant
from tenants.provisioning import (
    Outcome,
    TenantRecord,
    deactivate,
    slug_of_id,
    stored_states,
    upsert_tenant,
)

_log = logging.getLogger("tenants.controller")
_MISSES = 10_000
_BATCH = 500


@dataclass(frozen=True)
class ControllerConfig:
    """Where the table of customers is: `table` and columns as their database spells them."""

    database: str
    table: str
    id: str
    connection: str
    domain: str | None = None
    active: str | None = None
    name: str | None = None
    environment: str = "production"
    template: Mapping[str, Any] = field(default_factory=dict)  # e.g. {"OPTIONS": {…}}


class Controller:
    """Looks tenants up in the table, and follows those that were found."""

    def __init__(self, config: ControllerConfig, check_seconds: float) -> None:
        self._config = config
        self._check_seconds = check_seconds
        self._lock = threading.Lock()
        self._missed: dict[str, float] = {}
        # Of each customer, what was found there and here when nothing was left to be stored.
        self._settled: dict[str, tuple[bytes, object]] = {}

    def look_up(self, name: str) -> bool:
        """Store the tenant of this id or domain name if the table has it; return whether it has.

        Ids come before domain names, customers that are active before others, then who has the
        lowest id. A name that wasn't there isn't asked for again for a while. Raises
        DatabaseProblem.
        """
        now = time.monotonic()
        with self._lock:
            if self._missed.get(name, 0.0) > now:
                return False
        rows = self._rows(self._condition(name))
        found = min(rows, key=lambda one: (one.external_id != name, not one.active), default=None)
        if found is not None and self._store(found) is not None and found.active:
            return True
        with self._lock:
            if len(self._missed) >= _MISSES:
                self._missed.clear()
            self._missed[name] = now + self._check_seconds
        return False

    def follow(self) -> None:
        """Read the known tenants' rows, and store what changed. Raises DatabaseProblem."""
        known = list(Tenant.objects.exclude(external_id=None).values_list("external_id", flat=True))
        for start in range(0, len(known), _BATCH):
            batch = [one for one in known[start : start + _BATCH] if one is not None]
            here = stored_states(batch, self._config.environment)
            there = set()
            for record in self._rows(self._ids(batch)):
                key = str(record.external_id)
                there.add(key)
                state = (_digest(record), here.get(key))
                if self._settled.get(key) != state and self._store(record) is not Outcome.CHANGED:
                    self._settled[key] = state
            deactivate([one for one in batch if one not in there])

    def _rows(self, condition: Q) -> Iterator[TenantRecord]:
        model = self._model()
        # Leased, as this runs in threads that keep no connection of their own.
        with process_registry().connections.lease(as_alias(str(model.database_alias))):
            in_order = model.objects.order_by(model.attribute_of_column[self._config.id])
            rows = list(in_order.filter(condition)[: _BATCH + 1])
        yield from map(self._record, rows)

    def _record(self, row: DynamicSchemaModel) -> TenantRecord:
        config = self._config
        key = str(row.get_attribute_by_column(config.id))
        domain = self._text(row, config.domain).lower()
        connection = self._text(row, config.connection)
        active = row.get_attribute_by_column(config.active) if config.active else True
        return TenantRecord(
            slug=_slug(domain, key),
            connection=connection,
            name=self._text(row, config.name),
            domains=(domain,) if domain and not domain.isdecimal() else (),
            environment=config.environment,
            default_environment=config.environment,  # its customers have no other
            database=f"controller_{key}_{config.environment}",
            active=_is_true(active) and connection != "",
            external_id=key,
            template=config.template,
        )

    def _store(self, record: TenantRecord) -> Outcome | None:
        try:
            return _store_or_compare(record)
        except (DatabaseProblem, ValidationError) as error:
            reason = "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            event = {"tenant": record.external_id, "reason": reason}
            _log.warning("a customer of the controller is refused", extra={"event": event})
            return None

    def _condition(self, name: str) -> Q:
        attributes = self._model().attribute_of_column
        condition = self._ids([name])
        if self._config.domain is not None:
            condition |= Q(**{f"{attributes[self._config.domain]}__iexact": name})
        return condition

    def _ids(self, names: Iterable[str]) -> Q:
        """Return the condition that the id is one of these, as far as they can be ids at all."""
        model = self._model()
        attribute = model.attribute_of_column[self._config.id]
        fits: list[Any] = []
        for name in names:
            try:
                fits.append(model._meta.get_field(attribute).to_python(name))  # type: ignore[union-attr]
            except ValidationError:
                continue
        return Q(**{f"{attribute}__in": fits})

    def _model(self) -> type[DynamicSchemaModel]:
        config = self._config
        model = Database.objects.get(name=config.database).get_model(config.table)
        columns = (config.id, config.connection, config.domain, config.active, config.name)
        for column in columns:
            if column is not None and column not in model.attribute_of_column:
                raise UnknownControllerColumn(config.table, column, list(model.attribute_of_column))
        return model

    def _text(self, row: DynamicSchemaModel, column: str | None) -> str:
        value = row.get_attribute_by_column(column) if column else None
        return "" if value is None else str(value).strip()


class UnknownControllerColumn(DatabaseProblem):
    """GATEWAY_CONTROLLER names a column that its table lacks."""

    def __init__(self, table: str, column: str, known: list[str]) -> None:
        super().__init__(
            f"GATEWAY_CONTROLLER: {table} has no column {column!r}; it has: {', '.join(known)}."
        )


def _store_or_compare(record: TenantRecord) -> Outcome:
    """Store a record; if another process stored it meanwhile, the second try finds it."""
    try:
        return upsert_tenant(record)
    except (ValidationError, IntegrityError):
        return upsert_tenant(record)


def _digest(record: TenantRecord) -> bytes:
    """Return what stands for a record: the record itself has a password."""
    return hashlib.sha256(repr(record).encode()).digest()


def _slug(domain: str, key: str) -> str:
    """Return a slug of the domain name where that gives one, else of the id."""
    text = slugify(domain.replace(".", "-"))
    return text if re.fullmatch(SLUG.regex, text) else slug_of_id(key)


def _is_true(value: Any) -> bool:
    return str(value).strip().lower() not in ("0", "false", "no", "n", "none", "", "b'\\x00'")
