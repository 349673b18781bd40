"""An admin site at /tables/, and a superuser who is logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import path

from dynamic_databases.models import Database
from tests.fixtures.databases import library_sql
from tests.fixtures.vendors import POSTGRESQL, SQLITE


@pytest.fixture(params=[SQLITE, POSTGRESQL], ids=lambda vendor: vendor.name)
def shop(request, new_database) -> Database:
    return new_database(request.param, library_sql(request.param), "shop")


@pytest.fixture
def site(settings) -> Iterator[Callable[[admin.AdminSite], None]]:
    """`site(one)` serves an admin site at /tables/, and none of the project's own pages."""

    def serve(one: admin.AdminSite) -> None:
        urls = ModuleType("urls_of_a_test")
        urls.urlpatterns = [path("tables/", one.urls)]
        settings.ROOT_URLCONF = urls

    return serve


@pytest.fixture
def client(transactional_db) -> Client:
    get_user_model().objects.create_superuser("root", password="a long password")
    client = Client()
    client.login(username="root", password="a long password")
    return client
