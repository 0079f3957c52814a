"""The operations on tasks; those that stopped are kept for as long as the cloud runs."""

from bluegreen.rehearsal.cloud.api import ApiError, Document

from .state import State
from .tasks import Task


class TaskApi:
    """Lists, describes and stops tasks."""

    def __init__(self, state: State) -> None:
        self._state = state

    def arns(self, request: Document) -> Document:
        """List the ARNs of a cluster's tasks: those meant to run, unless desiredStatus is STOPPED.

        Raises:
            ApiError: ClusterNotFoundException; ServiceNotFoundException for a service that is not there.
        """
        tasks = self._of_cluster(request.get("cluster"))
        if "serviceName" in request:
            service = self._state.service(request.get("cluster"), request["serviceName"])
            tasks = [task for task in tasks if task.spec.service == service.name]
        wanted = request.get("desiredStatus", "RUNNING")
        tasks = [
            task
            for task in tasks
            if task.desired_status == wanted
            and request.get("startedBy") in {None, task.spec.started_by}
            and request.get("family") in {None, task.spec.definition["family"]}
        ]
        return {"taskArns": [task.arn for task in tasks]}

    def describe(self, request: Document) -> Document:
        """Describe tasks, stopped ones included; those that never were are reported as failures."""
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
        """Stop a task; its service replaces it.

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
        services = list(self._state.cluster(cluster).services.values())
        return [task for service in services for one in service.all_task_sets for task in list(one.tasks)]
