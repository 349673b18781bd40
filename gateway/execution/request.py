"""A request that was let in, on its way to its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.deadline import Deadline
from gateway.http.graphql_over_http import GraphQLRequest
from gateway.limits import RequestLimits
from schema.build.cache import CachedSchema
from schema.operations import CompiledOperation
from tenants.resolution import ResolvedTenant


@dataclass(slots=True)
class ExecutionRequest:
    """One request that was let in, with its operation as soon as that is compiled.

    Not frozen: a request that is the first of its operation gets it from a worker.
    """

    request: GraphQLRequest
    resolved: ResolvedTenant
    cached: CachedSchema
    limits: RequestLimits
    deadline: Deadline
    request_id: str
    session: Mapping[str, str]  # the caller's variables, for the rules of its role
    # What a read must find, committed before this time; None where the database has no replicas.
    read_after: float | None = None
    is_on_replica: bool = False  # a replica is asked, and the database stands in for it
    alias: Alias = field(init=False)
    source: Alias = field(init=False)  # what is asked: the database, or a copy of it
    operation: CompiledOperation | None = field(init=False)

    def __post_init__(self) -> None:
        self.alias = self.source = self.resolved.alias
        self.operation = self.cached.operations.peek(
            self.request.query, self.request.operation_name
        )

    @property
    def writes(self) -> bool:
        """Whether it changes something, as far as the operation is known."""
        return bool(self.operation and self.operation.is_mutation) and not self.request.dry_run

    def compile(self) -> CompiledOperation:
        """Return the operation; compiling it may take a while.

        Raises InvalidDocument or BadUserInput.
        """
        if self.operation is None:
            self.operation = self.cached.operations.compile(
                self.request.query, self.request.operation_name
            )
        return self.operation
