"""The control tables: databases, baselines and changes of columns; `revisions.py` has two more."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, cast
from weakref import WeakValueDictionary

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.dispatch import Signal
from jsonfield import JSONField

from dynamic_databases.aliases import Alias, replica_alias
from dynamic_databases.allowed_configs import (
    allowed_config,
    config_from_text,
    database_secrets,
    is_control_file,
)
from dynamic_databases.catalog.serialization import catalog_from_json
from dynamic_databases.catalog.types import Catalog
from dynamic_databases.change_log import Tracked, TrackedManager, TrackedQuerySet, skip_revision
from dynamic_databases.config.allowed import SQLITE
from dynamic_databases.config.conventional import without_effect
from dynamic_databases.config.replicas import check_replicas, open_replica
from dynamic_databases.config.secrets import Secrets, check_destination, redact
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.errors import InvalidConfig, StillInUse
from dynamic_databases.package_settings import package_setting
from dynamic_databases.process import process_registry

database_unregistered = Signal()  # of Database, with `instance`, after it was taken out of use
_log = logging.getLogger("dynamic_databases.models")
_SHOWN = 20  # rows that depend on a database, in a message
# Baselines are immutable and shared: a thousand databases of one have its catalog once.
_baseline_catalogs: WeakValueDictionary[tuple[int, dt.datetime], Catalog] = WeakValueDictionary()


class BaselineManager(models.Manager["Baseline"]):
    """Finds baselines by name; their catalogs, which are large, are read on demand."""

    def get_queryset(self) -> models.QuerySet[Baseline]:
        return super().get_queryset().defer("catalog_json")

    def named(self, label: str) -> Baseline:
        """Return the baseline `crm@2`, or the newest of `crm`. Raises Baseline.DoesNotExist."""
        name, _, version = label.partition("@")
        versions = self.filter(name=name)
        if version:
            versions = versions.filter(version=int(version) if version.isdigit() else -1)
        found = versions.order_by("-version").first()
        if found is None:
            known = ", ".join(str(row) for row in self.all()) or "none"
            raise Baseline.DoesNotExist(f"There is no baseline {label}; there are: {known}.")
        return found


class Baseline(models.Model):
    """A stored catalog that several databases share; columns beyond it are dynamic.

    A row is never changed: what is captured under a name again is a further version.
    """

    name = models.CharField(max_length=100, validators=[RegexValidator(r"^[^@\s]+$")])
    version = models.PositiveIntegerField(default=1)
    catalog_json = JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BaselineManager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["name", "version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_baseline_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def catalog(self) -> Catalog:
        """The stored catalog; one object per process, however many databases have it."""
        key = (self.pk, self.created_at)
        known = _baseline_catalogs.get(key)
        if known is None:
            known = catalog_from_json(self.catalog_json)
            _baseline_catalogs[key] = known
        return known

    @classmethod
    def capture(cls, database: Database, name: str) -> Baseline:
        """Store the catalog of `database` as `name`; an equal newest version is kept."""
        catalog = process_registry().refresh(database.label).catalog
        newest = cls.objects.filter(name=name).order_by("-version").first()
        if newest is not None and newest.catalog.fingerprint == catalog.fingerprint:
            return newest
        row = cls(name=name, version=newest.version + 1 if newest else 1)
        row.catalog_json = catalog.to_json()
        row.full_clean()
        row.save()
        return row


class DatabaseQuerySet(TrackedQuerySet["Database"]):
    """Changes many databases at once: rows are checked and sealed as `save` does it.

    `update` has no rows: a configuration that it is given is checked when it is opened.
    """

    def update(self, **values: Any) -> int:
        return super().update(**{"revision": models.F("revision") + 1, **values})

    def bulk_create(self, objs: Iterable[Database], *args: Any, **options: Any) -> list[Database]:
        """Store rows; with `update_conflicts` those that are there are followed as saved ones.

        `update_conflicts` and what belongs to it are given by name.
        """
        rows = list(objs)
        with transaction.atomic(savepoint=False):
            if options.get("update_conflicts"):
                options["update_fields"] = {*(options.get("update_fields") or ()), "revision"}
                self._take_places(rows)
            for row in rows:
                row.check_and_seal()
            return super().bulk_create(rows, *args, **options)

    def _take_places(self, rows: Iterable[Database]) -> None:
        """Give rows the identity of those of their names, and a revision that none has had."""
        skip_revision()  # no other writer goes on before this transaction ends
        newest = self.model.objects.aggregate(newest=models.Max("revision"))["newest"] or 0
        names = [row.name for row in rows]
        stored = dict(self.model.objects.filter(name__in=names).values_list("name", "secret_id"))
        for row in rows:
            row.secret_id = stored.get(row.name, row.secret_id)
            row.revision = newest + 1

    def bulk_update(
        self, objs: Iterable[Database], fields: Iterable[str], *args: Any, **options: Any
    ) -> int:
        rows, names = list(objs), list(fields)
        for row in rows if {"config", "replicas"} & set(names) else ():
            row.check_and_seal()
        return super().bulk_update(rows, names, *args, **options)


class DatabaseManager(TrackedManager["Database"]):
    """Makes databases from the texts that people have."""

    def get_queryset(self) -> DatabaseQuerySet:
        return DatabaseQuerySet(self.model, using=self._db)

    def with_baselines(self) -> models.QuerySet[Database]:
        """Return the databases with their baselines, whose catalogs are read once per process."""
        return self.select_related("baseline").defer("baseline__catalog_json")

    def from_url(self, name: str, text: str, replicas: Sequence[str] = ()) -> Database:
        """Register a database by a URL or a SQL Server connection string. Raises InvalidConfig.

        `replicas` are URLs.
        """
        return self.create(name=name, config=config_from_text(text), replicas=list(replicas))


class Database(Tracked):
    """One registered database: `config` is what a value of Django's DATABASES holds.

    `config` is checked against the allow list and its secrets are encrypted with every save.
    """

    name = models.CharField(max_length=100, unique=True)
    config = JSONField(
        help_text=(
            "As a value of Django's DATABASES: ENGINE, NAME, USER, PASSWORD, HOST, PORT, OPTIONS."
        )
    )
    replicas = JSONField(
        default=list,
        db_default=models.Value("[]", output_field=models.TextField()),
        blank=True,
        help_text=(
            "Read replicas, a list of URLs or of objects: what of config is different, and the "
            'password: [{"HOST": "replica.example.com", "PASSWORD": "secret"}].'
        ),
    )
    secret_id = models.UUIDField(
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text="Whose the secrets in config are.",
    )
    enabled = models.BooleanField(default=True)
    baseline = models.ForeignKey(
        Baseline, null=True, blank=True, on_delete=models.PROTECT, related_name="databases"
    )
    revision = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[DatabaseManager] = DatabaseManager()

    # Set by who changes `config` and gives its references ($env, $file) again: they may go
    # elsewhere.
    secrets_given = False

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<Database {self.name}: {self.shown_config()}>"

    @property
    def label(self) -> Alias:
        """The alias of this database, for `.using(…)`: `DYNAMIC_DATABASE_7`.

        A plain text: `transaction.atomic` takes whatever can be called for a function to decorate.
        """
        return settings.DATABASES.alias_of(self.pk)

    @property
    def replica_labels(self) -> list[Alias]:
        """The aliases of its replicas, for `.using(…)`: `DYNAMIC_DATABASE_7_REPLICA_1`."""
        return [replica_alias(self.label, number) for number in range(1, len(self.replicas) + 1)]

    def clean(self) -> None:
        try:
            config = self.checked_config()
        except InvalidConfig as error:
            raise ValidationError({"config": str(error)}) from error
        try:
            self.checked_replicas(config)
        except InvalidConfig as error:
            raise ValidationError({"replicas": str(error)}) from error

    def save(self, *args: Any, **kwargs: Any) -> None:
        for note in without_effect(self.config):
            _log.warning("the database %s: %s", self.name, note)
        self.check_and_seal()
        self.secrets_given = False
        self.revision += 1
        super().save(*args, **kwargs)

    def register(self) -> Alias:
        """Make the database usable everywhere and return its alias."""
        if not self.enabled or self.pk is None:
            self.enabled = True
            self.save()
        return self.label

    def unregister(self) -> None:
        """Take the database out of use everywhere, with its connections, models and schema.

        Its content types and permissions are deleted, with the project's rows that refer to them.
        To keep those, save it with `enabled = False`.
        """
        with transaction.atomic():
            self.enabled = False
            self.save()
            database_unregistered.send(Database, instance=self)

    def remove(self, *, force: bool = False) -> None:
        """Delete the row; the database itself stays. Raises StillInUse unless `force`."""
        self.check_removal(force=force)
        self.delete()

    def check_removal(self, *, force: bool = False) -> None:
        """Raise StillInUse where something needs the database, unless `force`."""
        dependents = self.dependents()
        if dependents and not force:
            raise StillInUse(self.name, dependents)

    def dependents(self) -> list[str]:
        """Return what a deletion would take along or break, as texts: rows, and a setting."""
        found: list[str] = []
        for relation in self._meta.related_objects:
            if relation.on_delete is models.CASCADE:
                model = cast("type[models.Model]", relation.related_model)
                rows = model._base_manager.filter(**{relation.field.name: self})
                found += map(str, rows[:_SHOWN])
        controller = package_setting("GATEWAY_CONTROLLER")
        if controller is not None and controller["database"] == self.name:
            found.append("GATEWAY_CONTROLLER, which looks tenants up in it")
        return found

    def get_model(self, table: str) -> type[DynamicSchemaModel]:
        """Return the model of `table` or `schema.table`, bound to this database.

        Raises `UnknownTable`, or the errors of `outcomes` where the database can't be read.
        """
        return process_registry().model(self.label, table)

    def catalog(self) -> Catalog:
        """Return the database's catalog, read when it isn't known yet."""
        return process_registry().entry(self.label).catalog

    def shown_config(self) -> dict[str, Any]:
        """Return the configuration as it may be shown: no secret in it."""
        return redact(self.config) if isinstance(self.config, dict) else {}

    def shown_replicas(self) -> list[dict[str, Any]]:
        """Return the replicas as they may be shown: no secret in them."""
        return [redact(one) for one in self.replicas if isinstance(one, dict)]

    @property
    def secrets(self) -> Secrets:
        """What seals and opens the secrets of this row, and of no other."""
        return database_secrets(str(self.secret_id))

    @property
    def replica_secrets(self) -> Secrets:
        """What seals and opens the secrets of its replicas: none of them opens as its own."""
        return database_secrets(f"{self.secret_id}:replicas")

    def opened_config(self) -> dict[str, Any]:
        """Return the checked configuration with open secrets, for drivers. Raises InvalidConfig."""
        return self.secrets.open(allowed_config(self.config))

    def opened_replicas(self) -> list[dict[str, Any] | InvalidConfig]:
        """Return the whole configuration of each replica with open secrets, or why it is refused.

        The database serves without those that are. Raises InvalidConfig where itself is refused.
        """
        config, secrets = allowed_config(self.config), self.replica_secrets
        return [open_replica(config, one, allowed_config, secrets) for one in self.replicas]

    def config_problem(self) -> InvalidConfig | None:
        """Return why the stored configuration is invalid: a new release or setting refuses it."""
        try:
            self.secrets.check_references(allowed_config(self.config))
        except InvalidConfig as error:
            return error
        return None

    def checked_config(self) -> dict[str, Any]:
        """Return the configuration checked and sealed. Raises InvalidConfig."""
        checked = allowed_config(self.config)
        if checked["ENGINE"] == SQLITE and is_control_file(checked["NAME"]):
            raise InvalidConfig("NAME", "this is the gateway's own database")
        stored = Database.objects.filter(pk=self.pk).values_list("config", flat=True).first()
        if not isinstance(stored, dict):
            stored = {}
        if stored:
            check_destination(checked, stored, given=self.secrets_given)
        return self.secrets.seal(checked, stored)

    def checked_replicas(self, config: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the replicas of `config` checked and sealed. Raises InvalidConfig."""
        if not self.replicas:
            return []
        row = Database.objects.filter(pk=self.pk).first()
        stored = (row.config, row.replicas) if row is not None else ({}, [])
        given, secrets = self.secrets_given, self.replica_secrets
        return check_replicas(
            self.replicas, config, allowed_config, secrets, stored, secrets_given=given
        )

    def check_and_seal(self) -> None:
        """Check the configuration and replicas, and seal the secrets. Raises InvalidConfig."""
        config = self.checked_config()
        self.config, self.replicas = config, self.checked_replicas(config)


class ColumnChange(models.Model):
    """One change of a table's columns by the gateway: who, when, what, before and after."""

    class State(models.TextChoices):
        STARTED = "started"
        DONE = "done"
        FAILED = "failed"

    database = models.ForeignKey(Database, null=True, on_delete=models.SET_NULL)
    database_name = models.CharField(max_length=100)
    action = models.CharField(max_length=20)
    table = models.CharField(max_length=300)
    column = models.CharField(max_length=300)
    who = models.CharField(max_length=150)
    started_at = models.DateTimeField(auto_now_add=True)
    before = JSONField(null=True, help_text="The column as it was; null where there was none.")
    after = JSONField(null=True, help_text="The column as it is to be; null where it goes.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.STARTED)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.action} {self.table}.{self.column} of {self.database_name}: {self.state}"
