"""Threads that look what changed elsewhere: in the control database, and in the controller's table of customers.

Each has its own, so that a table that answers late keeps nobody from learning what was revoked.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from django.core.exceptions import ObjectDoesNotExist
from django.db.utils import DatabaseError

from dynamic_databases.beside import collect_if_grown, giving_way
from dynamic_databases.errors import DatabaseProblem
from gateway.admission import with_control_database
from gateway.endpoint import Services
from gateway.services import states_of
from tenants.controller import Controller

_SWEEP_SECONDS = 30  # between looks for schemas of catalogs that no database has any more
_log = logging.getLogger("gateway.looking")


def start_looking(services: Services, stopping: threading.Event) -> None:
    """Look at what others change until `stopping` is set."""
    _start("poll", _Poll(services).look, services.config.poll_seconds, stopping)
    if services.controller is not None:
        seconds = services.config.controller_check_seconds
        _start("controller", partial(_follow, services.controller, seconds), seconds, stopping)


class _Poll:
    """What is done each `poll_seconds`: learn what other processes changed, close what is not used."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._next_sweep = time.monotonic() + _SWEEP_SECONDS

    def look(self) -> None:
        services = self._services
        services.registry.connections.close_unused()
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + _SWEEP_SECONDS
            services.schemas.sweep(services.registry.fingerprints())
            collect_if_grown()
        services.metrics.set_states(states_of(services))
        with_control_database(services.invalidator.poll_now)


def _follow(controller: Controller, seconds: float) -> None:
    """Follow thousands of customers behind the requests: it may take as long as until the next look."""
    with giving_way(at_most_seconds=seconds):
        with_control_database(controller.follow)


def _start(name: str, look: Callable[[], None], seconds: float, stopping: threading.Event) -> None:
    arguments = (look, seconds, stopping)
    threading.Thread(target=_look_again, args=arguments, name=name, daemon=True).start()


def _look_again(look: Callable[[], None], seconds: float, stopping: threading.Event) -> None:
    while not stopping.wait(seconds):
        try:
            look()
        except DatabaseError as error:
            _log.warning("the control database doesn't answer: %s", type(error).__name__)
        except (DatabaseProblem, ObjectDoesNotExist, KeyError) as error:
            _log.warning("the controller can't be followed: %s", error)
        except Exception:  # noqa: BLE001 - it is logged, and the next look is tried
            # Whatever it was, a process that no longer follows would serve what was removed.
            _log.exception("a look at what changed failed")
