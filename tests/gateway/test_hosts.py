"""The host of a request names its tenant: GATEWAY_TENANT_DOMAIN, also behind a trusted proxy."""

from __future__ import annotations

import pytest

from gateway.config import InvalidSetting, load_config
from tenants.authentication.tokens import issue_token
from tests.fixtures.doors import Reply


def test_the_subdomain_names_the_tenant(music_with) -> None:
    door = music_with(tenant_domain="gw.example.com")
    door.token = issue_token(None, "admin", None, None)

    def ask(host: str) -> Reply:
        return door.query("/graphql", "{ genre(limit: 1) { name } }", host=host)

    answer = ask("Music.gw.example.com:8443")
    assert answer.data == {"genre": [{"name": "Rock"}]}
    assert answer.headers["x-tenant"] == "music"
    for host in ("gw.example.com", "x.music.gw.example.com", "music.example.com", "music"):
        assert ask(host).code == "TENANT_NOT_FOUND"


def test_a_trusted_proxy_says_the_host(music_with) -> None:
    door = music_with(tenant_domain="gw.example.com")
    door.token = issue_token(None, "admin", None, None)
    forwarded = {"x-forwarded-host": "music.gw.example.com", "x-forwarded-for": "203.0.113.7"}

    answer = door.query("/graphql", "{ __typename }", **forwarded)

    assert answer.headers["x-tenant"] == "music"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("gw.example.com", "gw.example.com"), ("GW.Example.com.", "gw.example.com"), ("", "")],
)
def test_the_domain_is_read_as_hosts_are(tmp_path, text: str, expected: str) -> None:
    config = load_config({"GATEWAY_TENANT_DOMAIN": text, "GATEWAY_DATA_DIR": str(tmp_path)})
    assert config.tenant_domain == expected


@pytest.mark.parametrize(
    "text",
    [".gw.example.com", "com", "https://gw.example.com", "gw.example.com:80", "*.example.com"],
)
def test_what_is_no_domain_is_refused(tmp_path, text: str) -> None:
    with pytest.raises(InvalidSetting, match="GATEWAY_TENANT_DOMAIN"):
        load_config({"GATEWAY_TENANT_DOMAIN": text, "GATEWAY_DATA_DIR": str(tmp_path)})
