"""Clusters."""

from bluegreen.rehearsal.cloud.api import ApiError, Document

from .state import Cluster, State
from .tasks import PENDING

_PROVIDERS = {"FARGATE", "FARGATE_SPOT"}


class Clusters:
    """The operations on clusters."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, request: Document) -> Document:
        """Create a cluster; one that exists under the name is returned as it is."""
        name = request.get("clusterName", "default")
        with self._state.lock:
            cluster = self._state.clusters.get(name)
            if cluster is None:
                arn, configuration = self._state.arn("cluster", name), request.get("configuration", {})
                cluster = Cluster(name, arn, request.get("settings", []), configuration)
                self._set_providers(cluster, request)
                self._state.clusters[name] = cluster
                self._state.put_tags(cluster.arn, request.get("tags", []))
            return {"cluster": self._document(cluster)}

    def update(self, request: Document) -> Document:
        """Replace the settings and the configuration, as far as they are given."""
        cluster = self._state.cluster(request["cluster"])
        cluster.configuration = request.get("configuration", cluster.configuration)
        cluster.settings = request.get("settings", cluster.settings)
        return {"cluster": self._document(cluster)}

    def put_capacity_providers(self, request: Document) -> Document:
        """Associate capacity providers and a default strategy."""
        cluster = self._state.cluster(request["cluster"])
        self._set_providers(cluster, request)
        return {"cluster": self._document(cluster)}

    def describe(self, request: Document) -> Document:
        """Describe clusters; those that do not exist are reported as failures."""
        found, failures = [], []
        with self._state.lock:
            for name in request.get("clusters") or ["default"]:
                cluster = self._state.clusters.get(name.rpartition("/")[2])
                if cluster is not None:
                    found.append(self._document(cluster))
                else:
                    arn = self._state.arn("cluster", name.rpartition("/")[2])
                    failures.append({"arn": arn, "reason": "MISSING"})
        return {"clusters": found, "failures": failures}

    def names(self, _request: Document) -> Document:
        """List the ARNs of all clusters."""
        with self._state.lock:
            return {"clusterArns": [cluster.arn for cluster in self._state.clusters.values()]}

    def delete(self, request: Document) -> Document:
        """Delete a cluster without services and tasks.

        Raises:
            ApiError: ClusterContainsServicesException while one is not INACTIVE, ClusterContainsTasksException while a
                one-off task has not stopped.
        """
        with self._state.lock:
            cluster = self._state.cluster(request["cluster"])
            if any(service.status != "INACTIVE" for service in cluster.services.values()):
                message = "The Cluster cannot be deleted while Services are active."
                raise ApiError("ClusterContainsServicesException", message)
            if any(task.status != "STOPPED" for task in cluster.one_off_tasks):
                raise ApiError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
            del self._state.clusters[cluster.name]
            return {"cluster": self._document(cluster) | {"status": "INACTIVE"}}

    def _document(self, cluster: Cluster) -> Document:
        sets = [task_set for service in cluster.services.values() for task_set in service.task_sets]
        statuses = [task.status for task in cluster.one_off_tasks]
        return {
            "clusterArn": cluster.arn,
            "clusterName": cluster.name,
            "status": "ACTIVE",
            "settings": cluster.settings,
            "configuration": cluster.configuration,
            "capacityProviders": cluster.capacity_providers,
            "defaultCapacityProviderStrategy": cluster.default_strategy,
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": sum(one.running for one in sets) + statuses.count("RUNNING"),
            "pendingTasksCount": sum(one.pending for one in sets) + sum(one in PENDING for one in statuses),
            "activeServicesCount": sum(service.status == "ACTIVE" for service in cluster.services.values()),
            "tags": self._state.tags_of(cluster.arn),
        }

    @staticmethod
    def _set_providers(cluster: Cluster, request: Document) -> None:
        providers = request.get("capacityProviders", cluster.capacity_providers)
        unknown = sorted(set(providers) - _PROVIDERS)
        if unknown:
            message = f"The specified capacity provider '{unknown[0]}' was not found. Specify a valid name or ARN"
            raise ApiError("InvalidParameterException", message)
        cluster.capacity_providers = providers
        cluster.default_strategy = request.get("defaultCapacityProviderStrategy", cluster.default_strategy)
