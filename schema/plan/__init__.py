"""GraphQL selections → plans: values that say all the SQL will do. No I/O, no Django."""
