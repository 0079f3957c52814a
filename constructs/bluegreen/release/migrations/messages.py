"""What a person reads about a migration: one line, short enough for CloudFormation and CodeDeploy."""

from bluegreen.release.messages import shortened

from .findings import Finding, Phase
from .ledger import State, position
from .result import Outcome, Result

LONGEST_BYTES = 1400
_LONGEST_QUOTE = 500
_LONGEST_FINDING = 400
_MOST_FINDINGS = 3

_AFTERWARDS = {
    Outcome.DIRTY: "the database is half-way: the next run looks at it first and repairs what it can; "
    "bluegreen migrations status shows it",
    Outcome.FENCED_OFF: "another run has taken the database over, and nothing of this one was committed since; "
    "look at it with bluegreen migrations status",
}


def nothing_pending(result: Result) -> str:
    """Say that there is nothing to do."""
    note = f"; {result.message}" if result.message else ""
    return _cut(f"nothing is pending; the database is at {position(result.before)}{note}")


def pending(result: Result) -> str:
    """Say which revisions a run would apply."""
    ids = ", ".join(one.revision for one in result.revisions)
    return _cut(f"{len(result.revisions)} pending from {position(result.before)} to {position(result.heads)}: {ids}")


def migrated(result: Result) -> str:
    """Say from where to where the database went, and what verification found."""
    problems = f"; look at: {'; '.join(result.problems)}" if result.problems else ""
    return _cut(f"migrated from {position(result.before)} to {position(result.after)}{problems}")


def ahead_and_compatible(result: Result) -> str:
    """Say that an older image may go back to production, because the schema works with it."""
    return _cut(
        f"nothing done: the database is ahead at {position(result.before)}, which works with this image "
        f"({position(result.heads)})"
    )


def ahead(result: Result, known: State | None) -> str:
    """Say that the image does not know the database's revision, and that nobody says that they work together.

    Example:
        >>> result = Result(command="plan", outcome=Outcome.AHEAD, before=("c3",), heads=("a1",))
        >>> ahead(result, None).partition(";")[0]
        'the database is ahead at c3, which this image (a1) does not know'
    """
    back = f"bluegreen migrations downgrade --to {position(result.heads)}"
    if known is None:
        why = "the ledger does not know this database"
        back = f"with the image that has it: alembic downgrade {position(result.heads)}"
    elif known.dirty is not None:
        why = f"the database is not clean: {known.dirty}"
    else:
        why = f"the ledger says that only images at {'; '.join(known.compatible_with)} work with it"
    return _cut(
        f"the database is ahead at {position(result.before)}, which this image ({position(result.heads)}) does not "
        f"know; {shortened(why, _LONGEST_QUOTE)}; release an image that has that revision, or take the schema back "
        f"first: {back}"
    )


def refused(result: Result) -> str:
    """Say which findings block, in which statement, and how to write them safely.

    Example:
        >>> from .findings import Grade
        >>> from .result import RevisionReport
        >>> rename = Finding(rule="renaming-column", grade=Grade.CONTRACT, revision="b2", statement="ALTER TABLE …",
        ...     breaks="the live version reads it", rewrite="add a column beside it")
        >>> report = RevisionReport(revision="b2", findings=(rename,))
        >>> print(refused(Result(command="plan", outcome=Outcome.REFUSED, revisions=(report,))))
        refused before it ran: b2: renaming-column: ALTER TABLE …: the live version reads it; add a column beside it
        >>> told = "revision b2: renaming-column: ALTER TABLE …: the live version reads it"
        >>> result = Result(command="plan", outcome=Outcome.REFUSED, revisions=(report,), message=told)
        >>> refused(result).count("renaming-column")
        1
    """
    blocking = [
        one
        for report in result.revisions
        for one in report.findings
        if _blocks(one) and not (one.rule in result.message and one.statement in result.message)
    ]
    told = [_finding(one) for one in blocking[:_MOST_FINDINGS]]
    if len(blocking) > _MOST_FINDINGS:
        told.append(f"and {len(blocking) - _MOST_FINDINGS} more")
    if result.message:
        told.insert(0, shortened(result.message, _LONGEST_QUOTE))
    return _cut(f"refused before it ran: {' | '.join(told) or _revision(result)}")


def failed(result: Result) -> str:
    """Say which revision failed, what the database said, where it is now, and what to do."""
    afterwards = _AFTERWARDS.get(result.outcome)
    if afterwards is None and result.after != result.before:
        afterwards = f"the database is now at {position(result.after)}"
    elif afterwards is None:  # nothing is known of one that could not be reached
        afterwards = f"the database is as it was{f', at {position(result.after)}' if result.after else ''}"
    said = shortened(result.message or result.outcome, _LONGEST_QUOTE)
    problems = f"; {shortened('; '.join(result.problems), _LONGEST_QUOTE)}" if result.problems else ""
    return _cut(f"{result.command} failed{_revision(result)}: {said}{problems}; {afterwards}")


def unexpected(result: Result) -> str:
    """Say that the runner told what its command cannot come to."""
    return _cut(f"the runner's {result.command} told {result.outcome}, which is none of its ends")


def no_result(command: str, log_group: str, stream: str | None, why: str) -> str:
    """Say that the runner ended without telling how.

    Args:
        command: What it was to do.
        log_group: Where its task writes.
        stream: Its log stream; None when no task was found.
        why: Exit code and reason, or why there was no task.

    Example:
        >>> no_result("run", "orders", "migrations/migrations/1", "exit code 137")
        'the runner of run ended without a result (exit code 137); see log group orders stream migrations/migrations/1'
    """
    where = f"log group {log_group} stream {stream}" if stream else f"log group {log_group}"
    return _cut(f"the runner of {command} ended without a result ({shortened(why, _LONGEST_QUOTE)}); see {where}")


def never_started(command: str, why: str) -> str:
    """Say that a task never ran, so that its command did nothing.

    Args:
        command: What it was to do.
        why: ECS's reason.

    Example:
        >>> never_started("plan", "CannotPullContainerError: i/o timeout")
        'the task of plan never started, so nothing was done: CannotPullContainerError: i/o timeout'
    """
    return _cut(f"the task of {command} never started, so nothing was done: {shortened(why, _LONGEST_QUOTE)}")


def left_to_release(service: str, tasks: int) -> str:
    """Say why a creation migrates nothing: what is pending goes through the gates of the service's next release."""
    count = "1 task" if tasks == 1 else f"{tasks} tasks"
    return f"left to the next release: {count} of {service} already run on this database's schema"


def unknown_end(run: str) -> str:
    """Say what is not known of a database after a runner that told nothing."""
    return f"{run} ended without a result while it migrated; the next run looks first"


def lease_held(holder: str, seconds: int) -> str:
    """Say who else migrates the database."""
    return _cut(
        f"nothing was begun: {holder} still worked on the database after {seconds} s; deploy again when it ended"
    )


def lease_lost() -> str:
    """Say that somebody else has taken the database over before anything ran."""
    return "nothing was migrated: another run has taken the database over; see bluegreen migrations status"


def not_protected(why: str) -> str:
    """Say that there is no restore point, so nothing was migrated."""
    return _cut(f"nothing was migrated, because there is no restore point: {why}")


def restore_point_late(what: str, seconds: int) -> str:
    """Say that a restore point did not come in time."""
    return f"{what} was not there within {seconds} s"


def deployment_over(deployment: str, status: str) -> str:
    """Say that a deployment ended before its migration began."""
    return f"nothing was migrated: deployment {deployment} is {status} already"


def rollback_passes() -> str:
    """Say why a rollback's migration does nothing."""
    return "a rollback is not held up by migrations"


def lost(problem: str) -> str:
    """Say that a run could not be followed to its end."""
    said = shortened(problem, _LONGEST_QUOTE)
    return _cut(f"the migration could not be followed to its end: {said}; see bluegreen migrations status")


def _finding(one: Finding) -> str:
    return shortened(f"{one.revision}: {one.rule}: {one.statement}: {one.breaks}; {one.rewrite}", _LONGEST_FINDING)


def _blocks(one: Finding) -> bool:
    return one.blocks(Phase.EXPAND)


def _revision(result: Result) -> str:
    return f" at revision {result.failed_revision}" if result.failed_revision else ""


def _cut(text: str) -> str:
    return shortened(text, LONGEST_BYTES)
