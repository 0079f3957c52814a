"""Guard rails: tags, rules with one of the app's own and an exception, a budget, and drift with what may differ."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs

from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.guardrails import Accepted, CostTags, DriftWatch, GuardRails, MonthlyBudget, Rule
from bluegreen.cdk.guardrails.rule import Found, Template, properties, resources
from bluegreen.cdk.watching import AlarmTopics, Severity

_STACK = "GalleryGuardrails"


def _find_short_memory(template: Template) -> Found:
    for name, queue in resources(template, "AWS::SQS::Queue"):
        if properties(queue).get("MessageRetentionPeriod", 0) < cdk.Duration.days(7).to_seconds():
            yield name, "forgets messages within a week"


_LONG_MEMORY = Rule(
    name="long-memory",
    says="a queue keeps messages for a week, so that nothing is lost over holidays",
    fix="set its retention_period",
    find=_find_short_memory,
)


def define(app: cdk.App) -> None:
    """Add a stack with two queues, and rules for every stack of the app.

    Args:
        app: The app.
    """
    stack = cdk.Stack(app, _STACK)
    tags = CostTags(owner="shop-team", cost_center="4711", application="shop", environment="gallery")
    tags.add_to(stack)
    key = EnvironmentKey(stack, "Key", alias="gallery-guardrails").key
    topics = AlarmTopics(stack, "Alarms", key=key)
    warnings = topics.topic(Severity.WARNING)
    failed = sqs.Queue(stack, "Failed", enforce_ssl=True, retention_period=cdk.Duration.days(14))
    jobs = sqs.Queue(
        stack, "Jobs", enforce_ssl=True, dead_letter_queue=sqs.DeadLetterQueue(queue=failed, max_receive_count=3)
    )
    MonthlyBudget(stack, "Budget", dollars=150, tags=tags, topic=warnings, actual_percent=90)
    drift = DriftWatch(
        stack,
        "Drift",
        stacks=["ShopStack"],
        topic=warnings,
        key=key,
        schedule="rate(7 days)",
        expected={"AWS::SQS::Queue": {"/VisibilityTimeout": "the workers set it by how long they take"}},
    )
    topics.tell(drift.alerts)
    place = f"{_STACK}.{stack.get_logical_id(jobs.node.default_child)}"  # type: ignore[arg-type] # a CfnElement
    GuardRails(
        app,
        protected=[_STACK],
        rules=[_LONG_MEMORY],
        accepted=[Accepted("long-memory", place, "what fails goes to the other queue, which keeps it")],
    )
