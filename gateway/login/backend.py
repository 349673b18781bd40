"""Django's way to a user by name and password, with counted tries and hashing elsewhere."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from gateway.login.checking import is_right


class LoginBackend(ModelBackend):
    """The first of AUTHENTICATION_BACKENDS: no other one is asked after a wrong password."""

    @sensitive_variables("password")
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return the user, or None without a name, or with a tenant: its people are no staff.

        Raises PermissionDenied where the password is wrong, LoginRefused where it isn't checked.
        """
        model = get_user_model()
        name = kwargs.get(model.USERNAME_FIELD) if username is None else username
        if name is None or password is None or "tenant" in kwargs:
            return None
        try:
            user = model._default_manager.get_by_natural_key(name)
        except model.DoesNotExist:
            user = None
        if not is_right(request, name, user, password):
            raise PermissionDenied
        return user

    async def aauthenticate(  # type: ignore[override]  # ModelBackend has names of its own
        self, request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        """Go the same way, in a thread: ModelBackend's own would hash by itself."""
        return await BaseBackend.aauthenticate(self, request, **kwargs)
