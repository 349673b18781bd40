"""The schema of a tenant, for the project's own code and graphene-django's command."""

from schema.mounting import schema_of

schema = schema_of("acme")
