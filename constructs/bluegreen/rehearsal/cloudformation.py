"""How a stack stands after a deployment, and what CloudFormation gave as the reason."""

from collections.abc import Mapping, Sequence
from typing import Any

_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled")
"""Reasons that only say that something else failed first."""


def describe(client: Any, stack: str) -> tuple[str, str]:
    """Return a stack's status and the reason of the last deployment's first failure; empty when nothing failed.

    Args:
        client: A boto3 CloudFormation client.
        stack: The stack's name.
    """
    (described,) = client.describe_stacks(StackName=stack)["Stacks"]
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
    return described["StackStatus"], first_failure([event for page in pages for event in page["StackEvents"]])


def first_failure(events: Sequence[Mapping[str, Any]]) -> str:
    """Return the reason of the first failure since the last deployment began; empty when there is none.

    Args:
        events: Newest first, as CloudFormation lists them.
    """
    reason = ""
    for event in events:
        status = event["ResourceStatus"]
        said = event.get("ResourceStatusReason", "")
        if status.endswith("_FAILED") and said and not said.startswith(_CONSEQUENCES):
            reason = f"{event['LogicalResourceId']}: {said}"
        of_the_stack = event["PhysicalResourceId"] == event["StackId"]
        if of_the_stack and status in {"UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS"}:
            break
    return reason
