"""`Database.replicas`: what is taken, what is refused, and where the secrets go."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from dynamic_databases.aliases import primary_of, replica_alias, replica_of
from dynamic_databases.config.replicas import restore_replicas
from dynamic_databases.config.secrets import HIDDEN
from dynamic_databases.errors import InvalidConfig
from dynamic_databases.models import Database

URL = "postgresql://app:pw@db.example.com/shop"
OTHER = {"HOST": "replica.example.com", "PASSWORD": "own"}


def stored(*replicas: object, url: str = URL) -> Database:
    return Database.objects.from_url("shop", url, list(replicas))


def test_the_alias_of_a_replica_names_its_database() -> None:
    alias = replica_alias("DYNAMIC_DATABASE_7", 2)

    assert alias == "DYNAMIC_DATABASE_7_REPLICA_2"
    assert replica_of(alias) == ("DYNAMIC_DATABASE_7", 2)
    assert primary_of(alias) == primary_of("DYNAMIC_DATABASE_7") == "DYNAMIC_DATABASE_7"
    assert replica_of("DYNAMIC_DATABASE_7_REPLICA_0") is None


@pytest.mark.django_db
def test_a_replica_says_what_differs_and_inherits_the_rest() -> None:
    row = stored("postgresql://reader:own@replica.example.com:6432/shop", OTHER)

    configs = Database.objects.get(name="shop").opened_replicas()

    common = {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "PASSWORD": "own"}
    common["HOST"] = "replica.example.com"
    assert configs[0] == {**common, "USER": "reader", "PORT": "6432"}
    assert configs[1] == {**common, "USER": "app"}
    assert row.replica_labels == [f"{row.label}_REPLICA_1", f"{row.label}_REPLICA_2"]


@pytest.mark.django_db
def test_nothing_stored_or_shown_is_a_password() -> None:
    row = stored(OTHER)

    assert "own" not in str(Database.objects.values_list("replicas").get())
    assert row.shown_replicas() == [{"HOST": "replica.example.com", "PASSWORD": HIDDEN}]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "replica", "reason"),
    [
        (URL, {"HOST": "replica.example.com"}, "replica 1, PASSWORD: give the replica its own"),
        (URL, {"NAME": "shop", "PASSWORD": "pw"}, "replica 1, HOST: this is the database itself"),
        (URL, "mysql://a:b@c/shop", "replica 1, ENGINE: it must be the database's"),
        (URL, "shop", "replica 1, URL: :// is not known"),
        (URL, 7, "replica 1, config: it must be a URL or an object"),
        (
            URL,
            {**OTHER, "OPTIONS": {"service": "x"}},
            "replica 1, OPTIONS.service: it is not allowed",
        ),
        (URL, {**OTHER, "HOST": "/run"}, "replica 1, HOST: it must be one host name"),
        (
            "sqlite:///a.sqlite3",
            {"NAME": "b.sqlite3"},
            "replicas: PostgreSQL and MariaDB have them",
        ),
    ],
)
def test_what_is_refused(url: str, replica: object, reason: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        stored(replica, url=url)

    assert str(refused.value).startswith(reason)
    assert not Database.objects.exists()


@pytest.mark.django_db
def test_the_address_rules_are_those_of_the_database(settings) -> None:
    settings.GATEWAY_ALLOWED_HOSTS = ("db.example.com",)

    with pytest.raises(InvalidConfig, match="replica 1, HOST"):
        stored(OTHER)


@pytest.mark.django_db
def test_a_stored_password_stays_where_it_was() -> None:
    row = stored(OTHER)
    row.replicas[0]["HOST"] = "elsewhere.example.com"

    with pytest.raises(InvalidConfig, match="replica 1, PASSWORD: HOST changed: enter it again"):
        row.save()


@pytest.mark.django_db
def test_the_databases_own_token_is_no_replicas_password() -> None:
    row = stored()
    row.replicas = [{"HOST": "elsewhere.example.com", "PASSWORD": row.config["PASSWORD"]}]

    with pytest.raises(InvalidConfig, match="it was encrypted for another database"):
        row.save()


@pytest.mark.django_db
def test_replicas_are_saved_again_in_any_order() -> None:
    second = {"HOST": "second.example.com", "PASSWORD": "two"}
    row = stored(OTHER, second)
    row.replicas.reverse()
    row.save()

    found = Database.objects.get(name="shop").opened_replicas()
    assert [one["PASSWORD"] for one in found] == ["two", "own"]


@pytest.mark.django_db
def test_one_that_no_key_opens_is_left_out(registry, caplog, capsys) -> None:
    row = stored(OTHER, {"HOST": "second.example.com", "PASSWORD": "two"})
    row.replicas[0]["PASSWORD"] = {"$encrypted": "gAAAA"}
    Database.objects.filter(pk=row.pk).update(replicas=row.replicas)

    assert registry.config(row.label) is not None
    assert registry.replicas.of(row.label) == [row.replica_labels[1]]
    assert "the replica 1 of shop is left out: PASSWORD" in caplog.text
    call_command("database", "list")
    assert "refused: PASSWORD: it was encrypted for another database" in capsys.readouterr().out


@pytest.mark.django_db
def test_secrets_of_replicas_are_rotated(settings, capsys) -> None:
    row = stored(OTHER)
    new, old = Fernet.generate_key().decode(), settings.GATEWAY_SECRET_KEYS
    settings.GATEWAY_SECRET_KEYS = (new, *old)
    call_command("secrets", "list")
    assert "to be rotated" in capsys.readouterr().out

    call_command("secrets", "rotate")

    settings.GATEWAY_SECRET_KEYS = (new,)
    (found,) = Database.objects.get(pk=row.pk).opened_replicas()
    assert found["PASSWORD"] == "own"


def test_hidden_passwords_come_back_to_the_replica_that_they_are_of() -> None:
    known = [{"HOST": "one", "PASSWORD": "1"}, {"HOST": "two", "PASSWORD": "2"}]
    hidden = [{"HOST": "two", "PASSWORD": HIDDEN}, {"HOST": "three", "PASSWORD": "3"}]

    assert restore_replicas(hidden, known) == [known[1], hidden[1]]
    with pytest.raises(InvalidConfig, match="replica 1, PASSWORD: enter it again"):
        restore_replicas([{"HOST": "three", "PASSWORD": HIDDEN}], known)
