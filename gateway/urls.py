"""Django's URLs: the admin. GraphQL has its own door in `gateway.asgi`."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

admin.site.site_header = admin.site.site_title = "Tenant GraphQL Gateway"

urlpatterns = [path("admin/", admin.site.urls)]
