"""One step of a recovery: goes as far as it can, then says what the state machine is to do.

Looked at, restored, waited for, checked, cleaned up, told. Whatever goes wrong before, cleaning up comes next.
"""

import logging
from collections.abc import Callable, Mapping

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
import recovery_check
import recovery_instances
import recovery_telling
from bluegreen.release.recovery import judgement
from bluegreen.release.recovery.record import Kind, RecoveryRecord
from machine_step import Next
from recovery_request import Request
from recovery_run import Phase, Run, iso

_log = logging.getLogger("recovery")

_PATIENCE_SECONDS = 240
"""How long AWS may refuse or not answer before a recovery is given up."""
_TROUBLE_WAIT_SECONDS = 5
_POLL_SECONDS = 15
_LONGEST_CLEANING_SECONDS = 3000


def take(run: Run) -> Next:
    """Take one step.

    Args:
        run: The recovery; what it remembers is changed in place.

    Returns:
        What the state machine does next.

    Raises:
        Exception: When it cannot be cleaned up or told for minutes; the state machine then settles it.
    """
    while True:
        _log.info("step", extra={"recovery": run.request.id, "phase": run.progress.phase})
        try:
            then = _STEPS[run.progress.phase](run)
        except (ClientError, BotoCoreError) as error:
            then = _after_trouble(run, error)
        else:
            run.progress.trouble_since = None
        if then is not None:
            return then


def new_record(run: Run) -> RecoveryRecord:
    """Return the record that a recovery begins with."""
    return RecoveryRecord(
        id=run.request.id,
        kind=run.request.kind,
        by=run.request.by,
        database=run.settings.database,
        instance=run.request.instance,
        started=iso(run.progress.started_at),
        objectives=run.settings.objectives_of(run.request.kind),
    )


def left_over(request: Request) -> str:
    """Say that a restored instance could not be deleted."""
    return f"{request.instance} could not be deleted and costs money: delete it by hand"


def _begin(run: Run) -> Next | None:
    """Write the record, and learn which moment is restored."""
    progress = run.progress
    if run.request.job:
        job = aws_clients.client("backup").describe_restore_job(RestoreJobId=run.request.job)
        progress.started_at = job["CreationDate"].timestamp()
        point = job.get("RecoveryPointCreationDate")
        progress.point_at = point.timestamp() if point else None
    progress.record = new_record(run)
    if run.request.problem:
        run.end(run.request.problem)
        return None
    live = recovery_instances.look(run.settings.database)
    if live is None:
        run.end(f"there is no instance {run.settings.database}")
        return None
    if run.request.kind is Kind.DRILL:
        progress.point_at = recovery_instances.latest_restorable(live)
        if progress.point_at is None:
            run.end(f"{run.settings.database} keeps no backups, so no moment can be restored; set its retention")
            return None
    progress.host = live["Endpoint"]["Address"]
    run.go(Phase.LOOK)
    return None


def _look(run: Run) -> Next | None:
    """Take what the live database holds: what is restored is compared with it."""
    found = recovery_check.look(run)
    if isinstance(found, Next):
        return found
    run.note(live=found)
    if found.error:
        run.end(f"the live database could not be read: {found.error}")
        return None
    run.go(Phase.RESTORE if run.request.kind is Kind.DRILL else Phase.WAIT)
    return None


def _restore(run: Run) -> Next | None:
    live = recovery_instances.look(run.settings.database)
    if live is None:
        run.end(f"the instance {run.settings.database} is gone")
        return None
    if recovery_instances.restore(live, str(run.request.instance), run.settings):
        run.go(Phase.WAIT)
    elif run.left <= 0:
        run.end(f"the instance {run.settings.database} is {live['DBInstanceStatus']}, so nothing can be restored")
        return None
    return Next("wait", _POLL_SECONDS)


def _wait(run: Run) -> Next | None:
    """Wait until the restored instance answers."""
    found = recovery_instances.look(str(run.request.instance))
    status = found["DBInstanceStatus"] if found else None
    if found and status in recovery_instances.ANSWERS and found.get("Endpoint"):
        run.progress.host = found["Endpoint"]["Address"]
        run.go(Phase.CHECK)
        return None
    if status in recovery_instances.LOST or run.left <= 0:
        run.end(f"the restored instance is {status or 'absent'} after {run.elapsed:.0f} s")
        return None
    return Next("wait", _POLL_SECONDS)


def _check(run: Run) -> Next | None:
    """Compare the restored database with the live one."""
    found = recovery_check.look(run)
    if isinstance(found, Next):
        return found
    live = run.record.live
    if live is None:
        raise ValueError("the live database was not looked at")
    point = run.progress.started_at - run.progress.point_at if run.progress.point_at is not None else 0.0
    seen = judgement.Seen(live=live, restored=found, recovery_seconds=run.elapsed, point_seconds=point)
    known = not found.error
    run.note(
        restored=found,
        recovery_seconds=round(run.elapsed, 1) if known else None,
        recovery_point_seconds=round(seen.reached_point_seconds, 1) if known else None,
    )
    run.end(*judgement.problems(seen, run.record.objectives))
    return None


def _clean_up(run: Run) -> Next | None:
    """Delete what the drill restored; what AWS Backup restored it deletes itself, once it has the verdict."""
    progress, record = run.progress, run.record
    if progress.cleaning_since is None:
        progress.cleaning_since = run.now
    gone = run.request.kind is Kind.RESTORE_TEST or recovery_instances.delete(str(run.request.instance))
    if not gone and run.now - progress.cleaning_since < _LONGEST_CLEANING_SECONDS:
        return Next("wait", _POLL_SECONDS)
    run.note(cleaned_up=gone)
    if not gone:
        problems = (*record.problems, left_over(run.request))
        progress.record = run.record.end(problems, at=record.ended or iso(run.now))
    progress.phase = Phase.TELL
    return None


def _tell(run: Run) -> Next:
    recovery_telling.tell(run.request, run.record, run.ledger)
    return Next("done" if run.record.passed else "failed")


def _after_trouble(run: Run, error: Exception) -> Next | None:
    """Wait for a while; then end the recovery as failed. While cleaning up there is nothing left but to raise."""
    problem = aws_clients.describe(error)
    _log.warning("AWS refused or did not answer", extra={"recovery": run.request.id, "error": problem})
    progress = run.progress
    if progress.trouble_since is None:
        progress.trouble_since = run.now
    if aws_clients.may_pass(error) and run.now - progress.trouble_since < _PATIENCE_SECONDS:
        return Next("wait", _TROUBLE_WAIT_SECONDS)
    if progress.phase in {Phase.CLEAN_UP, Phase.TELL} or progress.record is None:
        raise error
    progress.trouble_since = None
    run.end(f"AWS: {problem}")
    return None


_STEPS: Mapping[Phase, Callable[[Run], Next | None]] = {
    Phase.BEGIN: _begin,
    Phase.LOOK: _look,
    Phase.RESTORE: _restore,
    Phase.WAIT: _wait,
    Phase.CHECK: _check,
    Phase.CLEAN_UP: _clean_up,
    Phase.TELL: _tell,
}
