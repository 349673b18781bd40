"""GraphQL names of tables, columns and relations."""
