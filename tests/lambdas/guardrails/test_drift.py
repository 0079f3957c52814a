"""What is told of drift, and what is left alone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

import drift
from drift_report import Drift, drifts, message
from tests.lambdas.conftest import FakeAws

STACK_ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/ShopStack/0a1b2c3d-0000-0000-0000-000000000000"
SETTINGS = {
    "stacks": ["ShopDataStack", "ShopStack"],
    "topic": "arn:aws:sns:eu-west-1:111122223333:warnings",
    "runbook": "docs/runbooks.md#drift",
    "expected": {"AWS::ECS::Service": ["/DesiredCount", "/LoadBalancers"]},
}


def drifted(name: str = "Group", kind: str = "AWS::EC2::SecurityGroup", **paths: str) -> dict[str, Any]:
    changes = [
        {"PropertyPath": path, "ExpectedValue": "80", "ActualValue": now, "DifferenceType": "NOT_EQUAL"}
        for path, now in paths.items()
    ]
    status = "MODIFIED" if changes else "DELETED"
    return {
        "LogicalResourceId": name,
        "ResourceType": kind,
        "StackResourceDriftStatus": status,
        "PropertyDifferences": changes,
    }


def ended(status: str = "DETECTION_COMPLETE") -> dict[str, Any]:
    detail = {"stack-id": STACK_ID, "status-details": {"stack-drift-status": "DRIFTED", "detection-status": status}}
    return {"source": "aws.cloudformation", "detail": detail}


@pytest.fixture
def told(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """AWS, with nothing drifted."""
    monkeypatch.setattr(drift, "client", aws.client)
    monkeypatch.setenv("BLUEGREEN_DRIFT", json.dumps(SETTINGS))
    aws.answers = {
        "cloudformation.detect_stack_drift": {"StackDriftDetectionId": "1"},
        "cloudformation.describe_stack_resource_drifts": {"StackResourceDrifts": []},
        "cloudwatch.put_metric_data": {},
        "sns.publish": {},
    }
    return aws


def counted(aws: FakeAws) -> list[float]:
    return [call["MetricData"][0]["Value"] for call in aws.called("cloudwatch.put_metric_data")]


def test_the_schedule_has_each_stack_looked_at(told: FakeAws) -> None:
    """Each stack's detection is started, and nothing else is done."""
    drift.handle({"source": "aws.events"}, None)
    assert told.calls == [("cloudformation.detect_stack_drift", {"StackName": name}) for name in SETTINGS["stacks"]]


def test_a_stack_that_cannot_be_looked_at_now_keeps_no_other_from_it(
    told: FakeAws, refusal: Callable[..., ClientError]
) -> None:
    """A stack that is being updated, or looked at, is left for the next day; any other refusal is a failure."""
    told.answers["cloudformation.detect_stack_drift"] = refusal("ValidationError")
    drift.handle({}, None)
    assert len(told.calls) == 2
    told.answers["cloudformation.detect_stack_drift"] = refusal("AccessDenied")
    with pytest.raises(ClientError):
        drift.handle({}, None)


def test_drift_is_counted_and_told_on_every_page(told: FakeAws) -> None:
    """Each page is read; the number is a metric of the stack, and the message names resource, property and values."""
    pages = {
        None: {"StackResourceDrifts": [drifted(**{"/Port": "81"})], "NextToken": "next"},
        "next": {"StackResourceDrifts": [drifted("Queue", "AWS::SQS::Queue")]},
    }
    told.answers["cloudformation.describe_stack_resource_drifts"] = lambda **asked: pages[asked.get("NextToken")]
    drift.handle(ended(), None)
    assert counted(told) == [2]
    (metric,) = told.called("cloudwatch.put_metric_data")
    assert metric["MetricData"][0]["Dimensions"] == [{"Name": "Stack", "Value": "ShopStack"}]
    (published,) = told.called("sns.publish")
    assert published["Subject"] == "ShopStack has drifted"
    assert published["Message"].split("\n\n") == [
        "2 resources of ShopStack are not as its template says. Severity: warning. Runbook: docs/runbooks.md#drift",
        "Group (AWS::EC2::SecurityGroup) differs:\n  /Port: 80 -> 81",
        "Queue (AWS::SQS::Queue) was deleted",
    ]


@pytest.mark.parametrize("status", ["DETECTION_COMPLETE", "DETECTION_FAILED"])
def test_no_drift_is_counted_and_not_told(told: FakeAws, status: str) -> None:
    """Without drift nobody is told, and the metric says 0, so that an alarm ends; also when some could not be read."""
    drift.handle(ended(status), None)
    assert (counted(told), told.called("sns.publish")) == ([0], [])


def test_what_releases_change_does_not_count(told: FakeAws) -> None:
    """What may differ, with all that is below it, is left out; another property of the same resource is not."""
    service = drifted("Service", "AWS::ECS::Service", **{"/DesiredCount": "3", "/LoadBalancers/0/TargetGroupArn": "b"})
    told.answers["cloudformation.describe_stack_resource_drifts"] = {"StackResourceDrifts": [service]}
    drift.handle(ended(), None)
    assert counted(told) == [0]
    service["PropertyDifferences"][0]["PropertyPath"] = "/DesiredCountOfOthers"
    drift.handle(ended(), None)
    assert counted(told) == [0, 1]


def test_a_deleted_resource_counts_whatever_may_differ() -> None:
    """That properties may differ does not mean that the resource may be gone."""
    assert drifts([drifted("Service", "AWS::ECS::Service")], SETTINGS["expected"]) == [
        Drift("Service", "AWS::ECS::Service")
    ]


@given(number=st.integers(51, 300), length=st.integers(0, 5000))
def test_a_message_stays_small_enough_to_be_sent(number: int, length: int) -> None:
    """However much has drifted, the message fits into what SNS takes, and says how much more there is."""
    every = [drifted(f"Group{index}", **{"/Port": "x" * length}) for index in range(number)]
    said = message("ShopStack", drifts(every, {}), "docs/runbooks.md#drift")
    assert len(said.encode()) < 256 * 1024
    assert said.endswith(f"and {number - 50} more")
