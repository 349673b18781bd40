"""`manage.py demo`: makes the demo's databases, tenants, admin and token, or keeps them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from dynamic_databases.commands import GatewayCommand
from dynamic_databases.models import Baseline, Database
from gateway.demo import DEMO, DemoDatabase, make_database
from tenants.authentication.tokens import digest_of
from tenants.models import ApiToken, Environment, Tenant, TenantDatabase
from tenants.principals import ADMIN_ROLE

_BASELINE = "demo_crm"
_ADMIN = "admin"


class Command(GatewayCommand):
    help = (
        "Makes the demo: tenants acme, globex and initech with their databases, an admin, a token."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--url", default="http://127.0.0.1:8000", help="where the server will be"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.GATEWAY.demo:
            raise CommandError(
                "The demo lets anyone on this machine in: set GATEWAY_DEMO=1 to say that "
                "you want it."
            )
        for position, name in enumerate(("production", "testing", "development")):
            Environment.objects.get_or_create(name=name, defaults={"position": position})
        for demo in DEMO:
            self._attach(demo)
        self._capture_baseline()
        password = _derived("admin password")[:16]
        self._admin(password)
        token = self._token("token", Tenant.objects.get(slug=DEMO[0].tenant))
        operator_token = self._token("operator token", None)
        self._print(options["url"].rstrip("/"), password, token, operator_token)

    def _attach(self, demo: DemoDatabase) -> None:
        path = settings.GATEWAY_SQLITE_ROOT / f"{demo.name}.sqlite3"
        make_database(demo, path)
        config = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}
        database, _ = Database.objects.get_or_create(name=demo.name, defaults={"config": config})
        tenant, _ = Tenant.objects.get_or_create(
            slug=demo.tenant, defaults={"name": demo.tenant.title(), "anonymous_role": ADMIN_ROLE}
        )
        environment = Environment.objects.get(name=demo.environment)
        TenantDatabase.objects.get_or_create(
            tenant=tenant, environment=environment, defaults={"database": database}
        )

    def _capture_baseline(self) -> None:
        """acme's production is the plain CRM: what the others have beyond it is dynamic."""
        if Baseline.objects.filter(name=_BASELINE).exists():
            return
        baseline = Baseline.capture(Database.objects.get(name=DEMO[0].name), _BASELINE)
        for database in Database.objects.filter(name__in=[demo.name for demo in DEMO]):
            database.baseline = baseline
            database.save()

    def _token(self, purpose: str, tenant: Tenant | None) -> str:
        """The demo's tokens are derived from the installation's key: they can be printed again."""
        token = f"tgw_demo_{_derived(purpose)}"
        defaults = {
            "name": f"demo {purpose}",
            "tenant": tenant,
            "role": ADMIN_ROLE,
            "prefix": token[:12],
        }
        ApiToken.objects.get_or_create(digest=digest_of(token), defaults=defaults)
        return token

    def _admin(self, password: str) -> None:
        users = get_user_model()
        if not users.objects.filter(username=_ADMIN).exists():
            users.objects.create_superuser(_ADMIN, password=password)

    def _print(self, url: str, password: str, token: str, operator_token: str) -> None:
        self.stdout.write("\nGraphiQL, one page per tenant:")
        for tenant in dict.fromkeys(demo.tenant for demo in DEMO):
            self.stdout.write(f"  {url}/t/{tenant}/graphql")
        self.stdout.write(f"\nAdmin: {url}/admin/  user: {_ADMIN}  password: {password}")
        self.stdout.write(f"\nToken of {DEMO[0].tenant} (header 'Authorization: Bearer …'):")
        self.stdout.write(f"{token}\n")
        self.stdout.write("\nOperator's token, for every tenant, /manage/graphql and /metrics:")
        self.stdout.write(f"{operator_token}\n")


def _derived(purpose: str) -> str:
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"demo {purpose}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=").replace("-", "x").replace("_", "y")
