"""What looks for drift, how often, and what it may do."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns

from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.guardrails import EXPECTED_DRIFT, CostTags, DriftWatch, MonthlyBudget
from bluegreen.cdk.watching import AlarmTopics, Severity
from tests.cdk.nagging import findings
from tests.cdk.support import Synthesized, actions, synthesize

TAGS = CostTags(owner="shop-team", cost_center="4711", application="shop", environment="dev")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A stack that two stacks are watched from."""

    def define(stack: cdk.Stack) -> None:
        topic = sns.Topic(stack, "Topic", master_key=EnvironmentKey(stack, "Key").key)
        expected = {"AWS::ECS::Service": {"/Tags": "somebody else sets them"}}
        DriftWatch(stack, "Drift", stacks=["ShopStack", "ShopDataStack"], topic=topic, expected=expected)

    return synthesize(tmp_path_factory.mktemp("shop"), define)


def test_it_is_called_each_morning_and_when_a_detection_has_ended(shop: Synthesized) -> None:
    """One rule calls it by the clock, another when CloudFormation has compared one of the stacks."""
    by_clock, by_event = sorted(
        shop.of_type("AWS::Events::Rule"), key=lambda rule: "EventPattern" in rule["Properties"]
    )
    assert by_clock["Properties"]["ScheduleExpression"] == "cron(40 4 * * ? *)"
    pattern = by_event["Properties"]["EventPattern"]
    assert (pattern["source"], pattern["detail"]["status-details"]) == (
        ["aws.cloudformation"],
        {"detection-status": ["DETECTION_COMPLETE", "DETECTION_FAILED"]},
    )
    ends = [one["prefix"]["Fn::Join"][1][-1] for one in pattern["detail"]["stack-id"]]
    assert ends == [":stack/ShopStack/", ":stack/ShopDataStack/"]


def test_it_changes_nothing_but_its_metric(shop: Synthesized) -> None:
    """Its own policy lets it look, tell and count; what it reads through is AWS's policy for auditors."""
    found = actions(shop.statements("DriftRole"))
    assert {
        action for action in found if not action.startswith(("cloudformation:De", "cloudformation:Batch", "logs:"))
    } == {
        "cloudwatch:PutMetricData",
        "kms:Decrypt",
        "kms:GenerateDataKey*",
        "sns:Publish",
    }
    (managed,) = shop.one("AWS::IAM::Role")["Properties"]["ManagedPolicyArns"]
    assert managed["Fn::Join"][1][-1] == ":iam::aws:policy/SecurityAudit"


def test_more_may_be_expected_to_drift(shop: Synthesized) -> None:
    """What is given is added to what this library changes, which has a reason each."""
    text = json.dumps(shop.one("AWS::Lambda::Function")["Properties"]["Environment"])
    assert all(path in text for path in ("/DesiredCount", "/DefaultActions", "/Tags"))
    assert all(reason for paths in EXPECTED_DRIFT.values() for reason in paths.values())


def test_linters_find_nothing(tmp_path: Path) -> None:
    """Both packs are clean for watch and budget, but for inline policies, which are the whole app's choice."""

    def define(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Shop")
        key = EnvironmentKey(stack, "Key").key
        topics = AlarmTopics(stack, "Alarms", key=key)
        topic = topics.topic(Severity.WARNING)
        topics.tell(DriftWatch(stack, "Drift", stacks=["ShopStack"], topic=topic, key=key).alerts)
        MonthlyBudget(stack, "Budget", dollars=150, tags=TAGS, topic=topic)

    found = findings(tmp_path, define)
    assert {one for one in found if one[1] != "NIST.800.53.R5-IAMNoInlinePolicy"} == set()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"stacks": []}, r"stacks must be 1-10 names, each once, got \[\]"),
        ({"stacks": ["A", "A"]}, "stacks must be 1-10 names, each once"),
        ({"stacks": list("ABCDEFGHIJK")}, "stacks must be 1-10 names, each once"),
        ({"expected": {"AWS::ECS::Service": {"DesiredCount": "why"}}}, "expected must be property paths such as"),
        (
            {"expected": {"AWS::ECS::Service": {"/DesiredCount": " "}}},
            "expected must be property paths .* for AWS::ECS",
        ),
    ],
)
def test_refuses_what_cannot_be_watched(wrong: dict[str, Any], message: str) -> None:
    """No stack, one twice, too many, and an expectation without path or reason are refused."""
    stack = cdk.Stack(cdk.App(), "Shop")
    given: dict[str, Any] = {"stacks": ["ShopStack"], "topic": sns.Topic(stack, "Topic")}
    with pytest.raises(ValueError, match=f"^{message}"):
        DriftWatch(stack, "Drift", **given | wrong)
