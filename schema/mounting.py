"""A tenant's schema in Python: `schema_of("acme")` is a `graphene.Schema` (docs/django.md).

It holds no schema of its own. Each use finds the tenant's database and the schema of the role as
they are then: it follows columns, roles and databases that change, and may be made at import.
"""

from __future__ import annotations

from typing import Any

import graphene
from asgiref.sync import sync_to_async
from graphene.types.schema import normalize_execute_kwargs
from graphql import (
    ExecutionResult,
    GraphQLObjectType,
    GraphQLSchema,
    Source,
    print_schema,
)

from schema.mount_source import Mount, mount_source
from schema.mounted_execution import (
    MountedDocument,
    TenantExecutionContext,
    bound_schema,
    run_document,
)

__all__ = ["TenantExecutionContext", "TenantSchema", "schema_of"]


def schema_of(tenant: str, environment: str | None = None, role: str = "admin") -> TenantSchema:
    """Return the schema of a tenant in an environment, as a role sees it.

    `tenant` is a slug, an id, a domain name or a controller's id. Without `environment` it is the
    tenant's default one. Nothing is asked before the schema is used; then an unknown tenant, role
    or environment raises what `tenants.errors` has for it.
    """
    return TenantSchema(tenant, environment, role)


class TenantSchema(graphene.Schema):  # type: ignore[misc]  # graphene has no types
    """Runs documents on a tenant's database, each in one transaction."""

    def __init__(self, tenant: str, environment: str | None = None, role: str = "admin") -> None:
        # Graphene's own constructor would make the types from classes.
        self.tenant = tenant
        self.environment = environment
        self.role = role

    def __repr__(self) -> str:
        return f"<TenantSchema {self.tenant}/{self.environment or '(default)'} as {self.role}>"

    def __str__(self) -> str:
        return print_schema(self.graphql_schema)

    @property
    def graphql_schema(self) -> GraphQLSchema:
        """The types as they are now, bound to the database.

        GraphQL's own `execute` runs it, field by field; graphene-django's view does so.
        """
        return bound_schema(self._mount())

    @property
    def query(self) -> GraphQLObjectType | None:
        return self.graphql_schema.query_type

    @property
    def mutation(self) -> GraphQLObjectType | None:
        return self.graphql_schema.mutation_type

    @property
    def subscription(self) -> GraphQLObjectType | None:
        return self.graphql_schema.subscription_type

    def introspect(self) -> Any:
        """Return the answer to the full introspection query."""
        return self._mount().schema.built.schema.introspect()

    def execute(self, source: str | Source, *arguments: Any, **named: Any) -> ExecutionResult:
        """Run a document, and return its answer: an error of it is in `errors`.

        Takes what Graphene's `execute` takes: `root_value`, `context_value`, `variable_values`,
        `operation_name`, `middleware`. A mutation is one transaction: it is done as a whole, or
        not at all.
        """
        given = dict(zip(_ARGUMENTS, arguments, strict=False)) | normalize_execute_kwargs(named)
        document = MountedDocument(source.body if isinstance(source, Source) else source, **given)
        return run_document(self._mount, document)

    async def execute_async(
        self, source: str | Source, *arguments: Any, **named: Any
    ) -> ExecutionResult:
        """Run a document as `execute` does, in a thread: the event loop goes on meanwhile."""
        return await sync_to_async(self.execute)(source, *arguments, **named)

    def _mount(self) -> Mount:
        return mount_source().find(self.tenant, self.environment, self.role)


_ARGUMENTS = ("root_value", "context_value", "variable_values", "operation_name")
