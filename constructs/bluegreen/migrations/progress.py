"""What a command has found and done so far: all that is left to tell when something stops it."""

from dataclasses import dataclass, field

from bluegreen.release.migrations.result import Outcome, Result, RevisionReport

from .timing import Deadline


@dataclass(kw_only=True)
class Progress:
    """A result while it grows.

    Args:
        command: plan, create, run or downgrade.
        deadline: Since when, and until when.
        before: The database's revisions when it began.
        after: The database's revisions as last seen.
        heads: The image's heads.
        revisions: Those planned, or done.
        current: The revision that is being worked on.
        outside_transaction: Whether that one runs outside any transaction, so that an end now leaves it half-done.
        connected: Whether the database was reached.
        problems: What verification found.
    """

    command: str
    deadline: Deadline
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    revisions: list[RevisionReport] = field(default_factory=list)
    current: str | None = None
    outside_transaction: bool = False
    connected: bool = False
    problems: list[str] = field(default_factory=list)

    def result(self, outcome: Outcome, message: str = "", *, failed: str | None = None) -> Result:
        """Return the result, should the command end now."""
        return Result(
            command=self.command,
            outcome=outcome,
            before=self.before,
            after=self.after,
            heads=self.heads,
            revisions=tuple(self.revisions),
            failed_revision=failed,
            message=message,
            problems=tuple(self.problems),
            seconds=round(self.deadline.elapsed(), 3),
        )
