"""What one execution of the state machine is asked to do, and who waits for its end."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from bluegreen.release.migrations.ledger import Mode

_ANSWERED_WITH = ("ResponseURL", "StackId", "RequestId", "LogicalResourceId")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One run.

    Args:
        id: The deployment's id, or one made for it; the execution's name.
        mode: What it is for.
        version: The version that the stack asks for.
        by: Who asks.
        to: The revision that a downgrade goes to.
        task_definition: What a downgrade runs from: only that image knows the revisions to take back.
        takes_back: The run that a downgrade after a failed release takes back.
        hook: The deployment and the hook's execution that wait for an answer.
        cloudformation: As much of CloudFormation's request as its answer needs.
    """

    id: str
    mode: Mode
    version: str
    by: str
    to: str | None = None
    task_definition: str | None = None
    takes_back: str | None = None
    hook: Mapping[str, str] | None = None
    cloudformation: Mapping[str, str] | None = None

    @classmethod
    def of_hook(cls, deployment: str, execution: str, version: str) -> Self:
        """Make the run of a release's deployment."""
        hook = {"deployment": deployment, "execution": execution}
        return cls(id=deployment, mode=Mode.RUN, version=version, by=f"deployment {deployment}", hook=hook)

    @classmethod
    def of_creation(cls, event: Mapping[str, Any], version: str) -> Self:
        """Make the run that comes before a service's first tasks."""
        answered = {name: event[name] for name in _ANSWERED_WITH}
        run = f"create-{event['RequestId']}"
        return cls(id=run, mode=Mode.CREATE, version=version, by="CloudFormation", cloudformation=answered)

    @property
    def deployment(self) -> str | None:
        """The deployment that waits; None when none does."""
        return self.hook["deployment"] if self.hook else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_dict` and JSON made of it."""
        return cls(**{**document, "mode": Mode(document["mode"])})
