"""A user table on each vendor, with people whose hashes are cheap, and how it is set up."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tests.fixtures.commands import run
from tests.fixtures.vendors import MARIADB, POSTGRESQL, Vendor, require

PASSWORD = "a long password"
TABLE = """
CREATE TABLE app_user (id {identity}, email VARCHAR(120) NOT NULL, secret VARCHAR(200),
  is_active BOOLEAN, job VARCHAR(20), region VARCHAR(20), born DATE);
CREATE TABLE note (id {identity}, author INTEGER, body VARCHAR(40));
"""
ROWS = """
INSERT INTO app_user (email, secret, is_active, job, region, born) VALUES
  ('ann@example.com', '{hash}', {true}, 'reader', 'EU', '1990-02-03'),
  ('ben@example.com', '{hash}', {false}, 'reader', NULL, NULL),
  ('boss@example.com', '{hash}', {true}, 'admin', NULL, NULL),
  ('new@example.com', '', {true}, 'reader', NULL, NULL),
  ('twin@example.com', '{hash}', {true}, 'reader', NULL, NULL),
  ('twin@example.com', '{hash}', {true}, 'reader', NULL, NULL);
INSERT INTO note (author, body) VALUES (1, 'hers'), (2, 'his');
"""
OPTIONS = (
    *("--table", "app_user", "--username", "email", "--password", "secret"),
    *("--active", "is_active", "--variable", "X-Gateway-User-Id=id"),
)
READERS = (*OPTIONS, "--role", "reader")


def cheap(password: str = PASSWORD) -> str:
    """Return one of Django's hashes that takes next to no time."""
    return PBKDF2PasswordHasher().encode(password, "salt" * 6, 1000)


def users_sql(vendor: Vendor, stored: str = "") -> str:
    true, false = ("true", "false") if vendor in (POSTGRESQL, MARIADB) else ("1", "0")
    rows = ROWS.format(hash=stored or cheap(), true=true, false=false)
    return TABLE.format(**vars(vendor)) + rows


def set_up(tenant: str, *options: str) -> str:
    """Let people log in to a tenant; return what the command said."""
    return run("tenant", "users", tenant, *(options or READERS))


def need(library: str) -> None:
    """Skip a test whose library isn't installed; under CI=true that is a failure."""
    require(find_spec(library) is not None, f"{library} is not installed; run `make develop`")
