"""The admin's forms that take a password: a refusal is shown like a wrong password."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from gateway.login.checking import is_right
from gateway.login.errors import LoginRefused

# The release before knows it, so a session that one of them began is valid in the other.
_BACKEND_OF_SESSIONS = "django.contrib.auth.backends.ModelBackend"


class LoginForm(AdminAuthenticationForm):
    """`refusal` says why the password wasn't checked, where it wasn't."""

    refusal: LoginRefused | None = None

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except LoginRefused as refusal:
            self.refusal = refusal
            raise ValidationError(str(refusal), code="refused") from None

    def get_user(self) -> Any:
        user: Any = super().get_user()
        if user is not None:
            user.backend = _BACKEND_OF_SESSIONS
        return user


class ChangeForm(AdminPasswordChangeForm):
    """Counts tries of the old password as the log-in does."""

    refusal: LoginRefused | None = None

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        try:
            fits = is_right(self._request, self.user.get_username(), self.user, old)
        except LoginRefused as refusal:
            self.refusal = refusal
            raise ValidationError(str(refusal), code="refused") from None
        if not fits:
            message = self.error_messages["password_incorrect"]
            raise ValidationError(message, code="password_incorrect")
        return old
