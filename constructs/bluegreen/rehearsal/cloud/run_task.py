"""Step Functions' integration with ECS in ministack: `ecs:runTask` and `ecs:runTask.sync`, as AWS documents them.

ministack has both, over its own ECS and with answers of its own. Here the calls reach our ECS; a job that is waited for
ends with the task as its output, or with States.TaskFailed and the task as the cause; and a job that is given up,
because its state or its execution ran out of time or was stopped, takes its task with it.
"""

import contextvars
import importlib
import json
import time
from collections.abc import Callable
from typing import Any

from . import protocol
from .api import Document, Service
from .clock import Clock

MODULE = "ministack.services.stepfunctions"
NAMES = (
    "_SERVICE_DISPATCH",
    "_ExecutionError",
    "_apply_input_path",
    "_execute_task",
    "_invoke_resource_with_timeout",
    "_resolve_path_or_ctx",
)
"""What is read or replaced there; checked before anything starts."""

RESOURCE = "arn:aws:states:::ecs:runTask"
STARTED_BY = "AWS Step Functions"
_TARGET_PREFIX = "AmazonEC2ContainerServiceV20141113"
_POLL_SECONDS = 0.05

_execution: contextvars.ContextVar[Document] = contextvars.ContextVar("execution")
"""The execution whose state is being carried out on this thread."""


class Refused(Exception):  # noqa: N818 - not an error of this program: an answer of ECS
    """ECS refused a call."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class RunTask:
    """Carries out the integration's calls.

    Args:
        ecs: Our ECS.
        clock: The cloud's time, in which a job may be limited.
        error: Makes what Step Functions knows as an error, of a name and a cause.
    """

    def __init__(self, ecs: Service, clock: Clock, error: Callable[[str, str], Exception]) -> None:
        self._ecs = ecs
        self._clock = clock
        self._error = error

    def run(self, resource: str, parameters: Document, seconds: float | None = None) -> Document:
        """Start a task, and for a job wait until it has stopped.

        Args:
            resource: The state's resource.
            parameters: RunTask's request, in PascalCase.
            seconds: How long a job may take, in cloud time; None sets no limit.

        Returns:
            RunTask's answer, or the stopped task of a job; in PascalCase.

        Raises:
            Exception: Step Functions' own, made by `error`: ECS.… for what ECS refuses, States.TaskFailed for a job
                whose task failed, States.Timeout, or States.Runtime when the execution has ended meanwhile.
        """
        self._end_with_execution([])
        try:
            answer = self._call("RunTask", {"startedBy": STARTED_BY} | camel(parameters))
        except Refused as refused:
            # Step Functions' form: the service, and the code that the service answered with.
            raise self._error(f"ECS.{refused.code}", f"{refused.message} (Service: Ecs)") from None
        if not resource.endswith(".sync"):
            told: Document = pascal(answer)
            return told
        if answer["failures"]:
            raise self._error("AmazonECS.Unknown", json.dumps(pascal(answer)))
        tasks = [task["taskArn"] for task in answer["tasks"]]
        deadline = None if seconds is None else self._clock.now() + seconds
        return self._wait(answer["tasks"][0]["clusterArn"], tasks, deadline)

    def _wait(self, cluster: str, arns: list[str], deadline: float | None) -> Document:
        while True:
            # While the control planes are down nobody looks at the task, which goes on.
            self._clock.control_planes.wait()
            tasks = self._call("DescribeTasks", {"cluster": cluster, "tasks": arns})["tasks"]
            if all(task["lastStatus"] == "STOPPED" for task in tasks):
                break
            self._end_with_execution(tasks)
            if deadline is not None and self._clock.now() >= deadline:
                self._stop(tasks)
                raise self._error("States.Timeout", "")
            time.sleep(_POLL_SECONDS)
        failed = [task for task in tasks if not self._succeeded(task)]
        if failed:
            raise self._error("States.TaskFailed", json.dumps(pascal(failed[0])))
        told: Document = pascal(tasks[0] if len(tasks) == 1 else {"tasks": tasks})
        return told

    def _succeeded(self, task: Document) -> bool:
        """Whether every essential container ran and ended with 0."""
        wanted = {"taskDefinition": task["taskDefinitionArn"]}
        definition = self._call("DescribeTaskDefinition", wanted)["taskDefinition"]
        essential = {one["name"] for one in definition["containerDefinitions"] if one["essential"]}
        return all(one.get("exitCode") == 0 for one in task["containers"] if one["name"] in essential)

    def _end_with_execution(self, tasks: list[Document]) -> None:
        """Stop the tasks when the execution that waits for them has been stopped or has timed out."""
        execution = _execution.get(None)
        if execution is not None and execution["status"] != "RUNNING":
            self._stop(tasks)
            raise self._error("States.Runtime", f"the execution is {execution['status']}")

    def _stop(self, tasks: list[Document]) -> None:
        for task in tasks:
            if task["lastStatus"] != "STOPPED":
                self._call("StopTask", {"cluster": task["clusterArn"], "task": task["taskArn"]})

    def _call(self, operation: str, request: Document) -> Document:
        """Call ECS over its own protocol, so that what botocore's model refuses is refused here too."""
        headers = {"x-amz-target": f"{_TARGET_PREFIX}.{operation}"}
        status, _, body = protocol.call(self._ecs, headers, json.dumps(request).encode(), {})
        document: Document = json.loads(body)
        if status != 200:  # noqa: PLR2004 - HTTP's OK
            raise Refused(document["__type"], document["message"])
        return document


def install(ecs: Service, clock: Clock) -> None:
    """Let the states of executions run tasks of our ECS.

    Args:
        ecs: Our ECS.
        clock: The cloud's time.
    """
    module: Any = importlib.import_module(MODULE)
    run_task = RunTask(ecs, clock, module._ExecutionError)  # noqa: SLF001 - checked by name in extension.py
    execute = module._execute_task  # noqa: SLF001 - likewise
    invoke = module._invoke_resource_with_timeout  # noqa: SLF001 - likewise

    def execute_task(state: Document, given: Any, execution: Document, context: Document) -> Any:
        if "TimeoutSecondsPath" in state:
            path, effective = state["TimeoutSecondsPath"], module._apply_input_path(state, given, context)  # noqa: SLF001 - likewise
            state = state | {"TimeoutSeconds": module._resolve_path_or_ctx(path, effective, context)}  # noqa: SLF001 - likewise
        token = _execution.set(execution)
        try:
            return execute(state, given, execution, context)
        finally:
            _execution.reset(token)

    def invoke_within(resource: str, parameters: Document, seconds: float) -> Any:
        if resource.startswith(RESOURCE):
            return run_task.run(resource, parameters, seconds)
        return invoke(resource, parameters, seconds)

    module._execute_task = execute_task  # noqa: SLF001 - likewise
    module._invoke_resource_with_timeout = invoke_within  # noqa: SLF001 - likewise
    module._SERVICE_DISPATCH[RESOURCE] = run_task.run  # noqa: SLF001 - likewise


def camel(value: Any) -> Any:
    """Return a state's parameters as ECS names them.

    Example:
        >>> camel({"Overrides": {"ContainerOverrides": [{"Name": "web"}]}})
        {'overrides': {'containerOverrides': [{'name': 'web'}]}}
    """
    match value:
        case dict():
            return {key[:1].lower() + key[1:]: camel(item) for key, item in value.items()}
        case list():
            return [camel(item) for item in value]
    return value


def pascal(value: Any) -> Any:
    """Return ECS's answer as Step Functions tells it: names in PascalCase, times in milliseconds.

    Example:
        >>> pascal({"tasks": [{"cpu": "256", "createdAt": 1700000000.25}]})
        {'Tasks': [{'Cpu': '256', 'CreatedAt': 1700000000250}]}
    """
    match value:
        case dict():
            return {key[:1].upper() + key[1:]: _told(key, item) for key, item in value.items()}
        case list():
            return [pascal(item) for item in value]
    return value


def _told(key: str, value: Any) -> Any:
    return round(value * 1000) if key.endswith("At") and isinstance(value, int | float) else pascal(value)
