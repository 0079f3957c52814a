"""What a budget counts, and when it tells."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns

from bluegreen.cdk.guardrails import CostTags, MonthlyBudget
from tests.cdk.support import synthesize

TAGS = CostTags(owner="shop-team", cost_center="4711", application="shop", environment="dev")


def define(stack: cdk.Stack, **settings: Any) -> None:
    MonthlyBudget(stack, "Budget", **{"dollars": 150, "tags": TAGS, "topic": sns.Topic(stack, "Topic")} | settings)


def test_it_counts_one_environment_and_tells_before_and_when_it_is_spent(tmp_path: Path) -> None:
    """It counts what has both tags, and tells at 80 % spent and at 100 % forecast."""
    (budget,) = synthesize(tmp_path, define).of_type("AWS::Budgets::Budget")
    said = budget["Properties"]
    assert said["Budget"]["BudgetLimit"] == {"Amount": 150, "Unit": "USD"}
    assert said["Budget"]["FilterExpression"] == {
        "And": [
            {"Tags": {"Key": "application", "Values": ["shop"]}},
            {"Tags": {"Key": "environment", "Values": ["dev"]}},
        ]
    }
    told = [one["Notification"] for one in said["NotificationsWithSubscribers"]]
    assert [(one["NotificationType"], one["Threshold"]) for one in told] == [("ACTUAL", 80), ("FORECASTED", 100)]
    assert {one["Key"] for one in said["ResourceTags"]} == {"owner", "cost-center", "application", "environment"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dollars": 0}, "dollars must be a whole number, 1-1000000, got 0"),
        ({"dollars": 1_000_001}, "dollars must be a whole number, 1-1000000, got 1000001"),
        ({"dollars": 99.5}, "dollars must be a whole number, 1-1000000, got 99.5"),
        ({"actual_percent": 101}, "actual_percent must be a whole number, 1-100, got 101"),
        ({"actual_percent": True}, "actual_percent must be a whole number, 1-100, got True"),
    ],
)
def test_refuses_values_out_of_range(wrong: dict[str, Any], message: str) -> None:
    """An amount or a threshold that means nothing is refused."""
    with pytest.raises(ValueError, match=f"^{message}"):
        define(cdk.Stack(cdk.App(), "Shop"), **wrong)
