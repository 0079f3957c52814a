"""Fake AWS clients that refuse what botocore's models do not know, and a real HTTP(S) server."""

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import Shape
from botocore.validate import ParamValidator

ROOT = Path(__file__).parent.parent.parent
# In a function's zip these folders are the root.
sys.path[:0] = [str(ROOT / "lambdas" / name) for name in ("shared", "lifecycle", "migrations", "release")]

import aws_clients  # noqa: E402 - found through the line above
import cloudformation_answer  # noqa: E402
import hook_runtime  # noqa: E402
from tests.lambdas.release_world import BLUE, CLOCK, GREEN, listener, service, target  # noqa: E402

Answer = Callable[..., Any]
SETTINGS = {
    "HealthCheckPath": "/health",
    "Matcher": {"HttpCode": "200"},
    "HealthCheckIntervalSeconds": 10,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 3,
}


class FakeAws:
    """Answers each operation as told, records every call, and checks requests against botocore's models."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}
        self.scaling: dict[str, bool] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.stopped: list[dict[str, Any]] = []

    def client(self, service: str) -> "FakeClient":
        return FakeClient(self, service)

    def called(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of every call of an operation, such as "codedeploy.create_deployment"."""
        return [parameters for name, parameters in self.calls if name == operation]


@functools.cache
def request_shapes(service: str) -> dict[str, Shape | None]:
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): model.operation_model(name).input_shape for name in model.operation_names}


class FakeClient:
    def __init__(self, fake: FakeAws, service: str) -> None:
        self._fake = fake
        self._service = service
        self._shapes = request_shapes(service)

    def __getattr__(self, operation: str) -> Answer:
        def call(**parameters: Any) -> Any:
            shape = self._shapes[operation]
            assert shape is not None, f"{operation} takes no parameters"
            report = ParamValidator().validate(parameters, shape)
            assert not report.has_errors(), report.generate_report()
            name = f"{self._service}.{operation}"
            self._fake.calls.append((name, parameters))
            answer = self._fake.answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer(**parameters) if callable(answer) else answer

        return call

    def get_paginator(self, operation: str) -> "FakePaginator":
        return FakePaginator(getattr(self, operation))


class FakePaginator:
    def __init__(self, call: Answer) -> None:
        self._call = call

    def paginate(self, **parameters: Any) -> Iterator[Any]:
        yield self._call(**parameters)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """AWS as the functions see it."""
    fake = FakeAws()
    monkeypatch.setattr(aws_clients, "client", fake.client)
    monkeypatch.setattr(hook_runtime, "client", fake.client)
    return fake


@pytest.fixture
def refusal() -> Callable[..., ClientError]:
    """Makes the error that boto3 raises when AWS refuses."""

    def make(code: str, status: int = 400) -> ClientError:
        metadata = {"HTTPStatusCode": status}
        return ClientError({"Error": {"Code": code, "Message": f"told {code}"}, "ResponseMetadata": metadata}, "Ask")  # type: ignore[typeddict-item] # as much of the response as is read

    return make


@pytest.fixture
def world(aws: FakeAws, answers: list[tuple[str, str, str]]) -> FakeAws:
    """The old version is live on blue, nothing is under way, all settings are as the stack asks; nobody is told yet."""
    world = aws
    assert answers == []
    world.scaling = {"DynamicScalingInSuspended": False, "ScheduledScalingSuspended": True}
    world.groups = {arn: SETTINGS | {"deregistration": "30"} for arn in (BLUE, GREEN)}
    world.answers |= {
        "cloudformation.describe_stacks": {"Stacks": [{"StackStatus": "UPDATE_IN_PROGRESS"}]},
        "cloudwatch.describe_alarms": {"MetricAlarms": [], "CompositeAlarms": []},
        "ecs.describe_services": service(),
        "ecs.update_service": {},
        "elbv2.describe_listeners": listener(100, 0),
        "elbv2.modify_listener": {},
        "codedeploy.list_deployments": {"deployments": []},
        "codedeploy.create_deployment": {"deploymentId": "d-1"},
        "codedeploy.list_deployment_targets": {"targetIds": ["shop:orders"]},
        "codedeploy.batch_get_deployment_targets": target(0),
        "codedeploy.stop_deployment": {},
        "codedeploy.continue_deployment": {},
        "sns.publish": {},
    }
    _add_scaling(world)
    _add_target_groups(world)
    return world


def _add_scaling(world: FakeAws) -> None:
    def register(**parameters: Any) -> dict[str, Any]:
        world.scaling = parameters["SuspendedState"]
        return {}

    def described(**_: Any) -> dict[str, Any]:
        return {"ScalableTargets": [{"SuspendedState": dict(world.scaling)}]}

    world.answers["application-autoscaling.describe_scalable_targets"] = described
    world.answers["application-autoscaling.register_scalable_target"] = register


def _add_target_groups(world: FakeAws) -> None:
    def modify(**parameters: Any) -> dict[str, Any]:
        world.groups[parameters.pop("TargetGroupArn")] |= parameters
        return {}

    def modify_attributes(**parameters: Any) -> dict[str, Any]:
        (attribute,) = parameters["Attributes"]
        world.groups[parameters["TargetGroupArn"]]["deregistration"] = attribute["Value"]
        return {}

    def attributes(**parameters: Any) -> dict[str, Any]:
        value = world.groups[parameters["TargetGroupArn"]]["deregistration"]
        return {"Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": value}]}

    world.answers |= {
        "elbv2.describe_target_groups": lambda **given: {"TargetGroups": [world.groups[given["TargetGroupArns"][0]]]},
        "elbv2.describe_target_group_attributes": attributes,
        "elbv2.modify_target_group": modify,
        "elbv2.modify_target_group_attributes": modify_attributes,
    }


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What CloudFormation is told: status, reason and physical id."""
    told: list[tuple[str, str, str]] = []
    monkeypatch.setattr(cloudformation_answer, "send", lambda _, *answer, **_more: told.append(answer))
    return told


@pytest.fixture(autouse=True)
def at() -> Callable[[float], None]:
    """Sets the state machine's clock."""
    CLOCK(0)
    return CLOCK
