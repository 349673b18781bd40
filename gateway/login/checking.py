"""Checks the password of a person: the one place where that is done."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from gateway.login.devices import device_of
from gateway.login.errors import TooBusy
from gateway.login.hashing import passwords
from gateway.login.store import count_try, forget, give_back, refuse_waiting
from gateway.login.subjects import Limits, network_of

_log = logging.getLogger(__name__)


@sensitive_variables("password")
def is_right(
    request: HttpRequest | None, name: str, user: AbstractBaseUser | None, password: str
) -> bool:
    """Return whether a password is right, for a name that was typed, and `user` who has it.

    An unknown name (None) counts and takes as long. Raises LoginRefused where it isn't checked.
    """
    address = network_of(request.META.get("REMOTE_ADDR", "")) if request else ""
    device = device_of(request, name) if request else ""
    throttles = login_limits().throttles(name, address, device)
    refuse_waiting(throttles, timezone.now())
    counted = count_try(throttles, timezone.now())
    try:
        verdict = passwords.verify(password, user.password if user else None)
    except TooBusy:
        give_back(counted)
        raise
    if user is None or not verdict.is_right or not user.is_active:
        _log_failure(user, address, device)
        return False
    forget(counted)
    if verdict.new_hash:
        user.password = verdict.new_hash
        user.save(update_fields=["password"])
    return True


def _log_failure(user: AbstractBaseUser | None, address: str, device: str) -> None:
    """Write one line, without the name that was typed: it may be a password."""
    event = {
        "user": user.pk if user else None,
        "address": address or None,
        "known_browser": bool(device),
    }
    _log.warning("A log-in failed.", extra={"event": event})


def login_limits() -> Limits:
    """Return how many tries are free, by the settings."""
    config = settings.GATEWAY
    return Limits(
        tries=config.login_tries,
        address_tries=config.login_address_tries,
        name_tries=config.login_name_tries,
        longest_seconds=config.login_wait_seconds,
    )
