"""The command, boto3 and the AWS API between them, with a made-up function behind a real stack."""

import io
import json
import os
import subprocess
import sys
import time
import zipfile

import pytest

from tests.operations.deployed import MIGRATED, PLANNED
from tests.rehearsal.cloud.running import Cloud

FUNCTION = """
import json, urllib.request

TOLD = json.loads(open("told.json").read())

def handler(event, context):
    if "RequestType" in event:
        body = json.dumps({
            "Status": "SUCCESS", "PhysicalResourceId": "orders-migrations", "StackId": event["StackId"],
            "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"],
        }).encode()
        urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT"))
    elif event["step"] == "start":
        return {"run": event["mode"] + "-by-" + event["by"].rpartition(":")[2]}
    elif event["step"] == "run":
        return {**TOLD["run"], "id": event["id"]}
    elif TOLD["status"]:
        return TOLD["status"]
    else:
        raise ValueError("the ledger is gone")
"""


def deploy(cloud: Cloud, stack: str, status: object) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", FUNCTION)
        archive.writestr("told.json", json.dumps({"run": PLANNED.to_dict(), "status": status}))
    made = cloud.client("lambda").create_function(
        FunctionName="orders-migrations",
        Runtime="python3.13",
        Handler="index.handler",
        Role="arn:aws:iam::123456789012:role/any",
        Code={"ZipFile": content.getvalue()},
        Timeout=30,
    )
    migrations = {"Type": "Custom::Migrations", "Properties": {"ServiceToken": made["FunctionArn"]}}
    template = json.dumps({"Resources": {"OrdersMigrations": migrations}})
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(StackName=stack, TemplateBody=template)
    for _ in range(500):
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.02)
    assert found["StackStatus"] == "CREATE_COMPLETE"


def call(cloud: Cloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{cloud.port}",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    program = "from bluegreen.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "migrations", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def stack(cloud: Cloud) -> str:
    status = {
        "service": "orders",
        "database": "orders-db",
        "state": None,
        "lease": None,
        "runs": [MIGRATED.to_dict()],
    }
    deploy(cloud, "Prod", status)
    return "Prod"


def test_status_comes_through_the_stack_and_its_function(cloud: Cloud, stack: str) -> None:
    """The stack is asked for its function, and the function for the ledger."""
    ended = call(cloud, "status", "--stack", stack, "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["runs"][0]["id"] == "d-2"


def test_a_plan_is_started_in_the_callers_name_and_followed(cloud: Cloud, stack: str) -> None:
    """The caller's identity comes from STS; the record of the run is what is shown."""
    ended = call(cloud, "plan", "--stack", stack)
    assert ended.returncode == 0, ended.stderr
    assert "pending: 1 pending from a1 to b2: b2" in ended.stdout
    assert "plan plan-by-root: pending" in ended.stderr


def test_a_stack_that_is_not_there_is_one_line(cloud: Cloud, stack: str) -> None:
    """CloudFormation's own error is recognized."""
    ended = call(cloud, "status", "--stack", f"Not{stack}")
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: there is no stack 'NotProd' in this account and region\n")


def test_a_function_that_raises_is_one_line(cloud: Cloud, stack: str) -> None:
    """What the function says is shown, and not its traceback."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", FUNCTION)
        archive.writestr("told.json", json.dumps({"run": {}, "status": None}))
    cloud.client("lambda").update_function_code(FunctionName="orders-migrations", ZipFile=content.getvalue())
    ended = call(cloud, "status", "--stack", stack)
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: the function orders-migrations refuses: the ledger is gone\n")
