"""CloudFormation's AWS::ECS types, over the ECS operations as AWS's own handlers use them."""

import time
from typing import ClassVar

from bluegreen.rehearsal.cloud.api import Created, Document
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.template_properties import as_request

from .control_plane import Ecs
from .task_sets import STEADY

STABILIZATION_SECONDS = 3 * 3600
"""Cloud seconds that the creation of a service may take to be steady.

AWS states no figure for its handler; three hours is what CloudFormation waited in public reports.
"""

_POLL_SECONDS = 0.1
_SERVICE_ONLY_CREATE = {"role", "launchType", "schedulingStrategy", "serviceName", "cluster", "tags"}


def resource_types(ecs: Ecs, clock: Clock) -> "list[ClusterType | AssociationsType | TaskDefinitionType | ServiceType]":
    """Return the AWS::ECS types."""
    return [ClusterType(ecs), AssociationsType(ecs), TaskDefinitionType(ecs), ServiceType(ecs, clock)]


def _request(operation: str, properties: Document) -> Document:
    return as_request("ecs", operation, properties)


class ClusterType:
    """AWS::ECS::Cluster."""

    type_name: ClassVar[str] = "AWS::ECS::Cluster"
    create_only: ClassVar[frozenset[str]] = frozenset({"ClusterName"})

    def __init__(self, ecs: Ecs) -> None:
        self._ecs = ecs

    def create(self, name: str, properties: Document) -> Created:
        """Create the cluster."""
        return self._created(self._ecs.create_cluster(self._to_request({"ClusterName": name} | properties)))

    def update(self, physical_id: str, old: Document, new: Document) -> Created:
        """Replace its settings, its configuration and its own capacity providers, and add its tags.

        Providers that AWS::ECS::ClusterCapacityProviderAssociations gave it stay.
        """
        request = self._to_request(new | {"ClusterName": physical_id})
        changed = {key: request.get(key, empty) for key, empty in (("settings", []), ("configuration", {}))}
        updated = self._ecs.update_cluster({"cluster": physical_id} | changed)
        if {"CapacityProviders", "DefaultCapacityProviderStrategy"} & (old.keys() | new.keys()):
            self._ecs.put_cluster_capacity_providers(
                {
                    "cluster": physical_id,
                    "capacityProviders": request.get("capacityProviders", []),
                    "defaultCapacityProviderStrategy": request.get("defaultCapacityProviderStrategy", []),
                }
            )
        self._ecs.tag_resource({"resourceArn": updated["cluster"]["clusterArn"], "tags": request.get("tags", [])})
        return self._created(updated)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the name is enough
        """Delete it."""
        if self._ecs.describe_clusters({"clusters": [physical_id]})["clusters"]:
            self._ecs.delete_cluster({"cluster": physical_id})

    @staticmethod
    def _to_request(properties: Document) -> Document:
        settings = {"Settings": properties["ClusterSettings"]} if "ClusterSettings" in properties else {}
        rest = {key: value for key, value in properties.items() if key != "ClusterSettings"}
        return _request("CreateCluster", rest | settings)

    @staticmethod
    def _created(answer: Document) -> Created:
        return Created(answer["cluster"]["clusterName"], {"Arn": answer["cluster"]["clusterArn"]})


class AssociationsType:
    """AWS::ECS::ClusterCapacityProviderAssociations."""

    type_name: ClassVar[str] = "AWS::ECS::ClusterCapacityProviderAssociations"
    create_only: ClassVar[frozenset[str]] = frozenset({"Cluster"})

    def __init__(self, ecs: Ecs) -> None:
        self._ecs = ecs

    def create(self, name: str, properties: Document) -> Created:  # noqa: ARG002 - the cluster's name is the id
        """Associate capacity providers with the cluster."""
        self._ecs.put_cluster_capacity_providers(_request("PutClusterCapacityProviders", properties))
        return Created(properties["Cluster"])

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - replaced whole
        """Replace the associations."""
        return self.create(physical_id, new)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the cluster is enough
        """Remove them, if the cluster is still there."""
        if self._ecs.describe_clusters({"clusters": [physical_id]})["clusters"]:
            request = {"cluster": physical_id, "capacityProviders": [], "defaultCapacityProviderStrategy": []}
            self._ecs.put_cluster_capacity_providers(request)


class TaskDefinitionType:
    """AWS::ECS::TaskDefinition: every change but of tags is a new revision, and the old one is deregistered.

    Unless the template retains it: CloudFormation then does not call `delete`.
    """

    type_name: ClassVar[str] = "AWS::ECS::TaskDefinition"
    create_only: ClassVar[frozenset[str]] = frozenset(
        {
            "ContainerDefinitions",
            "Cpu",
            "EnableFaultInjection",
            "EphemeralStorage",
            "ExecutionRoleArn",
            "Family",
            "InferenceAccelerators",
            "IpcMode",
            "Memory",
            "NetworkMode",
            "PidMode",
            "PlacementConstraints",
            "ProxyConfiguration",
            "RequiresCompatibilities",
            "RuntimePlatform",
            "TaskRoleArn",
            "Volumes",
        }
    )

    def __init__(self, ecs: Ecs) -> None:
        self._ecs = ecs

    def create(self, name: str, properties: Document) -> Created:
        """Register a revision."""
        request = _request("RegisterTaskDefinition", {"Family": name} | properties)
        arn = self._ecs.register_task_definition(request)["taskDefinition"]["taskDefinitionArn"]
        return Created(arn, {"TaskDefinitionArn": arn})

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - tags are added
        """Add tags: nothing else changes in place."""
        self._ecs.tag_resource(_request("TagResource", {"ResourceArn": physical_id, "Tags": new.get("Tags", [])}))
        return Created(physical_id, {"TaskDefinitionArn": physical_id})

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the ARN is enough
        """Deregister the revision."""
        self._ecs.deregister_task_definition({"taskDefinition": physical_id})


class ServiceType:
    """AWS::ECS::Service.

    Its update sends every property, as AWS's handler does, so that on a CODE_DEPLOY service every update fails.

    Args:
        ecs: The service behind it.
        clock: For the time that a creation may take.
        stabilization_seconds: How many cloud seconds that is.
    """

    type_name: ClassVar[str] = "AWS::ECS::Service"
    create_only: ClassVar[frozenset[str]] = frozenset(
        {"Cluster", "LaunchType", "Role", "SchedulingStrategy", "ServiceName"}
    )

    def __init__(self, ecs: Ecs, clock: Clock, stabilization_seconds: float = STABILIZATION_SECONDS) -> None:
        self._ecs = ecs
        self._clock = clock
        self._stabilization_seconds = stabilization_seconds

    def create(self, name: str, properties: Document) -> Created:
        """Create the service and wait until it is steady.

        Raises:
            TimeoutError: If it is not in time, with the reason of its last stopped task. The service is deleted.
        """
        request = _request("CreateService", {"ServiceName": name} | properties)
        service = self._ecs.create_service(request)["service"]
        deadline = self._clock.now() + self._stabilization_seconds
        while not self._is_steady(service):
            if self._clock.now() >= deadline:
                why = self._why(service)
                self._delete(service["clusterArn"], service["serviceArn"])
                raise TimeoutError(f"service {service['serviceName']} did not stabilize: {why}")
            time.sleep(_POLL_SECONDS)
        return self._created(service)

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - all is sent again
        """Send every property that UpdateService knows."""
        request = _request("CreateService", new)
        sent = {key: value for key, value in request.items() if key not in _SERVICE_ONLY_CREATE}
        service = self._ecs.update_service(sent | {"cluster": request.get("cluster"), "service": physical_id})[
            "service"
        ]
        return self._created(service)

    def delete(self, physical_id: str, properties: Document) -> None:
        """Delete it with its tasks, and wait until they stopped."""
        self._delete(properties.get("Cluster"), physical_id)

    def _is_steady(self, service: Document) -> bool:
        request = {"cluster": service["clusterArn"], "service": service["serviceArn"]}
        (primary,) = self._ecs.describe_task_sets(request)["taskSets"]
        return bool(primary["stabilityStatus"] == STEADY)

    def _why(self, service: Document) -> str:
        request = {"cluster": service["clusterArn"], "serviceName": service["serviceArn"], "desiredStatus": "STOPPED"}
        stopped = self._ecs.list_tasks(request)["taskArns"]
        if not stopped:
            return "no task stopped, but not all of them became healthy"
        (task,) = self._ecs.describe_tasks({"cluster": service["clusterArn"], "tasks": stopped[-1:]})["tasks"]
        codes = [container["exitCode"] for container in task["containers"] if container["exitCode"] is not None]
        return f"{len(stopped)} tasks stopped, the last with {task['stoppedReason']!r} and exit codes {codes}"

    def _delete(self, cluster: str | None, service: str) -> None:
        described = self._ecs.describe_services({"cluster": cluster, "services": [service]})["services"]
        if described and described[0]["status"] == "ACTIVE":
            self._ecs.delete_service({"cluster": cluster, "service": service, "force": True})
        while described and described[0]["status"] != "INACTIVE":
            time.sleep(_POLL_SECONDS)
            described = self._ecs.describe_services({"cluster": cluster, "services": [service]})["services"]

    @staticmethod
    def _created(service: Document) -> Created:
        arn = service["serviceArn"]
        return Created(arn, {"Name": service["serviceName"], "ServiceArn": arn})
