"""The replicas of a database, as they are configured: each says what differs from the database.

A replica inherits all but secrets. A password that was entered for one server isn't sent to
another one because somebody names it a replica.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dynamic_databases.config.allowed import MYSQL, POSTGRESQL, destination_of
from dynamic_databases.config.secrets import HIDDEN, SECRET_KEYS, Secrets, check_destination
from dynamic_databases.config.urls import config_from_url
from dynamic_databases.errors import InvalidConfig

Config = Mapping[str, Any]
_ENGINES = (POSTGRESQL, MYSQL)  # whose replicas say how much of the database they hold
_MOST = 16


def replica_config(config: Config, replica: Any) -> dict[str, Any]:
    """Return the whole configuration of a replica: the database's, without its secrets, below.

    Raises InvalidConfig for what is no configuration.
    """
    if not isinstance(replica, Mapping):
        raise InvalidConfig("replicas", "what is stored is no object; give the replicas again")
    return {**_without_secrets(config), **replica}


def open_replica(
    config: Config, replica: Any, check: Callable[[Config], dict[str, Any]], secrets: Secrets
) -> dict[str, Any] | InvalidConfig:
    """Return a replica's whole configuration with open secrets, or why it is refused."""
    try:
        return secrets.open(check(replica_config(config, replica)))
    except InvalidConfig as error:
        return error


def check_replicas(
    given: Any,
    config: Config,
    check: Callable[[Config], dict[str, Any]],
    secrets: Secrets,
    stored: tuple[Config, Sequence[Any]],
    *,
    secrets_given: bool,
) -> list[dict[str, Any]]:
    """Return a database's replicas checked and sealed, each with the keys that it has of its own.

    `config` is the database's, checked; `check` checks a whole configuration. `stored` are both as
    they are stored: the secrets of these replicas stay where they were.
    Raises InvalidConfig.
    """
    if not isinstance(given, list | tuple):
        raise InvalidConfig("replicas", 'it must be a list of URLs or of objects like {"HOST": …}')
    if len(given) > _MOST:
        raise InvalidConfig("replicas", f"a database may have {_MOST}")
    if given and config["ENGINE"] not in _ENGINES:
        raise InvalidConfig(
            "replicas", "PostgreSQL and MariaDB have them: others don't tell how far one lags"
        )
    known = [replica_config(stored[0], one) for one in stored[1] if isinstance(one, Mapping)]
    found: list[dict[str, Any]] = []
    for number, one in enumerate(given, 1):
        try:
            own = _own_keys(one)
            whole = check(_whole(config, own))
            _check_place(whole, config)
            found.append(_sealed(own, whole, secrets, known, secrets_given=secrets_given))
        except InvalidConfig as error:
            raise InvalidConfig(f"replica {number}, {error.key}", error.reason) from None
    return found


def restore_replicas(edited: Sequence[Any], stored: Sequence[Config]) -> list[Any]:
    """Return edited replicas whose hidden secrets are those of the stored ones that equal them.

    Raises InvalidConfig where none does.
    """
    return [
        _restored(number, one, stored) if isinstance(one, Mapping) else one
        for number, one in enumerate(edited, 1)
    ]


def _restored(number: int, edited: Config, stored: Sequence[Config]) -> dict[str, Any]:
    hidden = {key for key in SECRET_KEYS & edited.keys() if edited[key] == HIDDEN}
    if not hidden:
        return dict(edited)
    for one in stored:
        if _without_secrets(one) == _without_secrets(edited) and hidden <= one.keys():
            return {**edited, **{key: one[key] for key in hidden}}
    key = hidden.pop()
    raise InvalidConfig(f"replica {number}, {key}", "enter it again: the replica was changed")


def _own_keys(given: Any) -> dict[str, Any]:
    """Return what a replica's URL or object says itself."""
    config = config_from_url(given.strip()) if isinstance(given, str) else given
    if not isinstance(config, Mapping):
        raise InvalidConfig("config", 'it must be a URL or an object like {"HOST": …}')
    return {key: value for key, value in config.items() if value not in (None, "")}


def _whole(config: Config, own: Config) -> dict[str, Any]:
    for key in SECRET_KEYS & config.keys():
        if key not in own:
            reason = "give the replica its own: the database's is sent to the database alone"
            raise InvalidConfig(key, reason)
    return replica_config(config, own)


def _check_place(whole: Config, config: Config) -> None:
    """Raise InvalidConfig where a replica is of another engine, or the database itself."""
    if whole["ENGINE"] != config["ENGINE"]:
        raise InvalidConfig("ENGINE", f"it must be the database's, {config['ENGINE']}")
    place = ("HOST", "PORT", "NAME")
    if [whole.get(key) for key in place] == [config.get(key) for key in place]:
        raise InvalidConfig("HOST", "this is the database itself; name the replica's server")


def _sealed(
    own: Config, whole: Config, secrets: Secrets, stored: Sequence[Config], *, secrets_given: bool
) -> dict[str, Any]:
    checked = {key: whole[key] for key in own if key in whole}
    kept: dict[str, Any] = {}
    for key in SECRET_KEYS & checked.keys():
        equal = [one for one in stored if one.get(key) == checked[key]]
        same_place = [one for one in equal if destination_of(one) == destination_of(whole)]
        if equal and not same_place:
            check_destination(whole, equal[0], given=secrets_given)
        if equal:
            kept[key] = checked[key]
    return secrets.seal(checked, kept)


def _without_secrets(config: Config) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in SECRET_KEYS}
