"""What the steps of one mutation share: statements with values, and the answers of pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schema.exchange import Batch, Request, Row, Rows, Step, Variables, request
from schema.portable import PortableReader
from schema.sql.compile import Compiler
from schema.sql.compiled import CompiledPage, CompiledSave, CompiledUpdate, PortablePage
from schema.sql.statement import Statement
from schema.sql.write import RETURNED_KEY

NULL = b"null"
# A page, and the key that another statement gave back where the page is found by that.
Asked = tuple[CompiledPage, Row | None]


@dataclass(frozen=True)
class Writer:
    """What the steps of one mutation document share."""

    compiler: Compiler
    variables: Variables
    portable: Callable[[Variables], PortableReader]

    def ask(self, statement: Statement) -> Request:
        return request(statement, self.variables)

    def ask_by(self, statement: Statement, key: Row) -> Request:
        """Return a statement of the row with a key that another statement gave back."""
        return request(statement, {**self.variables, RETURNED_KEY: key})

    def last(self, asked: Sequence[Request], pages: Sequence[Asked]) -> Step[list[bytes]]:
        """Send what is left of a step, then return the answer of each page.

        Pages of the portable way are read inside the transaction, which is therefore not ended yet.
        """
        requests = [*asked]
        for page, key in pages:
            if isinstance(page, Statement):
                requests.append(request(page, self._with(key)))
        is_last = all(isinstance(page, Statement) for page, _ in pages)
        found = (yield Batch(tuple(requests), is_last=is_last)) if requests else []
        answered = iter(found[len(asked) :])
        return [
            first_value(next(answered))
            if isinstance(page, Statement)
            else self.portable(self._with(key)).answer(page.page)
            for page, key in pages
        ]

    def read(self, page: PortablePage) -> bytes:
        return self.portable(self.variables).answer(page.page)

    def _with(self, key: Row | None) -> Variables:
        return self.variables if key is None else {**self.variables, RETURNED_KEY: key}


def first_value(rows: Rows) -> bytes:
    """Return the one JSON text that a statement answered; no row is `null`."""
    value = rows[0][0] if rows else None
    return NULL if value is None else value


def changed(
    writer: Writer, write: CompiledUpdate | CompiledSave, chosen: tuple[int, ...]
) -> list[Request]:
    return [writer.ask(writer.compiler.update(write, chosen))] if chosen else []
