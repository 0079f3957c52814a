"""Has the check's task look at a database, and reads what it told."""

from bluegreen.release.recovery.inspection import Inspection, last_in
from ended_task import ended, name_of
from machine_step import Next
from recovery_run import Run

CONTAINER = "recovery-check"
_RESULT_WAIT_SECONDS = 2
_LONGEST_RESULT_WAIT = 60
_TRY_AGAIN_SECONDS = 30


def look(run: Run) -> Inspection | Next:
    """Look at the database at `progress.host`.

    A task that never started is tried once more: Fargate may have had no room.

    Returns:
        What the task told; `Next` until that is known.
    """
    progress, settings = run.progress, run.settings
    if not progress.task_started_at:
        return run.inspect()
    if progress.task_ended_at is None:
        progress.task_ended_at = run.now
    task = ended(progress.task, progress.error, CONTAINER)
    found = last_in(task.lines(settings.log_group)) if task else None
    if found is not None:
        progress.forget_task()
        progress.tried_again = False
        return found
    if task is not None and task.started and run.now - progress.task_ended_at < _LONGEST_RESULT_WAIT:
        return Next("wait", _RESULT_WAIT_SECONDS)
    if not progress.tried_again and (task is None or not task.started):
        progress.forget_task()
        progress.tried_again = True
        return Next("wait", _TRY_AGAIN_SECONDS)
    why = ", ".join(one for one in (task.why if task else "", name_of(progress.error)) if one)
    where = f"; its log is {task.stream} in {settings.log_group}" if task else ""
    return Inspection(error=f"the check's task told nothing ({why or 'nobody says why'}){where}")
