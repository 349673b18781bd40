"""The control tables: tenants, environments, their databases, tokens, roles."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from jsonfield import JSONField

from dynamic_databases.change_log import Tracked
from dynamic_databases.models import Baseline, Database
from tenants.domains import check_domains
from tenants.limits import check_limits
from tenants.roles import (
    BadGrants,
    check_inheritance,
    check_inherits,
    check_role_limits,
    read_grants,
)
from tenants.session_variables import check_variables
from tenants.snapshot import DEFAULT_ENVIRONMENT
from tenants.static_names import is_taken
from tenants.user_tables import UserTableConfig, check_user_table

# A slug is part of paths and host names, and is never mistaken for a numeric id.
SLUG = RegexValidator(
    r"^(?![0-9]+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$", "use a-z, 0-9 and -, not digits alone"
)


class Role(Tracked):
    """What a token may do; the role `admin` has everything and needs no row here."""

    name = models.CharField(max_length=50, unique=True)
    # A process of a release that doesn't know them permits less: the role's own tables alone.
    inherits = JSONField(
        null=True,
        blank=True,
        default=None,
        help_text='Roles whose permissions it has besides its own, as ["reader"].',
    )
    limits = JSONField(
        null=True,
        blank=True,
        default=None,
        help_text=(
            'Limits of its requests, as {"max_depth": 8}. Those of the tenant count as well: the '
            "lower one holds."
        ),
    )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            check_role_limits(self.limits or {})
        except BadGrants as error:
            raise ValidationError({"limits": str(error)}) from None
        others = Role.objects.exclude(pk=self.pk).values_list("name", "inherits")
        inherits = {name: parents or () for name, parents in others}
        try:
            check_inheritance({**inherits, self.name: check_inherits(self.inherits or ())})
        except BadGrants as error:
            raise ValidationError({"inherits": str(error)}) from None


class TablePermission(Tracked):
    """What a role may do with one table, or with every table (`*`).

    Columns are a list of names, `["*"]` for all, or null where the operation isn't permitted.
    With `grants`, which also limit rows, the other fields must be empty.
    """

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="permissions")
    table = models.CharField(max_length=300, default="*")
    select_columns = JSONField(null=True, blank=True, default=None)
    insert_columns = JSONField(null=True, blank=True, default=None)
    update_columns = JSONField(null=True, blank=True, default=None)
    can_delete = models.BooleanField(default=False)
    # A process of a release that doesn't know it permits nothing: it finds the others empty.
    grants = JSONField(
        null=True,
        blank=True,
        default=None,
        help_text=(
            "What counts instead of the others: "
            '{"select": {"columns": "*", "rows": {"supportRepId": {"_eq": "X-Gateway-User-Id"}}}}'
        ),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["role", "table"], name="one_permission_per_table")
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.table}"

    def clean(self) -> None:
        if self.grants is None:
            return
        columns = (self.select_columns, self.insert_columns, self.update_columns)
        if self.can_delete or any(one is not None for one in columns):
            raise ValidationError(
                {"grants": "Leave the other fields empty where there are grants."}
            )
        try:
            read_grants(self.grants)
        except BadGrants as error:
            raise ValidationError({"grants": str(error)}) from None


class Tenant(Tracked):
    """A customer: found by slug, id or domain name."""

    slug = models.CharField(max_length=63, unique=True, validators=[SLUG])
    name = models.CharField(max_length=200, blank=True)
    domains = JSONField(
        default=list, blank=True, help_text='Domain names, as ["acme.example.com"].'
    )
    active = models.BooleanField(default=True)
    external_id = models.CharField(
        max_length=100,
        null=True,
        blank=True,
        unique=True,
        editable=False,
        help_text="The id that the controller's table has it under.",
    )
    anonymous_role = models.CharField(
        max_length=50,
        blank=True,
        help_text="Role of callers without a token; used by the demo on loopback only.",
    )
    baseline = models.ForeignKey(
        Baseline,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="What its databases get as their baseline when they are attached.",
    )

    default_environment = models.ForeignKey(
        "Environment",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Asked where a request names none; production where this is empty.",
    )
    limits = JSONField(
        default=dict,
        blank=True,
        help_text='Limits instead of the gateway\'s, as {"max_rows": 5000, "deadline_ms": 20000}.',
    )

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    @property
    def default_stage(self) -> str:
        """The name of the environment that is asked where a request names none."""
        stage = self.default_environment
        return stage.name if stage is not None else DEFAULT_ENVIRONMENT

    def clean(self) -> None:
        for field, check in (("limits", check_limits), ("domains", check_domains)):
            try:
                check(getattr(self, field))
            except ValueError as error:
                raise ValidationError({field: str(error)}) from None
        for field, names in (("slug", [self.slug]), ("domains", self.domains)):
            taken = [name for name in names if self._state.adding and is_taken(name)]
            if taken:
                raise ValidationError(
                    {field: f"{taken[0]!r} is the alias of a database in settings.DATABASES."}
                )


class Environment(Tracked):
    """A stage that each tenant may have a database in."""

    name = models.CharField(max_length=63, unique=True, validators=[SLUG])
    position = models.IntegerField(default=100)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class TenantDatabase(Tracked):
    """The database that a tenant uses in an environment."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="attachments")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT)
    database = models.ForeignKey(Database, on_delete=models.CASCADE, related_name="attachments")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "environment"], name="one_database_per_environment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tenant} {self.environment}: {self.database}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Attach the database; one without a baseline gets its tenant's."""
        super().save(*args, **kwargs)
        if self.tenant.baseline_id is not None and self.database.baseline_id is None:
            self.database.baseline_id = self.tenant.baseline_id
            self.database.save()


class ApiToken(Tracked):
    """A token's hash and what it opens; the token itself is shown once and kept nowhere."""

    name = models.CharField(max_length=100, blank=True)
    tenant = models.ForeignKey(
        Tenant,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="tokens",
        help_text="None: an operator's token, good for every tenant and for /manage/graphql.",
    )
    environment = models.ForeignKey(Environment, null=True, blank=True, on_delete=models.CASCADE)
    role = models.CharField(max_length=50)
    prefix = models.CharField(max_length=16, db_index=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    variables = JSONField(
        null=True,
        blank=True,
        default=None,
        help_text='Session variables, as {"X-Gateway-User-Id": "3"}.',
    )

    def clean(self) -> None:
        try:
            check_variables(self.variables)
        except ValueError as error:
            raise ValidationError({"variables": str(error)}) from None

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.tenant or 'operators'}"


class UserTableManager(models.Manager["UserTable"]):
    """Finds the user table that people of a tenant log in by."""

    def config_of(
        self, tenant_pk: int, environment: str, database_pk: int | None
    ) -> UserTableConfig | None:
        """Return the configuration of a tenant's environment; None where there is none.

        The tenant's own comes before its baseline's, and that of the environment before that of
        all. Raises ValueError where what is stored can't be read.
        """
        names = ("baseline__name", "baseline__version")
        having = Database.objects.filter(pk=database_pk or 0, baseline__isnull=False)
        name, version = having.values_list(*names).first() or ("", 0)
        labels = [f"{name}@{version}", name] if name else []
        stage = models.Q(environment=None) | models.Q(environment__name=environment)
        owner = models.Q(tenant_id=tenant_pk) | models.Q(tenant=None, baseline__in=labels)
        rows = sorted(self.filter(stage & owner), key=UserTable.rank)
        return check_user_table(rows[0].config) if rows else None


class UserTable(models.Model):
    """The user table of a tenant, or of all databases of a baseline: `config` says what it is.

    Nothing of it is kept in memory: each log-in reads it.
    """

    tenant = models.ForeignKey(
        Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="user_tables"
    )
    baseline = models.CharField(
        max_length=110, blank=True, help_text="crm for every version, or crm@2 for one."
    )
    environment = models.ForeignKey(Environment, null=True, blank=True, on_delete=models.CASCADE)
    # Whose and where: unique, which the three columns aren't where one is NULL.
    place = models.CharField(max_length=200, unique=True, editable=False)
    config = JSONField(help_text="Set it by `manage.py tenant users`, which checks the database.")
    updated_at = models.DateTimeField(auto_now=True)

    objects = UserTableManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tenant=None) ^ models.Q(baseline=""),
                name="user_table_of_tenant_or_baseline",
            ),
        ]

    def __str__(self) -> str:
        return f"users of {self.tenant or self.baseline}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        owner = f"baseline {self.baseline}" if self.baseline else f"tenant {self.tenant_id}"
        self.place = f"{owner}/{self.environment_id or 'any'}"
        super().save(*args, **kwargs)

    def rank(self) -> tuple[bool, bool, bool]:
        """Return what sorts the more specific of two first."""
        return (self.tenant_id is None, self.environment_id is None, "@" not in self.baseline)

    def clean(self) -> None:
        if bool(self.tenant_id) == bool(self.baseline):
            raise ValidationError("Name a tenant or a baseline, one of them.")
        try:
            check_user_table(self.config)
        except ValueError as error:
            raise ValidationError({"config": str(error)}) from None
