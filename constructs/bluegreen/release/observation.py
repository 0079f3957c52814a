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
    RESTORED = "production to be wholly on its tasks again"
    OTHER_ROLLBACK_START = "CodeDeploy to start rolling back an earlier deployment"
    STOP = "the deployment to stop"
    FIRST_TASKS = "the first tasks to be healthy"
    AWS = "AWS to answer"


class WhenBusy(StrEnum):
    """What a release does when another one is under way."""

    WAIT = "wait"
    STOP = "stop"


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
        rolling_back: Whether CloudFormation was taking an update back when the request came: what it asks for then is
            the way back. Asked once and remembered.
        cancelled: Whether CloudFormation has begun to take the update back since: it no longer waits for this request,
            and another one comes for the way back.
        when_busy: What to do when another release is under way.
        override: Why this version may be released although alarms are red; None when it may not.
        hook_seconds: For each lifecycle event with a hook, how many seconds its function may take.
        start_seconds: For how many seconds the candidate's tasks may take to become healthy.
        approval_minutes: For how many minutes CodeDeploy waits for approval; None when it does not.
        wanted_tasks: How many tasks a new service is to begin with.
        hands_on: Whether CloudFormation is told before the end, because its hour does not hold the rollout.
        handed_on: Whether it has been told.

        primary: The task definition of the service's PRIMARY task set; None when there is none.
        primary_percent: The share of production traffic on that task set, 0-100.
        kept: The task definition of the previous tasks, still kept beside the PRIMARY ones; None when there are none.
        desired_tasks: How many tasks the service is to run.
        steady: Whether all tasks of the PRIMARY task set run and are healthy.
        active: The deployment group's active deployment.
        followed: The deployment that this request started or adopted.
        rollback: The deployment that CodeDeploy started to undo the followed one.
        last: The newest of the group's deployments, whoever started it; needed while none is active and none is
            followed. Its `rollback_id` tells when CodeDeploy has begun to undo it.
        undone: Whether CodeDeploy has rolled back the newest of the group's deployments that brought what is desired;
            needed when `last` is.
        candidate: How the new tasks fare; None when not known, or when no new tasks are started.
        red_alarms: The deployment group's alarms that are in ALARM now; needed whenever nothing is followed and `live`
            is not what is desired.
        hook: What is known of the hook that failed.
        log_group: Where the candidate's containers write; None when not known.

        asked: The deployments that this request has asked to end.
        stopped_because: Why this request stopped the followed deployment; None when it did not, or ran out of time.
        ignored_alarms: The alarms without which this request started the followed deployment.
        elapsed_seconds: How long ago the request came.
        waited: For each thing waited for, how long ago this request first waited for it.
    """

    request: RequestType
    version: str
    desired: str
    previous: str | None = None
    rolling_back: bool = False
    cancelled: bool = False
    when_busy: WhenBusy = WhenBusy.WAIT
    override: str | None = None
    hook_seconds: Mapping[str, int] = field(default_factory=dict)
    start_seconds: int = 900
    approval_minutes: int | None = None
    wanted_tasks: int = 1
    hands_on: bool = False
    handed_on: bool = False

    primary: str | None = None
    primary_percent: int = 0
    kept: str | None = None
    desired_tasks: int = 0
    steady: bool = False
    active: Deployment | None = None
    followed: Deployment | None = None
    rollback: Deployment | None = None
    last: Deployment | None = None
    undone: bool = False
    candidate: Candidate | None = None
    red_alarms: tuple[str, ...] = ()
    hook: HookReport | None = None
    log_group: str | None = None

    asked: frozenset[str] = frozenset()
    stopped_because: str | None = None
    ignored_alarms: tuple[str, ...] = ()
    elapsed_seconds: int = 0
    waited: Mapping[WaitFor, int] = field(default_factory=dict)

    @property
    def live(self) -> str | None:
        """The task definition that serves all of production; None while traffic is split or unknown."""
        return self.primary if self.primary_percent == 100 else None  # noqa: PLR2004 - per cent

    def waited_for(self, reason: WaitFor) -> int:
        """Return how many seconds ago this request first waited for something; 0 when it never did."""
        return self.waited.get(reason, 0)

    @property
    def traffic(self) -> str:
        """Where production's traffic is, in words."""
        if self.primary is None:
            return "production: no primary task set"
        return f"production: {self.primary_percent} % on {short(self.primary)}"


def is_rolling_back(stack_status: str) -> bool:
    """Return whether a stack's status says that CloudFormation is taking back what it began.

    A status that only remembers a rollback does not count: it stays until the next update has begun.

    Example:
        >>> is_rolling_back("UPDATE_ROLLBACK_IN_PROGRESS")
        True
        >>> is_rolling_back("UPDATE_ROLLBACK_COMPLETE")
        False
    """
    return stack_status.endswith("ROLLBACK_IN_PROGRESS")


def short(arn: str | None) -> str:
    """Return the last part of an ARN, which is what people call the thing.

    Example:
        >>> short("arn:aws:ecs:eu-west-1:111122223333:task-definition/orders:7")
        'orders:7'
    """
    return arn.rpartition("/")[2] if arn else "an unknown version"
