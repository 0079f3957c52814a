"""Events and messages inside a running ministack with our changes."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.rehearsal.cloud.running import Cloud

FAILS_ONCE = """
import json, os, pathlib
import boto3
def handler(event, context):
    tried = pathlib.Path({tried!r})
    if not tried.exists():
        tried.touch()
        raise RuntimeError("the first time")
    boto3.client("sns").publish(TopicArn={topic!r}, Subject="from the function", Message=json.dumps(event))
"""


def published(cloud: Cloud, topic: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait until a topic has been told so many things, and return them."""
    for _ in range(300):
        told = [json.loads(one) for one in cloud.client("codedeploy").list_deployments()["deployments"]]
        found = [one for one in told if one["topic"] == topic]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(told)


def topic_of(cloud: Cloud, name: str) -> str:
    arn: str = cloud.client("sns").create_topic(Name=name, Attributes={"KmsMasterKeyId": "alias/any"})["TopicArn"]
    return arn


def rule(cloud: Cloud, name: str, pattern: dict[str, Any], target: str) -> None:
    events = cloud.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target}])


def test_an_event_of_a_service_reaches_the_rules_that_match_it(cloud: Cloud) -> None:
    """A target gets the event as AWS shapes it; a rule whose pattern differs gets nothing."""
    topic, other = topic_of(cloud, "matching"), topic_of(cloud, "another")
    rule(cloud, "matching", {"source": ["aws.codedeploy"], "detail": {"deploymentId": ["d-1"]}}, topic)
    rule(cloud, "another", {"source": ["aws.codedeploy"], "detail": {"deploymentId": ["d-2"]}}, other)
    cloud.client("codedeploy").stop_deployment(deploymentId="d-1")
    event = json.loads(published(cloud, topic)[0]["text"])
    assert event.pop("time")
    assert event.pop("id")
    assert event == {
        "version": "0",
        "source": "aws.codedeploy",
        "detail-type": "Made up",
        "account": "123456789012",
        "region": "eu-west-1",
        "resources": ["arn:of:it"],
        "detail": {"deploymentId": "d-1"},
    }
    told = [json.loads(one) for one in cloud.client("codedeploy").list_deployments()["deployments"]]
    assert other not in {one["topic"] for one in told}


def test_a_function_that_fails_is_invoked_again(cloud: Cloud, tmp_path: Path) -> None:
    """A rule invokes its function asynchronously, so one failure is followed by another try with the same event."""
    topic = topic_of(cloud, "tries-again")
    code = FAILS_ONCE.format(tried=str(tmp_path / "tried"), topic=topic)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", code)
    function = cloud.client("lambda").create_function(
        FunctionName="fails-once",
        Runtime="python3.13",
        Handler="index.handler",
        Role="arn:aws:iam::123456789012:role/any",
        Code={"ZipFile": buffer.getvalue()},
    )
    rule(cloud, "tries", {"detail": {"deploymentId": ["d-again"]}}, function["FunctionArn"])
    cloud.client("codedeploy").stop_deployment(deploymentId="d-again")
    (message,) = published(cloud, topic)
    assert message["subject"] == "from the function"
    assert json.loads(message["text"])["detail"] == {"deploymentId": "d-again"}


def test_nobody_else_speaks_for_a_service(cloud: Cloud) -> None:
    """PutEvents refuses a source of AWS's own."""
    entry = {"Source": "aws.codedeploy", "DetailType": "x", "Detail": "{}"}
    (answer,) = cloud.client("events").put_events(Entries=[entry])["Entries"]
    assert answer["ErrorCode"] == "NotAuthorizedForSourceException"


@pytest.mark.parametrize("subject", ["x" * 101, "two\nlines"])
def test_a_subject_that_sns_refuses_is_refused(cloud: Cloud, subject: str) -> None:
    """A subject that is too long or has a line break fails the publication, and nothing is told."""
    topic = topic_of(cloud, "strict")
    with pytest.raises(ClientError, match="Invalid parameter: Subject"):
        cloud.client("sns").publish(TopicArn=topic, Subject=subject, Message="text")
    cloud.client("sns").publish(TopicArn=topic, Subject="é" * 100, Message="text")
    assert {one["subject"] for one in published(cloud, topic)} == {"é" * 100}
