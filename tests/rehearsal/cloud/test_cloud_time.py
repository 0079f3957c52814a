"""Functions, executions and custom resources inside a running ministack with our changes."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.rehearsal.cloud.running import Cloud

FACTOR = 60


def finished(states: Any, machine: str, **input_: Any) -> dict[str, Any]:
    arn = states.start_execution(stateMachineArn=machine, input=json.dumps(input_))["executionArn"]
    for _ in range(200):
        execution: dict[str, Any] = states.describe_execution(executionArn=arn)
        if execution["status"] != "RUNNING":
            return execution
        time.sleep(0.02)
    raise AssertionError(execution)


@pytest.fixture
def machine(cloud: Cloud) -> Callable[..., str]:
    def create(name: str, states: dict[str, Any], **settings: Any) -> str:
        definition = {"StartAt": next(iter(states)), "States": states, **settings}
        made = cloud.client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/any"
        )
        return str(made["stateMachineArn"])

    return create


def now(**more: Any) -> dict[str, Any]:
    return {
        "Type": "Pass",
        "Parameters": {"entered.$": "$$.State.EnteredTime", "started.$": "$$.Execution.StartTime"},
        **more,
    }


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_an_execution_is_told_cloud_time(cloud: Cloud, machine: Callable[..., str]) -> None:
    """What a state machine measures between two states is cloud time: a wait of 30 s lasts 30 s of it."""
    steps = {
        "First": now(ResultPath="$.first", Next="Pause"),
        "Pause": {"Type": "Wait", "SecondsPath": "$.pause", "Next": "Last"},
        "Last": now(ResultPath="$.last", End=True),
    }
    began = time.monotonic()
    execution = finished(cloud.client("stepfunctions"), machine("measures", steps), pause=30)
    took = time.monotonic() - began
    said = json.loads(execution["output"])
    assert seconds(said["first"]["started"]) <= seconds(said["first"]["entered"])
    passed = seconds(said["last"]["entered"]) - seconds(said["first"]["entered"])
    assert 30 <= passed <= took * FACTOR


def test_an_execution_beyond_its_time_ends_as_timed_out(cloud: Cloud, machine: Callable[..., str]) -> None:
    """TimeoutSeconds of a whole state machine is cloud time, and its end is TIMED_OUT."""
    steps = {"Pause": {"Type": "Wait", "Seconds": 1200, "End": True}}
    arn = machine("too-slow", steps, TimeoutSeconds=60)
    assert finished(cloud.client("stepfunctions"), arn)["status"] == "TIMED_OUT"


def test_a_wait_until_a_moment_ends_at_that_moment(cloud: Cloud, machine: Callable[..., str]) -> None:
    """A timestamp is compared with cloud time."""
    steps = {
        "First": now(ResultPath="$.first", Next="Until"),
        "Until": {"Type": "Wait", "TimestampPath": "$.first.started", "Next": "Last"},
        "Last": now(ResultPath="$.last", End=True),
    }
    assert finished(cloud.client("stepfunctions"), machine("until", steps))["status"] == "SUCCEEDED"


FUNCTION = """
import json, urllib.request

def handler(event, context):
    properties = event["ResourceProperties"]
    if properties["Says"] == "nothing":
        return
    body = json.dumps({
        "Status": properties["Says"], "Reason": "it does not like it", "PhysicalResourceId": "one",
        "StackId": event["StackId"], "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Said": properties["Says"], "Leaf": properties["Leaf"]},
    }).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT"))
"""


@pytest.fixture(scope="module")
def provider(cloud: Cloud) -> str:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", FUNCTION)
    made = cloud.client("lambda").create_function(
        FunctionName="provider",
        Runtime="python3.13",
        Handler="index.handler",
        Role="arn:aws:iam::123456789012:role/any",
        Code={"ZipFile": content.getvalue()},
        Timeout=30,
    )
    return str(made["FunctionArn"])


def create_stack(cloud: Cloud, name: str, provider: str, **properties: Any) -> tuple[str, str, dict[str, str]]:
    """Return the stack's status, the first failure's reason and the outputs."""
    one = {"Type": "Custom::One", "Properties": {"ServiceToken": provider, "Leaf": 7, **properties}}
    outputs = {key: {"Value": {"Fn::GetAtt": ["One", key]}} for key in ("Said", "Leaf")}
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(
        StackName=name, TemplateBody=json.dumps({"Resources": {"One": one}, "Outputs": outputs})
    )
    for _ in range(500):
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.02)
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    reason = failed[-1]["ResourceStatusReason"] if failed else ""
    return stack["StackStatus"], reason, {out["OutputKey"]: out["OutputValue"] for out in stack.get("Outputs", [])}


def test_a_custom_resource_answers_through_the_url(cloud: Cloud, provider: str) -> None:
    """Its attributes reach the stack, and every leaf of its properties reached it as text."""
    status, _, outputs = create_stack(cloud, "answers", provider, Says="SUCCESS")
    assert (status, outputs) == ("CREATE_COMPLETE", {"Said": "SUCCESS", "Leaf": "7"})


def test_a_custom_resource_that_refuses_fails_with_its_reason(cloud: Cloud, provider: str) -> None:
    """The reason is part of CloudFormation's own sentence."""
    _, reason, _ = create_stack(cloud, "refuses", provider, Says="FAILED")
    assert "Message returned: it does not like it" in reason


def test_a_custom_resource_that_never_answers_fails_in_cloud_time(cloud: Cloud, provider: str) -> None:
    """A ServiceTimeout of 60 s is over after a real second, with CloudFormation's words."""
    began = time.monotonic()
    _, reason, _ = create_stack(cloud, "silent", provider, Says="nothing", ServiceTimeout=60)
    assert "did not receive a response from your Custom Resource" in reason
    assert time.monotonic() - began < 30
