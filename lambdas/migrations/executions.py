"""What Step Functions says of an execution."""

import json
from typing import Any

from botocore.exceptions import ClientError

import aws_clients


def is_running(execution: str) -> bool:
    """Return whether an execution still runs; one that Step Functions has forgotten does not."""
    try:
        answer = aws_clients.client("stepfunctions").describe_execution(executionArn=execution)
    except ClientError as error:
        if aws_clients.code_of(error) == "ExecutionDoesNotExist":
            return False
        raise
    return bool(answer["status"] == "RUNNING")


def request_of(execution: str) -> dict[str, Any]:
    """Return the request that an execution began with."""
    answer = aws_clients.client("stepfunctions").describe_execution(executionArn=execution)
    request: dict[str, Any] = json.loads(answer["input"])["request"]
    return request
