"""Custom::DeployedState comes before listeners and service, and is updated exactly when a listener is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from bluegreen.cdk import BlueGreenService
from tests.cdk.support import (
    PRIVATE_SUBNETS,
    Synthesized,
    actions,
    add_service,
    given_listeners,
    imported_load_balancer,
    synthesize,
)

ARN = "arn:aws:acm:eu-west-1:111122223333:certificate/01234567-89ab-cdef-0123-{}"


def certificate(stack: cdk.Stack, number: int = 1) -> acm.ICertificate:
    return acm.Certificate.from_certificate_arn(stack, f"Certificate{number}", ARN.format(f"{number:012}"))


def secure(stack: cdk.Stack) -> BlueGreenService:
    return add_service(stack, certificate=certificate(stack), domain_name="orders.example.com")


def listener(service: BlueGreenService, role: str = "production") -> elbv2.CfnListener:
    return cast("elbv2.CfnListener", getattr(service.traffic, f"{role}_listener").node.default_child)


def documents(stack: Synthesized) -> dict[str, Any]:
    """Return the document of the listeners, which both custom resources must have alike."""
    found = [stack.one(f"Custom::{kind}")["Properties"]["Listeners"] for kind in ("DeployedState", "Release")]
    assert found[0] == found[1]
    return dict(found[0])


def test_the_deployed_state_knows_what_it_must(tmp_path: Path) -> None:
    """It has what can never change, what the service is created with, and where to look for the live colour."""
    stack = synthesize(tmp_path, lambda stack: add_service(stack, service_name="orders"))
    properties = stack.one("Custom::DeployedState")["Properties"]
    balancer, group, application = (
        one
        for kind, part in (
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", ""),
            ("AWS::EC2::SecurityGroup", "OrdersSecurityGroup"),
            ("AWS::CodeDeploy::Application", ""),
        )
        for one, resource in stack.resources.items()
        if resource["Type"] == kind and part in one
    )
    assert properties.pop("ServiceToken") == stack.one("Custom::Release")["Properties"]["ServiceToken"]
    assert properties.pop("TargetGroups") == stack.one("Custom::Release")["Properties"]["TargetGroups"]
    assert properties == {
        "Fixed": {
            "Cluster": "shop",
            "ServiceName": "orders",
            "LoadBalancer": {"Ref": balancer},
            "Vpc": "vpc-0123456789abcdef0",
        },
        "Initial": {
            "Subnets": PRIVATE_SUBNETS,
            "SecurityGroups": [{"Fn::GetAtt": [group, "GroupId"]}],
            "AssignPublicIp": "DISABLED",
            "ContainerPort": 8080,
        },
        "Application": {"Ref": application},
        "DeploymentGroup": "release",
        "Listeners": {
            role: {"Port": port, "Protocol": "HTTP", "ListenerAttributes": PLAIN_HEADERS}
            for role, port in (("Production", 80), ("Test", 8080))
        },
    }


PLAIN_HEADERS = [
    {"Key": "routing.http.response.server.enabled", "Value": "false"},
    {"Key": "routing.http.response.x_content_type_options.header_value", "Value": "nosniff"},
]

OTHER: dict[str, Any] = {
    "alpn_policy": ["HTTP2Only"],
    "certificates": [{"certificateArn": ARN.format("x" * 12)}],
    "listener_attributes": [{"key": "routing.http.response.server.enabled", "value": "false"}],
    "mutual_authentication": {"mode": "passthrough"},
    "port": 4433,
    "protocol": "TLS",
    "tags": [cdk.CfnTag(key="team", value="orders")],
    "ssl_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
}
"""Another value of each property of a listener, as the CDK names it."""

NOT_OURS = {"default_actions", "load_balancer_arn"}


def test_every_property_of_a_listener_is_looked_at() -> None:
    """No settable property of the CDK's listener is missing here: one that a new CDK brings must be held as well."""
    settable = {
        name
        for name, one in vars(elbv2.CfnListener).items()
        if isinstance(one, property) and one.fset is not None and not name.startswith("_")
    }
    assert settable == set(OTHER) | NOT_OURS


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A service with HTTPS."""
    return synthesize(tmp_path_factory.mktemp("before"), secure)


@pytest.mark.parametrize("role", ["production", "test"])
@pytest.mark.parametrize("name", OTHER)
def test_every_property_of_a_listener_reaches_the_custom_resources(
    name: str, role: str, before: Synthesized, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whichever property of a listener changes, however late, the state is asked for and the release looks again."""

    def change(stack: cdk.Stack) -> None:
        setattr(listener(secure(stack), role), name, OTHER[name])

    after = synthesize(tmp_path_factory.mktemp("after"), change)
    assert documents(after) != documents(before)
    assert documents(after)[role.title()] == rendered(after, role)
    assert documents(before)[role.title()] == rendered(before, role)


def rendered(stack: Synthesized, role: str) -> dict[str, Any]:
    """Return what a listener of the template states beside its target groups and its load balancer."""
    (found,) = [
        one["Properties"]
        for name, one in stack.resources.items()
        if one["Type"] == "AWS::ElasticLoadBalancingV2::Listener" and f"{role.title()}Listener" in name
    ]
    return {name: value for name, value in found.items() if name not in {"DefaultActions", "LoadBalancerArn"}}


METHODS: dict[str, Callable[[cdk.Stack, BlueGreenService], object]] = {
    "set_attribute": lambda _, service: cast(
        "elbv2.ApplicationListener", service.traffic.production_listener
    ).set_attribute("routing.http.response.server.enabled", "true"),
    "Tags.of": lambda _, service: cdk.Tags.of(service).add("team", "orders"),
    "remove_attribute": lambda _, service: cast(
        "elbv2.ApplicationListener", service.traffic.production_listener
    ).remove_attribute("routing.http.response.server.enabled"),
    "add_certificates": lambda stack, service: service.traffic.production_listener.add_certificates(
        "More", [elbv2.ListenerCertificate.from_certificate_manager(certificate(stack, 2))]
    ),
}


@pytest.mark.parametrize("method", METHODS)
def test_what_a_method_adds_to_a_listener_is_seen_when_the_listener_states_it(method: str, tmp_path: Path) -> None:
    """A further certificate is a resource of its own; everything else that a method changes is in the document."""

    def change(stack: cdk.Stack) -> None:
        METHODS[method](stack, secure(stack))

    after = synthesize(tmp_path, change)
    assert documents(after)["Production"] == rendered(after, "production")


def test_another_default_action_is_refused(tmp_path: Path) -> None:
    """An action without a priority would take production from the service, so synthesis says what to do."""

    def change(stack: cdk.Stack) -> None:
        answer = elbv2.ListenerAction.fixed_response(200)
        secure(stack).traffic.production_listener.add_action("Maintenance", action=answer)

    with pytest.raises(RuntimeError, match="production listener's default action must stay the service's own"):
        synthesize(tmp_path, change)


def test_listeners_and_service_wait_for_the_deployed_state(before: Synthesized) -> None:
    """The state needs function, state machine and target groups, and no listener, service or deployment group."""
    (state,) = [name for name, one in before.resources.items() if one["Type"] == "Custom::DeployedState"]
    ahead = waits_for(before, state)
    types = {before.resources[name]["Type"] for name in ahead}
    assert {"AWS::Lambda::Function", "AWS::StepFunctions::StateMachine", "AWS::IAM::Role"} <= types
    assert not types & {
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ECS::Service",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::IAM::ManagedPolicy",
    }
    for name, one in before.resources.items():
        if one["Type"] in {"AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::Listener"}:
            assert state in waits_for(before, name)


def waits_for(stack: Synthesized, name: str) -> set[str]:
    """Return every resource that a resource waits for."""
    reached: set[str] = set()
    ahead = [name]
    while ahead:
        resource = stack.resources[ahead.pop()]
        text = json.dumps({key: value for key, value in resource.items() if key in {"Properties", "DependsOn"}})
        found = {other for other in stack.resources if f'"{other}"' in text} - reached
        reached |= found
        ahead += found
    return reached


def test_given_listeners_are_attached(tmp_path: Path) -> None:
    """With imported listeners the stack defines none, and the state has their ARNs and may change them."""

    def define(stack: cdk.Stack) -> None:
        given = given_listeners(stack)
        add_service(stack, load_balancer=imported_load_balancer(stack), **given)

    stack = synthesize(tmp_path, define)
    assert not stack.of_type("AWS::ElasticLoadBalancingV2::Listener")
    properties = stack.one("Custom::DeployedState")["Properties"]
    release = stack.one("Custom::Release")["Properties"]
    assert properties["AttachTo"] == [release["ProductionListener"], release["TestListener"]]
    assert documents(stack) == {"Production": {"Port": 443}, "Test": {"Port": 8443}}
    role = stack.under("BlueGreenReleaseProviderRole")
    assert "elasticloadbalancing:ModifyListener" in actions(inline_statements(role))


def test_without_given_listeners_nothing_may_be_changed_so_early(before: Synthesized) -> None:
    """The role can only look, and start the state machine, before there is a service."""
    early = actions(inline_statements(before.under("BlueGreenReleaseProviderRole")))
    assert early == {
        "states:StartExecution",
        "cloudformation:DescribeStacks",
        "codedeploy:ListDeployments",
        "codedeploy:BatchGetDeployments",
        "codedeploy:GetDeployment",
        "codedeploy:ListDeploymentTargets",
        "codedeploy:BatchGetDeploymentTargets",
        "elasticloadbalancing:DescribeListeners",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }


def inline_statements(roles: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        statement
        for role in roles.values()
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
