"""Group recovery: the database is restored beside the live one, proven, timed and deleted; and what if it is not."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

from bluegreen.rehearsal import database
from bluegreen.rehearsal.commands import stack_name
from bluegreen.rehearsal.database import Database, DatabaseError
from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .checks import ends_on_candidate, none_failed
from .migration_parts import Ledger
from .scenario import Scenario, one_release

GROUP = "recovery"
DRILL_PREFIX = "bluegreen-drill-"
LONGEST_DRILL_SECONDS = 240.0
"""Real time; most of it is what a restored instance takes until it is available."""

ORDERS = "SELECT id FROM orders"
COMMAND = (sys.executable, "-c", "from bluegreen.cli import main; main()")


class Drill:
    """`bluegreen drill database --run`, as an operator has it run in another window."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        command = [
            sys.executable,
            "-c",
            "from bluegreen.cli import main; main()",
            "drill",
            "database",
            "--run",
            "--json",
        ]
        self._process = subprocess.Popen(
            [*command, "--stack", stack_name(stage.stack)],
            env={**os.environ, **stage.environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        stage.note("bluegreen drill database --run")

    def restored(self, live: Database) -> Database:
        """Wait until the restored instance answers, and return it as the live one's user reaches it."""
        found: list[Database] = []

        def look() -> bool:
            instances = self._stage.state()["rds"]["instances"]
            restored = [one for one in instances if one["name"].startswith(DRILL_PREFIX)]
            found[:] = [replace(live, host=one["address"], port=one["port"]) for one in restored]
            return bool(found) and _answers(found[0])

        self._stage.wait_until(look, LONGEST_DRILL_SECONDS, "the drill restores an instance")
        return found[0]

    def end(self) -> tuple[int, dict[str, Any]]:
        """Wait for its end; return its exit code and what it printed."""
        out, err = self._process.communicate(timeout=LONGEST_DRILL_SECONDS)
        record: dict[str, Any] = json.loads(out) if out.strip() else {}
        self._stage.note(f"it ended with {self._process.returncode}: {_said(record) or err}"[:300])
        return self._process.returncode, record


def _said(record: dict[str, Any]) -> str:
    """Return what a drill came to, in a line."""
    if problems := record.get("problems"):
        return "; ".join(problems)
    if not record:
        return ""
    most = record["objectives"]
    rows = ", ".join(
        f"{name} {count} of {record['live']['rows'][name]}" for name, count in record["restored"]["rows"].items()
    )
    return (
        f"recovered, RTO {record['recovery_seconds']:.0f} s of {most['recovery_time_seconds']}, "
        f"RPO {record['recovery_point_seconds']:.0f} s of {most['recovery_point_seconds']}, rows of {rows}"
    )


def _answers(found: Database) -> bool:
    try:
        return found.value("SELECT 1") == "1"
    except DatabaseError:
        return False


def _recovered(stage: Stage) -> None:
    """Drill under load: every order that was acknowledged before is in the restored database, and it is deleted."""
    one_release(stage)
    live = database.find(stage.client, Ledger(stage).instance())
    before = {row[0] for row in live.rows(ORDERS)}
    _wait_for_upload(stage)
    drill = Drill(stage)
    lost = before - {row[0] for row in drill.restored(live).rows(ORDERS)}
    code, record = drill.end()
    stage.expect(before, "there must be orders before the drill, or nothing is proven")
    stage.expect(not lost, f"the restored database must hold all {len(before)} orders of before, but lacks {len(lost)}")
    stage.expect(code == 0, f"the drill must succeed, but ended with {code}: {record.get('problems')}")
    stage.expect(record.get("cleaned_up"), "the drill must clean up")
    rows = {name: (record.get(name) or {}).get("rows", {}).get("orders", 0) for name in ("live", "restored")}
    stage.expect(rows["restored"] >= len(before), f"the drill must count the orders of before, counted {rows}")
    _expect_deleted(stage)
    _expect_told(stage)
    stage.figures["recovery_cloud_seconds"] = record.get("recovery_seconds") or 0
    stage.figures["recovery_point_cloud_seconds"] = record.get("recovery_point_seconds") or 0


def _not_recovered(stage: Stage) -> None:
    """Drill into a database that lost half its orders, and into one that cannot be restored: both are told as such."""
    one_release(stage)
    live = database.find(stage.client, Ledger(stage).instance())
    drill = Drill(stage)
    lost = drill.restored(live)
    lost.rows("DELETE FROM orders WHERE id % 2 = 0")
    code, record = drill.end()
    said = "; ".join(record.get("problems", ()))
    stage.expect(code == 1, f"a drill that finds orders missing must fail, but ended with {code}")
    stage.expect("at least 95 % are required" in said, f"the drill must say which rows are missing, said: {said}")
    _expect_deleted(stage)

    stage.inject({"fault": "restore-fails"})
    code, record = Drill(stage).end()
    stage.inject(None)
    said = "; ".join(record.get("problems", ()))
    stage.expect(code == 1, f"a drill that cannot restore must fail, but ended with {code}")
    stage.expect("incompatible-restore" in said, f"the drill must say what became of the instance, said: {said}")
    _expect_deleted(stage)


def _expect_told(stage: Stage) -> None:
    """Check that whoever asks whether the stack is ready is told of the drill, and given the steps."""
    done = subprocess.run(
        [*COMMAND, "drill", "database", "--stack", stack_name(stage.stack)],
        env={**os.environ, **stage.environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_DRILL_SECONDS,
        check=False,
    )
    for words in ("last drill: 0 min ago, reached RTO", "aws rds restore-db-instance-to-point-in-time"):
        stage.expect(words in done.stdout, f"the steps must say {words!r}, said: {done.stdout or done.stderr}")


def _wait_for_upload(stage: Stage) -> None:
    """Wait until what was written so far can be restored: RDS uploads the log every five minutes."""
    rds, name = stage.client("rds"), Ledger(stage).instance()

    def latest() -> Any:
        return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["LatestRestorableTime"]

    written = latest()
    stage.wait_until(lambda: latest() > written, LONGEST_DRILL_SECONDS, "the log is uploaded")


def _expect_deleted(stage: Stage) -> None:
    def left() -> list[str]:
        found = stage.client("rds").describe_db_instances()["DBInstances"]
        return [one["DBInstanceIdentifier"] for one in found if one["DBInstanceIdentifier"].startswith(DRILL_PREFIX)]

    stage.wait_until(lambda: not left(), LONGEST_DRILL_SECONDS, "the restored instance is deleted")


RECOVERY = (
    Scenario(
        name="drill",
        summary="the database is recovered for practice under load: every acknowledged order is there; it is deleted",
        group=GROUP,
        reads_back=True,
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, ends_on_candidate),
        play=_recovered,
    ),
    Scenario(
        name="drill-fails",
        summary="a restored database lacks orders, then one cannot be restored: the drill says so, and cleans up",
        group=GROUP,
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, ends_on_candidate),
        play=_not_recovered,
    ),
)
