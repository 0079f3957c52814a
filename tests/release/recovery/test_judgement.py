"""When a restored database counts as recovered: a table of what was seen and what is said of it."""

from dataclasses import replace

import pytest

from bluegreen.release.recovery.inspection import Inspection
from bluegreen.release.recovery.judgement import Seen, problems
from bluegreen.release.recovery.objectives import Objectives
from bluegreen.release.recovery.record import Kind, RecoveryRecord

LIVE = Inspection(revisions=("0005",), rows={"orders": 1000}, newest={"orders.created_at": 10_000.0})
WELL = Seen(live=LIVE, restored=replace(LIVE, rows={"orders": 990}), recovery_seconds=900, point_seconds=200)


def test_a_fresh_complete_quick_recovery_has_no_problem() -> None:
    """A restored database within all objectives is recovered."""
    assert problems(WELL, Objectives()) == ()


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (replace(WELL, live=Inspection(error="no route")), "the live database could not be read: no route"),
        (replace(WELL, restored=Inspection(error="no route")), "the restored database could not be read: no route"),
        (replace(WELL, live=Inspection()), "no table that could be counted"),
        (replace(WELL, restored=replace(LIVE, revisions=())), "Alembic's revision is missing"),
        (replace(WELL, restored=replace(LIVE, rows={})), "the table orders is missing"),
        (replace(WELL, restored=replace(LIVE, rows={"orders": 949})), "orders has 949 rows of 1000, at least 95 %"),
        (replace(WELL, restored=replace(LIVE, newest={"orders.created_at": None})), "orders.created_at has no value"),
        (replace(WELL, restored=replace(LIVE, newest={"orders.created_at": 9_699.0})), "301 s of data are missing"),
        (replace(WELL, point_seconds=301), "301 s of data are missing, the objective (RPO) is 300 s"),
        (replace(WELL, recovery_seconds=3601), "it took 3601 s, the objective (RTO) is 3600 s"),
    ],
)
def test_says_what_is_wrong(seen: Seen, said: str) -> None:
    """Everything that is not as it must be is one problem, with what was seen and what is required."""
    (problem,) = problems(seen, Objectives())
    assert said in problem


def test_a_table_may_be_required_to_have_rows() -> None:
    """A required number of rows holds even where the live table is as empty as the restored one."""
    emptied = replace(WELL, live=replace(LIVE, rows={"orders": 0}), restored=replace(LIVE, rows={"orders": 0}))
    assert problems(emptied, Objectives()) == ()
    assert problems(emptied, Objectives(least_rows={"orders": 1})) == ("orders has 0 rows, at least 1 are required",)


def test_the_worse_of_recovery_point_and_rows_counts() -> None:
    """What is missing is told by the recovery point's age, or by the rows when those lack more."""
    behind = replace(WELL, restored=replace(LIVE, newest={"orders.created_at": 9_750.0}))
    assert (WELL.reached_point_seconds, behind.reached_point_seconds) == (200, 250)


@pytest.mark.parametrize(
    "wrong",
    [{"recovery_time_seconds": 59}, {"recovery_point_seconds": 0}, {"least_percent": 101}, {"least_rows": {"t": -1}}],
)
def test_objectives_out_of_range_are_refused(wrong: dict) -> None:
    """An objective that nothing can reach, or that everything does, is refused with its range."""
    with pytest.raises(ValueError, match=r"must be \d+-\d+, got"):
        Objectives(**wrong)


def test_a_record_survives_the_ledger() -> None:
    """A record reads back as it was written."""
    record = RecoveryRecord(
        id="d-1", kind=Kind.DRILL, by="me", database="db", started="2026-01-01", objectives=Objectives(), live=LIVE
    ).end(("too slow",), "2026-01-02")
    assert RecoveryRecord.from_dict(record.to_dict()) == record
    assert record.passed is False
