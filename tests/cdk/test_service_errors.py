"""What a service refuses at synth, and what it says."""

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager

from bluegreen.cdk import (
    BlueGreenService,
    Container,
    HealthCheck,
    HttpCheck,
    RollbackPolicy,
    Rollout,
    SecretHeader,
    SmokeTests,
)
from bluegreen.cdk.fargate_size import MEMORY_MIB, require_fargate_size
from bluegreen.cdk.hooks import BoundHook
from bluegreen.release.lifecycle import LifecycleEvent
from tests.cdk.support import add_service

Define = Callable[[cdk.Stack], object]


def two(stack: cdk.Stack, **settings: Any) -> None:
    add_service(stack, "First", **settings)
    add_service(stack, "Second", **settings)


def without_domain_name(stack: cdk.Stack) -> None:
    certificate = acm.Certificate(stack, "Certificate", domain_name="orders.example.com")
    add_service(stack, certificate=certificate, hooks=[SmokeTests(HttpCheck("/"))])


def a_name_in_both(stack: cdk.Stack) -> None:
    secret = ecs.Secret.from_secrets_manager(secretsmanager.Secret(stack, "Secret"))
    add_service(stack, environment={"A": "1", "PORT": "8080"}, secrets={"PORT": secret})


class Twice:
    """A hook at the same lifecycle event as the smoke tests."""

    def bind(self, service: BlueGreenService) -> BoundHook:
        function = lambda_.Function.from_function_name(service, "Given", "given")
        log_group = logs.LogGroup.from_log_group_name(service, "GivenLog", "given")
        return BoundHook(event=LifecycleEvent.AFTER_ALLOW_TEST_TRAFFIC, function=function, log_group=log_group)


def wrong_event(stack: cdk.Stack) -> None:
    hook = SmokeTests(HttpCheck("/")).bind(add_service(stack))
    BoundHook(event=LifecycleEvent.INSTALL, function=hook.function, log_group=hook.log_group)


SLOW_CHECKS = [HttpCheck("/", retries=10, timeout_seconds=60)] * 2
MANY_CHECKS = [HttpCheck(f"/{number:03}/" + "x" * 90) for number in range(30)]

REFUSED: dict[str, Define] = {
    "service_name must be unique in its cluster, got 'orders' twice": lambda stack: two(stack, service_name="orders"),
    "construct_id must be unique in Shop, got 'Orders' twice": lambda stack: [add_service(stack) for _ in range(2)],
    "container_port must be 1-65535, got 0": lambda stack: add_service(stack, container_port=0),
    "deregistration_seconds must be 0-3600, got 3601": lambda stack: add_service(stack, deregistration_seconds=3601),
    "production_port must be 1-65535, got 70000": lambda stack: add_service(stack, production_port=70000),
    "production_port and test_port must differ, got 8080 for both": lambda stack: add_service(
        stack, production_port=8080
    ),
    "cpu must be one of 256, 512, 1024, 2048, 4096, 8192, 16384, got 300": lambda stack: add_service(stack, cpu=300),
    "memory_mib must be one of 512, 1024, 2048 with cpu=256, got 4096": lambda stack: add_service(
        stack, memory_mib=4096
    ),
    "memory_mib must be 32768-122880 in steps of 8192 with cpu=16384, got 512": lambda stack: add_service(
        stack, cpu=16384
    ),
    "version must be 1-128 characters, got 0": lambda stack: add_service(stack, version=""),
    "environment and secrets must not share names, got PORT in both": a_name_in_both,
    "stop_timeout_seconds must be 2-120, got 121": lambda _: Container(stop_timeout_seconds=121),
    "writable_paths must be absolute, got 'tmp'": lambda _: Container(writable_paths=["tmp"]),
    "path must begin with '/', got 'health'": lambda _: HealthCheck(path="health"),
    "timeout_seconds must be less than interval_seconds, got 30 and 30": lambda _: HealthCheck(timeout_seconds=30),
    "timeout_seconds must be less than interval_seconds, got 10 and 5": lambda _: HealthCheck(
        interval_seconds=5, timeout_seconds=10
    ),
    "interval_seconds must be 5-300, got 4": lambda _: HealthCheck(interval_seconds=4),
    "timeout_seconds must be 2-120, got 1": lambda _: HealthCheck(timeout_seconds=1),
    "healthy_threshold must be 2-10, got 1": lambda _: HealthCheck(healthy_threshold=1),
    "unhealthy_threshold must be 2-10, got 11": lambda _: HealthCheck(unhealthy_threshold=11),
    "percent must be 1-99, got 300": lambda stack: add_service(stack, rollout=Rollout.canary(300, 15)),
    "domain_name must be given with a certificate": without_domain_name,
    "got two for AfterAllowTestTraffic; put what they do into one hook": lambda stack: add_service(
        stack, hooks=[SmokeTests(HttpCheck("/")), Twice()]
    ),
    "event must be one of BeforeInstall, AfterInstall,": wrong_event,
    "smoke tests need at least one check, got none": lambda _: SmokeTests(),
    "json keys must be JMESPath expressions, got 'a['": lambda _: SmokeTests(HttpCheck("/", json={"a[": 1})),
    "checks must take at most 840 s in all, got": lambda _: SmokeTests(*SLOW_CHECKS),
    "checks must be at most 3000 characters as JSON, got": lambda _: SmokeTests(*MANY_CHECKS),
    "field must name a key of the secret": lambda stack: SecretHeader(secretsmanager.Secret(stack, "Secret"), ""),
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_refuses_at_synth(message: str) -> None:
    """Bad input is refused where it is written, with the value, what is allowed and what to do."""
    with pytest.raises(ValueError, match=r"must|need|hooks") as refused:
        REFUSED[message](cdk.Stack(cdk.App(), "Shop"))
    assert message in str(refused.value)


def test_a_secret_in_plain_text_is_named_and_not_shown() -> None:
    """A variable or argument that looks like a secret is refused by name; its value is not in the message."""
    stack = cdk.Stack(cdk.App(), "Shop")
    value = "hunter2-correct-horse"
    with pytest.raises(ValueError, match="DATABASE_PASSWORD") as refused:
        add_service(stack, environment={"DATABASE_PASSWORD": value})
    assert value not in str(refused.value)
    with pytest.raises(ValueError, match="password") as refused:
        add_service(stack, "Other", container=Container(command=["serve", f"--password={value}"]))
    assert value not in str(refused.value)


def test_a_reason_lets_a_variable_pass() -> None:
    """A variable that only looks like a secret passes with a reason."""
    stack = cdk.Stack(cdk.App(), "Shop")
    reasons = {"TOKEN_STYLE": "the name of a style sheet"}
    assert add_service(stack, environment={"TOKEN_STYLE": "dark"}, allowed_plaintext=reasons)


def test_every_size_that_fargate_offers_is_accepted() -> None:
    """The table holds 3 to 27 sizes of memory for each of 7 sizes of CPU."""
    sizes = [(cpu, memory) for cpu, offered in MEMORY_MIB.items() for memory in offered]
    assert len(sizes) == 3 + 4 + 7 + 13 + 23 + 12 + 12
    for cpu, memory in sizes:
        require_fargate_size(cpu, memory)


def test_what_only_the_deployment_knows_is_not_judged() -> None:
    """Tokens pass: a parameter may decide a size, a path or a version."""
    stack = cdk.Stack(cdk.App(), "Shop")
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    text = cdk.CfnParameter(stack, "Text").value_as_string
    check = HealthCheck(path=text, interval_seconds=int(number))
    service = add_service(stack, version=text, health_check=check, deregistration_seconds=int(number))
    assert service.version == text


@pytest.mark.parametrize(
    ("rollout", "warning"),
    [
        (Rollout.canary(10, 2), "needs"),
        (Rollout.canary(10, 15, approval_wait_minutes=30), "takes up to 45 minutes"),
    ],
)
def test_warns_of_plans_that_are_rarely_meant(rollout: Rollout, warning: str) -> None:
    """A rollout faster than its alarms, or near CloudFormation's hour, is allowed with a warning."""
    stack = cdk.Stack(cdk.App(), "Shop")
    service = add_service(stack, rollout=rollout, rollback=RollbackPolicy())
    messages = [entry.data for entry in service.node.metadata if entry.type == "aws:cdk:warning"]
    assert len(messages) == 1
    assert warning in messages[0]
