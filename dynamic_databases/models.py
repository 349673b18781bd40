"""The control tables: databases, baselines, and the revision that tells processes of a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from jsonfield import JSONField

from dynamic_databases.catalog.fingerprint import catalog_from_json, catalog_to_json
from dynamic_databases.catalog.types import Catalog
from dynamic_databases.config.allowed import SQLITE, check_config
from dynamic_databases.config.connection_strings import config_from_connection_string
from dynamic_databases.config.secrets import Secrets, redact
from dynamic_databases.config.urls import config_from_url
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.errors import InvalidConfig
from dynamic_databases.registry import Source, process_registry


class Revision(models.Model):
    """One row: a number that grows with every change of a control table."""

    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.value)


class Baseline(models.Model):
    """A stored catalog that several databases share; columns beyond it are dynamic."""

    name = models.CharField(max_length=100, unique=True)
    catalog_json = JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def catalog(self) -> Catalog:
        return catalog_from_json(self.catalog_json)

    @classmethod
    def capture(cls, database: Database, name: str) -> Baseline:
        """Store the catalog that `database` has now as the baseline `name`."""
        return cls.objects.create(name=name, catalog_json=catalog_to_json(database.catalog()))


class DatabaseManager(models.Manager["Database"]):
    """Makes databases from the texts that people have."""

    def from_url(self, name: str, text: str) -> Database:
        """Register a database by a URL or a SQL Server connection string. Raises InvalidConfig."""
        text = text.strip()
        has_scheme = "://" in text.split(";")[0].split("=")[0]
        config = config_from_url(text) if has_scheme else config_from_connection_string(text)
        return self.create(name=name, config=config)


class Database(models.Model):
    """One registered database: `config` is what a value of Django's DATABASES holds.

    `config` is checked against the allow list and its secrets are encrypted with every save.
    """

    name = models.CharField(max_length=100, unique=True)
    config = JSONField(
        help_text="As a value of Django's DATABASES: ENGINE, NAME, USER, PASSWORD, HOST, PORT, OPTIONS."
    )
    enabled = models.BooleanField(default=True)
    baseline = models.ForeignKey(
        Baseline, null=True, blank=True, on_delete=models.PROTECT, related_name="databases"
    )
    revision = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DatabaseManager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<Database {self.name}: {self.shown_config()}>"

    @property
    def label(self) -> str:
        """The alias of this database, for `.using(…)`: `DYNAMIC_DATABASE_7`."""
        return settings.DATABASES.alias_of(self.pk)

    def clean(self) -> None:
        try:
            self.checked_config()
        except InvalidConfig as error:
            raise ValidationError({"config": str(error)}) from error

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.config = self.checked_config()
        self.revision += 1
        super().save(*args, **kwargs)

    def register(self) -> str:
        """Make the database usable everywhere and return its alias."""
        if not self.enabled or self.pk is None:
            self.enabled = True
            self.save()
        return self.label

    def unregister(self) -> None:
        """Take the database out of use everywhere, with its connections, models and schema."""
        self.enabled = False
        self.save()

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

    def checked_config(self) -> dict[str, Any]:
        """Return the configuration checked and sealed. Raises InvalidConfig."""
        checked = check_config(self.config, settings.GATEWAY_SQLITE_ROOT)
        if checked["ENGINE"] == SQLITE and _is_control_file(checked["NAME"]):
            raise InvalidConfig("NAME", "this is the gateway's own database")
        return _secrets().seal(checked)


def load_source(pk: int) -> Source | None:
    """Return what the registry needs of one enabled database, secrets open, or None."""
    row = Database.objects.select_related("baseline").filter(pk=pk, enabled=True).first()
    if row is None:
        return None
    config = _secrets().open(check_config(row.config, settings.GATEWAY_SQLITE_ROOT))
    return Source(_runtime_settings(config), row.baseline.catalog if row.baseline else None)


def bump_revision() -> None:
    """Tell every process that a control table changed."""
    if not Revision.objects.filter(pk=1).update(value=models.F("value") + 1):
        Revision.objects.get_or_create(pk=1, defaults={"value": 1})


def _secrets() -> Secrets:
    return Secrets(settings.GATEWAY_SECRET_KEYS, settings.GATEWAY_SECRET_FILES_ROOT)


def _is_control_file(path: str) -> bool:
    default = settings.DATABASES["default"]
    return default["ENGINE"] == SQLITE and Path(str(default["NAME"])).resolve() == Path(path)


def _runtime_settings(config: dict[str, Any]) -> dict[str, Any]:
    """Fill in what Django's connection handler fills into static entries, and how we connect."""
    options = dict(config.get("OPTIONS", {}))
    name = config["NAME"]
    if config["ENGINE"] == SQLITE:
        name = f"file:{quote(name)}?mode=rw"  # a missing file is an error, not a new database
    elif config["ENGINE"].endswith("postgresql"):
        options.setdefault("connect_timeout", settings.GATEWAY_CONNECT_TIMEOUT_SECONDS)
        options.setdefault("application_name", "tenant-graphql-gateway")
    return {
        "ENGINE": config["ENGINE"],
        "NAME": name,
        "USER": config.get("USER", ""),
        "PASSWORD": config.get("PASSWORD", ""),
        "HOST": config.get("HOST", ""),
        "PORT": config.get("PORT", ""),
        "OPTIONS": options,
        "TIME_ZONE": config.get("TIME_ZONE"),
        "ATOMIC_REQUESTS": False,
        "AUTOCOMMIT": True,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "TEST": {
            "CHARSET": None,
            "COLLATION": None,
            "MIGRATE": False,
            "MIRROR": None,
            "NAME": None,
        },
    }
