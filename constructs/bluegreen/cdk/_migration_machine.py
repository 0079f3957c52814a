"""The state machine of a migration: the function decides, and Step Functions runs the tasks and waits for them."""

from functools import partial
from typing import Any

from aws_cdk import Aws

from ._migration_task import CONTAINER_NAME
from ._network import TaskNetwork
from ._state_machine import call_function


def migration_definition(
    function_arn: str,
    *,
    step_seconds: int,
    longest_seconds: int,
    cluster_arn: str,
    network: TaskNetwork,
) -> dict[str, Any]:
    """Return the state machine: ask the function what is next, and wait, run a task or end as it says.

    What becomes of a task is for the function to judge, so a task that fails leads back to it. No task is tried again
    here: whether the first one may still be working on the database is a question too.

    Args:
        function_arn: The function.
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
        "Comment": "Migrates a database for one release",
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
                    "TaskDefinition.$": "$.task.definition",
                    "LaunchType": "FARGATE",
                    "PlatformVersion": network.platform_version,
                    "NetworkConfiguration": {
                        "AwsvpcConfiguration": {
                            "Subnets": list(network.subnet_ids),
                            "SecurityGroups": list(network.security_group_ids),
                            "AssignPublicIp": network.assign_public_ip,
                        }
                    },
                    "Overrides": {"ContainerOverrides": [{"Name": CONTAINER_NAME, "Command.$": "$.task.command"}]},
                },
                "TimeoutSecondsPath": "$.task.seconds",
                "ResultPath": "$.progress.task",
                "Catch": [_catch("$.progress.error", "Advance")],
                "Next": "Advance",
            },
            # The function failed again and again: it is asked once more, to say so to whoever waits.
            "Settle": call("settle", "progress", "error", ResultPath="$.settled", Next="Failed")
            | {"Catch": [_catch("$.unsettled", "Failed")]},
            "Failed": {"Type": "Fail", "Error": "MigrationFailed", "Cause": "the record of the run says why"},
            "Done": {"Type": "Succeed"},
        },
    }


def _catch(result_path: str, then: str) -> dict[str, Any]:
    return {"ErrorEquals": ["States.ALL"], "ResultPath": result_path, "Next": then}
