"""The ECS service and its target groups never change, whatever argument does."""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from bluegreen.cdk import (
    BlueGreenService,
    Container,
    HealthCheck,
    HttpCheck,
    IgnoredAlarms,
    ResponseHeaders,
    RollbackPolicy,
    Rollout,
    Scaling,
    SmokeTests,
    WhenBusy,
)
from bluegreen.cdk.exec_command import ExecCommand
from bluegreen.cdk.sidecars import AdotCollector
from tests.cdk.support import (
    Synthesized,
    add_service,
    given_listeners,
    image,
    imported_load_balancer,
    imported_vpc,
    synthesize,
)

Arguments = Mapping[str, Any]


def _certificate(stack: cdk.Stack) -> acm.ICertificate:
    arn = "arn:aws:acm:eu-west-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
    return acm.Certificate.from_certificate_arn(stack, "Certificate", arn)


def _secret(stack: cdk.Stack) -> ecs.Secret:
    return ecs.Secret.from_secrets_manager(secretsmanager.Secret(stack, "Secret"), "key")


def _cluster(stack: cdk.Stack, vpc_id: str) -> ecs.ICluster:
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "OtherVpc",
        vpc_id=vpc_id,
        availability_zones=["eu-west-1a"],
        private_subnet_ids=["subnet-0eeeeeeeeeeeeeeee"],
        public_subnet_ids=["subnet-0ffffffffffffffff"],
    )
    return ecs.Cluster.from_cluster_attributes(stack, "Other", cluster_name="other", vpc=vpc)


def _exec_command(stack: cdk.Stack) -> Arguments:
    exec_command = ExecCommand(stack, "ExecCommand", key=kms.Key(stack, "Key"))
    cluster = ecs.Cluster.from_cluster_attributes(
        stack,
        "Cluster",
        cluster_name="shop",
        vpc=imported_vpc(stack),
        execute_command_configuration=exec_command.configuration,
    )
    container = Container(read_only_root_filesystem=False)
    return {"exec_command": exec_command, "cluster": cluster, "container": container}


CHANGES: dict[str, Callable[[cdk.Stack], Any]] = {
    "image": lambda _: image("v2"),
    "container_port": lambda _: 9090,
    "version": lambda _: "2026-07-01",
    "certificate": _certificate,
    "domain_name": lambda _: "orders.example.com",
    "public": lambda _: False,  # CloudFormation replaces an own load balancer then, which the deployed state refuses
    "deletion_protection": lambda _: True,
    "response_headers": lambda _: ResponseHeaders(frame_options="DENY"),
    "production_port": lambda _: 81,
    "test_port": lambda _: 9001,
    "health_check": lambda _: HealthCheck(path="/health/ready", interval_seconds=10, unhealthy_threshold=5),
    "deregistration_seconds": lambda _: 5,
    "grace_seconds": lambda _: 600,
    "start_minutes": lambda _: 5,
    "cpu": lambda _: 512,
    "memory_mib": lambda _: 1024,
    "environment": lambda _: {"LOG_LEVEL": "debug"},
    "secrets": lambda stack: {"API_KEY": _secret(stack)},
    "allowed_plaintext": lambda _: {"TOKEN_STYLE": "the name of a style sheet"},
    "container": lambda _: Container(command=["serve"], writable_paths=["/tmp"], stop_timeout_seconds=60),
    "sidecars": lambda _: [AdotCollector(memory_mib=128)],
    "log_group": lambda stack: logs.LogGroup.from_log_group_name(stack, "Log", "shop"),
    "log_retention": lambda _: logs.RetentionDays.ONE_YEAR,
    "log_encryption_key": lambda stack: kms.Key(stack, "Key"),
    "task_role": lambda stack: iam.Role.from_role_name(stack, "TaskRole", "task"),
    "execution_role": lambda stack: iam.Role.from_role_name(stack, "ExecutionRole", "execution"),
    "subnets": lambda _: ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
    "security_groups": lambda stack: [ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-0fedcba9876543210")],
    "assign_public_ip": lambda _: True,
    "platform_version": lambda _: "1.4.0",
    "capacity_providers": lambda _: [ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=1)],
    "rollout": lambda _: Rollout.linear(20, 3, keep_previous_minutes=5),
    "rollback": lambda _: RollbackPolicy(error_rate_percent=5, cpu_percent=90),
    "ignore_red_alarms": lambda _: IgnoredAlarms(version="v1", reason="the fix"),
    "when_busy": lambda _: WhenBusy.STOP,
    "notifications": lambda stack: sns.Topic(stack, "Topic"),
    "scaling": lambda _: Scaling(min_tasks=5, max_tasks=50, requests_per_task=1000),
    "hooks": lambda _: [SmokeTests(HttpCheck("/health"))],
}
"""Another value of each argument that may change."""

NEVER: dict[str, tuple[Callable[[cdk.Stack], Arguments], set[str]]] = {
    "service_name": (lambda _: {"service_name": "orders"}, {"ServiceName"}),
    "cluster": (lambda stack: {"cluster": _cluster(stack, "vpc-0123456789abcdef0")}, {"Cluster"}),
    "cluster in another vpc": (lambda stack: {"cluster": _cluster(stack, "vpc-0ffffffffffffffff")}, {"Cluster", "Vpc"}),
    "load_balancer": (lambda stack: {"load_balancer": imported_load_balancer(stack)}, {"LoadBalancer"}),
    "exec_command": (_exec_command, {"ExecuteCommand"}),
}
"""What can never change, and the properties that say so before anything else is changed."""

LISTENERS = {"production_listener", "test_listener"}
"""Given together and with a load balancer only; they have a test of their own."""

RELEASED = {
    "image", "container_port", "version", "environment", "secrets", "container", "cpu", "memory_mib", "log_group",
    "task_role", "execution_role", "sidecars",
}  # fmt: skip
"""The arguments that make another revision of the task definition, and so a release."""


def frozen(stack: Synthesized) -> str:
    """Return the service and both target groups, without metadata and order, which make no update."""
    types = ("AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::TargetGroup")
    found = {
        name: {key: value for key, value in resource.items() if key not in {"Metadata", "DependsOn"}}
        for name, resource in stack.resources.items()
        if resource["Type"] in types
    }
    assert len(found) == 3
    return json.dumps(found, sort_keys=True)


def fixed(stack: Synthesized) -> dict[str, Any]:
    """Return what Custom::DeployedState refuses to change."""
    return dict(stack.one("Custom::DeployedState")["Properties"]["Fixed"])


def task_definition(stack: Synthesized) -> Any:
    """Return what makes a revision: everything but tags, which CloudFormation changes in place."""
    properties = stack.one("AWS::ECS::TaskDefinition")["Properties"]
    return {name: value for name, value in properties.items() if name != "Tags"}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The service as it was created."""
    return synthesize(tmp_path_factory.mktemp("before"), add_service)


def test_every_argument_is_looked_at() -> None:
    """No argument of the service is missing here: a new one must say what it changes."""
    arguments = {name for name in inspect.signature(BlueGreenService.__init__).parameters if name not in FRAME}
    assert arguments == set(CHANGES) | {name for name in NEVER if " " not in name} | LISTENERS


FRAME = {"self", "scope", "construct_id"}


@pytest.mark.parametrize("argument", CHANGES)
def test_no_argument_reaches_the_service_or_a_target_group(
    argument: str, before: Synthesized, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever argument changes, what is frozen stays byte for byte the same, and nothing is refused."""
    extra: dict[str, Any] = {"memory_mib": 1024} if argument == "cpu" else {}
    after = synthesize(
        tmp_path_factory.mktemp("after"),
        lambda stack: add_service(stack, **extra, **{argument: CHANGES[argument](stack)}),
    )
    assert frozen(after) == frozen(before)
    assert fixed(after) == fixed(before)
    assert (task_definition(after) != task_definition(before)) == (argument in RELEASED)
    assert (after.resources != before.resources) == (argument not in {"domain_name", "allowed_plaintext"})


@pytest.mark.parametrize("situation", NEVER)
def test_what_can_never_change_is_told_to_the_deployed_state(
    situation: str, before: Synthesized, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A change that no service survives changes a property that Custom::DeployedState refuses, and only that."""
    arguments, changed = NEVER[situation]
    after = synthesize(tmp_path_factory.mktemp("after"), lambda stack: add_service(stack, **arguments(stack)))
    assert {name for name, value in fixed(after).items() if value != fixed(before).get(name)} == changed


def test_given_listeners_change_nothing_that_is_frozen(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A service that moves to listeners of somebody else's on its load balancer stays the same service."""

    def own(stack: cdk.Stack) -> None:
        add_service(stack, load_balancer=imported_load_balancer(stack))

    def given(stack: cdk.Stack) -> None:
        add_service(stack, load_balancer=imported_load_balancer(stack), **given_listeners(stack))

    before, after = (synthesize(tmp_path_factory.mktemp("listeners"), define) for define in (own, given))
    assert frozen(after) == frozen(before)
    assert fixed(after) == fixed(before)


def test_tags_do_not_reach_what_is_frozen(before: Synthesized, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tags of the stack's resources, of the service and of its parts leave service and target groups alone."""

    def tagged(stack: cdk.Stack) -> None:
        service = add_service(stack)
        cdk.Tags.of(stack).add("team", "orders", exclude_resource_types=["aws:cdk:stack"])
        cdk.Tags.of(service).add("cost-centre", "42")
        cdk.Tags.of(service.ecs_service).add("owner", "us")

    after = synthesize(tmp_path_factory.mktemp("tags"), tagged)
    assert "cost-centre" in json.dumps(after.one("AWS::ECS::TaskDefinition"))
    assert frozen(after) == frozen(before)


def test_what_is_done_to_a_service_afterwards_does_not_reach_what_is_frozen(
    before: Synthesized, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Rules, grants, certificates and paths that are added later leave service and target groups alone."""

    def changed(stack: cdk.Stack) -> None:
        service = add_service(stack)
        service.connections.allow_from(ec2.Peer.ipv4("10.0.0.0/8"), ec2.Port.tcp(9000))
        service.load_balancer.connections.allow_from(ec2.Peer.ipv4("192.0.2.0/24"), ec2.Port.tcp(8443))
        service.traffic.production_listener.add_action(
            "Teapot",
            priority=1,
            conditions=[elbv2.ListenerCondition.path_patterns(["/tea"])],
            action=elbv2.ListenerAction.fixed_response(418),
        )
        service.scalable_target.scale_on_schedule(
            "Night", schedule=cdk.aws_applicationautoscaling.Schedule.cron(hour="1"), min_capacity=1
        )

    after = synthesize(tmp_path_factory.mktemp("later"), changed)
    assert after.of_type("AWS::ElasticLoadBalancingV2::ListenerRule")
    assert frozen(after) == frozen(before)


def test_the_service_names_a_family_and_no_revision(before: Synthesized) -> None:
    """The family is a literal, so a new revision does not show in the service."""
    service = before.one("AWS::ECS::Service")["Properties"]
    assert service["TaskDefinition"] == task_definition(before)["Family"]
    assert isinstance(task_definition(before)["Family"], str)


def test_the_service_takes_its_first_network_and_port_from_the_deployed_state(before: Synthesized) -> None:
    """Network and port are attributes of Custom::DeployedState, which keeps those of the creation."""
    (state,) = [name for name, one in before.resources.items() if one["Type"] == "Custom::DeployedState"]
    service = before.one("AWS::ECS::Service")["Properties"]
    network = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network == {
        "Subnets": {"Fn::Split": [",", {"Fn::GetAtt": [state, "Subnets"]}]},
        "SecurityGroups": {"Fn::Split": [",", {"Fn::GetAtt": [state, "SecurityGroups"]}]},
        "AssignPublicIp": {"Fn::GetAtt": [state, "AssignPublicIp"]},
    }
    assert service["LoadBalancers"][0]["ContainerPort"] == {"Fn::GetAtt": [state, "ContainerPort"]}
