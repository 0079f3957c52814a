"""One-off tasks: RunTask, and the thread that follows each of them to its end; nothing replaces one that stops."""

import json
import threading
import time

from bluegreen.rehearsal.cloud.api import ApiError, Document

from .platform import Platform
from .state import Cluster, State
from .task_definitions import TaskDefinitions
from .task_spec import TaskSpec
from .tasks import Task

LARGEST_COUNT = 10
LARGEST_OVERRIDES = 8192
"""Characters of JSON that the overrides of a RunTask may have."""

_STEP_SECONDS = 0.05


class OneOffTasks:
    """Runs tasks that belong to no service.

    While one is on its way, from PENDING to STOPPED, cloud time is real time: what it does is not compressed.

    Args:
        state: Where clusters are, which keep the tasks.
        definitions: The task definitions.
        platform: What tasks run on.
    """

    def __init__(self, state: State, definitions: TaskDefinitions, platform: Platform) -> None:
        self._state = state
        self._definitions = definitions
        self._platform = platform
        self._asked: dict[str, tuple[Document, list[Task]]] = {}

    def run(self, request: Document) -> Document:
        """Start tasks; the answer describes them as PROVISIONING.

        Raises:
            ApiError: ClusterNotFoundException; ClientException for a task definition that is not there or INACTIVE;
                InvalidParameterException for a network, a capacity or an override that cannot be; ConflictException
                for a client token that came with another request.
        """
        cluster = self._state.cluster(request.get("cluster"))
        definition = self._definitions.usable(request["taskDefinition"])
        _refuse(request, definition, cluster)
        token = request.get("clientToken")
        with self._state.lock:
            asked, tasks = self._asked.get(token, (request, [])) if token else (request, [])
            if asked != request:
                message = "The provided clientToken is already in use with a different RunTask request."
                raise ApiError("ConflictException", message)
            if tasks:
                return {"tasks": [task.describe() for task in tasks], "failures": []}
            spec = _spec(request, definition, cluster)
            arn = self._state.arn("task", cluster.name)
            tasks = [Task(spec, arn, self._platform) for _ in range(request.get("count", 1))]
            cluster.one_off_tasks += tasks
            if token:
                self._asked[token] = request, tasks
        described = [task.describe() for task in tasks]
        for task in tasks:
            self._state.put_tags(task.arn, request.get("tags", []))
            threading.Thread(target=self._keep, args=(task,), name=f"task-{task.id[:8]}", daemon=True).start()
        return {"tasks": described, "failures": []}

    def kill(self, family: str) -> None:
        """Kill every process of one running task of a family, as a machine's failure would.

        Raises:
            ValueError: If none runs.
        """
        self._running(family)[0].kill()

    def pause(self, family: str) -> None:
        """Stop the processes of every running task of a family where they are, until `resume`.

        Raises:
            ValueError: If none runs.
        """
        for task in self._running(family):
            task.pause()

    def resume(self) -> None:
        """Let every process that was paused go on."""
        for task in self._state.one_off_tasks():
            task.resume()

    def _running(self, family: str) -> list[Task]:
        tasks = self._state.one_off_tasks()
        running = [one for one in tasks if one.spec.definition["family"] == family and one.status == "RUNNING"]
        if not running:
            raise ValueError(f"no one-off task of the family {family!r} is running")
        return running

    def _keep(self, task: Task) -> None:
        with self._platform.clock.uncompressed():
            task.start()
            while task.status != "STOPPED":
                time.sleep(_STEP_SECONDS)
                task.check()


def _refuse(request: Document, definition: Document, cluster: Cluster) -> None:
    """Refuse what RunTask refuses of a Fargate task."""
    if not 1 <= request.get("count", 1) <= LARGEST_COUNT:
        raise _invalid(f"Task count must be between 1 and {LARGEST_COUNT}.")
    if "networkConfiguration" not in request:
        raise _invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    strategy = request.get("capacityProviderStrategy")
    if "launchType" in request and strategy:
        message = "Specifying both a launch type and capacity provider strategy is not supported."
        raise _invalid(f"{message} Remove one and try again.")
    launch_type = request.get("launchType") or ("FARGATE" if strategy or cluster.default_strategy else "EC2")
    if launch_type != "FARGATE":
        raise _invalid("No Container Instances were found in your cluster.")
    overrides = request.get("overrides", {})
    if len(json.dumps(overrides, separators=(",", ":"))) > LARGEST_OVERRIDES:
        raise _invalid(f"Container Overrides length must be at most {LARGEST_OVERRIDES}")
    names = {container["name"] for container in definition["containerDefinitions"]}
    for container in overrides.get("containerOverrides", []):
        if container.get("name") not in names:
            name = container.get("name")
            raise _invalid(f"Override for container named {name} is not a container in the TaskDefinition.")


def _spec(request: Document, definition: Document, cluster: Cluster) -> TaskSpec:
    overrides = request.get("overrides", {})
    containers = {one["name"]: one for one in overrides.get("containerOverrides", [])}
    overridden = definition | {
        "cpu": overrides.get("cpu", definition["cpu"]),
        "memory": overrides.get("memory", definition["memory"]),
        "containerDefinitions": [
            override(one, containers.get(one["name"], {})) for one in definition["containerDefinitions"]
        ],
    }
    return TaskSpec(
        cluster.name,
        cluster.arn,
        request.get("group", f"family:{definition['family']}"),
        request.get("startedBy", ""),
        overridden,
        (),
        "FARGATE",
        request.get("platformVersion", "LATEST"),
        overrides,
    )


def override(container: Document, wanted: Document) -> Document:
    """Return a container definition with RunTask's override applied.

    The command is replaced; environment variables are replaced or added.

    Example:
        >>> override({"command": ["serve"], "environment": [{"name": "A", "value": "1"}]}, {"command": ["migrate"]})
        {'command': ['migrate'], 'environment': [{'name': 'A', 'value': '1'}]}
    """
    changed = {key: wanted[key] for key in ("command", "cpu", "memory", "memoryReservation") if wanted.get(key)}
    variables = {one["name"]: one for one in container.get("environment", []) + wanted.get("environment", [])}
    return container | changed | {"environment": list(variables.values())}


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterException", message)
