"""The steps that have the runner work, and read what it told."""

import dataclasses
from typing import Any

import migration_tasks
from bluegreen.release.migrations import messages
from bluegreen.release.migrations.decisions import Protect, after_migration, after_plan
from bluegreen.release.migrations.ledger import Mode, State, compatible_after, compatible_before
from bluegreen.release.migrations.result import Outcome, Result
from ended_task import EndedTask, ended, name_of
from machine_step import Next
from migration_progress import Phase
from migration_run import Run
from migration_settings import SHORTEST_TASK_SECONDS

_RESULT_WAIT_SECONDS = 2
_TRY_AGAIN_SECONDS = 30
"""After so long a task that never started is tried once more: AWS may not have known a new role everywhere yet."""
_LONGEST_RESULT_WAIT = 60
_LONGEST_STOP_WAIT = 120
_REFUSALS = {f"ECS.{name}Exception" for name in ("AccessDenied", "AmazonECS", "Client", "InvalidParameter")}
"""With these Step Functions says that ECS made no task: not allowed, no room in Fargate, a role it cannot assume."""
_WHOLE = {Outcome.MIGRATED, Outcome.NOTHING_PENDING}


@dataclasses.dataclass(frozen=True)
class _Silent:
    """The runner ended without a result.

    Args:
        message: Why, as far as it is known.
        began: Whether it may have begun.
    """

    message: str
    began: bool = True


def plan(run: Run) -> Next | None:
    """Have the runner plan; then decide what follows."""
    progress, settings = run.progress, run.settings
    if not progress.task_started_at:
        return run.task(settings.task_definition, settings.plan_command(run.plan_seconds), run.plan_seconds)
    told = _told(run, "plan")
    if isinstance(told, Next):
        return told
    if isinstance(told, _Silent):
        run.end(Outcome.FAILED, told.message, passed=False)
        return None
    image = migration_tasks.pinned(migration_tasks.image_of(settings.task_definition), progress.digest)
    progress.record = dataclasses.replace(progress.run.with_result(told), image=image)
    _go_on_from_plan(run, told, run.ledger.state())
    return None


def migrate(run: Run) -> Next | None:
    """Wait for what the runner told of its migration; the run ends with it, unless a creation comes to a plan."""
    command, progress = run.command, run.progress
    told = _told(run, command)
    if isinstance(told, Next):
        return told
    known = run.ledger.state()
    if isinstance(told, _Silent):
        if known is not None:
            progress.end_state = _unheard(run, told, known).to_dict()
        run.end(Outcome.FAILED, told.message, passed=False)
        return None
    record = progress.run.with_result(told)
    image = migration_tasks.pinned(record.image, progress.digest) if record.image else None
    progress.record = dataclasses.replace(record, image=image)
    if command is Mode.CREATE and told.outcome in {Outcome.PENDING, Outcome.AHEAD}:
        _go_on_from_plan(run, told, known)
        return None
    if not progress.planned:
        progress.compatible = list(compatible_before(known, told))
    if _has_seen_database(told):
        progress.end_state = _state(run, told, known).to_dict()
    decision = after_migration(told)
    run.end(decision.outcome, decision.message, passed=decision.passed)
    return None


def _go_on_from_plan(run: Run, told: Result, known: State | None) -> None:
    """Remember what a plan told; go on to the restore point, or end."""
    progress = run.progress
    progress.heads = list(told.heads)
    progress.compatible = list(compatible_before(known, told))
    progress.plan_compatible = list(compatible_after(progress.compatible, told, told.revisions))
    decision = after_plan(run.request.mode, told, known)
    if isinstance(decision, Protect):
        progress.planned = True
        run.ledger.keep(progress.run)
        run.go(Phase.PROTECT)
        return
    if run.request.mode is not Mode.PLAN and told.outcome is Outcome.NOTHING_PENDING:
        progress.end_state = _state(run, told, known).to_dict()
    run.end(decision.outcome, decision.message, passed=decision.passed)


def _has_seen_database(told: Result) -> bool:
    """Return whether a result says where the database is: not when it is another run's, or could not be reached."""
    unreached = told.outcome is Outcome.FAILED and not told.before and not told.after
    return told.outcome is not Outcome.FENCED_OFF and not unreached


def _unheard(run: Run, told: _Silent, known: State) -> State:
    """Return what is known of the database after a runner that told nothing."""
    if told.began:
        return dataclasses.replace(known, dirty=messages.unknown_end(run.progress.run.id))
    if run.progress.planned:  # what was expected of it did not come
        return dataclasses.replace(known, compatible_with=tuple(run.progress.compatible))
    return known


def _state(run: Run, told: Result, known: State | None) -> State:
    """Return what the ledger is to know of the database after a runner's result."""
    record = run.progress.run
    changed = known is None or set(told.after) != set(told.before)
    dirty = known.dirty if known and told.outcome not in _WHOLE else None
    if told.outcome is Outcome.DIRTY:
        dirty = messages.failed(told)
    applied = () if told.outcome is Outcome.REFUSED else told.revisions
    return State(
        revisions=told.after,
        heads=told.heads,
        compatible_with=compatible_after(run.progress.compatible, told, applied),
        run=record.id if changed or known is None else known.run,
        task_definition=(record.task_definition or run.settings.task_definition)
        if changed or known is None
        else known.task_definition,
        image=record.image if changed or known is None else known.image,
        dirty=dirty,
    )


def _told(run: Run, command: str) -> Result | _Silent | Next:
    """Return the runner's result, or how it ended without one; `Next` while that is not known yet."""
    progress, settings = run.progress, run.settings
    if progress.task_ended_at is None:
        progress.task_ended_at = run.now
    waited = run.now - progress.task_ended_at
    task = ended(progress.task, progress.error, migration_tasks.CONTAINER)
    if task is None:
        # It took too long, or Step Functions lost it: nobody says which task it was, and it may still work.
        alive = migration_tasks.alive(settings.cluster, settings.family)
        if alive.arns and waited < _LONGEST_STOP_WAIT:
            if len(alive.arns) > alive.stopping:
                migration_tasks.stop(settings.cluster, alive.arns, "it took too long")
            return Next("wait", _RESULT_WAIT_SECONDS)
        task = migration_tasks.newest_since(settings.cluster, settings.family, progress.task_started_at)
    why = ", ".join(one for one in (task.why if task else "", name_of(progress.error)) if one)
    if _never_started(task, progress.error):
        return _after_no_start(run, command, why)
    result = migration_tasks.result_of(settings.log_group, task) if task else None
    if task is not None:
        progress.digest = task.digest or progress.digest
    if result is not None:
        progress.tried_again = False
        return result
    if task is not None and waited < _LONGEST_RESULT_WAIT:
        return Next("wait", _RESULT_WAIT_SECONDS)
    return _Silent(messages.no_result(command, settings.log_group, task.stream if task else None, why))


def _never_started(task: EndedTask | None, error: Any) -> bool:
    """Return whether nothing of a task has run for certain."""
    if task is not None:
        return not task.started
    return bool(error) and error.get("Error") in _REFUSALS


def _after_no_start(run: Run, command: str, why: str) -> _Silent | Next:
    """Try it once more after a while: whatever it was to do, nothing of it was begun."""
    progress = run.progress
    if progress.tried_again or run.left < _TRY_AGAIN_SECONDS + SHORTEST_TASK_SECONDS:
        return _Silent(messages.never_started(command, why), began=False)
    progress.forget_task()
    progress.tried_again = True
    if progress.phase is Phase.MIGRATE:
        run.go(Phase.BEGIN)
    return Next("wait", _TRY_AGAIN_SECONDS)
