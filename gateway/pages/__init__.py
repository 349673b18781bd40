"""Pages and documents other than GraphQL."""
