"""The state machine that follows a release for longer than one function may run."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ._arns import OWN

SHORTEST_SECONDS = 3900
"""The function gives up before CloudFormation's hour is over; this ends what is left."""

_LAMBDA_TROUBLE = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
]
"""Errors of the Lambda service, not of the function."""


def release_definition(
    function_arn: str, *, step_seconds: int, longest_seconds: int = SHORTEST_SECONDS
) -> dict[str, Any]:
    """Return the state machine: take a step, wait, take the next, until the function says that it is done.

    Whatever ended the release, the last state lets scale-in go on, with retries of its own. Time is Step Functions'
    own: a step that is tried again is told the time at which it was first tried.

    Args:
        function_arn: The function.
        step_seconds: The function's time limit.
        longest_seconds: How long an execution may take. A release that is handed on outlives CloudFormation's hour.

    Returns:
        The definition in Amazon States Language.
    """
    call = partial(call_function, function_arn, step_seconds)
    caught = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error"}
    return {
        "Comment": "Follows one release to its end",
        "TimeoutSeconds": longest_seconds,
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Result": {}, "ResultPath": "$.progress", "Next": "Advance"},
            "Advance": call("advance", "progress", OutputPath="$.Payload", Next="IsDone")
            | {"Catch": [caught | {"Next": "Abandon"}]},
            "IsDone": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": "Resume"}],
                "Default": "Wait",
            },
            # The function says how long: a release that is handed on takes days, and a history has 25,000 events.
            "Wait": {"Type": "Wait", "SecondsPath": "$.wait_seconds", "Next": "Advance"},
            "Abandon": call("abandon", "progress", "error", ResultPath="$.abandoned", Next="Resume")
            | {"Catch": [caught | {"Next": "ResumeAtLeast"}]},
            "Resume": call("resume", Next="Done"),
            # Nobody could be told of the failure: the execution must not look as if all were well.
            "ResumeAtLeast": call("resume", Next="Untold"),
            "Untold": {"Type": "Fail", "Error": "Untold", "Cause": "the release failed and nobody could be told"},
            "Done": {"Type": "Succeed"},
        },
    }


def call_function(
    function_arn: str,
    step_seconds: int,
    step: str,
    *passed_on: str,
    context: Mapping[str, str] | None = None,
    **flow: Any,
) -> dict[str, Any]:
    """Return a state that calls the function for one step.

    Args:
        function_arn: The function.
        step_seconds: Its time limit.
        step: The step.
        passed_on: Members of the state's input that the function gets, beside the request.
        context: Further members, taken from the execution's context; none when omitted.
        flow: Where the result goes, and what comes next.

    Returns:
        The state in Amazon States Language.
    """
    payload = {"step": step, "now.$": "$$.State.EnteredTime", **(context or {})}
    payload |= {f"{name}.$": f"$.{name}" for name in ("request", *passed_on)}
    return {
        "Type": "Task",
        "Resource": f"arn:{OWN.partition}:states:::lambda:invoke",
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
