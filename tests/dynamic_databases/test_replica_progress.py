"""What a replica is known to hold: marks of the database that it has reached."""

from __future__ import annotations

import itertools

import pytest

from dynamic_databases.replicas.last_writes import LastWrites
from dynamic_databases.replicas.position import UnusableReplica
from dynamic_databases.replicas.progress import NEVER, Mark, Progress
from dynamic_databases.replicas.vendors.mysql import GtidPosition, parse_gtids
from dynamic_databases.replicas.vendors.postgresql import WalPosition

pytestmark = pytest.mark.pure
MAX_LAG = 5.0


def after(*checks: tuple[float, int, int]) -> Progress:
    """Return what is known after checks: when, what was written until then, what was replayed."""
    progress = Progress()
    for at, written, held in checks:
        progress.reached(Mark(at, WalPosition(1, written)), WalPosition(1, held), MAX_LAG)
    return progress


@pytest.mark.parametrize(
    ("checks", "holds_until"),
    [
        ([], NEVER),
        ([(100, 7, 7)], 100),
        ([(100, 7, 6)], NEVER),
        ([(100, 7, 6), (101, 9, 7)], 100),  # it has come to where the database stood before
        ([(100, 7, 7), (101, 7, 7)], 101),  # nobody writes
        ([(100, 7, 7), (101, 9, 8), (102, 9, 8)], 100),
        ([(100, 7, 3), (101, 8, 3), (102, 9, 9)], 102),
    ],
)
def test_a_replica_holds_what_was_committed_before_a_mark(checks, holds_until) -> None:
    assert after(*checks).holds_until == holds_until


def test_one_that_stands_still_lags_until_it_has_caught_up() -> None:
    stuck = [(100.0 + second, 7 + second, 7) for second in range(20)]

    assert "lags by more than 5 s" in after(*stuck).problem
    assert after(*stuck, (120, 27, 27)).problem == ""
    assert after(*stuck, (120, 27, 27)).holds_until == 120


@pytest.mark.parametrize(
    ("written_before", "now", "may"),
    [(99, 101, True), (100, 101, True), (100.1, 101, False), (0, 99, False)],
)
def test_who_may_be_answered(written_before: float, now: float, may: bool) -> None:
    """A clock that was set back makes no replica fresh: the last line."""
    assert after((100, 7, 7)).may_answer(written_before, now) is may


def test_a_failure_forgets_what_it_held() -> None:
    progress = after((100, 7, 7))
    progress.failed("it is gone")

    assert (progress.holds_until, progress.problem) == (NEVER, "it is gone")


def test_positions_of_two_clusters_are_not_compared() -> None:
    with pytest.raises(UnusableReplica, match="of another cluster"):
        WalPosition(1, 9).includes(WalPosition(2, 1))


@pytest.mark.parametrize(
    ("held", "written", "includes"),
    [
        ("0-1-270", "0-1-270", True),
        ("0-2-271", "0-1-270", True),  # another server wrote since
        ("0-1-269", "0-1-270", False),
        ("0-1-270", "0-1-270,5-1-1", False),  # a domain that it has nothing of
        ("0-1-270,5-1-1", "0-1-270", True),
    ],
)
def test_mariadb_counts_by_domain(held: str, written: str, includes: bool) -> None:
    assert parse_gtids(held).includes(parse_gtids(written)) is includes
    assert parse_gtids("0-1-270,5-1-1") == GtidPosition({0: 270, 5: 1})


def test_a_write_is_dated_to_the_millisecond_after_it() -> None:
    times = itertools.count(1000.0001)
    writes = LastWrites(clock=lambda: next(times))

    assert writes.note("one", "ada") == 1000.001
    assert writes.of("one", "ada") == 1000.001
    assert (writes.of("one", "bob"), writes.of("two", "ada")) == (NEVER, NEVER)


def test_processes_of_a_machine_share_what_they_know(tmp_path) -> None:
    """Each opens the same file."""
    one, other = LastWrites(tmp_path / "writes"), LastWrites(tmp_path / "writes")

    assert other.of("one", "ada") == one.of("one", "ada") == NEVER
    at = one.note("one", "ada")
    assert other.of("one", "ada") == at
    assert (tmp_path / "writes").stat().st_mode & 0o777 == 0o600


def test_without_a_place_for_the_file_a_process_knows_its_own_writes(tmp_path, caplog) -> None:
    writes = LastWrites(tmp_path / "missing" / "writes")

    assert writes.note("one", "ada") == writes.of("one", "ada")
    assert "other processes don't learn who wrote" in caplog.text
