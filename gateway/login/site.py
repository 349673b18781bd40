"""The admin's site: Django's, but for the two pages that take a password."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator

from gateway.login.devices import remember_device
from gateway.login.forms import ChangeForm, LoginForm

_Response = TypeVar("_Response", bound=HttpResponseBase)


class LoginSite(AdminSite):
    """Answers 429 or 503 with Retry-After where a password wasn't checked."""

    login_form = LoginForm

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = _with_status(super().login(request, extra_context))
        if request.method == "POST" and not isinstance(response, TemplateResponse):
            remember_device(request, response, request.user.get_username())
        return response

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        class View(PasswordChangeView):
            form_class = ChangeForm
            template_name = self.password_change_template or PasswordChangeView.template_name
            success_url = reverse("admin:password_change_done", current_app=self.name)

            def get_form_kwargs(self) -> dict[str, Any]:
                return {**super().get_form_kwargs(), "request": self.request}

        request.current_app = self.name
        context = {**self.each_context(request), **(extra_context or {})}
        return _with_status(View.as_view(extra_context=context)(request))


def _with_status(response: _Response) -> _Response:
    """Give a page the status of its form's refusal, if it has one."""
    form = (getattr(response, "context_data", None) or {}).get("form")
    if (refusal := getattr(form, "refusal", None)) is not None:
        response.status_code = refusal.status
        response.headers["Retry-After"] = str(refusal.retry_seconds)
    return response
