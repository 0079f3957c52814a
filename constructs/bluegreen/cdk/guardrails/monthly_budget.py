"""What an environment may cost in a month, and who is told when it costs more."""

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_sns as sns
from constructs import Construct

from .cost_tags import CostTags

_FILTERED_BY = ("application", "environment")


class MonthlyBudget(Construct):
    """Tells a topic when the costs of one environment come near what was planned for the month.

    It counts what bears the tags `application` and `environment`, from the day on which both are activated as cost
    allocation tags in the account that pays; before, it counts nothing and tells nobody. Nothing is stopped.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        dollars: What a month may cost, in US dollars, 1-1,000,000, whole.
        tags: Whose costs are counted.
        topic: Where it is told; one that Budgets may publish to, such as those of `AlarmTopics`.
        actual_percent: The part of it that has been spent when it is told, 1-100; 80 when omitted. That all of it will
            be spent by the end of the month is told as soon as AWS forecasts it, which needs five weeks of history.

    Attributes:
        budget: The budget.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> tags = CostTags(owner="shop-team", cost_center="4711", application="shop", environment="dev")
        >>> MonthlyBudget(stack, "Budget", dollars=150, tags=tags, topic=sns.Topic(stack, "Warnings")).dollars
        150
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dollars: int,
        tags: CostTags,
        topic: sns.ITopic,
        actual_percent: int = 80,
    ) -> None:
        _require("dollars", dollars, 1_000_000)
        _require("actual_percent", actual_percent, 100)
        super().__init__(scope, construct_id)
        self.dollars = dollars
        said = tags.to_dict()
        counted = [{"tags": {"key": key, "values": [said[key]]}} for key in _FILTERED_BY]
        self.budget = budgets.CfnBudget(
            self,
            "Resource",
            budget={
                "budgetType": "COST",
                "timeUnit": "MONTHLY",
                "budgetLimit": {"amount": dollars, "unit": "USD"},
                "filterExpression": {"and": counted},  # the older CostFilters would count what has either tag
                "metrics": ["UnblendedCost"],
            },
            notifications_with_subscribers=[
                _notification("ACTUAL", actual_percent, topic.topic_arn),
                _notification("FORECASTED", 100, topic.topic_arn),
            ],
            resource_tags=[{"key": key, "value": value} for key, value in sorted(said.items())],
        )


def _notification(kind: str, percent: int, topic_arn: str) -> dict[str, object]:
    return {
        "notification": {
            "notificationType": kind,
            "comparisonOperator": "GREATER_THAN",
            "threshold": percent,
            "thresholdType": "PERCENTAGE",
        },
        "subscribers": [{"subscriptionType": "SNS", "address": topic_arn}],
    }


def _require(name: str, value: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= high:
        raise ValueError(f"{name} must be a whole number, 1-{high}, got {value!r}")
