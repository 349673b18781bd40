"""Passwords checked in this process's own child, through Django's hooks and the admin's pages."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace

import pytest
from django.contrib import admin
from django.contrib.auth import aauthenticate, authenticate, get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client, RequestFactory

from gateway.login.errors import TooBusy, TooManyTries
from gateway.login.hashing import WAITING, passwords
from gateway.login.models import TryCount
from gateway.login.site import LoginSite
from tests.fixtures.processes import ROOT, wait_for

PASSWORD = "a long password"
FORM = {"username": "ann", "password": PASSWORD}


@pytest.fixture
def ann(transactional_db):
    user = get_user_model().objects.create_superuser("ann", password=PASSWORD)
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt" * 8, 1000)  # an old, cheap hash
    user.save()
    return user


def test_a_hash_that_is_out_of_date_is_stored_anew(ann) -> None:
    assert authenticate(username="ann", password=PASSWORD) == ann
    ann.refresh_from_db()
    assert f"${PBKDF2PasswordHasher.iterations}$" in ann.password
    assert authenticate(username="ann", password=PASSWORD) == ann
    assert authenticate(username="ann", password="wrong") is None


def test_a_hash_that_cannot_be_read_fits_no_password_and_stops_nobody(ann) -> None:
    get_user_model().objects.create_superuser("bob", password=PASSWORD)
    get_user_model().objects.filter(username="bob").update(password="pbkdf2_sha256$abc$salt$hash")
    assert authenticate(username="bob", password=PASSWORD) is None
    assert authenticate(username="ann", password=PASSWORD) == ann


def test_who_may_not_log_in(ann) -> None:
    ann.is_active = False
    ann.save()
    assert authenticate(username="ann", password=PASSWORD) is None
    assert authenticate(username="nobody", password=PASSWORD) is None
    assert authenticate(username="ann") is None


def test_the_asynchronous_way_counts_and_refuses_as_well(ann, settings) -> None:
    settings.GATEWAY = replace(settings.GATEWAY, login_name_tries=1)
    assert asyncio.run(aauthenticate(username="ann", password="wrong")) is None
    TryCount.objects.update(failures=20)
    with pytest.raises(TooManyTries):
        asyncio.run(aauthenticate(username="ann", password=PASSWORD))


def test_each_failure_is_a_line_without_what_was_typed(ann, caplog) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="2001:db8::7")
    for name in ("ann", "a typed password"):
        authenticate(request, username=name, password="a wrong guess")
    authenticate(request, username="ann", password=PASSWORD)

    events = [record.event for record in caplog.records if record.name == "gateway.login.checking"]
    seen = {"address": "2001:db8::/64", "known_browser": False}
    assert events == [{"user": ann.pk, **seen}, {"user": None, **seen}]
    assert "a typed password" not in str([vars(record) for record in caplog.records])


def test_passwords_are_checked_in_one_place() -> None:
    checking = re.compile(r"check_password|verify_password|auth import a?authenticate")
    found = {
        str(path.relative_to(ROOT))
        for package in ("gateway", "tenants", "schema", "dynamic_databases")
        for path in (ROOT / package).rglob("*.py")
        if checking.search(path.read_text())
    }
    assert found == {"gateway/login/hashing_child.py"}
    assert isinstance(admin.site._wrapped, LoginSite)


def test_an_address_that_is_not_known_is_not_counted(ann) -> None:
    request = RequestFactory().get("/")
    request.META["REMOTE_ADDR"] = ""
    authenticate(request, username="ann", password="wrong")
    assert list(TryCount.objects.values_list("address", flat=True)) == [""]


def test_more_log_ins_than_may_wait_are_answered_503(ann) -> None:
    with ExitStack() as others:
        for _ in range(1 + WAITING):
            others.enter_context(passwords.place())
        answer = Client().post("/admin/login/", FORM)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "The server is busy with other log-ins." in answer.text
    assert not TryCount.objects.exclude(failures=0).exists()
    assert Client().post("/admin/login/", FORM).status_code == 302


def _is_verifying(thread: threading.Thread) -> bool:
    """Return whether a thread has come so far that it noticed how often the process was closed."""
    frame = sys._current_frames()[thread.ident or 0]
    return "closings" in frame.f_locals


def test_passwords_are_not_checked_while_the_server_ends(ann) -> None:
    """Whoever waits for a turn gives it up, and the try isn't counted."""
    seen: list[type[Exception]] = []

    def wait_for_a_turn() -> None:
        try:
            passwords.verify(PASSWORD, ann.password)
        except TooBusy as error:
            seen.append(type(error))

    with passwords._turn:
        threads = [threading.Thread(target=wait_for_a_turn) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_for(lambda: all(map(_is_verifying, threads)))
        closing = threading.Thread(target=passwords.close)
        before = passwords._closings
        closing.start()
        wait_for(lambda: passwords._closings > before)
    for thread in (*threads, closing):
        thread.join()

    assert seen == [TooBusy] * 3
    assert passwords.verify(PASSWORD, ann.password).is_right  # by another process


@pytest.mark.parametrize("https", [True, False])
def test_the_cookie_of_a_device(ann, https) -> None:
    client = Client()
    client.post("/admin/login/", FORM, secure=https)
    cookie = client.cookies["gateway_device"]

    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/admin/")
    assert bool(cookie["secure"]) is https
    assert "ann" not in cookie.value

    first = cookie.value.split(":")[1]
    client.post("/admin/login/", FORM, secure=https)
    assert client.cookies["gateway_device"].value.split(":")[1] == first


def test_a_forged_cookie_is_no_device(ann) -> None:
    client = Client()
    client.post("/admin/login/", FORM)
    client.cookies["gateway_device"] = client.cookies["gateway_device"].value[:-2] + "xx"
    client.post("/admin/login/", {**FORM, "password": "wrong"})
    assert not TryCount.objects.exclude(device="").exists()


def test_sessions_of_the_release_before_stay_valid(ann) -> None:
    """It knew Django's own backend alone, and sessions name theirs."""
    client = Client()
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/").status_code == 200
    client.post("/admin/login/", FORM)
    assert client.session["_auth_user_backend"] == "django.contrib.auth.backends.ModelBackend"
