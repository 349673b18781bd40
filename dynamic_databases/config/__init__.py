"""How a database is configured: texts people have, the allow lists, and the secrets in it."""
