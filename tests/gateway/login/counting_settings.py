"""The gateway's settings with a hasher whose work can be counted."""

from gateway.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.gateway.login.counting_hasher.CountingHasher"]
