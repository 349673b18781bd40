"""Log-in of a tenant's people: the brake, the row, the password, in this order, in any thread.

An unknown tenant, an unknown name and a wrong password take the same way, so that they take the
same time. `gateway.login_endpoint` and `TenantUserBackend` are its callers.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from dynamic_databases.aliases import Alias
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.package_settings import package_setting
from gateway.login.checking import login_limits
from gateway.login.errors import TooBusy
from gateway.login.hashing import Verdict, people_passwords
from gateway.login.sessions import state_changed
from gateway.login.store import count_try, forget, give_back, refuse_waiting
from gateway.login.subjects import name_in, network_of
from tenants.authentication.password_hashes import check_format, dummy_of
from tenants.authentication.people import Person, person_of, state_of
from tenants.authentication.user_lookup import UserRow, UserTableUnusable
from tenants.errors import Unauthenticated
from tenants.models import Role, UserTable
from tenants.principals import ADMIN_ROLE
from tenants.resolution import ResolvedTenant
from tenants.user_tables import UserTableConfig

_log = logging.getLogger(__name__)
_NO_ALIAS = Alias("")
LONGEST_NAME, LONGEST_PASSWORD = 300, 4096  # characters
_AT_ONCE = 4  # passwords of one tenant in the queue: the others' people have places left
_NOBODY = UserTableConfig(
    table="-",
    username="-",
    password="-",  # noqa: S106 - the name of a column
    role="-",
    dummies=(dummy_of(f"pbkdf2_sha256${PBKDF2PasswordHasher.iterations}${'s' * 22}${'A' * 43}="),),
)


class WrongPassword(Unauthenticated):
    """No such tenant, no such person, a wrong password, or one who may not log in: all alike."""

    def __init__(self) -> None:
        super().__init__("The user name or the password is wrong.")


class Rows(Protocol):
    """The rows of one user table, through whichever connection a caller has."""

    def find(self, username: str) -> list[UserRow]:
        """Return the rows of a name, two at most. Raises DatabaseProblem, UserTableUnusable."""
        ...

    def store_hash(self, row: UserRow, new_hash: str) -> bool:
        """Store a new hash in place of the row's. Raises DatabaseProblem."""
        ...


RowsOf = Callable[[Alias, UserTableConfig], Rows]


@dataclass(frozen=True)
class LoginPlace:
    """Where somebody logs in. `alias` is empty where there is no such tenant or environment."""

    tenant: str  # the slug, or what was asked for
    environment: str = ""
    tenant_pk: int = 0
    alias: Alias = _NO_ALIAS

    @classmethod
    def of(cls, asked_for: str, found: ResolvedTenant | None) -> LoginPlace:
        """Return the place of a tenant that was found, or one where nobody can log in."""
        if found is None:
            return cls(asked_for)
        return cls(found.tenant.slug, found.environment, found.tenant.pk, found.alias)

    def config(self) -> UserTableConfig | None:
        """Return the user table of the place. Raises UserTableUnusable."""
        if not self.alias:
            return None
        database = settings.DATABASES.pk_of(self.alias)
        try:
            found = UserTable.objects.config_of(self.tenant_pk, self.environment, database)
            if found is not None:
                _check(found)
        except ValueError as error:
            raise UserTableUnusable(str(error)) from error
        return found


def _check(config: UserTableConfig) -> None:
    """Raise ValueError where passwords can't be checked as a configuration says."""
    for name in config.formats:
        check_format(name, package_setting("GATEWAY_USER_HASHERS"))
    if len(config.dummies) != len(config.formats):
        raise ValueError("set it up again by `manage.py tenant users`")


@dataclass(frozen=True)
class Attempt:
    """Who wants to log in where; `address` is empty where it isn't known."""

    place: LoginPlace
    username: str
    password: str = field(repr=False)
    address: str = ""


class _Places:
    """Bounds how many passwords for one database wait for their hash at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[Alias] = Counter()

    @contextmanager
    def of(self, alias: Alias) -> Iterator[None]:
        """Take one of a database's places. Raises TooBusy."""
        with self._lock:
            if self._taken[alias] >= _AT_ONCE:
                raise TooBusy
            self._taken[alias] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= Counter([alias])


_places = _Places()


def log_in(attempt: Attempt, rows_of: RowsOf) -> Person:
    """Return the person whose password it is.

    Raises WrongPassword, LoginRefused where the password isn't checked now, UserTableUnusable, and
    DatabaseProblem where the tenant's database doesn't answer.
    """
    place, limits = attempt.place, login_limits()
    address = network_of(attempt.address)
    typed = name_in(place.tenant, attempt.username)
    refuse_waiting(limits.throttles(typed, address, ""), timezone.now())
    config = place.config()
    rows = rows_of(place.alias, config) if config is not None else None
    row = None
    if rows is not None and _is_text(attempt.username, LONGEST_NAME):
        row = _only(rows.find(attempt.username), place)
    # The database may take other spellings for this name: they are counted as one.
    name = name_in(place.tenant, row.username) if row is not None else typed
    counted = count_try(limits.throttles(name, address, ""), timezone.now())
    try:
        verdict = _verdict(attempt, row, config or _NOBODY)
    except TooBusy:
        give_back(counted)
        raise
    person = _permitted(row, config, place) if verdict.is_right and row and config else None
    _log_outcome(attempt, row, config, address, person)
    if person is None or row is None or config is None or rows is None:
        raise WrongPassword
    forget(counted)
    return _rehashed(person, row, config, rows, verdict.new_hash)


def _is_text(text: str, longest: int) -> bool:
    """Return whether databases and hashes take a text: not too long, without NUL or half a pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return len(text) <= longest and "\0" not in text


def look_again(place: LoginPlace, username: str, rows_of: RowsOf) -> Person | None:
    """Return what is said of a person now; None where nobody of this name may be logged in.

    Raises UserTableUnusable, DatabaseProblem.
    """
    config = place.config()
    if config is None:
        return None
    row = _only(rows_of(place.alias, config).find(username), place)
    if row is None or row.username != username:
        return None
    return _permitted(row, config, place)


def _only(rows: list[UserRow], place: LoginPlace) -> UserRow | None:
    """Return the row of a name; none where two have it: nobody knows whose password counts."""
    if len(rows) > 1:
        _log.error(
            "Two rows of a user table have one name: nobody can log in by it.",
            extra={"event": {"tenant": place.tenant, "environment": place.environment}},
        )
        return None
    return rows[0] if rows else None


@sensitive_variables("stored")
def _verdict(attempt: Attempt, row: UserRow | None, config: UserTableConfig) -> Verdict:
    stored = row.password if row is not None else None
    password = attempt.password
    if not _is_text(password, LONGEST_PASSWORD):
        password, stored = "", None  # it fits nothing
    with _places.of(attempt.place.alias):  # all unknown tenants are one
        return people_passwords.verify_person(password, stored, config)


def _permitted(row: UserRow, config: UserTableConfig, place: LoginPlace) -> Person | None:
    """Return the person of a row; None where it isn't active, or its role isn't one to give."""
    person = person_of(row, config, place.tenant_pk, place.tenant, place.environment, place.alias)
    if person is None or person.role == ADMIN_ROLE:
        return person
    return person if Role.objects.filter(name=person.role).exists() else None


def _rehashed(
    person: Person, row: UserRow, config: UserTableConfig, rows: Rows, new_hash: str
) -> Person:
    """Store a new hash where there is one; who can't be written to logs in all the same."""
    if not new_hash:
        return person
    event = {"tenant": person.tenant, "environment": person.environment}
    try:
        is_stored = rows.store_hash(row, new_hash)
    except DatabaseProblem as error:
        event["error"] = type(error).__name__
        _log.warning("A new hash of a password could not be stored.", extra={"event": event})
        return person
    if not is_stored:
        return person
    new = state_of(config, person.alias, new_hash)
    state_changed(person, new)
    return person.with_state(new)


def _log_outcome(
    attempt: Attempt,
    row: UserRow | None,
    config: UserTableConfig | None,
    address: str,
    person: Person | None,
) -> None:
    """Write one line; a name that nobody has is left out: it may be a password."""
    event = {
        "tenant": attempt.place.tenant if attempt.place.alias else None,
        "environment": attempt.place.environment or None,
        "person": row.username if row is not None else None,
        "address": address or None,
    }
    if person is not None:
        _log.info("A person logged in.", extra={"event": event | {"role": person.role}})
    elif config is None:
        text = "A log-in failed: there is no such tenant, or it has no user table."
        _log.warning(text, extra={"event": event})
    else:
        _log.warning("A log-in of a person failed.", extra={"event": event})
