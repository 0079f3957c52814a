"""Has CloudFormation look for drift, and tells what it found: two events, no waiting in between.

By its schedule it starts the detection of each stack. When CloudFormation says that one has ended, it tells the result.
Both may come twice: a detection that runs already is left alone, and a result that is told twice says the same.
"""

import json
import logging
import os
from typing import Any

from botocore.exceptions import ClientError

from aws_clients import client, code_of, describe
from bluegreen.release import structured_log
from drift_report import DELETED, MODIFIED, drifts, message

structured_log.set_up()
_log = logging.getLogger("drift")

NAMESPACE = "Bluegreen/Drift"
METRIC = "DriftedResources"
_MOST_PAGES = 50
_SUBJECT = 100
"""SNS takes subjects of that many characters."""


def handle(event: dict[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda gives a context
    """Take the schedule's event or a "CloudFormation Drift Detection Status Change" of EventBridge.

    Args:
        event: The event.
        context: Lambda's.
    """
    settings = json.loads(os.environ["BLUEGREEN_DRIFT"])
    if event.get("source") == "aws.cloudformation":
        _tell(event["detail"], settings)
    else:
        _detect(settings["stacks"])


def _detect(stacks: list[str]) -> None:
    for stack in stacks:
        try:
            client("cloudformation").detect_stack_drift(StackName=stack)
        except ClientError as error:
            # Not there yet, being updated, or being looked at: the next time will do, and others are still asked.
            if code_of(error) != "ValidationError":
                raise
            _log.warning("not looked at", extra={"stack": stack, "why": describe(error)})


def _tell(detail: dict[str, Any], settings: dict[str, Any]) -> None:
    stack_id = detail["stack-id"]
    stack = stack_id.split("/")[1]
    if detail["status-details"]["detection-status"] == "DETECTION_FAILED":
        _log.warning("some resources could not be looked at", extra={"stack": stack})
    found = drifts(_found(stack_id), settings["expected"])
    metric = {"MetricName": METRIC, "Dimensions": [{"Name": "Stack", "Value": stack}], "Value": len(found)}
    client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=[metric])
    _log.info("looked for drift", extra={"stack": stack, "drifted": [drift.logical_id for drift in found]})
    if found:
        subject = f"{stack} has drifted"[:_SUBJECT]
        client("sns").publish(
            TopicArn=settings["topic"], Subject=subject, Message=message(stack, found, settings["runbook"])
        )


def _found(stack_id: str) -> list[dict[str, Any]]:
    request: dict[str, Any] = {"StackName": stack_id, "StackResourceDriftStatusFilters": [MODIFIED, DELETED]}
    found: list[dict[str, Any]] = []
    for _ in range(_MOST_PAGES):
        page = client("cloudformation").describe_stack_resource_drifts(**request)
        found += page["StackResourceDrifts"]
        if not page.get("NextToken"):
            break
        request["NextToken"] = page["NextToken"]
    return found
