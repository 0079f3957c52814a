"""What a service refuses at synth, and what it says."""

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from bluegreen.cdk import (
    BlueGreenService,
    Container,
    HealthCheck,
    HttpCheck,
    IgnoredAlarms,
    RollbackPolicy,
    Rollout,
    SecretHeader,
    SmokeTests,
)
from bluegreen.cdk.fargate_size import MEMORY_MIB, require_fargate_size
from bluegreen.cdk.hooks import BoundHook
from bluegreen.release.lifecycle import LifecycleEvent
from tests.cdk.support import add_service, given_listeners, imported_load_balancer, imported_vpc

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


def capacity(*strategy: tuple[str, int | None, int | None]) -> Define:
    providers = [
        ecs.CapacityProviderStrategy(capacity_provider=name, base=base, weight=weight)
        for name, base, weight in strategy
    ]
    return lambda stack: add_service(stack, capacity_providers=providers)


def on_given_listeners(without: str = "", **instead: Any) -> Define:
    def define(stack: cdk.Stack) -> None:
        given = given_listeners(stack) | {"load_balancer": imported_load_balancer(stack)}
        given.pop(without, None)
        add_service(stack, **(given | instead))

    return define


def listener_of_the_app(stack: cdk.Stack) -> None:
    balancer = elbv2.ApplicationLoadBalancer(stack, "Balancer", vpc=imported_vpc(stack, "BalancerVpc"))
    answer = elbv2.ListenerAction.fixed_response(503)
    own = balancer.add_listener("Own", port=443, protocol=elbv2.ApplicationProtocol.HTTP, default_action=answer)
    given = given_listeners(stack) | {"production_listener": own, "load_balancer": balancer}
    add_service(stack, **given)


def slow_hook(stack: cdk.Stack) -> BoundHook:
    function = lambda_.Function.from_function_name(stack, "Function", "name")
    log_group = logs.LogGroup.from_log_group_name(stack, "Log", "log")
    event = LifecycleEvent.AFTER_INSTALL
    return BoundHook(event=event, function=function, log_group=log_group, longest_seconds=3601)


PLANNED: dict[str, Define] = {
    "start of the tasks 15 min + traffic shift 40 min, at worst 55 min; shorten": lambda stack: add_service(
        stack, rollout=Rollout.canary(10, 40)
    ),
    "15 min + hooks 1.3 min + approval 30 min + traffic shift 10 min, at worst 57 min": lambda stack: add_service(
        stack, rollout=Rollout.canary(10, 10, approval_wait_minutes=30), hooks=[SmokeTests(HttpCheck("/"))]
    ),
    "at worst 65 min; shorten rollout, hooks or start_minutes, or pass the SNS topic": (
        lambda stack: add_service(stack, start_minutes=50)
    ),
    "a release must take at most 7200 minutes, for which it is followed": lambda stack: add_service(
        stack, rollout=Rollout.linear(10, 2880), notifications=sns.Topic(stack, "Topic")
    ),
}

ASKED: dict[str, Define] = {
    "grace_seconds must be 0-7200, got 7201": lambda stack: add_service(stack, grace_seconds=7201),
    "start_minutes must be 1-50, got 0": lambda stack: add_service(stack, start_minutes=0),
    "start_minutes must be 1-50, got 51": lambda stack: add_service(stack, start_minutes=51),
    "start_minutes must be 1-50, got -": lambda stack: add_service(
        stack, start_minutes=int(cdk.CfnParameter(stack, "Minutes", type="Number").value_as_number)
    ),
    "longest_seconds must be 1-3600, got 3601": slow_hook,
    "version must name the version that may be released, got ' '": lambda _: IgnoredAlarms(version=" ", reason="why"),
    "reason must be 1-200 characters, got 0; say why": lambda _: IgnoredAlarms(version="v1", reason=" "),
    "reason must be 1-200 characters, got 201": lambda _: IgnoredAlarms(version="v1", reason="x" * 201),
    "capacity_providers must be FARGATE or FARGATE_SPOT, got 'machines'": capacity(("machines", 1, 1)),
    "capacity_providers must name each provider once, got FARGATE, FARGATE": capacity(
        ("FARGATE", 1, 1), ("FARGATE", 0, 1)
    ),
    "capacity_providers must have a weight of 0-1000, got 1001": capacity(("FARGATE", 0, 1001)),
    "capacity_providers must have a base of 0-100000, got -1": capacity(("FARGATE", -1, 1)),
    "capacity_providers must have one base at most, got 2": capacity(("FARGATE", 1, 1), ("FARGATE_SPOT", 1, 1)),
    "capacity_providers must have a weight above 0, got none": capacity(("FARGATE", 2, None)),
    "must be given together, got production_listener alone; give test_listener": on_given_listeners("test_listener"),
    "must be given together, got test_listener alone": on_given_listeners("production_listener"),
    "load_balancer must be given with production_listener and test_listener": on_given_listeners("load_balancer"),
    "production_port and test_port must be given with production_listener and": on_given_listeners("test_port"),
    "production_listener must be an imported listener, got Shop/Balancer/Own": listener_of_the_app,
}

REFUSED: dict[str, Define] = PLANNED | ASKED | {
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


def test_warns_of_a_rollout_that_is_faster_than_its_alarms() -> None:
    """A rollout that is over before an alarm can fire is allowed with a warning."""
    stack = cdk.Stack(cdk.App(), "Shop")
    service = add_service(stack, rollout=Rollout.canary(10, 2), rollback=RollbackPolicy())
    (message,) = [entry.data for entry in service.node.metadata if entry.type == "aws:cdk:warning"]
    assert "the slowest rollback alarm needs 5 minutes to fire, but all traffic has moved after 2" in message


STACK_TAGS = "must have no tags of its own, got team: CloudFormation puts a stack's tags onto its ECS service"


def tagged_stack(app: cdk.App) -> None:
    add_service(cdk.Stack(app, "Shop", tags={"team": "orders"}))


def tagged_afterwards(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Shop")
    add_service(stack)
    cdk.Tags.of(stack).add("team", "orders")


def tagged_app(app: cdk.App) -> None:
    add_service(cdk.Stack(app, "Shop"))
    cdk.Tags.of(app).add("team", "orders")


def tagged_around_a_nested_stack(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Shop", tags={"team": "orders"})
    add_service(cdk.NestedStack(stack, "Inner"))


@pytest.mark.parametrize("tag", [tagged_stack, tagged_afterwards, tagged_app, tagged_around_a_nested_stack])
def test_tags_of_a_stack_are_refused(tag: Callable[[cdk.App], None]) -> None:
    """A stack's tags would reach the service, whenever and wherever they were added, so synthesis fails."""
    app = cdk.App()
    tag(app)
    with pytest.raises(RuntimeError) as refused:
        app.synth()
    assert f"Shop {STACK_TAGS}" in str(refused.value)
    assert "@aws-cdk/core:explicitStackTags" in str(refused.value)


def test_tags_of_resources_pass_as_the_refusal_says() -> None:
    """With explicit stack tags, a tag of the stack or the app reaches resources, and no stack."""
    app = cdk.App(context={"@aws-cdk/core:explicitStackTags": True})
    add_service(cdk.Stack(app, "Shop"))
    cdk.Tags.of(app).add("team", "orders")
    app.synth()


def nested_and_tagged(**excluded: list[str]) -> cdk.App:
    """Return an app with a nested stack in it, all of whose resources are tagged."""
    app = cdk.App(context={"@aws-cdk/core:explicitStackTags": True})
    add_service(cdk.NestedStack(cdk.Stack(app, "Shop"), "Inner"))
    cdk.Tags.of(app).add("team", "orders", **excluded)
    return app


def test_tags_of_a_nested_stacks_resource_are_refused() -> None:
    """They become the tags of the stack in it, so they are refused with what leaves them out."""
    with pytest.raises(RuntimeError, match="the nested stack Shop/Inner must have no tags, got team") as refused:
        nested_and_tagged().synth()
    assert 'exclude_resource_types=["AWS::CloudFormation::Stack"]' in str(refused.value)
    nested_and_tagged(exclude_resource_types=["AWS::CloudFormation::Stack"]).synth()


def test_a_stack_without_a_service_may_have_tags() -> None:
    """Tags of another stack of the app are nobody's harm."""
    app = cdk.App()
    cdk.Stack(app, "Base", tags={"team": "orders"})
    add_service(cdk.Stack(app, "Shop"))
    app.synth()
