"""GraphQL selections → plans: plain values that say everything the SQL will do. No I/O, no Django."""
