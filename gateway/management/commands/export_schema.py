"""`manage.py export_schema TENANT [--environment E] [--format sdl|json] [--role R] [--common]`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from dynamic_databases.commands import GatewayCommand
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.process import process_registry
from gateway.access import UnknownRole, access_of
from gateway.limits import limits_of
from schema.build.builder import build_schema
from schema.build.printing import introspection_json, sdl
from schema.errors import NoBaseline
from tenants.principals import ADMIN_ROLE
from tenants.process import process_directory

_FORMATS = {"sdl": sdl, "json": introspection_json}


class Command(GatewayCommand):
    help = "Prints the GraphQL schema of a tenant's database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="slug, id or domain name")
        parser.add_argument("--environment", help="the tenant's default where left out")
        parser.add_argument("--format", choices=list(_FORMATS), default="sdl")
        parser.add_argument(
            "--json",
            action="store_const",
            const="json",
            dest="format",
            help="the same as --format json",
        )
        parser.add_argument(
            "--common",
            action="store_true",
            help="the schema of the database's baseline, which all its tenants satisfy",
        )
        parser.add_argument("--role", default=ADMIN_ROLE, help="what this role sees")

    def handle(self, *_args: Any, **options: Any) -> None:
        snapshot = process_directory().current()
        entry = snapshot.tenant(options["tenant"])
        if entry is None:
            raise CommandError(f"There is no active tenant called {options['tenant']}.")
        environment = options["environment"] or entry.default_environment
        alias = entry.environments.get(environment)
        if alias is None:
            known = ", ".join(entry.environments) or "none"
            raise CommandError(f"{entry.slug} has no database in {environment}; it has: {known}.")
        config = settings.GATEWAY
        try:
            access = access_of(options["role"], snapshot.roles)
            built = build_schema(
                process_registry().entry(alias),
                access,
                config.names,
                limits_of(config),
                common=options["common"],
            )
        except (DatabaseProblem, UnknownRole, NoBaseline) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            _FORMATS[options["format"]](built.schema.graphql_schema).decode(), ending=""
        )
