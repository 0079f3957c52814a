"""What ECS keeps: clusters, services and tags, behind one lock; and how ECS names things."""

import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bluegreen.rehearsal.cloud.api import ApiError, Document

if TYPE_CHECKING:
    from .services import Service
    from .tasks import Task


@dataclass
class Cluster:
    """A cluster: a name that services and one-off tasks live under."""

    name: str
    arn: str
    settings: list[Document] = field(default_factory=list)
    configuration: Document = field(default_factory=dict)
    capacity_providers: list[str] = field(default_factory=list)
    default_strategy: list[Document] = field(default_factory=list)
    services: dict[str, "Service"] = field(default_factory=dict)
    one_off_tasks: list["Task"] = field(default_factory=list)


class State:
    """Everything ECS remembers between requests.

    Args:
        region: The only region.
        account: The account's number.
    """

    def __init__(self, region: str, account: str) -> None:
        self.lock = threading.RLock()
        self.clusters: dict[str, Cluster] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self._prefix = f"arn:aws:ecs:{region}:{account}:"

    def arn(self, kind: str, *path: str) -> str:
        """Return an ARN such as arn:aws:ecs:eu-west-1:123456789012:service/cluster/name."""
        return f"{self._prefix}{kind}/{'/'.join(path)}"

    def cluster(self, name_or_arn: str | None) -> Cluster:
        """Find a cluster; without a name, the one called default.

        Raises:
            ApiError: ClusterNotFoundException.
        """
        name = (name_or_arn or "default").rpartition("/")[2]
        cluster = self.clusters.get(name)
        if cluster is None:
            raise ApiError("ClusterNotFoundException", "Cluster not found.")
        return cluster

    def service(self, cluster: str | None, name_or_arn: str) -> "Service":
        """Find a service that is not INACTIVE.

        Raises:
            ApiError: ClusterNotFoundException, ServiceNotFoundException or ServiceNotActiveException.
        """
        found = self.cluster(cluster).services.get(name_or_arn.rpartition("/")[2])
        if found is None:
            raise ApiError("ServiceNotFoundException", "Service not found.")
        if found.status != "ACTIVE":
            raise ApiError("ServiceNotActiveException", "Service was not ACTIVE.")
        return found

    def all_services(self) -> "list[Service]":
        """Return every service of every cluster, INACTIVE ones included."""
        with self.lock:
            return [service for cluster in self.clusters.values() for service in cluster.services.values()]

    def one_off_tasks(self) -> "list[Task]":
        """Return every task that RunTask started, stopped ones included."""
        with self.lock:
            return [task for cluster in self.clusters.values() for task in cluster.one_off_tasks]

    def put_tags(self, arn: str, tags: list[Document]) -> None:
        """Add tags to a resource, overwriting those of the same key."""
        with self.lock:
            self.tags.setdefault(arn, {}).update({tag["key"]: tag.get("value", "") for tag in tags})

    def tags_of(self, arn: str) -> list[Document]:
        """Return a resource's tags in ECS's form."""
        with self.lock:
            return [{"key": key, "value": value} for key, value in self.tags.get(arn, {}).items()]


def new_id() -> str:
    """Return an id in the form of a task's: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def new_task_set_id() -> str:
    """Return an id in the form of a task set's: ecs-svc/ and 19 digits."""
    return f"ecs-svc/{uuid.uuid4().int % 10**19:019d}"
