"""A state machine whose function decides, while Step Functions runs one-off tasks and waits for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from aws_cdk import Aws

from ._network import TaskNetwork
from ._state_machine import call_function


@dataclass(frozen=True, kw_only=True)
class OneOffTask:
    """What the state machine runs when its function says so.

    Args:
        definition: The task definition's ARN; what the function names in `task.definition` when None.
        container: The container that is told what to do.
        overridden: What of it the function says, in ECS's names: each is a member of `task` in small letters.
    """

    definition: str | None = None
    container: str
    overridden: Sequence[str] = ("Command",)

    def parameters(self) -> dict[str, Any]:
        """Return what it adds to the parameters of `ecs:runTask`."""
        override = {f"{name}.$": f"$.task.{name.lower()}" for name in self.overridden}
        told = {"TaskDefinition.$": "$.task.definition"}
        definition = told if self.definition is None else {"TaskDefinition": self.definition}
        return definition | {"Overrides": {"ContainerOverrides": [{"Name": self.container, **override}]}}


def task_machine(
    function_arn: str,
    *,
    comment: str,
    failure: str,
    task: OneOffTask,
    step_seconds: int,
    longest_seconds: int,
    cluster_arn: str,
    network: TaskNetwork,
) -> dict[str, Any]:
    """Return the state machine: ask the function what is next, and wait, run a task or end as it says.

    What becomes of a task is for the function to judge, so a task that fails leads back to it. No task is tried again
    here: whether the first one may still be working is a question too.

    Args:
        function_arn: The function.
        comment: What it does, for people.
        failure: The name of the error that a failed execution ends with.
        task: What it runs.
        step_seconds: The function's time limit.
        longest_seconds: How long an execution may take.
        cluster_arn: Where the tasks run.
        network: Their network.

    Returns:
        The definition in Amazon States Language.
    """
    call = partial(call_function, function_arn, step_seconds, context={"execution.$": "$$.Execution.Id"})
    nexts = {"wait": "Wait", "run-task": "RunTask", "done": "Done"}
    return {
        "Comment": comment,
        "TimeoutSeconds": longest_seconds,
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Result": {}, "ResultPath": "$.progress", "Next": "Advance"},
            "Advance": call("advance", "progress", OutputPath="$.Payload", Next="WhatNext")
            | {"Catch": [_catch("$.error", "Settle")]},
            "WhatNext": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.next", "StringEquals": one, "Next": state} for one, state in nexts.items()],
                "Default": "Failed",
            },
            "Wait": {"Type": "Wait", "SecondsPath": "$.wait_seconds", "Next": "Advance"},
            "RunTask": {
                "Type": "Task",
                "Resource": f"arn:{Aws.PARTITION}:states:::ecs:runTask.sync",
                "Parameters": {
                    "Cluster": cluster_arn,
                    "LaunchType": "FARGATE",
                    "PlatformVersion": network.platform_version,
                    "NetworkConfiguration": {
                        "AwsvpcConfiguration": {
                            "Subnets": list(network.subnet_ids),
                            "SecurityGroups": list(network.security_group_ids),
                            "AssignPublicIp": network.assign_public_ip,
                        }
                    },
                    **task.parameters(),
                },
                "TimeoutSecondsPath": "$.task.seconds",
                "ResultPath": "$.progress.task",
                "Catch": [_catch("$.progress.error", "Advance")],
                "Next": "Advance",
            },
            # The function failed again and again: it is asked once more, to say so to whoever waits.
            "Settle": call("settle", "progress", "error", ResultPath="$.settled", Next="Failed")
            | {"Catch": [_catch("$.unsettled", "Failed")]},
            "Failed": {"Type": "Fail", "Error": failure, "Cause": "the record says why"},
            "Done": {"Type": "Succeed"},
        },
    }


def _catch(result_path: str, then: str) -> dict[str, Any]:
    return {"ErrorEquals": ["States.ALL"], "ResultPath": result_path, "Next": then}
