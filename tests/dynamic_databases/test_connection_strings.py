"""SQL Server connection strings as they are found in the wild."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_databases.config.connection_strings import config_from_connection_string
from dynamic_databases.errors import InvalidConfig

pytestmark = pytest.mark.pure

BASE = {"NAME": "crm", "USER": "sa", "PASSWORD": "pw", "HOST": "db", "PORT": ""}
CASES = {
    "Server=db;Database=crm;User ID=sa;Password=pw": {},
    "Server=db;Database=crm;User ID=sa;Password=pw;": {},
    ";;Server=db;;Database=crm;User ID=sa;Password=pw;;": {},
    "data source=db;initial catalog=crm;uid=sa;pwd=pw": {},
    "DATA SOURCE=db;INITIAL CATALOG=crm;UID=sa;PWD=pw": {},
    "Addr=db;Database=crm;User=sa;Pwd=pw": {},
    "Address = db ; Database = crm ; User Id = sa ; Password = pw": {},
    "Network Address=db;Database=crm;UserID=sa;Password=pw": {},
    "Password=pw;User ID=sa;Database=crm;Server=db": {},
    "Server=tcp:db,1433;Database=crm;User ID=sa;Password=pw": {"PORT": "1433"},
    "Server=tcp:db,1433\\INST;Database=crm;User ID=sa;Password=pw": {"PORT": "1433"},
    "Server=db\\INST,1444;Database=crm;User ID=sa;Password=pw": {"PORT": "1444"},
    "Server=db\\INST;Database=crm;User ID=sa;Password=pw": {"HOST": "db\\INST"},
    "Server=db, 1433;Database=crm;User ID=sa;Password=pw": {"PORT": "1433"},
    "Server=.;Database=crm;User ID=sa;Password=pw": {"HOST": "localhost"},
    "Server=(local);Database=crm;User ID=sa;Password=pw": {"HOST": "localhost"},
    "Server=10.0.0.5;Database=crm;User ID=sa;Password=pw": {"HOST": "10.0.0.5"},
    "Server=db;Database=crm;User ID=sa;Password={a;b}}c}": {"PASSWORD": "a;b}c"},
    'Server=db;Database=crm;User ID=sa;Password="a;b""c"': {"PASSWORD": 'a;b"c'},
    "Server=db;Database=crm;User ID=sa;Password='a;b''c'": {"PASSWORD": "a;b'c"},
    "Server=db;Database=crm;User ID=sa;Password=a=b==c": {"PASSWORD": "a=b==c"},
    'Server=db;Database=crm;User ID=sa;Password=" spaced "': {"PASSWORD": " spaced "},
    "Server=db;Database=crm;User ID=sa;Password=": {"PASSWORD": ""},
    "Server=db;Database=crm;User ID=sa;Password=old;Password=pw": {},
    "Driver={ODBC Driver 18 for SQL Server};Server=db;Database=crm;UID=sa;PWD=pw;PWD=late": {},
    "Provider=SQLOLEDB;Server=db;Database=crm;UID=sa;PWD=pw": {},
    (
        "Server=db;Database=crm;User ID=sa;Password=pw;Persist Security "
        "Info=False;Pooling=true;Max Pool Size=5;MultipleActiveResultSets=True;Application "
        "Name=x;Workstation ID=y;Packet Size=4096"
    ): {},
}


@pytest.mark.parametrize("text", CASES)
def test_understood(text: str) -> None:
    config = config_from_connection_string(text)

    assert {key: config[key] for key in BASE} == BASE | CASES[text]
    assert config["ENGINE"] == "mssql"


@pytest.mark.parametrize(
    ("part", "extra", "options"),
    [
        ("", "Encrypt=yes", {}),
        ("Encrypt=yes", "Encrypt=yes", {}),
        ("Encrypt=False", "Encrypt=no", {}),
        ("Encrypt=Strict", "Encrypt=strict", {}),
        ("Encrypt=Optional", "Encrypt=no", {}),
        ("TrustServerCertificate=True", "Encrypt=yes;TrustServerCertificate=yes", {}),
        ("Trust Server Certificate=no", "Encrypt=yes;TrustServerCertificate=no", {}),
        ("ApplicationIntent=ReadOnly", "Encrypt=yes;ApplicationIntent=ReadOnly", {}),
        ("Connect Timeout=30", "Encrypt=yes", {"connection_timeout": 30}),
        (
            "Connection Timeout=30;Command Timeout=9",
            "Encrypt=yes",
            {"connection_timeout": 30, "query_timeout": 9},
        ),
    ],
)
def test_options(part: str, extra: str, options: dict[str, int]) -> None:
    config = config_from_connection_string(f"Server=db;Database=crm;UID=sa;PWD=pw;{part}")

    assert config["OPTIONS"] == {"python_driver": "mssql_python", "extra_params": extra, **options}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "connection string"),
        ("books.sqlite3", "connection string"),
        ("Server=db;Colour=red;Database=crm", "Colour"),
        ("Server=db;Database=crm;Integrated Security=SSPI", "Integrated Security"),
        ("Server=db;Database=crm;Trusted_Connection=yes", "Integrated Security"),
        ("Server=db;Database=crm;Authentication=ActiveDirectoryInteractive", "Authentication"),
        ("Server=db;Database=crm;AttachDbFilename=c:\\x.mdf", "AttachDbFilename"),
        ("DSN=prod;UID=sa;PWD=pw", "DSN"),
        ("FILEDSN=c:\\x.dsn", "FILEDSN"),
        ("Server=db;Database=crm;Failover Partner=other", "Failover Partner"),
        ("Server=db;Database=crm;Encrypt=maybe", "Encrypt"),
        ("Server=db;Database=crm;Connect Timeout=soon", "connect timeout"),
        ("Database=crm;UID=sa", "Server"),
        ("Server=db;UID=sa", "Database"),
        ("Server=np:\\\\db\\pipe;Database=crm", "Server"),
        ("Server=(localdb)\\v11;Database=crm", "Server"),
        ("Server=db,port;Database=crm", "Server"),
        ("Server=db;Password={open;Database=crm", "Password"),
        ('Server=db;Password="a"b;Database=crm', "Password"),
        ("Server=db;Password=p;w;encrypt", "connection string"),
        ("Server=db;Database=p;w", "connection string"),
    ],
)
def test_refused_by_name(text: str, key: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        config_from_connection_string(text)
    assert refused.value.key == key
    assert "p;w" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("Server=db;Database=crm;uid=u;pwd=p;w", "p;w"),
        ("Server=db;pwd=p;w;Database=crm", "p;w"),
        ("Server=db;Password=p;;w;;Database=crm", "p;;w"),
        ("Server=db;Database=crm;pwd=a;b;c;", "a;b;c"),
        ("Server=db;Database=crm;pwd=a; ;", "a"),
        ("Server=db;Database=crm;pwd=;", ""),
    ],
)
def test_a_password_that_nobody_quoted(text: str, password: str) -> None:
    """A part that is no keyword and has no '=' can only belong to it."""
    found = config_from_connection_string(text)
    assert (found["PASSWORD"], found["NAME"]) == (password, "crm")


@given(
    password=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    quote=st.sampled_from(['"', "'", "{"]),
)
def test_any_quoted_password_survives(password: str, quote: str) -> None:
    closing = "}" if quote == "{" else quote
    text = (
        f"Server=db;Password={quote}{password.replace(closing, closing * 2)}{closing};Database=crm"
    )

    assert config_from_connection_string(text)["PASSWORD"] == password
