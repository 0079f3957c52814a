import contextlib
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.codedeploy.appspec import parse, read_revision, with_task_definition
from tests.rehearsal.cloud.codedeploy.world import V1, V2, World, appspec

AWSVPC = {"Subnets": ["subnet-2"], "SecurityGroups": ["sg-2"], "AssignPublicIp": "DISABLED"}

IN_YAML = """
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: "orders:2"
        LoadBalancerInfo:
          ContainerName: app
          ContainerPort: 8080
        PlatformVersion: LATEST
Hooks:
  - BeforeInstall: gate
  - AfterInstall: "arn:aws:lambda:eu-west-1:111122223333:function:check"
"""


def test_reads_yaml_and_json_alike() -> None:
    """The same AppSpec in YAML and in JSON means the same."""
    in_json = appspec(
        {"BeforeInstall": "gate", "AfterInstall": "arn:aws:lambda:eu-west-1:111122223333:function:check"},
        PlatformVersion="LATEST",
    )
    yaml_spec, json_spec = parse(IN_YAML), parse(in_json)
    for spec in (yaml_spec, json_spec):
        assert (spec.task_definition, spec.container_name, spec.container_port) == (V2, "app", 8080)
        assert spec.platform_version == "LATEST"
        assert spec.hooks["BeforeInstall"] == "gate"
    assert yaml_spec.hooks == json_spec.hooks


def test_network_platform_and_capacity_reach_the_task_set() -> None:
    """What the AppSpec says of network, platform version and capacity replaces what the original task set had."""
    world = World()
    content = appspec(
        NetworkConfiguration={"AwsvpcConfiguration": AWSVPC},
        PlatformVersion="1.3.0",
        CapacityProviderStrategy=[{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}],
    )
    world.run(revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}})
    (created,) = world.ecs.created
    network = {"subnets": ["subnet-2"], "securityGroups": ["sg-2"], "assignPublicIp": "DISABLED"}
    assert created["networkConfiguration"] == {"awsvpcConfiguration": network}
    assert created["platformVersion"] == "1.3.0"
    assert created["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 1}]
    assert "launchType" not in created


def broken(**changes: Any) -> str:
    document = json.loads(appspec())
    return json.dumps(document | changes)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[", "neither JSON nor YAML"),
        ("just text", "the AppSpec must be an object, got str"),
        (broken(version=1.0), "version must be 0.0, got 1.0"),
        (broken(Resources=[]), "exactly one resource"),
        (broken(Resources=[{}, {}]), "exactly one resource"),
        (broken(Resources=[{"a": {}, "b": {}}]), "exactly one resource"),
        (broken(Resources=[{"TargetService": {"Type": "AWS::Lambda::Function"}}]), "must be AWS::ECS::Service"),
        (broken(Resources=[{"TargetService": {"Type": "AWS::ECS::Service"}}]), "Properties must be an object"),
        (appspec(TaskDefinition=""), "lacks TaskDefinition"),
        (appspec(LoadBalancerInfo=None), "LoadBalancerInfo must be an object"),
        (appspec(LoadBalancerInfo={"ContainerName": "app"}), "lacks ContainerPort"),
        (appspec(LoadBalancerInfo={"ContainerName": "app", "ContainerPort": "http"}), "whole number, got 'http'"),
        (
            appspec(CapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Base": []}]),
            "Base must be a whole number",
        ),
        ("?", "version must be 0.0, got None"),
        ("2001-99-99", "neither JSON nor YAML"),
        (broken(Hooks="AfterInstall"), "Hooks must be a list, got str"),
        (
            appspec(NetworkConfiguration={"AwsvpcConfiguration": {"Subnets": ["subnet-2"]}}),
            "or none, lacks securityGroups, assignPublicIp",
        ),
        (appspec(CapacityProviderStrategy={}), "CapacityProviderStrategy must be a list"),
        (appspec({"Install": "hook"}), "event must be one of BeforeInstall.*got Install"),
        (broken(Hooks=[{"AfterInstall": "a"}, {"AfterInstall": "b"}]), "AfterInstall must have one hook, got two"),
    ],
)
def test_refuses_wrong_appspecs(content: str, problem: str) -> None:
    """An AppSpec that CodeDeploy could not deploy is refused when the deployment is created."""
    with pytest.raises(ApiError, match=problem) as refusal:
        parse(content)
    assert refusal.value.code == "InvalidRevisionException"


@pytest.mark.parametrize(
    ("revision", "code"),
    [
        ({}, "InvalidRevisionException"),
        ({"revisionType": "S3", "s3Location": {"bucket": "b"}}, "InvalidRevisionException"),
        ({"revisionType": "AppSpecContent", "appSpecContent": {}}, "RevisionRequiredException"),
        (
            {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(), "sha256": "0" * 64}},
            "InvalidRevisionException",
        ),
    ],
    ids=["none", "s3", "empty", "wrong hash"],
)
def test_refuses_wrong_revisions(revision: dict[str, Any], code: str) -> None:
    """Only inline content is read here, and only when it matches its hash."""
    with pytest.raises(ApiError) as refusal:
        read_revision(revision)
    assert refusal.value.code == code


@pytest.mark.parametrize(("kind", "key"), [("AppSpecContent", "appSpecContent"), ("String", "string")])
def test_reads_inline_revisions(kind: str, key: str) -> None:
    """Both forms of inline content are read, with a hash that fits."""
    sha256 = hashlib.sha256(appspec().encode()).hexdigest()
    revision = {"revisionType": kind, key: {"content": appspec(), "sha256": sha256}}
    assert read_revision(revision).task_definition == V2


@pytest.mark.parametrize("content", [IN_YAML, appspec({"AfterInstall": "hook"})])
def test_the_rollback_runs_the_original_task_definition(content: str) -> None:
    """A rollback's revision is the failed one with the original's task definition."""
    back = parse(with_task_definition(content, V1))
    assert back.task_definition == V1
    assert back.hooks == parse(content).hooks


@given(text=st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader fail in any other way than by refusing the revision."""
    with pytest.raises(ApiError):
        parse(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(name=st.sampled_from(["version", "Resources", "Hooks"]), value=VALUES)
def test_any_value_in_any_place_is_read_or_refused(name: str, value: Any) -> None:
    """Whatever stands where the AppSpec's parts belong, it is read or refused."""
    with contextlib.suppress(ApiError):
        parse(broken(**{name: value}))


@given(
    name=st.sampled_from(
        ["TaskDefinition", "LoadBalancerInfo", "NetworkConfiguration", "CapacityProviderStrategy", "PlatformVersion"]
    ),
    value=VALUES,
)
def test_any_value_in_the_properties_is_read_or_refused(name: str, value: Any) -> None:
    """Whatever stands where a property of the service belongs, it is read or refused."""
    with contextlib.suppress(ApiError):
        parse(appspec(**{name: value}))
