"""URLs, allow lists and secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynamic_databases.config.allowed import check_config
from dynamic_databases.config.conventional import without_effect
from dynamic_databases.config.urls import config_from_url
from dynamic_databases.errors import InvalidConfig

pytestmark = pytest.mark.pure

PG = {"ENGINE": "django.db.backends.postgresql", "NAME": "crm", "HOST": "db"}
MYSQL = {**PG, "ENGINE": "django.db.backends.mysql"}
MSSQL = {**PG, "ENGINE": "mssql", "USER": "u"}
LITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "crm.db"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@db:5432/crm", {**PG, "USER": "u", "PASSWORD": "p", "PORT": "5432"}),
        (
            "postgres://u@db/crm?sslmode=require",
            {**PG, "USER": "u", "PASSWORD": "", "PORT": "", "OPTIONS": {"sslmode": "require"}},
        ),
        (
            "postgresql://u%40x:p%2F%3A@db/my%20crm",
            {**PG, "NAME": "my crm", "USER": "u@x", "PASSWORD": "p/:", "PORT": ""},
        ),
        (
            "postgresql://[::1]:5433/crm",
            {**PG, "HOST": "::1", "USER": "", "PASSWORD": "", "PORT": "5433"},
        ),
        ("mariadb://u:p@db/crm", {**MYSQL, "USER": "u", "PASSWORD": "p", "PORT": ""}),
        ("mssql://u:p@db:1433/crm", {**MSSQL, "USER": "u", "PASSWORD": "p", "PORT": "1433"}),
        ("sqlite:///crm.db", LITE),
        ("sqlite:////srv/crm.db", {**LITE, "NAME": "/srv/crm.db"}),
    ],
)
def test_urls(url: str, expected: dict[str, object]) -> None:
    assert config_from_url(url) == expected


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("oracle://db/crm", "URL"),
        ("postgresql://db", "NAME"),
        ("postgresql://db:x/crm", "URL"),
        ("sqlite://crm.db", "URL"),
        ("sqlite:///", "NAME"),
        ("postgresql://u:p#w@db/crm", "URL"),
        ("postgresql://db/crm?a=1&a=2", "OPTIONS.a"),
    ],
)
def test_urls_refused(url: str, key: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        config_from_url(url)
    assert refused.value.key == key


REFUSED = [
    ({"NAME": "x"}, "ENGINE"),
    ({**PG, "ENGINE": "os.path"}, "ENGINE"),
    ({**PG, "ENGINE": "django.db.backends.dummy"}, "ENGINE"),
    ({**PG, "AUTOCOMMIT": False}, "AUTOCOMMIT"),
    ({**PG, "DISABLE_SERVER_SIDE_CURSORS": "maybe"}, "DISABLE_SERVER_SIDE_CURSORS"),
    (
        {**MYSQL, "OPTIONS": {"init_command": "SET sql_mode=''; DROP TABLE x"}},
        "OPTIONS.init_command",
    ),
    ({**MSSQL, "OPTIONS": {"driver": "/tmp/evil.so"}}, "OPTIONS.driver"),
    ({**PG, "HOST": "/var/run/postgresql"}, "HOST"),
    ({**PG, "HOST": ""}, "HOST"),
    ({**PG, "HOST": "a,b"}, "HOST"),
    ({**PG, "NAME": "host=evil dbname=x"}, "NAME"),
    ({**PG, "NAME": "postgresql://evil/x"}, "NAME"),
    ({**PG, "NAME": "a\nb"}, "NAME"),
    ({**PG, "PORT": "5432; x"}, "PORT"),
    ({**PG, "PORT": 70000}, "PORT"),
    *[
        ({**PG, "OPTIONS": {name: "x"}}, f"OPTIONS.{name}")
        for name in (
            "service passfile sslkey sslcert hostaddr options host dbname gssencmode krbsrvname "
            "isolation_level"
        ).split()
    ],
    ({**PG, "OPTIONS": {"sslrootcert": "/etc/passwd"}}, "OPTIONS.sslrootcert"),
    ({**PG, "OPTIONS": {"sslmode": "maybe"}}, "OPTIONS.sslmode"),
    ({**PG, "OPTIONS": {"connect_timeout": -1}}, "OPTIONS.connect_timeout"),
    ({**PG, "OPTIONS": []}, "OPTIONS"),
    *[
        ({**MYSQL, "OPTIONS": {name: "x"}}, f"OPTIONS.{name}")
        for name in (
            "read_default_file read_default_group local_infile plugin_dir unix_socket "
            "init_command ssl conv default_auth"
        ).split()
    ],
    ({**MYSQL, "HOST": "/tmp/mysql.sock"}, "HOST"),
    *[
        ({**MSSQL, "OPTIONS": {name: "x"}}, f"OPTIONS.{name}")
        for name in ("driver", "dsn", "host_is_server", "unicode_results", "setdecoding")
    ],
    (
        {**MSSQL, "OPTIONS": {"extra_params": "Encrypt=yes;Driver=/tmp/evil.so"}},
        "OPTIONS.extra_params.Driver",
    ),
    ({**MSSQL, "OPTIONS": {"extra_params": "Server=evil"}}, "OPTIONS.extra_params.Server"),
    ({**MSSQL, "NAME": "crm;Server=evil"}, "NAME"),
    ({**MSSQL, "USER": ""}, "USER"),
    ({**MSSQL, "OPTIONS": {"python_driver": "os"}}, "OPTIONS.python_driver"),
    ({**LITE, "NAME": "/etc/passwd"}, "NAME"),
    ({**LITE, "NAME": "../outside.db"}, "NAME"),
    ({**LITE, "NAME": "file:crm.db?mode=memory"}, "NAME"),
    ({**LITE, "NAME": ":memory:"}, "NAME"),
    ({**LITE, "NAME": "link.db"}, "NAME"),
    ({**LITE, "NAME": ""}, "NAME"),
    ({**LITE, "HOST": "x"}, "HOST"),
    *[
        ({**LITE, "OPTIONS": {name: "x"}}, f"OPTIONS.{name}")
        for name in (
            "database",
            "uri",
            "init_command",
            "factory",
            "detect_types",
            "check_same_thread",
        )
    ],
]


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        *[(name, PG["ENGINE"]) for name in ("postgres", "postgresql", "postgresql_psycopg2")],
        *[(name, MYSQL["ENGINE"]) for name in ("mysql", "MariaDB")],
        *[(name, MSSQL["ENGINE"]) for name in ("sqlserver", "sql_server.pyodbc", "mssql")],
        *[(name, LITE["ENGINE"]) for name in ("sqlite", "sqlite3")],
    ],
)
def test_engines_go_by_their_short_names(tmp_path: Path, name: str, engine: str) -> None:
    whole = next(one for one in (PG, MYSQL, MSSQL, LITE) if one["ENGINE"] == engine)
    config = {"USER": "u", **whole} if engine == MSSQL["ENGINE"] else whole
    assert check_config({**config, "ENGINE": name}, tmp_path)["ENGINE"] == engine


@pytest.mark.parametrize(
    ("config", "parts"),
    [
        ({**PG, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}, "CONN_MAX_AGE CONN_HEALTH_CHECKS"),
        ({**PG, "ATOMIC_REQUESTS": True, "TEST": {"NAME": "t"}}, "ATOMIC_REQUESTS TEST"),
        ({**PG, "CONN_MAX_AGE": 0, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False, "TEST": {}}, ""),
        ({**PG, "OPTIONS": {"pool": {"min_size": 2}}}, "OPTIONS.pool"),
        (
            {**MYSQL, "OPTIONS": {"init_command": "SET sql_mode='STRICT_TRANS_TABLES'"}},
            "OPTIONS.init_command",
        ),
        (
            {
                **MSSQL,
                "ENGINE": "sql_server.pyodbc",
                "USER": "u",
                "OPTIONS": {"driver": "ODBC Driver 17 for SQL Server", "host_is_server": True},
            },
            "OPTIONS.driver OPTIONS.host_is_server",
        ),
    ],
)
def test_what_has_no_effect_is_taken_and_named(
    tmp_path: Path, config: dict[str, object], parts: str
) -> None:
    assert {note.split()[0] for note in without_effect(config)} == set(parts.split())
    checked = check_config(config, tmp_path)
    assert checked.keys() <= {"ENGINE", "NAME", "HOST", "USER"}


def test_server_side_cursors_are_left_out_where_asked(tmp_path: Path) -> None:
    checked = check_config({**PG, "DISABLE_SERVER_SIDE_CURSORS": True}, tmp_path)
    assert checked["DISABLE_SERVER_SIDE_CURSORS"] is True


@pytest.mark.parametrize(("config", "key"), REFUSED)
def test_what_is_not_on_the_list_is_refused_by_name(
    config: dict[str, object], key: str, tmp_path: Path
) -> None:
    (tmp_path / "link.db").symlink_to("/etc/passwd")

    with pytest.raises(InvalidConfig) as refused:
        check_config(config, tmp_path)
    assert refused.value.key == key


@pytest.mark.parametrize(
    "config",
    [
        {
            **PG,
            "OPTIONS": {"sslmode": "verify-full", "sslrootcert": "system", "connect_timeout": "5"},
        },
        {**MYSQL, "OPTIONS": {"charset": "utf8mb4", "ssl_mode": "REQUIRED"}},
        {
            **MSSQL,
            "HOST": "db\\INST",
            "OPTIONS": {
                "python_driver": "mssql_python",
                "extra_params": "Encrypt=no;TrustServerCertificate=yes",
            },
        },
        {**LITE, "OPTIONS": {"timeout": 3}},
    ],
)
def test_what_is_on_the_list_is_taken(config: dict[str, object], tmp_path: Path) -> None:
    assert check_config(config, tmp_path)["ENGINE"] == config["ENGINE"]


BAD_VALUES = [
    *[
        ({**PG, "TIME_ZONE": value}, "TIME_ZONE")
        for value in ("Nowhere/City", "../UTC", "UTC\0", 5, ["UTC"], "europe/vienna ", "x" * 9999)
    ],
    ({**PG, "NAME": "x" * 64}, "NAME"),
    ({**MYSQL, "NAME": "x" * 65}, "NAME"),
    ({**MSSQL, "USER": "x" * 129}, "USER"),
    ({**PG, "HOST": "x" * 254}, "HOST"),
    ({**PG, "USER": "a\0b"}, "USER"),
    ({**PG, "USER": "\ud800"}, "USER"),
    ({**PG, "NAME": "\x85"}, "NAME"),
    ({**PG, "PASSWORD": "a\0b"}, "PASSWORD"),
    ({**PG, "PASSWORD": "\udfff"}, "PASSWORD"),
    ({**PG, "PASSWORD": "x" * 9000}, "PASSWORD"),
    ({**PG, "PORT": "9" * 5000}, "PORT"),
    ({**PG, "PORT": 10**5000}, "PORT"),
    ({**PG, "PORT": 5432.0}, "PORT"),
    ({**PG, "PORT": True}, "PORT"),
    ({**PG, "PORT": "٥"}, "PORT"),
    ({**PG, "OPTIONS": {"connect_timeout": "9" * 5000}}, "OPTIONS.connect_timeout"),
    ({**PG, "OPTIONS": {"connect_timeout": {}}}, "OPTIONS.connect_timeout"),
    ({**PG, "OPTIONS": {"keepalives": 2}}, "OPTIONS.keepalives"),
    ({**PG, "OPTIONS": {"server_side_binding": "maybe"}}, "OPTIONS.server_side_binding"),
    ({**PG, "OPTIONS": {"application_name": "x\0"}}, "OPTIONS.application_name"),
    ({**PG, "OPTIONS": {"sslmode": ["require"]}}, "OPTIONS.sslmode"),
    ({**PG, "OPTIONS": {"sslrootcert": "system", "sslmode": "require"}}, "OPTIONS.sslmode"),
    ({**MYSQL, "OPTIONS": {"charset": "klingon"}}, "OPTIONS.charset"),
    ({**MYSQL, "OPTIONS": {"read_timeout": 0}}, "OPTIONS.read_timeout"),
    ({**MSSQL, "OPTIONS": {"extra_params": 5}}, "OPTIONS.extra_params"),
    (
        {**MSSQL, "OPTIONS": {"extra_params": "Encrypt=yes;encrypt=no"}},
        "OPTIONS.extra_params.encrypt",
    ),
    (
        {**MSSQL, "OPTIONS": {"extra_params": "HostNameInCertificate={a}"}},
        "OPTIONS.extra_params.HostNameInCertificate",
    ),
    ({**LITE, "OPTIONS": {"transaction_mode": "LAZY"}}, "OPTIONS.transaction_mode"),
    ({**LITE, "NAME": "\ud800.db"}, "NAME"),
]


@pytest.mark.parametrize(("config", "key"), BAD_VALUES, ids=range(len(BAD_VALUES)))
def test_a_bad_value_is_refused_by_its_key_and_not_repeated(
    config: dict[str, object], key: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidConfig) as refused:
        check_config(config, tmp_path)
    assert refused.value.key == key
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires"])
def test_time_zones_are_taken_by_their_names(zone: str, tmp_path: Path) -> None:
    assert check_config({**PG, "TIME_ZONE": zone}, tmp_path)["TIME_ZONE"] == zone
