"""Settings come from the environment; what can't be used is named."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gateway.config import InvalidSetting, load_config

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_WORKER_THREADS", "many"),
        ("GATEWAY_WORKER_THREADS", "0"),
        ("GATEWAY_DEADLINE_MS", "-1"),
        ("GATEWAY_SECRET_KEYS", "short"),
        ("GATEWAY_SECRET_KEYS", ","),
        ("GATEWAY_DEMO", "perhaps"),
        ("GATEWAY_CONTROL_DATABASE_URL", "oracle://x"),
        ("GATEWAY_POLL_SECONDS", "0"),
        ("GATEWAY_POLL_SECONDS", "x"),
        ("DYNAMIC_DATABASES_PREFIX", "a b"),
        ("GATEWAY_NAMES", "track"),
        ("GATEWAY_NAMES", "track=__x"),
        ("GATEWAY_MAX_ROWS", "1.5"),
        ("GATEWAY_TRUSTED_PROXIES", "nginx"),
        ("GATEWAY_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("GATEWAY_TRUSTED_PROXIES", "*"),
        ("GATEWAY_PROXY_HEADERS", "x-real-ip"),
        ("GATEWAY_HSTS_SECONDS", "-1"),
        ("GATEWAY_METRICS", "me"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=name):
        load_config({"GATEWAY_DATA_DIR": str(tmp_path), name: value})


def test_proxies_are_addresses_or_networks(tmp_path: Path) -> None:
    def proxies(text: str) -> list[str] | None:
        given = {"GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_TRUSTED_PROXIES": text}
        found = load_config(given).trusted_proxies
        return None if found is None else [str(network) for network in found]

    assert proxies("") is None
    assert proxies("none") == []
    assert proxies("10.0.0.7, fd00::/8") == ["10.0.0.7/32", "fd00::/8"]
    with pytest.raises(InvalidSetting, match=r"'nginx'.*10\.0\.0\.7"):
        proxies("nginx")


@pytest.mark.parametrize(
    "host", ["https://a.example", "a.example:8443", "a.example/", "*.example", "::1"]
)
def test_a_host_name_is_a_name_alone(host: str, tmp_path: Path) -> None:
    with pytest.raises(
        InvalidSetting, match=r"GATEWAY_ALLOWED_HTTP_HOSTS: .*gateway\.example\.com"
    ):
        load_config({"GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_ALLOWED_HTTP_HOSTS": host})


def test_host_names_of_the_admin(tmp_path: Path) -> None:
    hosts = ("a.example", ".b.example", "[::1]", "10.0.0.1", "*", "node_1")
    given = {"GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_ALLOWED_HTTP_HOSTS": ", ".join(hosts)}
    assert load_config(given).allowed_http_hosts == hosts


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidSetting, match="GATEWAY_DATA_DIR"):
        load_config({"GATEWAY_DATA_DIR": str(tmp_path / "file")})


def test_defaults_are_those_of_production(tmp_path: Path) -> None:
    config = load_config({"GATEWAY_DATA_DIR": str(tmp_path)})

    assert config.demo is False
    assert config.control_database_url == f"sqlite:///{tmp_path / 'control.sqlite3'}"
    assert config.sqlite_root == tmp_path / "databases"
    assert (config.default_rows, config.max_rows, config.max_depth, config.deadline_ms) == (
        100,
        1000,
        12,
        5000,
    )


def test_a_key_of_its_own_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = (load_config({"GATEWAY_DATA_DIR": str(tmp_path)}) for _ in range(2))

    assert first.secret_keys == second.secret_keys
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_several_keys_for_rotation(tmp_path: Path) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(2)]

    config = load_config({"GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_SECRET_KEYS": ",".join(keys)})
    assert config.secret_keys == tuple(keys)
    assert not set(keys) & set(config.django_secret_keys)


def test_names_that_an_operator_gives(tmp_path: Path) -> None:
    config = load_config(
        {"GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_NAMES": "trk=track, trk.nm=name"}
    )

    assert config.names == {"trk": "track", "trk.nm": "name"}
