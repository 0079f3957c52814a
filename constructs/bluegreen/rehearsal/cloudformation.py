"""How a stack stands after a deployment, and what CloudFormation gave as the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

ABSENT = "absent"
"""Stands for the status of a stack that does not exist."""

_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled")
"""Reasons that only say that something else failed first."""


@dataclass(frozen=True)
class Failure:
    """A resource that failed.

    Args:
        resource: Its logical id.
        kind: Its type.
        reason: What CloudFormation says of it.
    """

    resource: str
    kind: str
    reason: str

    def __str__(self) -> str:
        """Return it as one sentence."""
        return f"{self.resource}: {self.reason}"


@dataclass(frozen=True)
class Standing:
    """How a stack stands.

    Args:
        status: CloudFormation's, or `ABSENT`.
        last_event: The newest event's id; another one means that CloudFormation did something.
        failure: The first failure since the last deployment began; None when nothing failed.
    """

    status: str
    last_event: str = ""
    failure: Failure | None = None


def describe(client: Any, stack: str) -> Standing:
    """Return how a stack stands.

    Args:
        client: A boto3 CloudFormation client.
        stack: The stack's name or id; only the id finds one that was deleted.

    Raises:
        ClientError: If CloudFormation refuses for another reason than that there is no such stack.
    """
    try:
        (described,) = client.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return Standing(ABSENT)
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
    events = [event for page in pages for event in page["StackEvents"]]
    return Standing(described["StackStatus"], events[0]["EventId"] if events else "", first_failure(events))


def first_failure(events: Sequence[Mapping[str, Any]]) -> Failure | None:
    """Return the first failure since the last deployment began; None when there is none.

    Args:
        events: Newest first, as CloudFormation lists them.
    """
    failure = None
    for event in events:
        status = event["ResourceStatus"]
        said = event.get("ResourceStatusReason", "")
        if status.endswith("_FAILED") and said and not said.startswith(_CONSEQUENCES):
            failure = Failure(event["LogicalResourceId"], event.get("ResourceType", ""), said)
        of_the_stack = event["PhysicalResourceId"] == event["StackId"]
        if of_the_stack and status in {"UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS"}:
            break
    return failure
