"""Tells whoever waits for a run how it ended. Telling it twice is harmless."""

import os
from collections.abc import Mapping
from typing import Any

import cloudformation_answer
import hook_runtime
from bluegreen.release.migrations.ledger import Record
from hook_runtime import Verdict
from migration_request import Request


def send(request: Request, record: Record) -> None:
    """Answer CodeDeploy or CloudFormation; a run by hand has only its record.

    Args:
        request: What was asked.
        record: How it ended.

    Raises:
        botocore.exceptions.ClientError: If CodeDeploy refused the answer.
        botocore.exceptions.BotoCoreError: If CodeDeploy could not be asked.
        cloudformation_answer.AnswerError: If CloudFormation could not be told.
    """
    if request.hook is not None:
        verdict = Verdict(passed=bool(record.passed), reason=record.message)
        hook_runtime.answer(request.hook["deployment"], request.hook["execution"], verdict)
    if request.cloudformation is not None:
        status = "SUCCESS" if record.passed else "FAILED"
        cloudformation_answer.send(request.cloudformation, status, record.message, physical_id({}))


def physical_id(event: Mapping[str, Any]) -> str:
    """Return the custom resource's physical id: the function's name, by which an operator's commands find it.

    Args:
        event: A request that names one already, if any.
    """
    return str(os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or event.get("PhysicalResourceId") or "migrations")
