"""Scaling: how many tasks, what adds and removes them, and what is refused."""

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_ecs as ecs

from bluegreen.cdk import Scaling
from bluegreen.rehearsal.cloud.cloudwatch.evaluation import evaluate, read_queries
from bluegreen.rehearsal.cloud.cloudwatch.series import Series
from tests.cdk.support import imported_cluster

BLUE, GREEN = "targetgroup/blue/1", "targetgroup/green/2"


class Service:
    """The least that can be scaled."""

    def __init__(self, cluster: ecs.ICluster) -> None:
        self.cluster = cluster
        self.service_name = "orders"


def bind(scaling: Scaling) -> assertions.Template:
    """Return the template of one service's scaling."""
    stack = cdk.Stack()
    service = Service(imported_cluster(stack))
    scaling.bind(stack, service, target_group_full_names=(BLUE, GREEN), load_balancer_full_name="app/orders/3")
    return assertions.Template.from_stack(stack)


def policies(template: assertions.Template) -> dict[str, dict[str, Any]]:
    """Return the configurations of target tracking by the policies' names."""
    found = template.find_resources("AWS::ApplicationAutoScaling::ScalingPolicy")
    properties = [resource["Properties"] for resource in found.values()]
    return {one["PolicyName"]: one["TargetTrackingScalingPolicyConfiguration"] for one in properties}


@pytest.fixture(scope="module")
def template() -> assertions.Template:
    return bind(Scaling(min_tasks=3, max_tasks=10, requests_per_task=1200))


def test_the_number_of_tasks_stays_within_its_bounds(template: assertions.Template) -> None:
    """The desired count of the ECS service is scaled from min_tasks to max_tasks."""
    template.has_resource_properties(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        {
            "MinCapacity": 3,
            "MaxCapacity": 10,
            "ResourceId": "service/shop/orders",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ServiceNamespace": "ecs",
        },
    )


def test_no_role_is_made(template: assertions.Template) -> None:
    """AWS's own role for scaling ECS is named, so a service costs no role for it."""
    template.resource_count_is("AWS::IAM::Role", 0)
    assert "AWSServiceRoleForApplicationAutoScaling_ECSService" in str(template.to_json())


def test_a_template_never_says_whether_scaling_is_suspended(template: assertions.Template) -> None:
    """A deploy must not resume the scale-in that a release has suspended."""
    (target,) = template.find_resources("AWS::ApplicationAutoScaling::ScalableTarget").values()
    assert "SuspendedState" not in target["Properties"]


def test_cpu_and_memory_are_tracked(template: assertions.Template) -> None:
    """CPU is held near 70 % and memory near 80 %, quickly up and slowly down."""
    found = policies(template)
    assert {
        name: (found[name]["TargetValue"], found[name]["PredefinedMetricSpecification"]) for name in ("cpu", "memory")
    } == {
        "cpu": (70, {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}),
        "memory": (80, {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}),
    }
    assert {(one["ScaleOutCooldown"], one["ScaleInCooldown"]) for one in found.values()} == {(60, 300)}


@pytest.mark.parametrize(
    ("blue", "green", "total"),
    [(900.0, 100.0, 1000.0), (None, 800.0, 800.0), (700.0, None, 700.0), (None, None, 0.0)],
)
def test_requests_are_added_up_over_both_target_groups(
    template: assertions.Template, blue: float | None, green: float | None, total: float
) -> None:
    """A task's requests are those of both colours, also when one or both are silent, so a swap changes nothing."""
    specification = policies(template)["requests"]["CustomizedMetricSpecification"]
    read_from = {BLUE: blue, GREEN: green}

    def read(metric: dict[str, Any]) -> Series:
        assert metric["Metric"]["MetricName"] == "RequestCountPerTarget"
        dimensions = {one["Name"]: one["Value"] for one in metric["Metric"]["Dimensions"]}
        value = read_from[dimensions["TargetGroup"]]
        return Series({} if value is None else {0.0: value}, 60)

    for metric in specification["Metrics"]:
        metric.get("MetricStat", {}).setdefault("Period", 60)  # scaling's is a minute and cannot be stated
    value = evaluate(read_queries(specification["Metrics"]), [0.0], read)["total"]
    assert isinstance(value, Series)
    assert value.points == {0.0: total}


def test_what_is_none_is_left_out() -> None:
    """Each figure can be left out; the default leaves requests out."""
    assert set(policies(bind(Scaling()))) == {"cpu", "memory"}
    assert policies(bind(Scaling(cpu_percent=None, memory_percent=None))) == {}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"min_tasks": 0}, "min_tasks must be 1-5000, got 0"),
        ({"min_tasks": 3, "max_tasks": 2}, "max_tasks must be 3-5000, got 2"),
        ({"max_tasks": 5001}, "max_tasks must be 2-5000, got 5001"),
        ({"min_tasks": 1.5}, "min_tasks must be 1-5000, got 1.5"),
        ({"min_tasks": True}, "min_tasks must be 1-5000, got True"),
        ({"cpu_percent": 0}, "cpu_percent must be 1-100, got 0; None leaves it out"),
        ({"cpu_percent": 101}, "cpu_percent must be 1-100, got 101; None leaves it out"),
        ({"memory_percent": -5}, "memory_percent must be 1-100, got -5; None leaves it out"),
        ({"requests_per_task": 0}, "requests_per_task must be at least 1, got 0; None leaves it out"),
        ({"scale_out_cooldown_seconds": -1}, "scale_out_cooldown_seconds must be 0-3600, got -1"),
        ({"scale_in_cooldown_seconds": 3601}, "scale_in_cooldown_seconds must be 0-3600, got 3601"),
    ],
)
def test_refuses_values_out_of_range(wrong: dict[str, Any], message: str) -> None:
    """A number that AWS would refuse, or that makes no sense, is refused with what is allowed."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        Scaling(**wrong)


def test_values_known_only_at_deployment_are_accepted() -> None:
    """A CloudFormation parameter may give the numbers; it cannot be judged at synth."""
    stack = cdk.Stack()
    parameter = cdk.CfnParameter(stack, "Tasks", type="Number").value_as_number
    assert Scaling(min_tasks=parameter, max_tasks=parameter)  # type: ignore[arg-type]  # a token is a float to jsii
