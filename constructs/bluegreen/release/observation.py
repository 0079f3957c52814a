"""What was seen of a service and its deployments at one moment, and for how long what has been waited for."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum

from .candidate import Candidate
from .deployment import Deployment


class RequestType(StrEnum):
    """What CloudFormation asks of the resource."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


class WaitFor(StrEnum):
    """What is waited for. The text completes "waited 600 s for …"."""

    STEP = "the release"
    APPROVAL = "approval to shift traffic"
    OTHER_RELEASE = "another release to end"
    REMOVAL = "the previous release's old tasks to be removed"
    SPLIT = "production to be wholly on one version"
    ARRIVAL = "production to be wholly on the new version"
    ROLLBACK_START = "CodeDeploy to start its rollback"
    ROLLBACK_END = "CodeDeploy's rollback to end"
    STOP = "the deployment to stop"
    AWS = "AWS to answer"


@dataclass(frozen=True)
class HookReport:
    """What is known of the hook at the step that failed."""

    function: str
    _: KW_ONLY
    log_group: str | None = None
    said: str | None = None


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Everything the decision looks at.

    Args:
        request: What CloudFormation asks.
        version: The label of the version it asks for.
        desired: The task definition it asks for.
        previous: The task definition it asked for last time; None when there was none.
        primary: The task definition of the service's PRIMARY task set; None when there is none.
        primary_percent: The share of production traffic on that task set, 0-100.
        active: The deployment group's active deployment.
        followed: The deployment that this request started or adopted.
        rollback: The deployment that CodeDeploy started to undo the followed one.
        asked: The deployments that this request has asked to end.
        elapsed_seconds: How long ago the request came.
        waited: For each thing waited for, how long ago this request first waited for it.
        hook: What is known of the hook that failed.
        candidate: How the candidate's tasks fare; None when not known, or when the followed deployment installs none.
        log_group: Where the candidate's containers write; None when not known.
        stopped_because: Why this request stopped the followed deployment; None when it did not, or ran out of time.
    """

    request: RequestType
    version: str
    desired: str
    previous: str | None = None
    primary: str | None = None
    primary_percent: int = 0
    active: Deployment | None = None
    followed: Deployment | None = None
    rollback: Deployment | None = None
    asked: frozenset[str] = frozenset()
    elapsed_seconds: int = 0
    waited: Mapping[WaitFor, int] = field(default_factory=dict)
    hook: HookReport | None = None
    candidate: Candidate | None = None
    log_group: str | None = None
    stopped_because: str | None = None

    @property
    def live(self) -> str | None:
        """The task definition that serves all of production; None while traffic is split or unknown."""
        return self.primary if self.primary_percent == 100 else None  # noqa: PLR2004 - per cent

    @property
    def traffic(self) -> str:
        """Where production's traffic is, in words."""
        if self.primary is None:
            return "production: no primary task set"
        return f"production: {self.primary_percent} % on {short(self.primary)}"


def short(arn: str | None) -> str:
    """Return the last part of an ARN, which is what people call the thing.

    Example:
        >>> short("arn:aws:ecs:eu-west-1:111122223333:task-definition/orders:7")
        'orders:7'
    """
    return arn.rpartition("/")[2] if arn else "an unknown version"
