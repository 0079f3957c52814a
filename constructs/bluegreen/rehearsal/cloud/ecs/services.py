"""Services with the CODE_DEPLOY controller, and their task sets."""

import re
import uuid
from collections import deque
from collections.abc import Callable

from bluegreen.rehearsal.cloud.api import ApiError, Document

from . import rules
from .platform import Platform
from .state import Cluster, State
from .task_definitions import TaskDefinitions
from .task_sets import TaskSet

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
_EVENTS_KEPT = 100

_CARRIED = (
    "propagateTags",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "serviceRegistries",
    "placementConstraints",
    "placementStrategy",
    "availabilityZoneRebalancing",
)
"""What the service only remembers and repeats."""


class Service:
    """One service.

    Args:
        cluster: Where it lives.
        arn: Its ARN.
        request: CreateService's.
        now: The cloud's time.
    """

    def __init__(self, cluster: Cluster, arn: str, request: Document, now: Callable[[], float]) -> None:
        self.cluster = cluster
        self.name: str = request["serviceName"]
        self.arn = arn
        self.status = "ACTIVE"
        self.desired_count: int = request.get("desiredCount", 1)
        self.grace_period_seconds: int = request.get("healthCheckGracePeriodSeconds", 0)
        self.deployment_configuration = {"maximumPercent": 200, "minimumHealthyPercent": 100}
        self.deployment_configuration |= request.get("deploymentConfiguration", {})
        self.carried = {key: request[key] for key in _CARRIED if key in request}
        self.task_sets: list[TaskSet] = []
        self.former_task_sets: list[TaskSet] = []
        self.events: deque[Document] = deque(maxlen=_EVENTS_KEPT)
        self.created_at = now()
        self._now = now

    def add_event(self, what: str) -> None:
        """Add an event as `describe-services` shows it, newest first."""
        event = {"id": str(uuid.uuid4()), "createdAt": self._now(), "message": f"(service {self.name}) {what}"}
        self.events.appendleft(event)

    @property
    def all_task_sets(self) -> list[TaskSet]:
        """Its task sets, and those that are gone, whose stopped tasks can still be described."""
        return [*self.former_task_sets, *self.task_sets]

    @property
    def primary(self) -> TaskSet | None:
        """The task set that speaks for the service."""
        return next((one for one in self.task_sets if one.status == "PRIMARY"), None)

    def task_set(self, id_or_arn: str) -> TaskSet:
        """Find a task set by id or ARN.

        Raises:
            ApiError: TaskSetNotFoundException.
        """
        for one in self.task_sets:
            if id_or_arn in {one.id, one.arn}:
                return one
        raise ApiError("TaskSetNotFoundException", f"The specified task set {id_or_arn} was not found.")


class Services:
    """The operations on services and task sets."""

    def __init__(self, state: State, definitions: TaskDefinitions, platform: Platform) -> None:
        self._state = state
        self._definitions = definitions
        self._platform = platform

    def create(self, request: Document) -> Document:
        """Create a service, with its primary task set. A desired count that is omitted means 1.

        Raises:
            ApiError: Worded as ECS words it, for what ECS refuses; and for any controller but CODE_DEPLOY.
        """
        rules.refuse_controller(request)
        if not _NAME.fullmatch(request["serviceName"]):
            raise ApiError("InvalidParameterException", "Service name contains invalid characters.")
        definition = self._placed(request)
        with self._state.lock:
            cluster = self._state.cluster(request.get("cluster"))
            present = cluster.services.get(request["serviceName"])
            if present is not None and present.status != "INACTIVE":
                raise ApiError("InvalidParameterException", "Creation of service was not idempotent.")
            arn = self._state.arn("service", cluster.name, request["serviceName"])
            service = Service(cluster, arn, request, self._platform.clock.now)
            task_set = TaskSet(service, request, definition, self._state, self._platform)
            task_set.status = "PRIMARY"
            service.task_sets.append(task_set)
            cluster.services[service.name] = service
            self._state.put_tags(arn, request.get("tags", []))
        task_set.begin()
        return {"service": self.document(service)}

    def update(self, request: Document) -> Document:
        """Change what a CODE_DEPLOY service lets be changed.

        Raises:
            ApiError: InvalidParameterException for everything else.
        """
        service = self._state.service(request.get("cluster"), request["service"])
        rules.refuse_update(request)
        with self._state.lock:
            desired = request.get("desiredCount", service.desired_count)
            if desired != service.desired_count:
                service.add_event(f"has changed its desired count from {service.desired_count} to {desired}.")
            service.desired_count = desired
            service.grace_period_seconds = request.get("healthCheckGracePeriodSeconds", service.grace_period_seconds)
            service.deployment_configuration |= request.get("deploymentConfiguration", {})
            service.carried |= {key: request[key] for key in _CARRIED if key in request}
        return {"service": self.document(service)}

    def delete(self, request: Document) -> Document:
        """Begin to delete a service; with force also one that is scaled above 0.

        Raises:
            ApiError: InvalidParameterException without force; ServiceNotFoundException or ServiceNotActiveException.
        """
        service = self._state.service(request.get("cluster"), request["service"])
        if service.desired_count > 0 and not request.get("force"):
            message = "The service cannot be stopped while it is scaled above 0."
            raise ApiError("InvalidParameterException", message)
        service.status = "DRAINING"
        self.sweep()
        return {"service": self.document(service)}

    def describe(self, request: Document) -> Document:
        """Describe services, INACTIVE ones included; those that do not exist are reported as failures."""
        self.sweep()
        found, failures = [], []
        cluster = self._state.cluster(request.get("cluster"))
        for reference in request["services"]:
            name = reference.rpartition("/")[2]
            if name in cluster.services:
                found.append(self.document(cluster.services[name]))
            else:
                failures.append({"arn": self._state.arn("service", cluster.name, name), "reason": "MISSING"})
        return {"services": found, "failures": failures}

    def arns(self, request: Document) -> Document:
        """List the ARNs of a cluster's services that are not INACTIVE."""
        self.sweep()
        services = self._state.cluster(request.get("cluster")).services.values()
        return {"serviceArns": [service.arn for service in services if service.status != "INACTIVE"]}

    def create_task_set(self, request: Document) -> Document:
        """Add a task set, ACTIVE and not primary.

        AWS lets CodeDeploy alone do this on a CODE_DEPLOY service; the local cloud does not know its callers.

        Raises:
            ApiError: Worded as ECS words it; an INACTIVE task definition is refused.
        """
        service = self._state.service(request["cluster"], request["service"])
        definition = self._placed(request)
        task_set = TaskSet(service, request, definition, self._state, self._platform)
        with self._state.lock:
            service.task_sets.append(task_set)
            self._state.put_tags(task_set.arn, request.get("tags", []))
        task_set.begin()
        return {"taskSet": self._task_set_document(task_set)}

    def describe_task_sets(self, request: Document) -> Document:
        """Describe a service's task sets, or those that are named."""
        self.sweep()
        service = self._state.service(request["cluster"], request["service"])
        names = request.get("taskSets") or [one.id for one in service.task_sets]
        found = [one for one in service.task_sets if {one.id, one.arn} & set(names)]
        known = {name for one in found for name in (one.id, one.arn)}
        missing = [{"arn": name, "reason": "MISSING"} for name in names if name not in known]
        return {"taskSets": [self._task_set_document(one) for one in found], "failures": missing}

    def update_task_set(self, request: Document) -> Document:
        """Change a task set's scale."""
        service = self._state.service(request["cluster"], request["service"])
        task_set = service.task_set(request["taskSet"])
        task_set.scale = request["scale"]["value"]
        task_set.updated_at = self._platform.clock.now()
        return {"taskSet": self._task_set_document(task_set)}

    def make_primary(self, request: Document) -> Document:
        """Make a task set the primary one; the one that was becomes ACTIVE."""
        service = self._state.service(request["cluster"], request["service"])
        with self._state.lock:
            chosen = service.task_set(request["primaryTaskSet"])
            if chosen.status == "DRAINING":
                raise ApiError("InvalidParameterException", "The task set cannot be made primary while it is draining.")
            for one in service.task_sets:
                if one.status == "PRIMARY":
                    one.status = "ACTIVE"
            chosen.status = "PRIMARY"
            chosen.updated_at = self._platform.clock.now()
        return {"taskSet": self._task_set_document(chosen)}

    def delete_task_set(self, request: Document) -> Document:
        """Begin to drain a task set; it is gone with its last task.

        Raises:
            ApiError: InvalidParameterException for the primary one, and without force for one that is not scaled to 0.
        """
        service = self._state.service(request["cluster"], request["service"])
        with self._state.lock:
            task_set = service.task_set(request["taskSet"])
            if task_set.status == "PRIMARY":
                raise ApiError("InvalidParameterException", "The primary task set cannot be deleted.")
            if task_set.scale > 0 and not request.get("force"):
                message = "The task set cannot be deleted while it is scaled above 0."
                raise ApiError("InvalidParameterException", message)
            task_set.status = "DRAINING"
            task_set.updated_at = self._platform.clock.now()
        return {"taskSet": self._task_set_document(task_set)}

    def sweep(self) -> None:
        """Forget task sets that drained, and make services INACTIVE that have none left."""
        with self._state.lock:
            for service in self._state.all_services():
                draining = service.status == "DRAINING"
                gone = [one for one in service.task_sets if one.gone and (draining or one.status == "DRAINING")]
                service.former_task_sets += gone
                service.task_sets = [one for one in service.task_sets if one not in gone]
                if draining and not service.task_sets:
                    service.status = "INACTIVE"

    def document(self, service: Service) -> Document:
        """Return a service in ECS's form."""
        primary = service.primary
        sets = list(service.task_sets)
        document: Document = {
            "serviceArn": service.arn,
            "serviceName": service.name,
            "clusterArn": service.cluster.arn,
            "status": service.status,
            "desiredCount": service.desired_count,
            "runningCount": sum(one.running for one in sets),
            "pendingCount": sum(one.pending for one in sets),
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "CODE_DEPLOY"},
            "deploymentConfiguration": service.deployment_configuration,
            "healthCheckGracePeriodSeconds": service.grace_period_seconds,
            "deployments": [],
            "taskSets": [self._task_set_document(one) for one in sets],
            "events": list(service.events),
            "createdAt": service.created_at,
            "tags": self._state.tags_of(service.arn),
        }
        if primary is not None:
            # What the primary task set runs with is what the service runs with.
            described = self._task_set_document(primary)
            shared = (
                "taskDefinition",
                "loadBalancers",
                "networkConfiguration",
                "platformVersion",
                "launchType",
                "capacityProviderStrategy",
            )
            document |= {key: described[key] for key in shared}
        return document | service.carried

    def _task_set_document(self, task_set: TaskSet) -> Document:
        return task_set.describe(self._state.tags_of(task_set.arn))

    def _placed(self, request: Document) -> Document:
        """Return the task definition, once everything the request asks for fits it."""
        cluster = self._state.cluster(request.get("cluster"))
        if "taskDefinition" not in request:
            raise ApiError("InvalidParameterException", "TaskDefinition can not be blank.")
        definition = self._definitions.usable(request["taskDefinition"])
        rules.refuse_placement(request, definition, cluster.capacity_providers)
        arns = [balancer["targetGroupArn"] for balancer in request["loadBalancers"]]
        described = self._platform.client("elbv2").describe_target_groups(TargetGroupArns=arns)
        for group in described["TargetGroups"]:
            rules.refuse_target_group(group["TargetGroupArn"], group)
        return definition
