"""What a deployed stack and the stacks nested in it are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from .aws import Clients, OperationError, errors_told

_NESTED = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Resource:
    """One resource that exists.

    Args:
        logical_id: Its name in the template.
        type: Such as `AWS::ECS::Service`.
        physical_id: What AWS calls it: a name, or an ARN.
    """

    logical_id: str
    type: str
    physical_id: str


def resources(clients: Clients, stack: str) -> tuple[Resource, ...]:
    """Return the resources of a stack and of the stacks nested in it.

    Args:
        clients: AWS.
        stack: The stack's name or ARN.

    Raises:
        OperationError: If there is no such stack, or AWS refuses.
    """
    with errors_told():
        try:
            return tuple(_resources(clients("cloudformation"), stack))
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            raise OperationError(
                f"there is no stack {stack!r} in this account and region",
                hint="name a deployed stack with --stack, and look at AWS_PROFILE and AWS_REGION",
            ) from error


def _resources(cloudformation: Any, stack: str) -> Iterator[Resource]:
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for one in page["StackResourceSummaries"]:
            if one["ResourceStatus"] == "DELETE_COMPLETE" or not one.get("PhysicalResourceId"):
                continue
            if one["ResourceType"] == _NESTED:
                yield from _resources(cloudformation, one["PhysicalResourceId"])
            else:
                yield Resource(one["LogicalResourceId"], one["ResourceType"], one["PhysicalResourceId"])
