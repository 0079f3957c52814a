"""Stacks of custom resources inside a running ministack with our changes."""

import io
import itertools
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal.cloud.running import Cloud

FUNCTION = """
import json, time, urllib.request
import boto3

def handler(event, context):
    properties = event["ResourceProperties"]
    stack = boto3.client("cloudformation").describe_stacks(StackName=event["StackId"])["Stacks"][0]
    with open(properties["Folder"] + "/asked", "a") as asked:
        asked.write(json.dumps({
            "type": event["RequestType"], "name": event["LogicalResourceId"], "version": properties.get("Version"),
            "weight": properties.get("Weight"), "id": event.get("PhysicalResourceId"), "stack": stack["StackStatus"],
        }) + "\\n")
    does = properties.get("Does") if event["RequestType"] != "Delete" else None
    if does == "nothing":
        return
    # Until another resource has been asked; the function's own time limit ends a wait in vain.
    while f'"{properties.get("Until", "")}' not in open(properties["Folder"] + "/asked").read():
        time.sleep(0.05)
    with open(properties["Folder"] + "/weight") as weight:
        body = json.dumps({
            "Status": "FAILED" if does == "fail" else "SUCCESS", "Reason": "told to fail",
            "PhysicalResourceId":
                properties.get("Id") or event.get("PhysicalResourceId") or "made-" + event["LogicalResourceId"],
            "StackId": event["StackId"], "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"], "Data": {"Weight": weight.read()},
        }).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT"))
"""

_numbers = itertools.count()


@pytest.fixture(scope="module")
def provider(cloud: Cloud) -> str:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", FUNCTION)
    made = cloud.client("lambda").create_function(
        FunctionName="asked",
        Runtime="python3.13",
        Handler="index.handler",
        Role="arn:aws:iam::123456789012:role/any",
        Code={"ZipFile": content.getvalue()},
        Timeout=30,
    )
    return str(made["FunctionArn"])


class Stack:
    """A stack of custom resources that write down what they are asked."""

    def __init__(self, cloud: Cloud, provider: str, folder: Path) -> None:
        self._cloudformation = cloud.client("cloudformation")
        self._s3 = cloud.client("s3")
        self._provider = provider
        self._folder = folder
        self.name = f"stack-{next(_numbers)}"
        self.weigh(1)

    def weigh(self, weight: int) -> None:
        """Set the attribute that every custom resource answers from now on."""
        (self._folder / "weight").write_text(str(weight))

    def template(self, **resources: dict[str, Any]) -> dict[str, Any]:
        made = {
            name: {
                "Type": "Custom::One",
                "Properties": {"ServiceToken": self._provider, "Folder": str(self._folder), **properties},
                "DependsOn": properties.pop("After", []),
                **dict.fromkeys(("DeletionPolicy", "UpdateReplacePolicy"), properties.pop("Policy", "Delete")),
            }
            for name, properties in resources.items()
        }
        return {"Resources": made}

    def nested(self, template: dict[str, Any]) -> dict[str, Any]:
        """Return a template with one nested stack."""
        bucket = f"templates-{next(_numbers)}"
        self._s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self._s3.put_object(Bucket=bucket, Key="nested.json", Body=json.dumps(template))
        url = f"{self._s3.meta.endpoint_url}/{bucket}/nested.json"
        return {"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}}

    def deploy(self, operation: str, template: dict[str, Any]) -> str:
        """Create or update, and return the status that it ends with."""
        (self._folder / "asked").write_text("")
        getattr(self._cloudformation, f"{operation}_stack")(StackName=self.name, TemplateBody=json.dumps(template))
        for _ in range(500):
            (stack,) = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                break
            time.sleep(0.02)
        return str(stack["StackStatus"])

    def asked(self) -> list[dict[str, Any]]:
        """Return what the resources were asked by the last deployment."""
        return [json.loads(line) for line in (self._folder / "asked").read_text().splitlines()]

    def requests(self, *facts: str) -> list[tuple[Any, ...]]:
        return [tuple(one[fact] for fact in ("type", "name", *facts)) for one in self.asked()]

    def reasons(self) -> dict[str, str]:
        events = self._cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return {
            event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
            for event in events
            if event["ResourceStatus"].endswith("_FAILED")
        }


@pytest.fixture
def stack(cloud: Cloud, provider: str, tmp_path: Path) -> Stack:
    return Stack(cloud, provider, tmp_path)


def test_what_does_not_depend_on_each_other_is_deployed_at_once(stack: Stack) -> None:
    """Two resources that each wait for the other to be asked are both made; one that depends on them comes last."""
    together = {"One": {"Until": "Two"}, "Two": {"Until": "One"}}
    assert stack.deploy("create", stack.template(**together, Last={"After": ["One", "Two"]})) == "CREATE_COMPLETE"
    assert [name for _, name in stack.requests()][2:] == ["Last"]


def test_only_what_changed_is_updated(stack: Stack) -> None:
    """A resource whose properties are what they were is asked nothing; what the template lost is deleted."""
    stack.deploy("create", stack.template(One={"Version": 1}, Two={"Version": 1}, Three={}))
    assert stack.deploy("update", stack.template(One={"Version": 2}, Two={"Version": 1})) == "UPDATE_COMPLETE"
    assert stack.requests("version", "stack") == [
        ("Update", "One", "2", "UPDATE_IN_PROGRESS"),
        ("Delete", "Three", None, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
    ]


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_what_an_update_replaced_or_lost_is_deleted_last_unless_retained(stack: Stack, policy: str) -> None:
    """The former physical resource, and what the template lost, are deleted in the clean-up, users first."""
    before = stack.template(
        One={"Id": "first", "Policy": policy},
        Two={"Policy": policy},
        Three={"After": ["Two"], "Policy": policy},
    )
    stack.deploy("create", before)
    after = stack.template(One={"Id": "second", "Policy": policy})
    assert stack.deploy("update", after) == "UPDATE_COMPLETE"
    cleanup = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    deleted = [
        ("Delete", "One", "first", cleanup),
        ("Delete", "Three", "made-Three", cleanup),
        ("Delete", "Two", "made-Two", cleanup),
    ]
    assert stack.requests("id", "stack") == [
        ("Update", "One", "first", "UPDATE_IN_PROGRESS"),
        *(deleted if policy == "Delete" else []),
    ]


def test_an_output_that_cannot_be_resolved_takes_the_update_back(stack: Stack) -> None:
    """Outputs are resolved before anything is deleted: all resources get their old properties."""
    stack.deploy("create", stack.template(One={"Version": 1}))
    broken = stack.template(One={"Version": 2}) | {"Outputs": {"No": {"Value": {"Fn::GetAtt": ["One", "Unknown"]}}}}
    assert stack.deploy("update", broken) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.requests("version") == [("Update", "One", "2"), ("Update", "One", "1")]
    assert "Unknown" in stack.reasons()[stack.name]


def test_a_failed_creation_is_deleted_under_the_id_that_it_answered(stack: Stack) -> None:
    """CloudFormation deletes also the resource whose creation failed: its provider may have made something."""
    assert stack.deploy("create", stack.template(One={"Does": "fail"})) == "ROLLBACK_COMPLETE"
    assert stack.requests("id", "stack") == [
        ("Create", "One", None, "CREATE_IN_PROGRESS"),
        ("Delete", "One", "made-One", "ROLLBACK_IN_PROGRESS"),
    ]


def test_what_is_under_way_is_cancelled_and_sent_back_when_another_fails(stack: Stack) -> None:
    """Nobody waits for the other custom resource: it gets its old properties while it still works on the new ones."""
    stack.deploy("create", stack.template(One={"Version": 1}, Two={"Version": 1}, Three={"Version": 1}))
    broken = stack.template(
        One={"Version": 2, "Does": "fail", "Until": "Two"}, Two={"Version": 2, "Does": "nothing"}, Three={"Version": 1}
    )
    assert stack.deploy("update", broken) == "UPDATE_ROLLBACK_COMPLETE"
    rollback = "UPDATE_ROLLBACK_IN_PROGRESS"
    asked = stack.requests("version", "stack")
    assert sorted(asked[:2]) == [
        ("Update", "One", "2", "UPDATE_IN_PROGRESS"),
        ("Update", "Two", "2", "UPDATE_IN_PROGRESS"),
    ]
    assert sorted(asked[2:]) == [("Update", "One", "1", rollback), ("Update", "Two", "1", rollback)]
    assert stack.reasons()["Two"] == "Resource update cancelled"


@pytest.mark.parametrize(("fault", "weight"), [(None, "2"), ("stale-rollback", "1")])
def test_a_rollback_resolves_attributes_anew_unless_told_otherwise(
    cloud: Cloud, stack: Stack, fault: str | None, weight: str
) -> None:
    """What a custom resource answers during the rollback reaches those that refer to it; by the fault it does not."""

    def template(version: int, last: str) -> dict[str, Any]:
        weighed = {"Fn::GetAtt": ["State", "Weight"]}
        return stack.template(
            State={"Version": version},
            User={"Version": version, "Weight": weighed},
            Last={"Does": last, "After": ["User"]},
        )

    cloud.client("codedeploy").batch_get_deployments(deploymentIds=[json.dumps({"fault": fault})])
    stack.deploy("create", template(1, "succeed"))
    stack.weigh(2)
    assert stack.deploy("update", template(2, "fail")) == "UPDATE_ROLLBACK_COMPLETE"
    sent_back = [one for one in stack.requests("version", "weight") if one[1] == "User"]
    assert sent_back == [("Update", "User", "2", "2"), ("Update", "User", "1", weight)]


def test_a_nested_stack_says_that_it_is_taken_back(stack: Stack) -> None:
    """Its custom resource is sent back, and finds its own stack in a rollback when it asks."""
    stack.deploy("create", stack.nested(stack.template(One={"Version": 1})))
    broken = stack.nested(stack.template(One={"Version": 2, "Does": "fail"}))
    assert stack.deploy("update", broken) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.requests("version", "stack") == [
        ("Update", "One", "2", "UPDATE_IN_PROGRESS"),
        ("Update", "One", "1", "UPDATE_ROLLBACK_IN_PROGRESS"),
    ]


def test_what_does_not_change_in_a_nested_stack_keeps_its_attributes(stack: Stack) -> None:
    """A resource that refers to one that was not asked again gets the same value as before."""

    def nested(version: int) -> dict[str, Any]:
        weighed = {"Fn::GetAtt": ["Same", "Weight"]}
        return stack.nested(stack.template(Same={}, User={"Version": version, "Weight": weighed}))

    assert stack.deploy("create", nested(1)) == "CREATE_COMPLETE"
    assert stack.deploy("update", nested(2)) == "UPDATE_COMPLETE"
    assert stack.requests("version", "weight") == [("Update", "User", "2", "1")]


def test_a_nested_stack_goes_back_to_the_task_definition_that_was_replaced(stack: Stack) -> None:
    """What refers to it is sent back with the revision of before, and not with a third one."""

    def nested(image: str, does: str) -> dict[str, Any]:
        template = stack.template(One={"Version": {"Ref": "Task"}, "Does": does})
        template["Resources"]["Task"] = {
            "Type": "AWS::ECS::TaskDefinition",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"Family": stack.name, "ContainerDefinitions": [{"Name": "app", "Image": image}]},
        }
        return stack.nested(template)

    stack.deploy("create", nested("app:v1", "succeed"))
    assert stack.deploy("update", nested("app:v2", "fail")) == "UPDATE_ROLLBACK_COMPLETE"
    sent = [arn.split("/")[-1] for _, _, arn in stack.requests("version")]
    assert sent == [f"{stack.name}:2", f"{stack.name}:1"]
