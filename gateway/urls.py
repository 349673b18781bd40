"""Django's URLs: the admin and the management schema; `gateway.asgi` serves GraphQL."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from gateway.control.unavailable import failed_page
from gateway.management_api.view import ManageView
from gateway.pages.drift import drift_page

admin.site.site_header = admin.site.site_title = "Tenant GraphQL Gateway"
admin.site.site_url = None  # there is no page at "/" that "View site" could lead to

handler500 = failed_page
urlpatterns = [
    path("admin/drift/", admin.site.admin_view(drift_page), name="drift"),
    path("admin/", admin.site.urls),
    path("manage/graphql", ManageView.as_view()),
]
