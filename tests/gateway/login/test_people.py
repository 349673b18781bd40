"""Django's `authenticate` with a tenant: who gets in, and that nobody else learns anything."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from django.contrib.auth import aauthenticate, authenticate, get_user_model, login
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client, RequestFactory

from dynamic_databases.errors import Unavailable
from gateway.login.checks import check_backends
from gateway.login.errors import TooBusy, TooManyTries
from gateway.login.hashing import WAITING, people_passwords
from gateway.login.models import TryCount
from gateway.login.tenant_users import TenantUser
from tenants.authentication.user_lookup import UserTableUnusable
from tenants.models import Role, UserTable
from tests.fixtures.commands import run
from tests.fixtures.databases import execute
from tests.fixtures.vendors import SQLITE
from tests.gateway.login.user_tables import OPTIONS, PASSWORD, READERS, need, set_up, users_sql


@pytest.fixture
def acme(vendor, new_database, tenant_of):
    return _acme(vendor, new_database, tenant_of)


@pytest.fixture
def small_acme(new_database, tenant_of):
    """On SQLite alone, where the vendor doesn't matter."""
    return _acme(SQLITE, new_database, tenant_of)


def _acme(vendor, new_database, tenant_of):
    Role.objects.create(name="reader")
    database = new_database(vendor, users_sql(vendor), "acme")
    tenant_of("acme", production=database)
    return database


def person(username: str = "ann@example.com", password: str = PASSWORD, **more: str):
    request = RequestFactory().get("/", REMOTE_ADDR="2001:db8::7")
    return authenticate(request, **{"tenant": "acme", **more}, username=username, password=password)


def test_a_person_logs_in_with_role_and_variables(acme) -> None:
    set_up(
        "acme", *READERS, "--variable", "X-Hasura-Region=region", "--variable", "X-Gateway-B=born"
    )

    ann = person()

    assert isinstance(ann, TenantUser)
    assert (ann.tenant, ann.environment, ann.role) == ("acme", "production", "reader")
    assert ann.variables == {
        "x-gateway-user-id": "1",
        "x-gateway-region": "EU",
        "x-gateway-b": "1990-02-03",
    }
    assert (ann.is_authenticated, ann.is_staff, str(ann)) == (
        True,
        False,
        "ann@example.com of acme",
    )


NOT_LET_IN = [
    ("ann@example.com", "wrong"),
    ("ann@example.com", ""),
    ("nobody@example.com", PASSWORD),
    ("ben@example.com", PASSWORD),  # not active
    ("new@example.com", PASSWORD),  # without a password
    ("new@example.com", ""),
    ("twin@example.com", PASSWORD),  # two rows have the name
    ("%@example.com", PASSWORD),
    ("ann@example.com' OR '1'='1", PASSWORD),
    ("аnn@example.com", PASSWORD),  # a Cyrillic letter
    ("ann@example.com\U0001f600", PASSWORD),
    ("ann@example.com\0", PASSWORD),
    ("ann@example.com", PASSWORD + "\0"),
    ("\ud800", "\ud800"),
    ("x" * 100_000, "x" * 100_000),
]


def test_who_does_not_get_in(acme, settings) -> None:
    settings.GATEWAY = replace(settings.GATEWAY, login_address_tries=100, login_tries=100)
    set_up("acme")
    assert [who for who in NOT_LET_IN if person(*who) is not None] == []


def test_names_are_compared_as_the_database_compares_them(acme) -> None:
    set_up("acme")
    same = execute(acme.url, "SELECT count(*) FROM app_user WHERE email = 'ANN@EXAMPLE.COM'")

    ann = person("ANN@EXAMPLE.COM")

    assert (ann is not None) is bool(same[0][0])
    if ann is not None:
        assert ann.username == "ann@example.com"


def test_roles_of_a_column_are_those_that_are_listed(acme) -> None:
    set_up("acme", *OPTIONS, "--role-column", "job", "--allow-role", "reader")
    assert person().role == "reader"
    assert person("boss@example.com") is None  # admin isn't listed

    set_up("acme", *OPTIONS, "--role-column", "job", "--allow-role", "admin")
    assert person("boss@example.com").role == "admin"
    assert person() is None


def test_a_role_that_was_removed_lets_nobody_in(small_acme) -> None:
    set_up("acme")
    Role.objects.all().delete()
    assert person() is None


def test_tenants_and_environments_that_are_not_there_answer_alike(small_acme) -> None:
    assert person() is None  # no user table yet
    set_up("acme")
    assert person(tenant="nobody") is None
    assert person(environment="testing") is None
    assert person(None, None) is None
    assert person(environment="production") == person()


def test_the_tenants_own_table_comes_before_its_baselines(small_acme) -> None:
    run("baseline", "capture", "acme", "--name", "crm")
    run("baseline", "assign", "crm", "acme")
    run("tenant", "users", "--baseline", "crm", *OPTIONS, "--role", "admin")
    assert person().role == "admin"
    set_up("acme")
    assert person().role == "reader"
    run("tenant", "users", "acme", "--remove")
    run("tenant", "users", "--baseline", "crm@1", *READERS)
    assert person().role == "reader"


def test_a_tenants_person_is_no_user_of_the_project(small_acme) -> None:
    set_up("acme")
    get_user_model().objects.create_superuser("staff", password=PASSWORD)
    assert person("staff") is None
    assert authenticate(username="staff", password=PASSWORD).is_superuser
    assert authenticate(username="ann@example.com", password=PASSWORD) is None


def test_sessions_of_staff_name_a_backend_that_knows_them(db) -> None:
    staff = get_user_model().objects.create_superuser("staff", password=PASSWORD)
    client = Client()
    client.force_login(staff)
    assert client.get("/admin/").status_code == 200


def test_a_backend_that_is_not_first_is_refused(settings) -> None:
    assert check_backends() == []
    settings.AUTHENTICATION_BACKENDS = settings.AUTHENTICATION_BACKENDS[::-1]
    assert [problem.id for problem in check_backends()] == ["gateway_login.E001"]


def test_the_asynchronous_way_goes_the_same_way(small_acme) -> None:
    set_up("acme")
    credentials = {"tenant": "acme", "username": "ann@example.com", "password": PASSWORD}
    assert asyncio.run(aauthenticate(**credentials)) == person()


def test_a_configuration_without_dummies_lets_nobody_in(small_acme) -> None:
    set_up("acme")
    row = UserTable.objects.get()
    row.config = row.config | {"dummies": []}
    row.save()
    with pytest.raises(UserTableUnusable) as raised:
        person()
    assert "tenant users" in raised.value.why


def test_djangos_sessions_refuse_a_tenants_person(small_acme) -> None:
    set_up("acme")
    request = RequestFactory().get("/")
    request.session = Client().session
    with pytest.raises(TypeError, match="begin_session"):
        login(request, person())


def test_tries_are_counted_for_a_person_however_the_name_is_spelled(small_acme, settings) -> None:
    set_up("acme")
    settings.GATEWAY = replace(settings.GATEWAY, login_name_tries=3, login_tries=3)
    for username in ("ann@example.com", "ANN@example.com", " ánn@exam\u200bple.com "):
        assert person(username, "wrong") is None

    with pytest.raises(TooManyTries):
        person()
    assert person("boss@example.com") is not None  # another one needn't wait
    run("login", "unlock", "acme:Ann@Example.com")
    assert person() is not None


def test_an_address_waits_too(small_acme, settings) -> None:
    set_up("acme")
    settings.GATEWAY = replace(settings.GATEWAY, login_address_tries=2)
    for number in range(2):
        assert person(f"guess{number}@example.com", "wrong") is None
    with pytest.raises(TooManyTries):
        person()


def test_each_try_is_a_line_without_what_was_typed(small_acme, caplog) -> None:
    caplog.set_level("INFO", "gateway.login.people")
    set_up("acme")
    person()
    person(password="a wrong guess")
    person("a typed password", "a wrong guess")
    person("twin@example.com")

    lines = [one for one in caplog.records if one.name == "gateway.login.people"]
    where = {"tenant": "acme", "environment": "production"}
    by = {**where, "address": "2001:db8::/64"}
    assert [one.event for one in lines] == [
        {**by, "person": "ann@example.com", "role": "reader"},
        {**by, "person": "ann@example.com"},
        {**by, "person": None},
        where,
        {**by, "person": None},
    ]
    assert "typed" not in str([vars(one) for one in lines])
    assert PASSWORD not in str([vars(one) for one in lines])


def test_staff_logs_in_while_peoples_passwords_take_all_places(small_acme) -> None:
    set_up("acme")
    get_user_model().objects.create_superuser("staff", password=PASSWORD)
    places = [people_passwords.place() for _ in range(1 + WAITING)]
    for place in places:
        place.__enter__()
    with pytest.raises(TooBusy):
        person()
    assert not TryCount.objects.exclude(failures=0).exists()  # it is no failed try
    assert authenticate(username="staff", password=PASSWORD) is not None
    for place in places:
        place.__exit__(None, None, None)


@pytest.mark.parametrize("change", ["DROP TABLE app_user", "ALTER TABLE app_user DROP COLUMN job"])
def test_a_table_that_changed_is_told_to_the_operator(small_acme, registry, change) -> None:
    set_up("acme", *OPTIONS, "--role-column", "job", "--allow-role", "reader")
    execute(small_acme.url, change)
    registry.refresh(small_acme.label)
    with pytest.raises(UserTableUnusable) as raised:
        person()
    assert "app_user" in raised.value.why
    assert "app_user" not in str(raised.value)


def test_a_database_that_does_not_answer_is_unavailable(acme, registry) -> None:
    set_up("acme")
    acme.config = acme.config | {"NAME": acme.config["NAME"] + "x"}
    acme.save()
    with pytest.raises(Unavailable):
        person()
    assert not TryCount.objects.exists()


@pytest.mark.parametrize(
    "stored", ["pbkdf2_sha256$x$y$z", "pbkdf2_sha256$900000000$s$x", "nothing"]
)
def test_a_hash_that_cannot_be_read_or_costs_too_much_fits_no_password(small_acme, stored) -> None:
    set_up("acme")
    execute(small_acme.url, f"UPDATE app_user SET secret = '{stored}' WHERE id = 1")
    assert person() is None
    assert person("boss@example.com") is not None


def test_a_configuration_that_cannot_be_read_lets_nobody_in(small_acme) -> None:
    set_up("acme")
    UserTable.objects.update(config={"table": "app_user", "hash": "os.system"})
    with pytest.raises(UserTableUnusable):
        person()
    config = {"table": "app_user", "username": "email", "password": "secret", "role": "reader"}
    UserTable.objects.update(config=config | {"hash": "os.system"})
    with pytest.raises(UserTableUnusable):
        person()


def test_bcrypts_own_hashes(acme) -> None:
    need("bcrypt")
    import bcrypt  # noqa: PLC0415 - an installation may lack it

    long = "x" * 71 + "é and what bcrypt drops"
    for prefix, mark in ((b"2b", "2b"), (b"2a", "2a"), (b"2b", "2y")):
        made = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4, prefix)).decode()
        execute(acme.url, f"UPDATE app_user SET secret = '${mark}{made[3:]}'")
        set_up("acme", *READERS, "--hash", "bcrypt")
        assert person(password=long) is not None
        assert person(password=long[:70]) is None


def test_argon2s_own_hashes(acme) -> None:
    need("argon2")
    import argon2  # noqa: PLC0415 - an installation may lack it

    made = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    execute(acme.url, f"UPDATE app_user SET secret = '{made}'")
    set_up("acme", *READERS, "--hash", "argon2")
    assert person() is not None
    assert person(password="wrong") is None


def test_an_old_format_is_replaced_where_that_is_chosen(acme, settings) -> None:
    old = "django.contrib.auth.hashers.MD5PasswordHasher"
    settings.GATEWAY_USER_HASHERS = (old,)
    made = MD5PasswordHasher().encode(PASSWORD, "pepper")
    execute(acme.url, f"UPDATE app_user SET secret = '{made}'")
    set_up("acme", *READERS, "--hash", old)
    assert person() is not None
    assert _hash_of(acme, 1) == made  # nothing is written unless it is asked for

    set_up("acme", *READERS, "--hash", old, "--rehash", "django")
    assert person(password="wrong") is None
    assert _hash_of(acme, 1) == made
    assert person() is not None
    assert _hash_of(acme, 1).startswith("pbkdf2_sha256$1000000$")
    assert _hash_of(acme, 2) == made
    assert person() is not None  # by the new one


@pytest.fixture
def hashes(settings, tmp_path, monkeypatch):
    """Counts what the process computes: a path to a hasher, and the number of its hashes."""
    lines = tmp_path / "hashes"
    monkeypatch.setenv("LOGIN_HASHES", str(lines))
    people_passwords.close()  # the next one has the variable
    path = "tests.gateway.login.counting_hasher.CountingHasher"
    settings.GATEWAY_USER_HASHERS = (path,)
    yield path, lambda: len(lines.read_text().splitlines()) if lines.exists() else 0
    people_passwords.close()


@pytest.mark.parametrize("more", [(), ("--rehash", "argon2")])
def test_each_try_reads_once_and_computes_the_same(small_acme, hashes, sent, more) -> None:
    """Nobody learns from the time who is there: all that takes time is done for everybody."""
    if more:
        need("argon2")
    path, count = hashes
    set_up("acme", *READERS, "--hash", path, *more)
    person()
    costs = set()
    with sent() as statements:
        for username in ("ann@", "ben@", "new@", "twin@", "nobody@"):
            hashed, read = count(), len(statements)
            assert person(f"{username}example.com", "wrong") is None
            asked = [one for one in statements[read:] if "FROM" in one and "app_user" in one]
            costs.add((count() - hashed, len(asked)))
    assert costs == {(1, 1)}


def test_a_hash_that_cannot_be_stored_stops_no_log_in(small_acme, settings) -> None:
    set_up("acme", *READERS, "--rehash", "django")
    trigger = "BEFORE UPDATE ON app_user BEGIN SELECT RAISE(ABORT, 'read-only'); END"
    before = _hash_of(small_acme, 1)
    execute(small_acme.url, f"CREATE TRIGGER frozen {trigger}")
    assert person() is not None
    assert _hash_of(small_acme, 1) == before


def _hash_of(database, key: int) -> str:
    return execute(database.url, f"SELECT secret FROM app_user WHERE id = {key}")[0][0]
