"""The log-in as a Django app: it has a table, and the admin site whose log-in is throttled."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class LoginConfig(AppConfig):
    """Names the app."""

    name = "gateway.login"
    label = "gateway_login"


class LoginAdminConfig(AdminConfig):
    """Django's admin with the site of `gateway.login.site`."""

    default_site = "gateway.login.site.LoginSite"
