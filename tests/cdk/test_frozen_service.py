"""The ECS service never changes, whatever changes around it."""

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager

from bluegreen.cdk import Container, HealthCheck, HttpCheck, RollbackPolicy, Rollout, Scaling, SmokeTests
from bluegreen.cdk.service import BlueGreenService
from tests.cdk.support import Resource, Synthesized, add_service, image, synthesize


def change_image(stack: cdk.Stack) -> BlueGreenService:
    return add_service(stack, image=image("v2"))


def change_version(stack: cdk.Stack) -> BlueGreenService:
    return add_service(stack, version="2026-07-01")


def change_environment(stack: cdk.Stack) -> BlueGreenService:
    return add_service(stack, environment={"LOG_LEVEL": "debug"})


def change_secrets(stack: cdk.Stack) -> BlueGreenService:
    secret = secretsmanager.Secret(stack, "Secret")
    return add_service(stack, secrets={"API_KEY": ecs.Secret.from_secrets_manager(secret, "key")})


def change_container(stack: cdk.Stack) -> BlueGreenService:
    container = Container(command=["serve"], writable_paths=["/tmp"], stop_timeout_seconds=60)
    return add_service(stack, cpu=1024, memory_mib=4096, container=container)


def change_log(stack: cdk.Stack) -> BlueGreenService:
    return add_service(stack, log_retention=logs.RetentionDays.ONE_YEAR)


def change_health_check(stack: cdk.Stack) -> BlueGreenService:
    check = HealthCheck(path="/health/ready", interval_seconds=10, unhealthy_threshold=5)
    return add_service(stack, health_check=check, deregistration_seconds=5)


def change_rollout(stack: cdk.Stack) -> BlueGreenService:
    return add_service(stack, rollout=Rollout.linear(20, 3, keep_previous_minutes=5))


def change_rollback(stack: cdk.Stack) -> BlueGreenService:
    return add_service(stack, rollback=RollbackPolicy(error_rate_percent=5, cpu_percent=90))


def change_scaling(stack: cdk.Stack) -> BlueGreenService:
    return add_service(stack, scaling=Scaling(min_tasks=5, max_tasks=50, requests_per_task=1000))


def change_hooks(stack: cdk.Stack) -> BlueGreenService:
    return add_service(stack, hooks=[SmokeTests(HttpCheck("/health"))])


def change_platform(stack: cdk.Stack) -> BlueGreenService:
    return add_service(stack, platform_version="1.4.0")


def change_tags(stack: cdk.Stack) -> BlueGreenService:
    service = add_service(stack)
    cdk.Tags.of(stack).add("team", "orders", exclude_resource_types=["aws:cdk:stack"])
    cdk.Tags.of(service).add("cost-centre", "42")
    return service


def change_rules(stack: cdk.Stack) -> BlueGreenService:
    service = add_service(stack)
    service.connections.allow_from(ec2.Peer.ipv4("10.0.0.0/8"), ec2.Port.tcp(9000))
    service.load_balancer.connections.allow_from(ec2.Peer.ipv4("192.0.2.0/24"), ec2.Port.tcp(8443))
    alarm = cloudwatch.Alarm(
        stack, "Own", metric=service.metric_server_errors(), threshold=1, evaluation_periods=1, alarm_name="own"
    )
    assert alarm
    return service


CHANGES = {function.__name__: function for name, function in list(globals().items()) if name.startswith("change_")}
RELEASED = {"change_image", "change_version", "change_environment", "change_secrets", "change_container"}
"""The changes that make another revision of the task definition, and so a release."""


def the_service(stack: Synthesized) -> Resource:
    return {key: value for key, value in stack.one("AWS::ECS::Service").items() if key != "Metadata"}


def task_definition(stack: Synthesized) -> Any:
    """What makes a revision: everything but tags, which CloudFormation changes in place."""
    properties = stack.one("AWS::ECS::TaskDefinition")["Properties"]
    return {name: value for name, value in properties.items() if name != "Tags"}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The service as it was created."""
    return synthesize(tmp_path_factory.mktemp("before"), add_service)


@pytest.mark.parametrize("change", CHANGES)
def test_the_service_resource_stays_byte_for_byte_the_same(
    change: str, before: Synthesized, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No change reaches the ECS service, and only those that mean a release reach the task definition."""
    after = synthesize(tmp_path_factory.mktemp("after"), CHANGES[change])
    assert after.template["Resources"] != before.template["Resources"]
    assert the_service(after) == the_service(before)
    assert (task_definition(after) != task_definition(before)) == (change in RELEASED)


def test_the_service_has_no_tags_at_all(before: Synthesized) -> None:
    """Not even at creation: a tag that is there can change."""
    assert "Tags" not in the_service(before)["Properties"]


def test_the_service_names_a_family_and_no_revision(before: Synthesized) -> None:
    """The family is a literal, so a new revision does not show in the service."""
    assert the_service(before)["Properties"]["TaskDefinition"] == task_definition(before)["Family"]
    assert isinstance(task_definition(before)["Family"], str)
