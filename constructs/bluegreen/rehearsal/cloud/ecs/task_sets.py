"""A task set: keeps its number of tasks running, replaces those that die or fail checks, says when it is steady."""

import threading
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.rehearsal.cloud.api import Document

from . import rules
from .platform import Platform
from .state import State, new_task_set_id
from .task_spec import TaskSpec
from .tasks import PENDING, Task

if TYPE_CHECKING:
    from .services import Service

STEADY = "STEADY_STATE"
STABILIZING = "STABILIZING"

_STEP_SECONDS = 0.1
_HEALTH_EVERY_STEPS = 2


class TaskSet:
    """One task set and the thread that keeps it.

    Args:
        service: The service it belongs to.
        request: CreateTaskSet's, or the part of CreateService's that says the same.
        definition: The task definition.
        state: Where its ARN comes from.
        platform: What its tasks run on.
    """

    def __init__(
        self, service: "Service", request: Document, definition: Document, state: State, platform: Platform
    ) -> None:
        self.id = new_task_set_id()
        self.arn = state.arn("task-set", service.cluster.name, service.name, self.id)
        self.status = "ACTIVE"
        self.definition = definition
        self.scale = request.get("scale", {}).get("value", 100.0)
        self.external_id: str | None = request.get("externalId")
        self.load_balancers: list[Document] = request.get("loadBalancers", [])
        self.network_configuration: Document = request["networkConfiguration"]
        self.capacity_provider_strategy: list[Document] = request.get("capacityProviderStrategy", [])
        self.platform_version: str = request.get("platformVersion") or "LATEST"
        self.launch_type: str = request.get("launchType", "FARGATE")
        self.tasks: list[Task] = []
        self.created_at = self.updated_at = self.stability_at = platform.clock.now()
        self._service = service
        self._platform = platform
        self._task_arn = state.arn("task", service.cluster.name)
        self._spec = TaskSpec(
            service.cluster.name,
            service.cluster.arn,
            f"service:{service.name}",
            self.id,
            definition,
            tuple(self.load_balancers),
            self.launch_type,
            self.platform_version,
        )
        self._steady = False
        self._failures = 0
        self._not_before = 0.0
        self._health: dict[tuple[str, str], str] = {}
        self._health_trouble: str | None = None
        self._counted: set[str] = set()
        self._steps = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.id, daemon=True)

    def begin(self) -> None:
        """Start to keep it."""
        self._thread.start()

    @property
    def desired(self) -> int:
        """How many tasks it wants now."""
        if self.status == "DRAINING" or self._service.status != "ACTIVE":
            return 0
        return rules.computed_desired_count(self._service.desired_count, self.scale)

    @property
    def live(self) -> list[Task]:
        """Its tasks that are meant to run."""
        return [task for task in self.tasks if task.desired_status == "RUNNING"]

    @property
    def running(self) -> int:
        """How many of its tasks run, as ECS counts them."""
        return sum(task.status == "RUNNING" for task in self.tasks)

    @property
    def pending(self) -> int:
        """How many of its tasks are on the way up."""
        return sum(task.status in PENDING for task in self.tasks)

    @property
    def stability(self) -> str:
        """Whether it is steady; never so between a change of what is wanted and the next look at it."""
        return STEADY if self._steady and (self.running, self.pending) == (self.desired, 0) else STABILIZING

    @property
    def gone(self) -> bool:
        """Whether it drained to its last task."""
        return self.desired == 0 and all(task.status == "STOPPED" for task in self.tasks)

    def health_of(self, task: Task) -> list[str]:
        """Return what each target group says of a task."""
        return [self._health.get((lb["targetGroupArn"], task.address), "unknown") for lb in self.load_balancers]

    def halt(self) -> None:
        """End its thread and its processes, at once and without draining."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
        stops = [threading.Thread(target=task.hurry) for task in self.tasks]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()

    def describe(self, tags: list[Document]) -> Document:
        """Return it in ECS's form."""
        return {
            "id": self.id,
            "taskSetArn": self.arn,
            "serviceArn": self._service.arn,
            "clusterArn": self._service.cluster.arn,
            "startedBy": "CODE_DEPLOY",
            "externalId": self.external_id,
            "status": self.status,
            "taskDefinition": self.definition["taskDefinitionArn"],
            "computedDesiredCount": self.desired,
            "pendingCount": self.pending,
            "runningCount": self.running,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "launchType": None if self.capacity_provider_strategy else self.launch_type,
            "capacityProviderStrategy": self.capacity_provider_strategy,
            "platformVersion": self.platform_version,
            "networkConfiguration": self.network_configuration,
            "loadBalancers": self.load_balancers,
            "scale": {"value": self.scale, "unit": "PERCENT"},
            "stabilityStatus": self.stability,
            "stabilityStatusAt": self.stability_at,
            "tags": tags,
        }

    def _run(self) -> None:
        while not self._end.wait(_STEP_SECONDS):
            if self._platform.clock.control_planes.wait(self._end):
                break
            try:
                self._step()
            except Exception as error:  # noqa: BLE001 - a keeper that died would leave its tasks to nobody
                self._service.add_event(f"met an error of the local cloud itself: {error!r}")
            if self.gone and (self.status == "DRAINING" or self._service.status != "ACTIVE"):
                break

    def _step(self) -> None:
        for task in self.tasks:
            if task.status != "STOPPED":
                task.check()
        self._count_failures()
        self._fill()
        if self._steps % _HEALTH_EVERY_STEPS == 0:
            self._read_health()
            self._replace_unhealthy()
        self._steps += 1
        self._judge_stability()

    def _count_failures(self) -> None:
        for task in self.tasks:
            if task.desired_status == "RUNNING" or task.id in self._counted:
                continue
            self._counted.add(task.id)
            if task.stop_code in {"TaskFailedToStart", "EssentialContainerExited"} and not task.was_healthy:
                self._failures += 1
                delay = rules.restart_delay(self._failures)
                self._not_before = self._platform.clock.now() + delay
                self._service.add_event(
                    f"is unable to consistently start tasks successfully: task {task.id} stopped: {task.stopped_reason}"
                )

    def _fill(self) -> None:
        live, desired = self.live, self.desired
        if len(live) > desired:
            for task in live[desired:]:
                task.stop("ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {self.id})")
            self._service.add_event(f"has stopped {len(live) - desired} running tasks.")
        elif len(live) < desired and self._platform.clock.now() >= self._not_before:
            # One that keeps failing is tried alone, so that the backoff counts attempts, not tasks.
            missing = 1 if self._failures else desired - len(live)
            for _ in range(missing):
                if self._end.is_set():
                    return
                task = Task(self._spec, self._task_arn, self._platform)
                self.tasks.append(task)
                task.start()
                self._service.add_event(f"has started 1 tasks: (task {task.id}).")

    def _read_health(self) -> None:
        health: dict[tuple[str, str], str] = {}
        for balancer in self.load_balancers:
            group = balancer["targetGroupArn"]
            try:
                answer = self._platform.client("elbv2").describe_target_health(TargetGroupArn=group)
            except (ClientError, BotoCoreError) as error:
                trouble = f"failed to describe target health on (target-group {group}) with (error {error})"
                if trouble != self._health_trouble:
                    self._service.add_event(trouble)
                self._health_trouble = trouble
                continue
            for one in answer["TargetHealthDescriptions"]:
                health[group, one["Target"]["Id"]] = one["TargetHealth"]["State"]
        self._health = health
        live = self.live
        for task in live:
            task.was_healthy |= all(state == "healthy" for state in self.health_of(task))
        if len(live) == self.desired and all(task.was_healthy for task in live):
            self._failures = 0

    def _replace_unhealthy(self) -> None:
        grace = self._service.grace_period_seconds
        for task in self.live:
            age = self._platform.clock.now() - (task.started_at or self._platform.clock.now())
            for balancer, state in zip(self.load_balancers, self.health_of(task), strict=True):
                if state == "unhealthy" and age > grace:
                    group = balancer["targetGroupArn"]
                    self._service.add_event(
                        f"(port {balancer['containerPort']}) is unhealthy in (target-group {group}) due to "
                        "(reason Health checks failed)"
                    )
                    task.stop("ServiceSchedulerInitiated", f"Task failed ELB health checks in (target-group {group})")

    def _judge_stability(self) -> None:
        targets = [state for task in self.live for state in self.health_of(task)]
        steady = rules.is_steady(self.desired, self.running, self.pending, targets)
        if steady == self._steady:
            return
        self._steady, self.stability_at = steady, self._platform.clock.now()
        if steady:
            self._service.add_event("has reached a steady state.")
            self._platform.journal.record(
                "service",
                f"{self._service.name}: task set {self.id[-4:]} is steady with {self.desired} tasks",
                service=self._service.name,
                task_set=self.id,
            )
