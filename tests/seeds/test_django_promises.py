"""What the design promises to Django developers, one test for each sentence."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.test import RequestFactory
from django.utils.connection import ConnectionDoesNotExist

from dynamic_databases.models import Baseline, Database
from dynamic_databases.process import process_registry
from schema.mounting import schema_of
from tests.fixtures.databases import execute
from tests.fixtures.vendors import Vendor

AUTHORS = """CREATE TABLE author (id {identity}, name VARCHAR(40) NOT NULL);
    INSERT INTO author (name) VALUES ('{name}');"""


def authors(vendor: Vendor, name: str) -> str:
    return AUTHORS.format(identity=vendor.identity, name=name)


@pytest.fixture
def acme(vendor, new_database, tenant_of) -> Database:
    """acme's production database; its development database has another author."""
    production = new_database(vendor, authors(vendor, "Ada"), "production")
    development = new_database(vendor, authors(vendor, "Bob"), "development")
    tenant_of("acme", production=production, development=development)
    return production


def list_authors(request: HttpRequest) -> JsonResponse:
    """A view as developers write it: the environment is chosen by `?env=`."""
    environment = request.GET.get("env", "production")
    author = Database.objects.get(name=environment).get_model("author")
    return JsonResponse({"authors": list(author.objects.values_list("name", flat=True))})


def test_a_model_is_used_with_a_database_by_its_label(acme) -> None:
    author = process_registry().models(acme.label).find("author")

    author.objects.using(acme.label).create(name="Eve")
    assert sorted(author.objects.using(acme.label).values_list("name", flat=True)) == ["Ada", "Eve"]


def test_a_model_is_used_with_a_tenant_by_its_name(acme) -> None:
    author = process_registry().models(acme.label).find("author")

    assert [one.name for one in author.objects.using("acme")] == ["Ada"]
    assert [one.name for one in author.objects.using("acme/development")] == ["Bob"]
    with pytest.raises(ConnectionDoesNotExist):
        author.objects.using("globex").count()


def test_a_database_gives_the_model_of_a_table(acme) -> None:
    author = acme.get_model("author")

    assert author.objects.get().name == "Ada"
    assert author.objects.get()._state.db == acme.label


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", ["Ada"]), ("?env=production", ["Ada"]), ("?env=development", ["Bob"])],
)
def test_the_environment_of_a_view_is_chosen_by_env(acme, query, expected) -> None:
    answer = list_authors(RequestFactory().get(f"/authors/{query}"))

    assert json.loads(answer.content) == {"authors": expected}


def test_a_database_is_registered_and_unregistered_at_run_time(acme) -> None:
    assert acme.label in settings.DATABASES
    acme.unregister()
    assert acme.label not in settings.DATABASES
    assert "acme" not in settings.DATABASES
    acme.register()
    assert acme.get_model("author").objects.get().name == "Ada"


def test_columns_that_the_baseline_lacks_are_custom_fields(acme) -> None:
    acme.baseline = Baseline.capture(acme, "publisher")
    acme.save()
    execute(acme.url, "ALTER TABLE author ADD COLUMN cf_red_1 VARCHAR(40)")
    process_registry().refresh(acme.label)

    author = acme.get_model("author").objects.get()
    assert dict(author.custom_fields) == {"cf_red_1": None}
    author.custom_fields["cf_red_1"] = "x"
    author.save()
    again = acme.get_model("author").objects.get()
    assert again.get_attribute_by_column("cf_red_1") == "x"
    assert again.get_attribute_by_column("cf_red_2", "none") == "none"


def test_a_save_that_changes_nothing_writes_nothing(acme, django_assert_num_queries) -> None:
    author = acme.get_model("author").objects.get()

    with django_assert_num_queries(0, using=acme.label):
        author.save()


def test_a_tenants_schema_is_a_graphene_schema(acme) -> None:
    result = schema_of("acme").execute("{ author { name } }")

    assert (result.errors, result.data) == (None, {"author": [{"name": "Ada"}]})
