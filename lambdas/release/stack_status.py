"""Asks CloudFormation what it is doing with the stack, which a custom resource's request does not say."""

import re

import aws_clients


def ask(stack_id: str) -> str:
    """Return a stack's status, such as "UPDATE_IN_PROGRESS".

    Args:
        stack_id: The stack's id, as the request has it.

    Returns:
        The status.

    Raises:
        botocore.exceptions.ClientError: If AWS refused to tell.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    answer = aws_clients.client("cloudformation").describe_stacks(StackName=stack_id)
    return str(answer["Stacks"][0]["StackStatus"])


def newer(one: str, other: str | None) -> bool:
    """Return whether one task definition is a later revision than another of the same family.

    CloudFormation may begin to take an update back while a request of its way forward has only just arrived. What such
    a request brings is newer than what is there; what is really taken back is older.

    Example:
        >>> newer("task-definition/orders:10", "task-definition/orders:9")
        True
        >>> [newer("task-definition/orders:9", other) for other in ("orders:10", "billing:1", None)]
        [False, False, False]
    """
    found = [re.fullmatch(r"(?:.*/)?([^/:]+):(\d+)", arn or "") for arn in (one, other)]
    if found[0] is None or found[1] is None or found[0][1] != found[1][1]:
        return False
    return int(found[0][2]) > int(found[1][2])
