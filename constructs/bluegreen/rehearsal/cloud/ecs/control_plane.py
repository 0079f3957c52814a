"""ECS as boto3 sees it: which operation is implemented by what."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.metrics import MetricStore
from bluegreen.rehearsal.cloud.network import Network
from bluegreen.rehearsal.cloud.processes import Processes
from bluegreen.rehearsal.images import Images, split_image

from .clusters import Clusters
from .log_shipping import LogShipper
from .one_off import OneOffTasks
from .platform import Platform
from .services import Service, Services
from .state import State
from .tagging import Tagging
from .task_api import TaskApi
from .task_definitions import TaskDefinitions
from .tasks import Task
from .usage import UsageSampler

CRASH_AT_START = "crash-at-start"
TASK_KILLED = "task-killed"
TASK_PAUSED = "task-paused"
FAULTS = frozenset({CRASH_AT_START, TASK_KILLED, TASK_PAUSED})
"""The faults that are played here."""

_SHOWN = 5
"""How many stopped tasks of one kind the snapshot has, the last ones."""


class Ecs:
    """Amazon ECS.

    Args:
        clock: The cloud's time.
        metrics: Where CPU and memory go.
        journal: Where tasks and steady states are told.
        client: Makes boto3 clients by service name; called often, so it should keep them.
        network: Gives tasks their addresses.
        images: How images run locally.
        folder: Scratch; the containers' output goes to tasks/ in it.
        region: The only region.
        account: The account's number.
        task_environment: What every container gets beside what it declares, such as the cloud's endpoint and the keys
            that stand for its role; omitted, nothing.
    """

    botocore_name: ClassVar[str] = "ecs"

    def __init__(
        self,
        *,
        clock: Clock,
        metrics: MetricStore,
        journal: Journal,
        client: Callable[[str], Any],
        network: Network,
        images: Images,
        folder: Path,
        region: str,
        account: str,
        task_environment: Mapping[str, str] | None = None,
    ) -> None:
        logs_folder = folder / "tasks"
        logs_folder.mkdir(parents=True, exist_ok=True)
        self._state = State(region, account)
        self._processes = Processes()
        self._logs = LogShipper(client, clock.now)
        self._platform = Platform(
            clock,
            metrics,
            journal,
            client,
            network,
            images,
            self._processes,
            self._logs,
            logs_folder,
            region,
            account,
            task_environment or {},
        )
        self._usage = UsageSampler(self._platform, self._tasks)

        clusters = Clusters(self._state)
        self.create_cluster = clusters.create
        self.update_cluster = clusters.update
        self.put_cluster_capacity_providers = clusters.put_capacity_providers
        self.describe_clusters = clusters.describe
        self.list_clusters = clusters.names
        self.delete_cluster = clusters.delete

        definitions = TaskDefinitions(self._state, clock.now)
        self.register_task_definition = definitions.register
        self.describe_task_definition = definitions.describe
        self.deregister_task_definition = definitions.deregister
        self.list_task_definitions = definitions.revisions
        self.list_task_definition_families = definitions.families

        services = Services(self._state, definitions, self._platform)
        self.create_service = services.create
        self.update_service = services.update
        self.delete_service = services.delete
        self.describe_services = services.describe
        self.list_services = services.arns
        self.create_task_set = services.create_task_set
        self.describe_task_sets = services.describe_task_sets
        self.update_task_set = services.update_task_set
        self.update_service_primary_task_set = services.make_primary
        self.delete_task_set = services.delete_task_set

        self._one_off = OneOffTasks(self._state, definitions, self._platform)
        self.run_task = self._one_off.run

        tasks = TaskApi(self._state, clock.now)
        self.list_tasks = tasks.arns
        self.describe_tasks = tasks.describe
        self.stop_task = tasks.stop

        tagging = Tagging(self._state)
        self.tag_resource = tagging.tag
        self.untag_resource = tagging.untag
        self.list_tags_for_resource = tagging.tags

    def version_of(self, address: str) -> str | None:
        """Return the image tag of the task that has, or had, an address; None when there never was one."""
        tasks = self._tasks() + self._state.one_off_tasks()
        return next((task.version for task in tasks if task.address == address), None)

    def inject(self, fault: Document) -> None:
        """Inject or clear a fault.

        Args:
            fault: `{"fault": "crash-at-start", "version": "v2"}`: containers of services of that version that start
                from now on end with exit code 1. `{"fault": "task-killed", "version": "v2"}`: every process of one
                running task of a service of that version is killed (SIGKILL), once and now; with a `family` in place
                of the version, of one running one-off task of that family. `{"fault": "task-paused", "family": "x"}`:
                running one-off tasks of that family stand still (SIGSTOP). `{"fault": null}` clears what lasts.

        Raises:
            ValueError: If the fault names no version or family, or there is no running task that it could hit.
        """
        match fault:
            case {"fault": None}:
                self._platform.crash_at_start = frozenset()
                self._one_off.resume()
            case {"fault": str(name), "version": str(version)} if name == CRASH_AT_START:
                self._platform.crash_at_start |= {version}
            case {"fault": str(name), "version": str(version)} if name == TASK_KILLED:
                self._kill_one(version)
            case {"fault": str(name), "family": str(family)} if name == TASK_KILLED:
                self._one_off.kill(family)
            case {"fault": str(name), "family": str(family)} if name == TASK_PAUSED:
                self._one_off.pause(family)
            case {"fault": str(name)}:
                needs = {CRASH_AT_START: "a version", TASK_KILLED: "a version or a family"}.get(name, "a family")
                raise ValueError(f"{name} needs {needs}, got {fault}")

    def _kill_one(self, version: str) -> None:
        running = [task for task in self._tasks() if task.version == version and task.status == "RUNNING"]
        if not running:
            raise ValueError(f"{TASK_KILLED} needs a running task of version {version}, and there is none")
        running[0].kill()

    def snapshot(self) -> Document:
        """Describe what an operator would look at: services with their tasks, what stopped last, what is left out."""
        services = [service for service in self._state.all_services() if service.status != "INACTIVE"]
        one_off = self._state.one_off_tasks()
        return {
            "services": [_service_snapshot(service) for service in services],
            "tasks": [_one_off_snapshot(task) for task in one_off if task.status != "STOPPED"],
            "not_run": [
                {"family": family, "container": container, "image": image}
                for (family, container), image in sorted(self._platform.not_run.items())
            ],
            "stopped": [_one_off_snapshot(task) for task in one_off if task.status == "STOPPED"][-_SHOWN:],
        }

    def stop(self) -> None:
        """End every thread and every process, without draining. Idempotent."""
        sets = [one for service in self._state.all_services() for one in service.all_task_sets]
        halts = [threading.Thread(target=one.halt) for one in sets]
        halts += [threading.Thread(target=task.hurry) for task in self._state.one_off_tasks()]
        for halt in halts:
            halt.start()
        for halt in halts:
            halt.join()
        self._usage.stop()
        self._logs.stop()
        self._processes.stop()

    def _tasks(self) -> list[Task]:
        return [
            task for service in self._state.all_services() for one in service.all_task_sets for task in list(one.tasks)
        ]


def _service_snapshot(service: Service) -> Document:
    return {
        "name": service.name,
        "cluster": service.cluster.name,
        "status": service.status,
        "desired": service.desired_count,
        "taskSets": [
            {
                "id": one.id,
                "status": one.status,
                "taskDefinition": one.definition["taskDefinitionArn"].rpartition("/")[2],
                "version": split_image(one.definition["containerDefinitions"][0]["image"])[1],
                "stability": one.stability,
                "desired": one.desired,
                "running": one.running,
                "pending": one.pending,
                "tasks": [
                    _task_snapshot(task, one.health_of(task)) for task in list(one.tasks) if task.status != "STOPPED"
                ],
                "stopped": [_task_snapshot(task, []) for task in list(one.tasks) if task.status == "STOPPED"][-_SHOWN:],
            }
            for one in list(service.task_sets)
        ],
        "events": [event["message"] for event in list(service.events)[:5]],
    }


def _one_off_snapshot(task: Task) -> Document:
    return {"family": task.spec.definition["family"], "startedBy": task.spec.started_by} | _task_snapshot(task, [])


def _task_snapshot(task: Task, health: list[str]) -> Document:
    return {
        "id": task.id,
        "version": task.version,
        "address": task.address,
        "pids": task.pids,
        "status": task.status,
        "health": health,
        "stoppedReason": task.stopped_reason,
        "exitCodes": {c.definition["name"]: c.exit_code for c in task.containers if c.exit_code is not None},
        "logs": [str(c.log) for c in task.containers if c.log is not None],
    }
