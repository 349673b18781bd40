"""Django's URLs: the admin and the management schema. GraphQL has its own door in `gateway.asgi`."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from gateway.drift_page import drift_page
from gateway.manage.view import ManageView

admin.site.site_header = admin.site.site_title = "Tenant GraphQL Gateway"

urlpatterns = [
    path("admin/drift/", admin.site.admin_view(drift_page), name="drift"),
    path("admin/", admin.site.urls),
    path("manage/graphql", ManageView.as_view()),
]
