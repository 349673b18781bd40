"""`Catalog` → Django models, built with `type()` in a private app registry."""
