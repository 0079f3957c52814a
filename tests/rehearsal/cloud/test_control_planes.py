import io
import json
import threading
import time
import zipfile
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.control_planes import OWN_CLIENTS, ControlPlanes
from bluegreen.rehearsal.cloud.journal import Journal
from tests.rehearsal.cloud.running import Cloud


def test_a_closed_gate_holds_up_until_it_opens_or_its_caller_ends() -> None:
    """Whoever waits at the gate goes on when it opens, and ends when it is told to."""
    gate = Clock().control_planes
    assert gate.wait() is False
    gate.close()
    passed = threading.Thread(target=gate.wait)
    passed.start()
    stop = threading.Event()
    stop.set()
    assert gate.wait(stop) is True
    assert passed.is_alive()
    gate.open()
    passed.join(5)
    assert not passed.is_alive()


def control_planes(draw: float = 0.0) -> ControlPlanes:
    return ControlPlanes(Clock(3600), Journal(lambda: 0.0), lambda: None, lambda: draw)


@pytest.mark.parametrize(
    ("service", "draw", "agent", "code"),
    [
        ("codedeploy", 0.29, "Boto3", "ThrottlingException"),
        ("ecs", 0.0, "Boto3", "ThrottlingException"),
        ("application-autoscaling", 0.0, "Boto3", "ThrottlingException"),
        ("elbv2", 0.0, "Boto3", "Throttling"),
        ("elbv2", 0.3, "Boto3", None),
        ("rds", 0.0, "Boto3", None),
        ("ecs", 0.0, f"Boto3 {OWN_CLIENTS}", None),
    ],
)
def test_a_share_of_the_calls_from_outside_is_throttled(
    service: str, draw: float, agent: str, code: str | None
) -> None:
    """Four services throttle the drawn share with their protocol's code; what the cloud itself calls is spared."""
    planes = control_planes(draw)
    assert planes.refusal(service, {"user-agent": agent}) is None
    planes.inject({"fault": "api-throttled", "share": 0.3})
    refusal = planes.refusal(service, {"user-agent": agent})
    assert (refusal and refusal.code) == code
    planes.inject({"fault": None})
    assert planes.refusal(service, {"user-agent": agent}) is None


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "control-plane-restart"},
        {"fault": "control-plane-restart", "seconds": 0},
        {"fault": "control-plane-restart", "seconds": 3601},
        {"fault": "api-throttled"},
        {"fault": "api-throttled", "share": 1.1},
    ],
)
def test_faults_out_of_range_are_refused(fault: dict[str, Any]) -> None:
    """A missing or impossible figure is an error that names the fault."""
    with pytest.raises(ValueError, match=f"{fault['fault']} needs"):
        control_planes().inject(fault)


def test_a_restart_ends_by_itself_after_its_cloud_seconds() -> None:
    """The gate opens again when the time is over, and the journal tells it."""
    planes = control_planes()
    planes.inject({"fault": "control-plane-restart", "seconds": 600})
    assert not planes.clock.control_planes.is_open
    assert planes.clock.control_planes.wait() is False
    assert [entry.what for entry in planes.journal.since(0)] == ["the control planes are back"]


def patient(cloud: Cloud, service: str) -> Any:
    """Return a client that tries once."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    endpoint = f"http://127.0.0.1:{cloud.port}"
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, endpoint_url=endpoint, region_name="eu-west-1", config=config, **keys)


def inject(cloud: Cloud, **fault: Any) -> None:
    cloud.client("codedeploy").batch_get_deployments(deploymentIds=[json.dumps(fault)])


SLOW = """
import time

def handler(event, context):
    time.sleep(event["seconds"])
    return "it went on"
"""


def create_function(cloud: Cloud) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", SLOW)
    role = "arn:aws:iam::123456789012:role/any"
    code = {"ZipFile": content.getvalue()}
    cloud.client("lambda").create_function(
        FunctionName="slow", Runtime="python3.13", Handler="index.handler", Role=role, Code=code, Timeout=60
    )


def test_while_the_control_planes_restart_nothing_answers_and_running_functions_die(cloud: Cloud) -> None:
    """New connections fail, old ones are told to go, a running invocation is killed; then all is as it was."""
    create_function(cloud)
    states = cloud.client("stepfunctions")
    machine = {
        "StartAt": "Slow",
        "States": {
            "Slow": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:slow", "End": True}
        },
    }
    arn = states.create_state_machine(
        name="slow", definition=json.dumps(machine), roleArn="arn:aws:iam::123456789012:role/any"
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn, input=json.dumps({"seconds": 3000}))["executionArn"]
    known = patient(cloud, "codedeploy")
    assert known.list_applications()
    time.sleep(1.5)  # the function is asleep by now; killed earlier, it would not have been running
    inject(cloud, fault="control-plane-restart", seconds=120)
    with pytest.raises(BotoCoreError):
        patient(cloud, "codedeploy").list_applications()
    with pytest.raises((ClientError, BotoCoreError)):
        known.list_applications()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            found = patient(cloud, "stepfunctions").describe_execution(executionArn=execution)
        except (ClientError, BotoCoreError):
            continue
        if found["status"] != "RUNNING":
            break
    assert (found["status"], found["error"]) == ("FAILED", "Lambda.ServiceException")
    assert patient(cloud, "codedeploy").list_applications()


def test_a_throttled_call_is_refused_in_its_services_own_words(cloud: Cloud) -> None:
    """A client sees the error code that its retry rules know."""
    inject(cloud, fault="api-throttled", share=1)
    with pytest.raises(ClientError, match=r"ThrottlingException.*Rate exceeded"):
        patient(cloud, "codedeploy").list_applications()
