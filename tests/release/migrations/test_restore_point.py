"""Restore points: their names, and when they are there."""

import re

import pytest

from bluegreen.release.migrations.restore_point import (
    MakeSnapshot,
    NotProtected,
    Protected,
    WaitForIt,
    judge_point_in_time,
    judge_snapshot,
    snapshot_id,
)


@pytest.mark.parametrize("instance", ["db", "Orders-DB", "x" * 63, "ends-with-"])
@pytest.mark.parametrize("run", ["d-ABC123XYZ", "create-0e3f", "run-" + "a" * 12])
def test_a_snapshots_name_is_one_that_rds_takes(instance: str, run: str) -> None:
    """It begins with a letter, has no two hyphens in a row and none at its end, and is in small letters."""
    name = snapshot_id(instance, run)
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)
    assert len(name) <= 255
    assert name.endswith(run.lower())


@pytest.mark.parametrize(
    ("status", "asked", "verdict"),
    [
        ("available", True, Protected()),
        ("available", False, Protected()),
        ("creating", True, WaitForIt()),
        ("creating", False, WaitForIt()),
        (None, False, MakeSnapshot()),
        (None, True, WaitForIt()),
        ("failed", True, NotProtected("snapshot s is failed")),
        ("deleting", True, NotProtected("snapshot s is deleting")),
        ("incompatible-restore", True, NotProtected("snapshot s is incompatible-restore")),
    ],
)
def test_only_an_available_snapshot_protects(*, status: str | None, asked: bool, verdict: object) -> None:
    """It is made once, waited for while it is made, and given up in any other state."""
    assert judge_snapshot("s", status, asked=asked) == verdict


@pytest.mark.parametrize(
    ("latest", "verdict"), [(1000, Protected()), (700, Protected()), (699, WaitForIt()), (None, None)]
)
def test_a_point_in_time_protects_within_five_minutes(latest: float | None, verdict: object) -> None:
    """A lag of up to five minutes passes, a longer one is waited for, and a database without backups never passes."""
    decision = judge_point_in_time("db", latest, 1000)
    assert decision == verdict or (verdict is None and isinstance(decision, NotProtected))
