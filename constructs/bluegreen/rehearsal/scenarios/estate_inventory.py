"""All that is in the cloud, asked of every API that the stacks of the estate use."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Client = Callable[[str], Any]

_LISTED = (
    ("load balancer", "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    ("target group", "elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    ("metric alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("composite alarm", "cloudwatch", "describe_alarms", "CompositeAlarms", "AlarmName"),
    ("function", "lambda", "list_functions", "Functions", "FunctionName"),
    ("state machine", "stepfunctions", "list_state_machines", "stateMachines", "stateMachineArn"),
    ("rule", "events", "list_rules", "Rules", "Name"),
    ("topic", "sns", "list_topics", "Topics", "TopicArn"),
    ("role", "iam", "list_roles", "Roles", "RoleName"),
    ("log group", "logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("network", "ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("subnet", "ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("security group", "ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("NAT gateway", "ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("address", "ec2", "describe_addresses", "Addresses", "AllocationId"),
    ("network interface", "ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
)


def inventory(client: Client) -> dict[str, frozenset[str]]:
    """Return the ids of all that is there, by kind.

    Args:
        client: Makes a boto3 client for a service.
    """
    found = {kind: _ids(client(service), operation, member, key) for kind, service, operation, member, key in _LISTED}
    found["NAT gateway"] = frozenset(
        one["NatGatewayId"]
        for one in client("ec2").describe_nat_gateways()["NatGateways"]
        if one["State"] != "deleted"  # AWS lists them for an hour
    )
    return {**found, **_of_containers(client), **_of_deployments(client)}


def difference(before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """Return what came between two inventories, by kind; kinds without any are left out.

    Example:
        >>> difference({"rule": frozenset("a")}, {"rule": frozenset("ab"), "topic": frozenset()})
        {'rule': ['b']}
    """
    came = {kind: sorted(ids - before.get(kind, frozenset())) for kind, ids in after.items()}
    return {kind: ids for kind, ids in came.items() if ids}


def told(things: Mapping[str, Iterable[str]]) -> str:
    """Return an inventory as text for a complaint.

    Example:
        >>> told({"rule": ["a", "b"]})
        'rule a, b'
    """
    return "; ".join(f"{kind} {', '.join(ids)}" for kind, ids in things.items())


def _of_containers(client: Client) -> dict[str, frozenset[str]]:
    ecs, scaling = client("ecs"), client("application-autoscaling")
    clusters = _pages(ecs, "list_clusters", "clusterArns")
    return {
        "cluster": frozenset(clusters),
        "service": frozenset(
            arn for one in clusters for arn in _pages(ecs, "list_services", "serviceArns", cluster=one)
        ),
        "task": frozenset(arn for one in clusters for arn in _pages(ecs, "list_tasks", "taskArns", cluster=one)),
        "task definition": frozenset(_pages(ecs, "list_task_definitions", "taskDefinitionArns", status="ACTIVE")),
        "scalable target": frozenset(
            one["ResourceId"]
            for one in _pages(scaling, "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs")
        ),
        "scaling policy": frozenset(
            one["PolicyARN"]
            for one in _pages(scaling, "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs")
        ),
    }


def _of_deployments(client: Client) -> dict[str, frozenset[str]]:
    codedeploy = client("codedeploy")
    active = ["Created", "Queued", "InProgress", "Baking", "Ready"]
    return {
        "application": frozenset(_pages(codedeploy, "list_applications", "applications")),
        "deployment configuration": frozenset(_pages(codedeploy, "list_deployment_configs", "deploymentConfigsList")),
        "deployment under way": frozenset(
            _pages(codedeploy, "list_deployments", "deployments", includeOnlyStatuses=active)
        ),
    }


def _ids(client: Any, operation: str, member: str, key: str) -> frozenset[str]:
    return frozenset(str(one[key]) for one in _pages(client, operation, member))


def _pages(client: Any, operation: str, member: str, **request: Any) -> list[Any]:
    """Return all of a list, whether it comes in pages or at once."""
    if not client.can_paginate(operation):
        return list(getattr(client, operation)(**request)[member])
    return [one for page in client.get_paginator(operation).paginate(**request) for one in page.get(member, [])]
