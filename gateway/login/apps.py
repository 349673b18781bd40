"""The log-in as a Django app: it has a table, and the admin site whose log-in is throttled."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.checks import register

from dynamic_databases.checks import SETTINGS_TAG


class LoginConfig(AppConfig):
    """Names the app."""

    name = "gateway.login"
    label = "gateway_login"

    def ready(self) -> None:
        # Settings can only be read once the app registry is ready.
        from gateway.login.checks import check_backends  # noqa: PLC0415 - as the comment above says

        register(check_backends, SETTINGS_TAG)


class LoginAdminConfig(AdminConfig):
    """Django's admin with the site of `gateway.login.site`."""

    default_site = "gateway.login.site.LoginSite"
