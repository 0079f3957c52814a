"""ECS's rules as functions of requests and figures: what is refused, what counts as stable, how long restarts wait."""

import math
from collections.abc import Sequence

from bluegreen.rehearsal.cloud.api import ApiError, Document

LONGEST_RESTART_DELAY = 27 * 60
"""Cloud seconds between restarts of a task that keeps failing, at most: ECS's documented figure."""

_FIRST_RESTART_DELAY = 10
_LARGEST_EXPONENT = 10

CHANGEABLE = {
    "cluster",
    "service",
    "desiredCount",
    "deploymentConfiguration",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
    "propagateTags",
    "enableECSManagedTags",
}
"""What UpdateService accepts for a service with the CODE_DEPLOY controller."""

_FROZEN = {
    "taskDefinition": "task definition",
    "networkConfiguration": "network parameters",
    "platformVersion": "platform version",
    "loadBalancers": "load balancers",
    "capacityProviderStrategy": "capacity provider strategy",
    "serviceRegistries": "service registries",
}

_ONLY_ECS = {"deploymentCircuitBreaker": "DeploymentCircuitBreaker", "alarms": "DeploymentAlarms"}


def refuse_update(request: Document) -> None:
    """Refuse what UpdateService refuses on a CODE_DEPLOY service.

    Raises:
        ApiError: InvalidParameterException; the task definition is named first, as AWS does.
    """
    for field, words in _FROZEN.items():
        if field in request:
            message = f"Unable to update {words} on services with a CODE_DEPLOY deployment controller."
            raise _invalid(f"{message} Use AWS CodeDeploy to trigger a new deployment.")
    if request.get("forceNewDeployment"):
        message = "Cannot force a new deployment on services with a CODE_DEPLOY deployment controller."
        raise _invalid(f"{message} Use AWS CodeDeploy to trigger a new deployment.")
    others = sorted(set(request) - CHANGEABLE - {"forceNewDeployment"})
    if others:
        message = f"Unable to update {others[0]} on services with a CODE_DEPLOY deployment controller."
        raise _invalid(f"{message} Use AWS CodeDeploy to trigger a new deployment.")
    refuse_deployment_configuration(request)


def refuse_controller(request: Document) -> None:
    """Refuse a new service whose controller this cloud does not emulate."""
    controller = request.get("deploymentController", {}).get("type", "ECS")
    if controller != "CODE_DEPLOY":
        message = f"the local cloud runs only services with the deployment controller CODE_DEPLOY, got {controller}"
        raise _invalid(message)
    refuse_deployment_configuration(request)
    if request.get("schedulingStrategy", "REPLICA") != "REPLICA":
        raise _invalid("The DAEMON scheduling strategy is not supported with the CODE_DEPLOY deployment controller.")
    if "launchType" in request and request.get("capacityProviderStrategy"):
        message = "Specifying both a launch type and capacity provider strategy is not supported."
        raise _invalid(f"{message} Remove one and try again.")


def refuse_deployment_configuration(request: Document) -> None:
    """Refuse deployment settings that only ECS's own controller has."""
    configuration = request.get("deploymentConfiguration", {})
    for field, words in _ONLY_ECS.items():
        if configuration.get(field, {}).get("enable"):
            raise _invalid(f"{words} feature can be configured only with ECS deployment controller.")


def refuse_placement(request: Document, definition: Document, capacity_providers: Sequence[str]) -> None:
    """Refuse load balancers, networks and capacity that do not fit the task definition and the cluster.

    Args:
        request: CreateService's or CreateTaskSet's.
        definition: The task definition.
        capacity_providers: What is associated with the cluster.

    Raises:
        ApiError: InvalidParameterException.
    """
    if "networkConfiguration" not in request:
        raise _invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    containers = {container["name"]: container for container in definition["containerDefinitions"]}
    if not request.get("loadBalancers"):
        raise _invalid("A load balancer is required for services with a CODE_DEPLOY deployment controller.")
    for balancer in request["loadBalancers"]:
        name, port = balancer.get("containerName"), balancer.get("containerPort")
        if name not in containers:
            raise _invalid(f"The container {name} does not exist in the task definition.")
        if port not in {mapping["containerPort"] for mapping in containers[name]["portMappings"]}:
            raise _invalid(f"The container {name} did not have a container port {port} defined.")
    for item in request.get("capacityProviderStrategy", []):
        if item["capacityProvider"] not in capacity_providers:
            raise _invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated "
                "with the cluster. Associate the capacity provider with the cluster and try again."
            )


def refuse_target_group(arn: str, group: Document) -> None:
    """Refuse a target group that no load balancer uses, or that takes instances."""
    if not group.get("LoadBalancerArns"):
        raise _invalid(f"The target group with targetGroupArn {arn} does not have an associated load balancer.")
    if group.get("TargetType") != "ip":
        raise _invalid(
            f"The provided target group {arn} has target type {group.get('TargetType')}, which is incompatible with "
            "the awsvpc network mode specified in the task definition."
        )


def computed_desired_count(desired: int, scale_percent: float) -> int:
    """Return how many tasks a task set wants: its share of the service's, rounded up.

    Example:
        >>> computed_desired_count(3, 50)
        2
    """
    return math.ceil(desired * scale_percent / 100)


def restart_delay(failures: int) -> int:
    """Return the cloud seconds to wait before a restart after `failures` tasks in a row that failed to start.

    ECS documents the longest delay only; the growth (10 s, doubled each time) is this cloud's.

    Example:
        >>> [restart_delay(failures) for failures in (0, 1, 2, 3, 99)]
        [0, 10, 20, 40, 1620]
    """
    if failures == 0:
        return 0
    delay: int = _FIRST_RESTART_DELAY * 2 ** min(failures - 1, _LARGEST_EXPONENT)
    return min(LONGEST_RESTART_DELAY, delay)


def is_steady(desired: int, running: int, pending: int, targets: Sequence[str]) -> bool:
    """Whether a task set is in a steady state.

    Args:
        desired: Its computed desired count.
        running: Its running tasks.
        pending: Its tasks on the way up or down.
        targets: The health of every target of its running tasks.
    """
    return running == desired and pending == 0 and all(health == "healthy" for health in targets)


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterException", message)
