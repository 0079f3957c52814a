"""The steps before anything runs: may this run begin, is the database ours, is there a restore point."""

import dataclasses

import deployment_view
import executions
import migration_start
import migration_tasks
import restore_points
import service_tasks
from bluegreen.release.migrations import messages
from bluegreen.release.migrations.lease import Lease, StopTasks, Take, WaitForLease, decide, is_in_doubt
from bluegreen.release.migrations.ledger import NOT_BEGUN, Mode, State
from bluegreen.release.migrations.restore_point import MakeSnapshot, NotProtected, Protected
from bluegreen.release.migrations.result import Outcome
from machine_step import Next
from migration_progress import Phase
from migration_run import Run

_LEASE_WAIT_SECONDS = 5
_RESTORE_POINT_WAIT_SECONDS = 15
_AFTER_LEASE = {
    Mode.CREATE: Phase.BEGIN,  # an empty database needs no restore point; for any other the runner only plans
    Mode.DOWNGRADE: Phase.PROTECT,
    Mode.RUN: Phase.PLAN,
    Mode.PLAN: Phase.PLAN,
}


def guard(run: Run) -> Next | None:
    """Look whether there is anything to do: the run may be over, or its deployment be one that nothing may hold up."""
    known = run.ledger.record(run.request.id)
    if known is not None and known.ended is not None:
        run.progress.record = known
        run.go(Phase.ANSWER)
        return None
    made = known or migration_start.new_record(run.request, run.now)
    run.progress.record = dataclasses.replace(made, started=run.at)
    if known is None:
        run.ledger.begin(run.progress.record)
    if not _ends_with_its_deployment(run) and not _is_left_to_release(run):
        run.go(Phase.LEASE)
    return None


def lease(run: Run) -> Next | None:
    """Take the lease on the database; wait while somebody else works on it."""
    if run.left <= 0:
        holder = run.progress.contended
        run.end(Outcome.FAILED, messages.lease_held(holder, run.settings.deadline_seconds), passed=False)
        return None
    seen = run.ledger.lease()
    machine = run.settings.machine
    asked = is_in_doubt(seen, me=run.execution, machine=machine)
    runs = executions.is_running(seen.holder) if asked and seen and seen.holder else True
    alive = migration_tasks.alive(run.settings.cluster, run.settings.family)
    decision = decide(
        seen,
        me=run.execution,
        machine=machine,
        now=run.now,
        holder_runs=runs,
        tasks=len(alive.arns),
        stopping=alive.stopping,
    )
    match decision:
        case WaitForLease(holder):
            run.progress.contended = holder
        case StopTasks():
            run.progress.contended = "a task that a dead run left"
            migration_tasks.stop(run.settings.cluster, alive.arns, "its run is dead; another one takes the lease")
        case Take(token):
            taken = Lease(token=token, holder=run.execution, machine=machine, expires=run.lease_ends)
            if run.ledger.take_lease(seen, taken):
                run.progress.token = token
                run.go(_AFTER_LEASE[run.request.mode])
                return None
    return Next("wait", _LEASE_WAIT_SECONDS)


def protect(run: Run) -> Next | None:
    """Make the restore point and wait until it is there; without it nothing is migrated."""
    settings, progress = run.settings, run.progress
    if run.left <= 0:
        late = messages.restore_point_late(f"the {settings.backup} backup", settings.deadline_seconds)
        run.end(Outcome.FAILED, messages.not_protected(late), passed=False)
        return None
    verdict, point = restore_points.look(
        settings.database, run.request.id, settings.backup, run.now, asked=progress.snapshot_asked
    )
    match verdict:
        case Protected():
            progress.record = dataclasses.replace(progress.run, restore_point=point)
            run.go(Phase.BEGIN)
            return None
        case NotProtected(why):
            run.end(Outcome.FAILED, messages.not_protected(why), passed=False)
            return None
        case MakeSnapshot():
            progress.snapshot_asked = restore_points.make(settings.database, run.request.id)
    return Next("wait", _RESTORE_POINT_WAIT_SECONDS)


def begin(run: Run) -> Next | None:
    """Begin what changes the database, if the run still may: exactly the image that was planned with."""
    settings, progress, request = run.settings, run.progress, run.request
    if _ends_with_its_deployment(run):
        return None
    definition = request.task_definition or settings.task_definition
    definition, image = migration_tasks.pin(definition, progress.digest)
    if progress.token is None or not run.ledger.keep_lease(progress.token, run.execution, run.lease_ends):
        run.end(Outcome.FENCED_OFF, messages.lease_lost(), passed=False)
        return None
    progress.record = dataclasses.replace(progress.run, task_definition=definition, image=image)
    run.ledger.keep(progress.record)
    _expect(run, definition, image)
    run.go(Phase.MIGRATE)
    command = settings.migrate_command(run.command, request.to, progress.token, run.task_seconds)
    return run.task(definition, command, run.task_seconds)


def _expect(run: Run, definition: str, image: str) -> None:
    """Write down what the schema may be at any moment from now on.

    Should this run be lost after its revisions were committed, an older image can still go back to production: the
    positions that expanding leaves compatible are known already, and those that a contraction breaks are gone.
    """
    known, progress = run.ledger.state(), run.progress
    if not progress.plan_compatible or progress.token is None:
        return
    expected = State(
        revisions=progress.run.before,
        heads=tuple(progress.heads),
        compatible_with=tuple(progress.plan_compatible),
        run=progress.run.id,
        task_definition=definition,
        image=image,
        dirty=known.dirty if known else None,
    )
    run.ledger.put_state(expected, progress.token)


def _ends_with_its_deployment(run: Run) -> bool:
    """End the run when its deployment is a rollback, which nothing may hold up, or is over already."""
    if run.request.deployment is None:
        return False
    deployment = deployment_view.look(run.request.deployment)
    if deployment.is_rollback:
        run.end(NOT_BEGUN, messages.rollback_passes(), passed=True)
        return True
    if deployment.is_over:
        message = messages.deployment_over(run.request.deployment, deployment.status)
        run.end(NOT_BEGUN, message, passed=False)
        return True
    return False


def _is_left_to_release(run: Run) -> bool:
    """End a creation when the service runs: migrations were added to it, and its next release has gates for them."""
    if run.request.mode is not Mode.CREATE:
        return False
    tasks = service_tasks.running(run.settings.cluster, run.settings.service)
    if tasks:
        run.end(NOT_BEGUN, messages.left_to_release(run.settings.service, tasks), passed=True)
    return tasks > 0
