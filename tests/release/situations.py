"""Situations that a decision may meet, made in few words."""

from dataclasses import replace

from bluegreen.release.candidate import Candidate, StoppedContainer, StoppedTask
from bluegreen.release.convergence import (
    Decision,
    Limits,
)
from bluegreen.release.deployment import Deployment, DeploymentStatus, Step, StepStatus
from bluegreen.release.observation import Observation, RequestType

OLD, NEW, OTHER = "task-definition/orders:1", "task-definition/orders:2", "task-definition/orders:9"
LIMITS = Limits()
LONG = 10_000
EVENTS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)


def steps_failed_at(failed: str) -> tuple[Step, ...]:
    at = EVENTS.index(failed)
    statuses = [StepStatus.SUCCEEDED] * at + [StepStatus.FAILED] + [StepStatus.SKIPPED] * (len(EVENTS) - at - 1)
    return tuple(map(Step, EVENTS, statuses))


ALL_PASSED = tuple(Step(event, StepStatus.SUCCEEDED) for event in EVENTS)
SHIFTING = (
    *ALL_PASSED[:6],
    Step("AllowTraffic", StepStatus.IN_PROGRESS),
    Step("AfterAllowTraffic", StepStatus.PENDING),
)


def under_way(identifier: str = "d-1", task_definition: str | None = NEW, **more: object) -> Deployment:
    return Deployment(
        id=identifier,
        status=DeploymentStatus.IN_PROGRESS,
        task_definition=task_definition,
        steps=SHIFTING,
        **more,  # type: ignore[arg-type] # the named fields of a Deployment
    )


def keeping(identifier: str = "d-1", task_definition: str = NEW) -> Deployment:
    return Deployment(
        id=identifier,
        status=DeploymentStatus.IN_PROGRESS,
        task_definition=task_definition,
        steps=ALL_PASSED,
        termination_wait_started=True,
    )


def ended(status: DeploymentStatus, identifier: str = "d-1", at: str = "AllowTraffic", **more: object) -> Deployment:
    steps = ALL_PASSED if status is DeploymentStatus.SUCCEEDED else steps_failed_at(at)
    known: dict[str, object] = {"task_definition": NEW, "steps": steps}
    return Deployment(id=identifier, status=status, **(known | more))  # type: ignore[arg-type] # a Deployment's fields


def seen(primary: str | None = OLD, percent: int = 100, **more: object) -> Observation:
    defaults: dict[str, object] = {"request": RequestType.UPDATE, "version": "v2", "desired": NEW, "previous": OLD}
    return Observation(
        primary=primary,
        primary_percent=percent,
        **(defaults | more),  # type: ignore[arg-type] # the named fields of an Observation
    )


INSTALLING = (
    ALL_PASSED[0],
    Step("Install", StepStatus.IN_PROGRESS),
    *(Step(event, StepStatus.PENDING) for event in EVENTS[2:]),
)


def installing(**more: object) -> Deployment:
    return replace(under_way(), **({"steps": INSTALLING} | more))  # type: ignore[arg-type] # the named fields of a Deployment


CRASHED = StoppedTask(
    code="EssentialContainerExited",
    reason="Essential container in task exited",
    containers=(
        StoppedContainer(name="app", exit_code=137, reason="OutOfMemoryError: Container killed due to memory usage"),
        StoppedContainer(name="sidecar"),
    ),
)
SCALED_IN = StoppedTask(code="ServiceSchedulerInitiated", reason="Scaling activity initiated by (deployment ecs-svc/1)")
HOPELESS = Candidate(desired=2, stopped=(CRASHED,) * 3)
GAVE_UP = (
    "Install gave up after 3 failed tasks: Essential container in task exited "
    "(app: exit code 137, OutOfMemoryError: Container killed due to memory usage)"
)

FAILED, STOPPED, SUCCEEDED = DeploymentStatus.FAILED, DeploymentStatus.STOPPED, DeploymentStatus.SUCCEEDED

RED = ("orders-errors", "orders-p95")
ASKED = frozenset({"d-1"})


def back(primary: str | None = OLD, percent: int = 100, **more: object) -> Observation:
    """CloudFormation takes the update from OLD to NEW back."""
    way: dict[str, object] = {"desired": OLD, "previous": NEW, "version": "v1", "rolling_back": True}
    return seen(primary, percent, **(way | more))


def creating(primary: str | None = None, percent: int = 100, **more: object) -> Observation:
    defaults: dict[str, object] = {"request": RequestType.CREATE, "previous": None, "wanted_tasks": 3}
    return seen(primary, percent if primary else 0, **(defaults | more))


def awaiting() -> Deployment:
    steps = (*ALL_PASSED[:6], Step("AllowTraffic", StepStatus.PENDING), Step("AfterAllowTraffic", StepStatus.PENDING))
    return replace(under_way(), status=DeploymentStatus.READY, steps=steps)


def refused() -> Deployment:
    """A deployment that ended while it waited for approval: no lifecycle event failed."""
    skipped = tuple(Step(event, StepStatus.SKIPPED) for event in EVENTS[6:])
    return replace(ended(STOPPED), steps=(*ALL_PASSED[:6], *skipped), error_code="MANUAL_STOP")


def hooked(seconds: int | None) -> Deployment:
    """A deployment whose hook at AfterInstall has run for so long."""
    running = Step("AfterInstall", StepStatus.IN_PROGRESS, seconds)
    return replace(under_way(), steps=(*ALL_PASSED[:2], running, *(Step(at, StepStatus.PENDING) for at in EVENTS[3:])))


def installing_for(seconds: int) -> Deployment:
    return installing(steps=(INSTALLING[0], replace(INSTALLING[1], running_seconds=seconds), *INSTALLING[2:]))


def matches(decision: Decision, expected: Decision | type) -> bool:
    """Whether a decision is the expected one, or of the expected kind."""
    return isinstance(decision, expected) if isinstance(expected, type) else decision == expected
