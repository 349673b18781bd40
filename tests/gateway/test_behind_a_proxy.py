"""The admin through a TLS proxy and over plain HTTP: real processes and a real browser."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.fixtures.http_proxy import forwarded, nothing, x_forwarded
from tests.fixtures.processes import ROOT, Gateway, clean_environment, wait_for

HTML = {"accept": "text/html"}
HOSTS = "admin.test,localhost,127.0.0.1"
PASSWORD = "correct horse battery"
BEHIND = {
    "GATEWAY_TRUSTED_PROXIES": "127.0.0.2",
    "GATEWAY_ALLOWED_HTTP_HOSTS": HOSTS,
    "GATEWAY_HSTS_SECONDS": "3600",
}
INSIDE = "#user-tools >> text=Log out"


SET_UP = f"""
from django.contrib.auth.models import User
from dynamic_databases.models import Database
from tenants.authentication.tokens import issue_token
from tenants.models import Environment, Tenant, TenantDatabase

User.objects.create_superuser("root", password="{PASSWORD}")
shop = Tenant.objects.create(slug="shop", anonymous_role="admin", domains=["shop.test"])
database = Database.objects.from_url("shop", "sqlite:///shop.sqlite3")
environment, _ = Environment.objects.get_or_create(name="production")
TenantDatabase.objects.create(tenant=shop, environment=environment, database=database)
print(issue_token(None, "admin", None, None))
"""


@dataclass
class Site:
    """A gateway with an admin, an operator's token and the tenant `shop`, open to anonymous."""

    gateway: Gateway
    token: str

    def serve(self, host: str = "127.0.0.1", **settings: str) -> Gateway:
        """Serve with settings of a test's own."""
        wanted = (host, settings)
        if wanted != self._served or self.gateway.server.poll() is not None:
            self.gateway.stop()
            self.gateway.environment = self.environment | settings
            self.gateway.start(host=host)
            self._served = wanted
        return self.gateway

    def __post_init__(self) -> None:
        self.environment = dict(self.gateway.environment)
        self._served: tuple[str, dict[str, str]] | None = None


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    gateway = Gateway(folder, clean_environment(GATEWAY_DATA_DIR=str(folder)))
    gateway.migrate()
    (folder / "databases").mkdir(exist_ok=True)
    with sqlite3.connect(folder / "databases" / "shop.sqlite3") as file:
        file.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
    token = gateway.manage("shell", "--no-imports", "--command", SET_UP).splitlines()[-1]
    yield Site(gateway, token)
    gateway.stop()


def log_in(page, url: str) -> None:
    page.goto(f"{url}/admin/")
    page.fill("#id_username", "root")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")


def secure_flags(page) -> set[bool]:
    """Return whether cookies are Secure; those of the session and the forms are there."""
    flags = {cookie["name"]: cookie["secure"] for cookie in page.context.cookies()}
    assert {"sessionid", "csrftoken"} <= flags.keys()
    return set(flags.values())


@pytest.mark.parametrize(("kind", "says"), [("x-forwarded", x_forwarded), ("forwarded", forwarded)])
def test_the_admin_behind_a_tls_proxy(site, tls_proxy_to, page_with, kind, says) -> None:
    gateway = site.serve(**BEHIND, GATEWAY_PROXY_HEADERS=kind)
    # It connects under a name of its own, as nginx does by default.
    proxy = tls_proxy_to(gateway, says, host="gateway.internal")
    page = page_with(**{"admin.test": "127.0.0.1"})

    log_in(page, f"https://admin.test:{proxy.port}")
    page.wait_for_selector(INSIDE)
    assert secure_flags(page) == {True}

    answer = httpx.get(f"https://localhost:{proxy.port}/healthz", verify=False)
    assert answer.headers["strict-transport-security"] == "max-age=3600"
    assert "strict-transport-security" not in httpx.get(f"{gateway.url}/healthz").headers


@pytest.mark.parametrize(("source", "says"), [("127.0.0.2", x_forwarded), ("127.0.0.1", nothing)])
def test_a_proxy_that_is_not_believed(site, tls_proxy_to, page_with, source, says) -> None:
    """One that isn't trusted, and one that is and says nothing."""
    gateway = site.serve(GATEWAY_ALLOWED_HTTP_HOSTS=HOSTS)
    proxy = tls_proxy_to(gateway, says, source=source)
    page = page_with(**{"admin.test": "127.0.0.1"})

    log_in(page, f"https://admin.test:{proxy.port}")
    page.wait_for_selector("text=GATEWAY_TRUSTED_PROXIES")
    page.wait_for_selector("text=X-Forwarded-Proto")
    assert page.locator(INSIDE).count() == 0
    assert f'"peer": "{source}"' in (gateway.folder / "server.log").read_text()


def test_the_admin_over_plain_http_under_another_name(site, page_with) -> None:
    gateway = site.serve(host="127.0.0.3", GATEWAY_ALLOWED_HTTP_HOSTS="admin.test")
    page = page_with(**{"admin.test": "127.0.0.3"})

    log_in(page, gateway.url.replace("127.0.0.3", "admin.test"))
    page.wait_for_selector(INSIDE)
    assert secure_flags(page) == {False}
    assert page.locator("text=View site").count() == 0  # it would lead to no page


def test_another_sites_form_is_refused(site, tls_proxy_to) -> None:
    gateway = site.serve(**BEHIND)
    proxy = tls_proxy_to(gateway)
    log = gateway.folder / "server.log"
    before = len(log.read_text())
    with httpx.Client(base_url=f"https://localhost:{proxy.port}", verify=False) as client:
        token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', client.get("/admin/login/").text)
        form = {"csrfmiddlewaretoken": token[0], "username": "root", "password": "wrong"}
        for origin in ("https://evil.test", f"http://localhost:{proxy.port}", "null"):
            answer = client.post("/admin/login/", data=form, headers={"origin": origin})
            assert answer.status_code == 403, origin
            assert "evil" not in answer.text
        assert '"peer": "127.0.0.1"' in log.read_text()[before:]  # the client, not the proxy
        own = {"origin": f"https://localhost:{proxy.port}"}
        assert client.post("/admin/login/", data=form, headers=own).status_code == 200


@pytest.mark.parametrize("demo", ["0", "1"])
def test_an_unlisted_host_is_told_which_setting_to_use(site, demo: str) -> None:
    gateway = site.serve(GATEWAY_DEMO=demo)

    page = httpx.get(f"{gateway.url}/admin/", headers={**HTML, "host": "<b>admin.test"})
    assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "GATEWAY_ALLOWED_HTTP_HOSTS" in page.text
    assert "&lt;b&gt;admin.test" in page.text
    assert "<b>" not in page.text and "Traceback" not in page.text

    answer = httpx.post(f"{gateway.url}/manage/graphql", headers={"host": "x" * 5000}, json={})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert "GATEWAY_ALLOWED_HTTP_HOSTS" in error["message"]
    assert len(error["message"]) < 500
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


def ask(gateway: Gateway, source: str = "127.0.0.1", **headers: str) -> tuple[int, int]:
    """Return the status of an anonymous query and that of `/metrics`, asked from an address."""
    with httpx.Client(
        base_url=gateway.url, transport=httpx.HTTPTransport(local_address=source)
    ) as client:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        query = client.post("/t/shop/graphql", json={"query": "{ __typename }"}, headers=given)
        return query.status_code, client.get("/metrics", headers=given).status_code


def test_no_proxy_makes_a_stranger_local(site) -> None:
    gateway = site.serve(GATEWAY_DEMO="1", GATEWAY_METRICS="local")

    assert ask(gateway) == (200, 200)
    for headers in (
        {"x_forwarded_for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
        {"via": "1.1 x"},
    ):
        assert ask(gateway, **headers) == (401, 404), headers


def test_a_proxy_of_this_machine_that_is_named_is_never_local(site) -> None:
    """It sends no header, and names this machine as nginx does by default."""
    gateway = site.serve(
        GATEWAY_DEMO="1", GATEWAY_METRICS="local", GATEWAY_TRUSTED_PROXIES="127.0.0.1"
    )

    assert ask(gateway) == (401, 404)


def test_only_a_trusted_proxys_word_is_taken(site) -> None:
    gateway = site.serve(**BEHIND)
    headers = {
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "shop.test",
        "authorization": f"Bearer {site.token}",
    }

    def answers(source: str) -> tuple[int, bool]:
        """Return the status of a query whose tenant is the host's, and if cookies are Secure."""
        client = httpx.Client(
            base_url=gateway.url,
            headers=headers,
            transport=httpx.HTTPTransport(local_address=source),
        )
        with client:
            query = client.post("/graphql", json={"query": "{ __typename }"})
            page = client.get("/admin/login/", headers={"x-forwarded-host": "admin.test"})
            return query.status_code, "; Secure" in page.headers["set-cookie"]

    assert answers("127.0.0.2") == (200, True)
    assert answers("127.0.0.3") == answers("127.0.0.1") == (404, False)


def test_a_proxy_over_ipv6(site) -> None:
    gateway = site.serve(host="::1", GATEWAY_TRUSTED_PROXIES="::1")

    said = {"x-forwarded-for": "2001:db8::7", "x-forwarded-proto": "https"}
    assert (
        "; Secure" in httpx.get(f"{gateway.url}/admin/login/", headers=said).headers["set-cookie"]
    )
    assert "; Secure" not in httpx.get(f"{gateway.url}/admin/login/").headers["set-cookie"]


def test_a_proxy_over_a_unix_socket(site, tmp_path) -> None:
    """Another ASGI server than ours listens there."""
    site.gateway.stop()
    path = tmp_path / "gateway.sock"
    command = [
        "-m",
        "uvicorn",
        "gateway.asgi:application",
        "--uds",
        str(path),
        "--no-proxy-headers",
    ]
    environment = site.environment | {"GATEWAY_TRUSTED_PROXIES": "none"}
    said = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: "running on unix socket" in (tmp_path / "server.log").read_text())
        transport = httpx.HTTPTransport(uds=str(path))
        with httpx.Client(base_url="http://localhost", transport=transport) as client:
            page = client.get("/admin/login/", headers=said)
            assert "; Secure" in page.headers["set-cookie"]
            assert client.get("/metrics").status_code == 404
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_figures_need_a_token_by_default(site) -> None:
    gateway = site.serve()
    assert httpx.get(f"{gateway.url}/metrics").status_code == 404
    with_token = {"authorization": f"Bearer {site.token}"}
    assert httpx.get(f"{gateway.url}/metrics", headers=with_token).status_code == 200
