"""GraphQL types: the fixed vocabulary as Graphene classes, the tables' as graphql-core objects."""
