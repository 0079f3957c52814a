"""The operations on tasks; those that stopped are listed for an hour, as on AWS, and described for ever."""

from collections.abc import Callable

from bluegreen.rehearsal.cloud.api import ApiError, Document

from .state import State
from .tasks import Task

_LISTED_SECONDS = 3600
_LARGEST_PAGE = 100


class TaskApi:
    """Lists, describes and stops tasks.

    Args:
        state: Where they are.
        now: The time, in seconds since the epoch.
    """

    def __init__(self, state: State, now: Callable[[], float]) -> None:
        self._state = state
        self._now = now

    def arns(self, request: Document) -> Document:
        """List the ARNs of a cluster's tasks, 100 a page: those meant to run, unless desiredStatus is STOPPED.

        Raises:
            ApiError: ClusterNotFoundException; ServiceNotFoundException for a service that is not there.
        """
        tasks = self._of_cluster(request.get("cluster"))
        if "serviceName" in request:
            service = self._state.service(request.get("cluster"), request["serviceName"])
            tasks = [task for task in tasks if task.spec.group == f"service:{service.name}"]
        wanted = request.get("desiredStatus", "RUNNING")
        tasks = [
            task
            for task in tasks
            if task.desired_status == wanted
            and request.get("startedBy") in {None, task.spec.started_by}
            and request.get("family") in {None, task.spec.definition["family"]}
            and request.get("launchType") in {None, task.spec.launch_type}
        ]
        listed = [task.arn for task in tasks if (task.stopped_at or self._now()) > self._now() - _LISTED_SECONDS]
        begin = int(request.get("nextToken", 0))
        end = begin + request.get("maxResults", _LARGEST_PAGE)
        more = {"nextToken": str(end)} if end < len(listed) else {}
        return {"taskArns": listed[begin:end]} | more

    def describe(self, request: Document) -> Document:
        """Describe tasks, stopped ones included; those that never were are reported as failures.

        Raises:
            ApiError: InvalidParameterException for more than 100.
        """
        if len(request["tasks"]) > _LARGEST_PAGE:
            raise ApiError("InvalidParameterException", f"Tasks can have at most {_LARGEST_PAGE} items.")
        tasks = {task.id: task for task in self._of_cluster(request.get("cluster"))}
        found, failures = [], []
        for reference in request["tasks"]:
            task = tasks.get(reference.rpartition("/")[2])
            if task is not None:
                found.append(task.describe())
            else:
                failures.append({"arn": reference, "reason": "MISSING"})
        return {"tasks": found, "failures": failures}

    def stop(self, request: Document) -> Document:
        """Stop a task; one of a service is replaced.

        Raises:
            ApiError: InvalidParameterException when there is none.
        """
        wanted = request["task"].rpartition("/")[2]
        for task in self._of_cluster(request.get("cluster")):
            if task.id == wanted:
                task.stop("UserInitiated", request.get("reason") or "Task stopped by user")
                return {"task": task.describe()}
        raise ApiError("InvalidParameterException", "The referenced task was not found.")

    def _of_cluster(self, cluster: str | None) -> list[Task]:
        found = self._state.cluster(cluster)
        services = list(found.services.values())
        kept = [task for service in services for one in service.all_task_sets for task in list(one.tasks)]
        return kept + list(found.one_off_tasks)
