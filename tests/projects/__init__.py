"""Projects of others that use the packages, as they install them."""
