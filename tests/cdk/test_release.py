"""What Custom::Release is told of each argument, and what its function is allowed and told beside."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns

import handler
from bluegreen.cdk import HealthCheck, HttpCheck, IgnoredAlarms, RollbackPolicy, Rollout, Scaling, SmokeTests, WhenBusy
from bluegreen.release.deployed_state import LONGEST_PHYSICAL_ID, physical_id
from deployed_state_request import DeployedStateRequest
from release_request import ReleaseRequest
from tests.cdk.support import Synthesized, actions, add_service, synthesize


def as_sent(properties: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a request for a resource as CloudFormation sends it: every leaf a text, a reference what it refers to."""

    def text(value: Any) -> Any:
        match value:
            case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
                return str(name)
            case {"Fn::Join": [separator, parts]}:
                return separator.join(text(part) for part in parts)
            case dict():
                return {key: text(item) for key, item in value.items()}
            case list():
                return [text(item) for item in value]
        return str(value)

    return {
        "RequestType": "Create",
        "ResourceType": f"Custom::{kind}",
        "StackId": "stack",
        "ResourceProperties": text(properties),
    }


def test_the_function_reads_what_the_constructs_state(tmp_path: Path) -> None:
    """What a service with every argument states is read by the function, down to the last value."""
    settings = {name: value for given, _ in STATED.values() for name, value in given.items()}
    hooks = [SmokeTests(HttpCheck("/"))]
    stack = with_topic(tmp_path, **(settings | {"rollout": LONG, "rollback": RollbackPolicy(), "hooks": hooks}))
    release = ReleaseRequest.read(as_sent(stack.one("Custom::Release")["Properties"], "Release"))
    assert (release.grace_seconds, release.start_seconds, release.min_tasks) == (30, 300, 3)
    assert release.settings.path == "/ready"
    assert release.settings.deregistration_seconds == 10
    assert [(one.name, one.base, one.weight) for one in release.appspec.capacity_providers] == [
        ("FARGATE", 2, 1),
        ("FARGATE_SPOT", 0, 3),
    ]
    assert release.appspec.container_port == 8080
    assert len(release.alarms) == 3
    assert release.override == "the fix"
    assert release.when_busy is WhenBusy.STOP
    assert release.hands_on
    assert release.approval_minutes == 1440
    assert release.notifications == "TopicBFC7AF6E"
    assert release.hook_seconds == {"AfterAllowTestTraffic": 78}
    assert release.log_group
    state = DeployedStateRequest.read(as_sent(stack.one("Custom::DeployedState")["Properties"], "DeployedState"))
    assert set(state.fixed) == {"Cluster", "ServiceName", "LoadBalancer", "Vpc"}
    assert state.initial.container_port == "8080"
    assert (state.production_ports, state.test_ports) == ({80}, {8080})
    assert state.target_groups == release.target_groups
    assert len(physical_id(state.fixed, state.initial)) <= LONGEST_PHYSICAL_ID


LONG = Rollout.canary(10, 60, approval_wait_minutes=1440)


def test_the_function_is_allowed_what_it_says_it_needs(tmp_path: Path) -> None:
    """The handler's table of permissions and the granted actions are the same, its log and the topic's key apart."""
    stack = with_topic(tmp_path, LONG, hooks=[SmokeTests(HttpCheck("/"))])
    machine = actions(stack.statements("BlueGreenReleaseProviderStateMachineRole"))
    granted = actions(stack.statements("BlueGreenReleaseProvider")) - machine
    own = {"logs:CreateLogStream", "logs:PutLogEvents", "kms:Decrypt", "kms:GenerateDataKey"}
    assert own <= granted
    assert granted - own == set(documented())


def documented() -> Iterator[str]:
    """Return the actions in the tables of the handler's docstring."""
    for row in re.findall(r"^\| (\S+:.+?) \|", handler.__doc__ or "", flags=re.MULTILINE):
        service, _, names = row.partition(":")
        yield from (f"{service}:{name.strip()}" for name in names.split(","))


def release_with(folder: Path, **settings: Any) -> dict[str, Any]:
    """Return the properties of the release of a service with some settings."""
    stack = synthesize(folder, lambda stack: add_service(stack, **settings))
    return dict(stack.one("Custom::Release")["Properties"])


STATED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "times": (
        {"grace_seconds": 30, "start_minutes": 5, "deregistration_seconds": 10},
        {"GraceSeconds": 30, "StartSeconds": 300, "DeregistrationSeconds": 10},
    ),
    "first tasks": ({"scaling": Scaling(min_tasks=3, max_tasks=9)}, {"MinTasks": 3}),
    "capacity": (
        {
            "capacity_providers": [
                ecs.CapacityProviderStrategy(capacity_provider="FARGATE", base=2, weight=1),
                ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=3),
            ]
        },
        {
            "CapacityProviderStrategy": [
                {"CapacityProvider": "FARGATE", "Base": 2, "Weight": 1},
                {"CapacityProvider": "FARGATE_SPOT", "Base": 0, "Weight": 3},
            ]
        },
    ),
    "health check": (
        {"health_check": HealthCheck(path="/ready", healthy_status="200-204", interval_seconds=10)},
        {
            "HealthCheck": {
                "Path": "/ready",
                "Matcher": "200-204",
                "IntervalSeconds": 10,
                "TimeoutSeconds": 5,
                "HealthyThreshold": 2,
                "UnhealthyThreshold": 3,
            }
        },
    ),
    "override": (
        {"ignore_red_alarms": IgnoredAlarms(version="v1", reason="the fix")},
        {"AlarmOverride": {"Version": "v1", "Reason": "the fix"}},
    ),
    "policy": ({"when_busy": WhenBusy.STOP}, {"WhenBusy": "stop"}),
    "approval": ({"rollout": Rollout.all_at_once(approval_wait_minutes=20)}, {"ApprovalMinutes": 20}),
    "no alarms": ({"rollback": RollbackPolicy.none()}, {"Alarms": []}),
}


@pytest.mark.parametrize("what", STATED)
def test_the_release_is_told(what: str, tmp_path: Path) -> None:
    """Each argument that needs no resource of its own reaches the release under its name."""
    settings, stated = STATED[what]
    found = release_with(tmp_path, **settings)
    assert {name: found[name] for name in stated} == stated


def test_what_was_not_asked_for_is_absent(tmp_path: Path) -> None:
    """Without strategy, override, approval and topic the release is told of none, and waits for others."""
    found = release_with(tmp_path)
    assert found["WhenBusy"] == "wait"
    optional = {"CapacityProviderStrategy", "AlarmOverride", "ApprovalMinutes", "Notifications", "HandsOn"}
    assert not optional & set(found)


def with_topic(folder: Path, rollout: Rollout, **settings: Any) -> Synthesized:
    """Synthesize a service with a topic that has a key of its own."""

    def define(stack: cdk.Stack) -> None:
        topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key"))
        add_service(stack, notifications=topic, rollout=rollout, **settings)

    return synthesize(folder, define)


def timeout(stack: Synthesized) -> int:
    """Return for how many seconds the stack's state machine may run."""
    definition = stack.one("AWS::StepFunctions::StateMachine")["Properties"]["Definition"]
    return int(definition["TimeoutSeconds"])


def test_a_plan_that_does_not_fit_the_hour_is_handed_on(tmp_path: Path) -> None:
    """With a topic, a longer plan is allowed: the release is handed on, and followed for up to seven days."""
    stack = with_topic(tmp_path, LONG)
    properties = stack.one("Custom::Release")["Properties"]
    assert properties["HandsOn"] == "true"
    assert properties["Notifications"] == {"Ref": "TopicBFC7AF6E"}
    assert timeout(stack) == 7 * 24 * 3600


def test_a_plan_that_fits_the_hour_is_waited_for(tmp_path: Path) -> None:
    """A topic alone hands nothing on: CloudFormation waits, and the state machine ends soon after its hour."""
    stack = with_topic(tmp_path, Rollout.canary(10, 15))
    assert "HandsOn" not in stack.one("Custom::Release")["Properties"]
    assert 3600 < timeout(stack) <= 4000


def test_exactly_what_fits_is_waited_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Start, smoke tests and rollout of 53 minutes together fit; a minute more does not."""
    tests = [SmokeTests(HttpCheck("/"))]
    for minutes, handed_on in ((36, False), (37, True)):
        stack = with_topic(tmp_path_factory.mktemp("plan"), Rollout.canary(10, minutes), hooks=tests)
        assert ("HandsOn" in stack.one("Custom::Release")["Properties"]) == handed_on


def test_one_long_plan_is_enough_for_the_state_machine_of_a_stack(tmp_path: Path) -> None:
    """Whichever of a stack's services hands on, and in whatever order, their one state machine outlives the hour."""

    def define(stack: cdk.Stack) -> None:
        topic = sns.Topic(stack, "Topic")
        add_service(stack, "Long", notifications=topic, rollout=Rollout.canary(10, 60))
        add_service(stack, "Short")

    stack = synthesize(tmp_path, define)
    assert timeout(stack) == 7 * 24 * 3600
    assert [("HandsOn" in one["Properties"]) for one in stack.of_type("Custom::Release")] == [True, False]


def test_the_function_may_tell_the_topic(tmp_path: Path) -> None:
    """It may publish to the topic and use the topic's key, and nothing else of either."""
    statements = with_topic(tmp_path, Rollout.canary(10, 15)).statements("BlueGreenReleaseProvider")
    (publishing,) = [one for one in statements if one["Action"] == "sns:Publish"]
    assert publishing["Resource"] == {"Ref": "TopicBFC7AF6E"}
    (using,) = [one for one in statements if "kms:Decrypt" in one["Action"]]
    assert using["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert using["Resource"] == {"Fn::GetAtt": ["Key961B73FD", "Arn"]}


def test_every_deployment_that_ended_is_told_to_the_function(tmp_path: Path) -> None:
    """One rule a stack names the applications of all its services, and may call the function."""
    stack = synthesize(tmp_path, lambda stack: [add_service(stack, name) for name in ("Orders", "Carts")])
    (rule_id,) = [name for name, one in stack.resources.items() if one["Type"] == "AWS::Events::Rule"]
    rule = stack.resources[rule_id]["Properties"]
    applications = [name for name, one in stack.resources.items() if one["Type"] == "AWS::CodeDeploy::Application"]
    assert rule["EventPattern"] == {
        "source": ["aws.codedeploy"],
        "detail-type": ["CodeDeploy Deployment State-change Notification"],
        "detail": {
            "state": ["SUCCESS", "FAILURE", "STOP"],
            "application": [{"Ref": name} for name in applications],
        },
    }
    (target,) = rule["Targets"]
    permission = stack.one("AWS::Lambda::Permission")["Properties"]
    assert target["Arn"] == permission["FunctionName"]
    assert permission["SourceArn"] == {"Fn::GetAtt": [rule_id, "Arn"]}
    assert permission["Principal"] == "events.amazonaws.com"


def test_a_further_service_costs_little(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each service after the first adds at most 27 of a stack's 500 resources."""
    sizes = []
    for count in (1, 3):
        names = [f"Service{number}" for number in range(count)]
        stack = synthesize(
            tmp_path_factory.mktemp("count"), lambda stack, names=names: [add_service(stack, name) for name in names]
        )
        sizes.append(len(stack.resources))
    assert (sizes[1] - sizes[0]) / 2 <= 27


def test_both_custom_resources_have_one_function(tmp_path: Path) -> None:
    """The same function answers for both, told apart by the resource's type."""
    stack = synthesize(tmp_path, add_service)
    tokens = {
        json.dumps(stack.one(f"Custom::{kind}")["Properties"]["ServiceToken"]) for kind in ("Release", "DeployedState")
    }
    assert len(tokens) == 1
