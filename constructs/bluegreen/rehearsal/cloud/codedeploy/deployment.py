"""One deployment: what is known of it, and how the API describes it."""

import secrets
import string
import threading
from dataclasses import dataclass, field
from enum import StrEnum

from bluegreen.rehearsal.cloud.api import Document

from .appspec import AppSpec
from .groups import RollbackEvent, Settings
from .lifecycle import EventStatus, Lifecycle

_ALPHABET = string.ascii_uppercase + string.digits


class Status(StrEnum):
    """A deployment's status."""

    CREATED = "Created"
    IN_PROGRESS = "InProgress"
    READY = "Ready"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPED = "Stopped"


ENDED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.STOPPED})


class Creator(StrEnum):
    """Who created a deployment."""

    USER = "user"
    ROLLBACK = "codeDeployRollback"


@dataclass(frozen=True)
class StopRequest:
    """StopDeployment was called.

    Args:
        rollback: Whether to roll back; None leaves it to the deployment's own configuration.
    """

    rollback: bool | None


@dataclass(frozen=True)
class Halt:
    """Why a deployment ended badly.

    Args:
        status: Failed or Stopped.
        code: The error code, such as "ALARM_ACTIVE".
        message: The same in words.
        event: Which automatic rollback it asks for.
        rollback: Whether to roll back regardless of the configuration; None leaves it to that.
    """

    status: Status
    code: str
    message: str
    event: RollbackEvent
    rollback: bool | None = None


@dataclass(frozen=True)
class Rollback:
    """The two ends of a rollback: on the deployment that failed, and on the one that undoes it."""

    message: str
    deployment_id: str | None = None
    triggering_deployment_id: str | None = None

    def document(self) -> Document:
        """Describe it as the API does."""
        return {
            "rollbackMessage": self.message,
            **({"rollbackDeploymentId": self.deployment_id} if self.deployment_id else {}),
            **(
                {"rollbackTriggeringDeploymentId": self.triggering_deployment_id}
                if self.triggering_deployment_id
                else {}
            ),
        }


@dataclass(frozen=True)
class Original:
    """The service as the deployment found it: the task set that serves, its target group, and the idle one."""

    task_set: str
    task_definition: str
    live_group: str
    idle_group: str


@dataclass
class Deployment:
    """A deployment; times are cloud time. Guarded by the registry's lock, except for what only its own thread writes.

    Args:
        id: Its id.
        application: The application's name.
        group: The deployment group's name.
        config: The deployment configuration's name.
        routing: What that configuration said when the deployment was created.
        settings: The group's settings at that time.
        appspec: What it is to run.
        request: The CreateDeployment request, or as much of one as a rollback has.
        creator: Who created it.
        created_at: When.
    """

    id: str
    application: str
    group: str
    config: str
    routing: Document
    settings: Settings
    appspec: AppSpec
    request: Document
    creator: Creator
    created_at: float
    status: Status = Status.CREATED
    started_at: float | None = None
    ended_at: float | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    halt: Halt | None = None
    rollback: Rollback | None = None
    rollback_named_at: float = 0.0
    termination_wait_started: bool = False
    original: Original | None = None
    replacement: str | None = None
    weights: dict[str, int] = field(default_factory=dict)
    task_sets: list[Document] = field(default_factory=list)
    stop_request: StopRequest | None = None
    continue_ready: bool = False
    continue_termination: bool = False
    awake: threading.Event = field(default_factory=threading.Event)

    @property
    def target_id(self) -> str:
        """The id of its only target."""
        return f"{self.settings.cluster}:{self.settings.service}"

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.status in ENDED

    def info(self, group: Document, now: float) -> Document:
        """Describe it as GetDeployment does.

        Args:
            group: The description of its deployment group, or what is left of it.
            now: The cloud's time: a failed deployment may name its rollback only after a while.
        """
        copied = ("loadBalancerInfo", "blueGreenDeploymentConfiguration", "deploymentStyle")
        asked = ("autoRollbackConfiguration", "overrideAlarmConfiguration", "description")
        optional = {
            "startTime": self.started_at,
            "completeTime": self.ended_at,
            "errorInformation": {"code": self.halt.code, "message": self.halt.message} if self.halt else None,
            "rollbackInfo": self.rollback.document() if self.rollback and now >= self.rollback_named_at else None,
            "autoRollbackConfiguration": group.get("autoRollbackConfiguration"),
            "deploymentOverview": _overview(self.status) if self.ended else None,
        }
        return {
            "applicationName": self.application,
            "deploymentGroupName": self.group,
            "deploymentConfigName": self.config,
            "deploymentId": self.id,
            "revision": self.request["revision"],
            "status": self.status.value,
            "createTime": self.created_at,
            "creator": self.creator.value,
            "ignoreApplicationStopFailures": False,
            "updateOutdatedInstancesOnly": False,
            "instanceTerminationWaitTimeStarted": self.termination_wait_started,
            "computePlatform": "ECS",
            **{name: value for name, value in optional.items() if value is not None},
            **{name: group[name] for name in copied if name in group},
            **{name: self.request[name] for name in asked if name in self.request},
        }

    def summary(self) -> Document:
        """Describe it as a deployment group does of its last deployments."""
        ended = {"endTime": self.ended_at} if self.ended_at is not None else {}
        return {"deploymentId": self.id, "status": self.status.value, "createTime": self.created_at, **ended}

    def target(self, arn: str) -> Document:
        """Describe its target as BatchGetDeploymentTargets does."""
        return {
            "deploymentTargetType": "ECSTarget",
            "ecsTarget": {
                "deploymentId": self.id,
                "targetId": self.target_id,
                "targetArn": arn,
                "lastUpdatedAt": self.ended_at or self.started_at or self.created_at,
                "lifecycleEvents": self.lifecycle.documents(),
                "status": self._target_status(),
                "taskSetsInfo": self.task_sets,
            },
        }

    def _target_status(self) -> str:
        if self.status is Status.STOPPED:
            return Status.FAILED.value
        if self.status is Status.CREATED:
            return EventStatus.PENDING.value
        return self.status.value


def new_deployment_id() -> str:
    """Return an id of AWS's form: d- and nine capitals and digits."""
    return "d-" + "".join(secrets.choice(_ALPHABET) for _ in range(9))


def describe_task_sets(deployment: Deployment, task_sets: list[Document]) -> list[Document]:
    """Describe task sets as a deployment target does.

    Args:
        deployment: Whose original and replacement they may be.
        task_sets: As ECS describes them.
    """
    original = deployment.original.task_set if deployment.original else None
    labels = {original: "Blue", deployment.replacement: "Green"}
    described = []
    for one in task_sets:
        groups = [balancer["targetGroupArn"] for balancer in one.get("loadBalancers", [])]
        if one["id"] in labels and groups:
            described.append(
                {
                    "identifer": one["id"],  # the API's own spelling
                    "desiredCount": one["computedDesiredCount"],
                    "pendingCount": one["pendingCount"],
                    "runningCount": one["runningCount"],
                    "status": one["status"],
                    "trafficWeight": float(deployment.weights.get(groups[0], 0)),
                    "targetGroup": {"name": group_name(groups[0])},
                    "taskSetLabel": labels[one["id"]],
                }
            )
    return described


def group_name(arn: str) -> str:
    """Return the name in a target group's ARN.

    Example:
        >>> group_name("arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/blue/0123456789abcdef")
        'blue'
    """
    return arn.split("/")[-2]


def _overview(status: Status) -> Document:
    """Count deployment targets by status: there is one, and CodeDeploy counts it only when the deployment is over."""
    succeeded = status is Status.SUCCEEDED
    counts = {"Pending": 0, "InProgress": 0, "Skipped": 0, "Ready": 0}
    return counts | {"Succeeded": int(succeeded), "Failed": int(not succeeded)}
