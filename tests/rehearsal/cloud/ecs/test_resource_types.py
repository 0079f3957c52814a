from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError, ResourceType
from bluegreen.rehearsal.cloud.ecs import resource_types
from bluegreen.rehearsal.cloud.ecs.resource_types import ServiceType
from tests.rehearsal.cloud.ecs.world import GROUPS, World, until

TASK_DEFINITION = {
    "Family": "web",
    "Cpu": "256",
    "Memory": "512",
    "NetworkMode": "awsvpc",
    "RequiresCompatibilities": ["FARGATE"],
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "ContainerDefinitions": [
        {
            "Name": "web",
            "Image": "web:v1",
            "Essential": "true",
            "PortMappings": [{"ContainerPort": "8080", "Protocol": "tcp"}],
            "Environment": [{"Name": "A", "Value": "1"}],
            "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "/orders"}},
        }
    ],
}
SERVICE: dict[str, Any] = {
    "Cluster": "prod",
    "ServiceName": "orders",
    "DeploymentController": {"Type": "CODE_DEPLOY"},
    "LaunchType": "FARGATE",
    "HealthCheckGracePeriodSeconds": "60",
    "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "DISABLED"}},
    "LoadBalancers": [{"ContainerName": "web", "ContainerPort": "8080", "TargetGroupArn": GROUPS["b"]}],
}


class Stack:
    """The types, and what a template would make with them."""

    def __init__(self, world: World) -> None:
        self.types: dict[str, ResourceType] = {one.type_name: one for one in resource_types(world.ecs, world.clock)}
        self.cluster = self.types["AWS::ECS::Cluster"].create("generated", {"ClusterName": "prod"})
        self.definition = self.types["AWS::ECS::TaskDefinition"].create("generated", TASK_DEFINITION)
        self.service = SERVICE | {"TaskDefinition": self.definition.physical_id}


@pytest.fixture
def stack(world: World) -> Stack:
    return Stack(world)


def test_a_service_is_created_when_it_is_steady(world: World, stack: Stack) -> None:
    """CloudFormation goes on only once every task runs and every target is healthy."""
    created = stack.types["AWS::ECS::Service"].create("generated", stack.service)
    assert created.attributes == {"Name": "orders", "ServiceArn": created.physical_id}
    assert world.sets()[0]["stabilityStatus"] == "STEADY_STATE"
    assert len(world.tasks()) == 1
    described = world.call("DescribeServices", cluster="prod", services=["orders"])["services"][0]
    assert described["healthCheckGracePeriodSeconds"] == 60


def test_a_service_of_no_tasks_is_steady_and_grows_with_its_desired_count(world: World, stack: Stack) -> None:
    """Created with 0 tasks it is there at once; a restricted update then starts the primary task set's tasks."""
    stack.types["AWS::ECS::Service"].create("generated", stack.service | {"DesiredCount": "0"})
    assert world.tasks() == []
    world.call("UpdateService", cluster="prod", service="orders", desiredCount=2)
    assert world.sets()[0]["stabilityStatus"] == "STABILIZING"
    until(lambda: world.sets()[0]["stabilityStatus"] == "STEADY_STATE")
    assert len(world.tasks()) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"Tags": [{"Key": "team", "Value": "shop"}]},
        {"HealthCheckGracePeriodSeconds": 90},
        {"DesiredCount": 4},
        {"PlatformVersion": "1.4.0"},
    ],
)
def test_any_update_of_a_service_fails(stack: Stack, change: dict[str, Any]) -> None:
    """The handler sends every property again, the task definition among them, so that even a tag cannot change."""
    kind = stack.types["AWS::ECS::Service"]
    created = kind.create("generated", stack.service)
    with pytest.raises(ApiError, match="Unable to update task definition on services with a CODE_DEPLOY"):
        kind.update(created.physical_id, stack.service, stack.service | change)


def test_a_service_that_never_gets_steady_fails_with_the_reason_and_leaves_nothing(world: World) -> None:
    """After the stabilization time the creation fails, says how the last task ended, and takes the service away."""
    stack = Stack(world)
    world.ecs.inject({"fault": "crash-at-start", "version": "v1"})
    kind = ServiceType(world.ecs, world.clock, stabilization_seconds=60)
    with pytest.raises(TimeoutError, match=r"orders did not stabilize: .*Essential container.* exit codes \[1\]"):
        kind.create("generated", stack.service)
    assert world.call("ListServices", cluster="prod")["serviceArns"] == []


def test_deleting_a_service_waits_for_its_last_task(world: World, stack: Stack) -> None:
    """The cluster can be deleted right after the service; a second deletion finds nothing to do."""
    kind = stack.types["AWS::ECS::Service"]
    created = kind.create("generated", stack.service)
    kind.delete(created.physical_id, stack.service)
    kind.delete(created.physical_id, stack.service)
    assert world.tasks("STOPPED")[0]["lastStatus"] == "STOPPED"
    stack.types["AWS::ECS::Cluster"].delete("prod", {})
    stack.types["AWS::ECS::Cluster"].delete("prod", {})


def test_a_task_definition_is_registered_and_deregistered(world: World, stack: Stack) -> None:
    """Text becomes the API's types on the way in; deletion leaves the revision INACTIVE; tags change in place."""
    arn = stack.definition.physical_id
    registered = world.call("DescribeTaskDefinition", taskDefinition=arn)["taskDefinition"]
    assert registered["containerDefinitions"][0]["portMappings"][0]["containerPort"] == 8080
    assert registered["containerDefinitions"][0]["logConfiguration"]["options"] == {"awslogs-group": "/orders"}
    kind = stack.types["AWS::ECS::TaskDefinition"]
    kind.update(arn, TASK_DEFINITION, TASK_DEFINITION | {"Tags": [{"Key": "team", "Value": "shop"}]})
    assert world.call("ListTagsForResource", resourceArn=arn)["tags"] == [{"key": "team", "value": "shop"}]
    kind.delete(arn, {})
    assert world.call("DescribeTaskDefinition", taskDefinition=arn)["taskDefinition"]["status"] == "INACTIVE"


def test_an_unknown_property_is_refused(stack: Stack) -> None:
    """A property the API does not have fails the resource, by name."""
    with pytest.raises(ValueError, match="Colour"):
        stack.types["AWS::ECS::TaskDefinition"].create("generated", TASK_DEFINITION | {"Colour": "blue"})


def test_a_cluster_takes_settings_and_capacity_providers(world: World, stack: Stack) -> None:
    """Settings, providers and a default strategy come from the cluster or from its associations."""
    insights = {"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]}
    cluster = stack.types["AWS::ECS::Cluster"]
    updated = cluster.update("prod", {}, insights | {"CapacityProviders": ["FARGATE"]})
    assert updated.attributes == {"Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"}
    associations = stack.types["AWS::ECS::ClusterCapacityProviderAssociations"]
    strategy = [{"CapacityProvider": "FARGATE_SPOT", "Weight": "2"}]
    properties = {
        "Cluster": "prod",
        "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "DefaultCapacityProviderStrategy": strategy,
    }
    assert associations.create("generated", properties).physical_id == "prod"
    (described,) = world.call("DescribeClusters", clusters=["prod"])["clusters"]
    assert described["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    assert described["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert described["defaultCapacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 2}]
    associations.delete("prod", properties)
    assert until(lambda: world.call("DescribeClusters", clusters=["prod"])["clusters"])[0]["capacityProviders"] == []


def test_a_changed_cluster_keeps_the_providers_of_its_associations(world: World, stack: Stack) -> None:
    """A cluster's own update changes its settings and its configuration, and leaves other resources' work alone."""
    associations = stack.types["AWS::ECS::ClusterCapacityProviderAssociations"]
    wanted = {"Cluster": "prod", "CapacityProviders": ["FARGATE_SPOT"], "DefaultCapacityProviderStrategy": []}
    associations.create("any", wanted)
    configuration = {"Configuration": {"ExecuteCommandConfiguration": {"Logging": "DEFAULT"}}}
    stack.types["AWS::ECS::Cluster"].update("prod", {}, configuration)
    (described,) = world.call("DescribeClusters", clusters=["prod"])["clusters"]
    assert described["capacityProviders"] == ["FARGATE_SPOT"]
    assert described["configuration"] == {"executeCommandConfiguration": {"logging": "DEFAULT"}}
