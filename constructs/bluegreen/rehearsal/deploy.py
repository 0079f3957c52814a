"""One `cdk deploy` or `cdk destroy` of a scenario, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .cloudformation import ABSENT


class Outcome(StrEnum):
    """What became of a command, and with its last command of a scenario."""

    SUCCEEDED = "succeeded"
    """The stack took the change, and with it a release or the first creation."""
    UNCHANGED = "unchanged"
    """The stack is well, and nothing was released."""
    ROLLED_BACK = "rolled-back"
    """The stack is as it was before."""
    REFUSED = "refused"
    """The stack is as it was before, and no release was begun."""
    DELETED = "deleted"
    """The stack is gone."""
    RECOVERED = "recovered"
    """Nothing was deployed: the service got over something by itself."""
    FAILED = "failed"
    """None of these."""


_COMPLETE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
_ROLLED_BACK = frozenset({"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


@dataclass(frozen=True, kw_only=True)
class Deploy:
    """What was seen of one command.

    Args:
        stack: The stack, as `cdk` takes it.
        version: What was deployed; empty where the command says none.
        begun: `time.monotonic()` when the command was given.
        ended: And when it had returned.
        exit_code: Of the command.
        stack_status: CloudFormation's, afterwards.
        reason: CloudFormation's message for the resource that failed first, or cdk's; empty when all went well.
        failed_type: The type of that resource; empty when none failed.
        updated: Whether CloudFormation did anything.
        deployments: The ids of the CodeDeploy deployments that were started meanwhile, but for rollbacks.
        log: The file with the command's output.
        destroys: Whether it was `cdk destroy`.
    """

    stack: str
    version: str
    begun: float
    ended: float
    exit_code: int
    stack_status: str
    reason: str = ""
    failed_type: str = ""
    updated: bool = True
    deployments: tuple[str, ...] = ()
    log: Path = Path()
    destroys: bool = False

    @property
    def seconds(self) -> float:
        """Real seconds until the command returned."""
        return self.ended - self.begun

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        if self.destroys:
            return Outcome.DELETED if self.exit_code == 0 and self.stack_status == ABSENT else Outcome.FAILED
        if self.exit_code == 0:
            return self._outcome_of_success()
        if not self.updated:
            return Outcome.REFUSED
        if self.stack_status not in _ROLLED_BACK:
            return Outcome.FAILED
        creation = self.stack_status == "ROLLBACK_COMPLETE"
        by_itself = not self.deployments and self.failed_type.startswith("Custom::")
        return Outcome.REFUSED if by_itself and not creation else Outcome.ROLLED_BACK

    def _outcome_of_success(self) -> Outcome:
        if not self.updated:
            return Outcome.UNCHANGED
        if self.stack_status not in _COMPLETE:
            return Outcome.FAILED
        released = self.deployments or self.stack_status == "CREATE_COMPLETE"
        return Outcome.SUCCEEDED if released else Outcome.UNCHANGED
