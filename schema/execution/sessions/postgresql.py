"""PostgreSQL: blocks for the pipeline's round trips that the event loop would await."""

from __future__ import annotations

import select
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.connections.state import GivenSession
from schema.answer_size import AnswerMeter
from schema.execution.postgresql_pipeline import Pipeline, pipeline_of
from schema.execution.round_trips import RoundTrip, Rows
from schema.execution.session_statements import SessionStatements


class PostgresqlSession:
    """A session whose requests are sent together, with BEGIN and COMMIT."""

    commits_alone: ClassVar[bool] = False
    has_pipeline: ClassVar[bool] = True
    keeps_buffers: ClassVar[bool] = True
    copies_texts: ClassVar[bool] = False
    session_statements: ClassVar[Mapping[GivenSession, SessionStatements]] = {
        GivenSession.VARIABLES: SessionStatements(
            give="SELECT set_config('gateway.session', %s, false)",
            take_back="SELECT set_config('gateway.session', '', false)",
            # It answers a number: a long text would count as a part of the answer.
            give_locally="SELECT length(set_config('gateway.session', $1, true))",
        ),
        GivenSession.VARIABLES_AND_ROLE: SessionStatements(
            give="SELECT set_config('gateway.session', %s, false), set_config('role', %s, false)",
            take_back="SELECT set_config('gateway.session', '', false), "
            "set_config('role', 'none', false)",
            give_locally="SELECT length(set_config('gateway.session', $1, true)), "
            "length(set_config('role', $2, true))",
        ),
    }

    def __init__(self, wrapper: BaseDatabaseWrapper, _begin: str, meter: AnswerMeter) -> None:
        self._wrapper = wrapper
        self._meter = meter

    @property
    def is_open(self) -> bool:
        return pipeline_of(self._wrapper).is_in_transaction

    def send(self, round_trip: RoundTrip) -> list[Rows]:
        pipeline = pipeline_of(self._wrapper)
        pipeline.send(round_trip, self._meter)
        _wait(pipeline)
        return pipeline.results()

    def writing(self) -> AbstractContextManager[object]:
        return nullcontext()

    def has_failed(self) -> None:
        """Nothing is left but the transaction."""


def _wait(pipeline: Pipeline) -> None:
    """Block until the answer; the socket is watched, so that it can be shut down."""
    poll = select.poll()
    poll.register(pipeline.socket, select.POLLIN | (0 if pipeline.flush() else select.POLLOUT))
    while True:
        poll.poll()
        if pipeline.receive():
            return
        poll.modify(pipeline.socket, select.POLLIN | (0 if pipeline.flush() else select.POLLOUT))
