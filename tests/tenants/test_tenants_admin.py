"""Tenants and tokens in the admin: what ended stays ended, names are what they can be."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from tenants.authentication.tokens import issue_token
from tenants.models import ApiToken, Tenant

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def client(transactional_db) -> Client:
    """Staff who may change tokens and tenants."""
    user = get_user_model().objects.create_user(
        "support", password="a long password", is_staff=True
    )
    codenames = ("view_apitoken", "change_apitoken", "view_tenant", "change_tenant")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def token(**values: object) -> ApiToken:
    issue_token(None, "admin", None, None)
    row = ApiToken.objects.get()
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return row


def send(client: Client, row: ApiToken, expires: dt.datetime | None) -> int:
    """Post a token's page without a moment of revocation; return the status."""
    day, time = (f"{expires:%Y-%m-%d}", f"{expires:%H:%M:%S}") if expires else ("", "")
    ends = {"expires_at_0": day, "expires_at_1": time, "revoked_at_0": "", "revoked_at_1": ""}
    url = f"/admin/tenants/apitoken/{row.pk}/change/"
    status = client.post(url, {"name": "renamed", **ends}).status_code
    row.refresh_from_db()
    return status


def test_a_revoked_token_stays_revoked(client) -> None:
    row = token(revoked_at=timezone.now())

    assert send(client, row, None) == 302

    assert row.name == "renamed"
    assert row.revoked_at is not None


@pytest.mark.parametrize("later", [None, timezone.now() + 10 * HOUR])
def test_a_tokens_end_is_not_put_off(client, later) -> None:
    end = timezone.now().replace(microsecond=0) - HOUR
    row = token(expires_at=end)

    assert send(client, row, later) == 200  # the page again, with what is wrong
    assert row.expires_at == end


def test_a_tokens_end_can_be_brought_forward(client) -> None:
    end = timezone.now().replace(microsecond=0)
    row = token(expires_at=end + HOUR)

    assert send(client, row, end) == 302
    assert row.expires_at == end


def test_a_tokens_hash_can_not_be_guessed_by_the_lists_filters(client) -> None:
    token()

    assert client.get("/admin/tenants/apitoken/?digest__startswith=0").status_code == 400


@pytest.mark.parametrize(
    "domains", ['["1"]', '["٣"]', '"shop1.example"', "[1]", '[""]', '{"1": 1}']
)
def test_domain_names_that_are_none_are_refused(client, domains) -> None:
    row = Tenant.objects.create(slug="acme", domains=["acme.example"])

    form = {"slug": "acme", "domains": domains, "active": "on", "limits": "{}"}
    page = client.post(f"/admin/tenants/tenant/{row.pk}/change/", form)

    row.refresh_from_db()
    assert page.status_code == 200
    assert row.domains == ["acme.example"]
