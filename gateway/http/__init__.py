"""HTTP: from bytes to requests, and from answers to bytes."""

from gateway.http.graphql_over_http import GraphQLRequest

__all__ = ["GraphQLRequest"]
