"""The statements by which a vendor's database is given the variables of a caller."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SessionStatements:
    """Statements for one connection, and one for a single transaction where a vendor has it.

    `give` and `take_back` have Django's placeholders, `give_locally` those of the pipeline. What
    `give_locally` gives is gone with the transaction, however that ends.
    """

    give: str
    take_back: str
    give_locally: str = ""
