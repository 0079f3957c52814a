"""The state machine that follows a release for longer than one function may run."""

from typing import Any

from aws_cdk import Aws

_POLL_SECONDS = 5
_LAMBDA_TROUBLE = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
]
"""Errors of the Lambda service, not of the function."""


def release_definition(function_arn: str, *, step_seconds: int) -> dict[str, Any]:
    """Return the state machine: take a step, wait, take the next, until the function says that it is done.

    Args:
        function_arn: The function.
        step_seconds: The function's time limit.

    Returns:
        The definition in Amazon States Language.
    """
    return {
        "Comment": "Follows one release to its end",
        "TimeoutSeconds": 3900,  # the function gives up before CloudFormation's hour is over; this ends what is left
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Result": {}, "ResultPath": "$.progress", "Next": "Advance"},
            "Advance": _call(function_arn, step_seconds, "advance", "progress", OutputPath="$.Payload", Next="IsDone")
            | {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Abandon"}]},
            "IsDone": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": "Done"}],
                "Default": "Wait",
            },
            "Wait": {"Type": "Wait", "Seconds": _POLL_SECONDS, "Next": "Advance"},
            "Abandon": _call(function_arn, step_seconds, "abandon", "error", End=True),
            "Done": {"Type": "Succeed"},
        },
    }


def _call(function_arn: str, step_seconds: int, step: str, passed_on: str, **flow: Any) -> dict[str, Any]:
    payload = {"step": step, "request.$": "$.request", f"{passed_on}.$": f"$.{passed_on}"}
    return {
        "Type": "Task",
        "Resource": f"arn:{Aws.PARTITION}:states:::lambda:invoke",
        "Parameters": {"FunctionName": function_arn, "Payload": payload},
        "TimeoutSeconds": step_seconds + 10,
        "Retry": [
            # Lambda's own trouble is waited out; the function's is tried again too: each step looks before it acts.
            _retry(_LAMBDA_TROUBLE, attempts=8),
            _retry(["States.ALL"], attempts=3),
        ],
        **flow,
    }


def _retry(errors: list[str], *, attempts: int) -> dict[str, Any]:
    backoff = {"IntervalSeconds": 2, "BackoffRate": 2, "MaxDelaySeconds": 30, "JitterStrategy": "FULL"}
    return {"ErrorEquals": errors, "MaxAttempts": attempts, **backoff}
