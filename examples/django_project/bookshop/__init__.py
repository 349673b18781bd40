"""A project of its own that mounts the gateway beside its views."""
