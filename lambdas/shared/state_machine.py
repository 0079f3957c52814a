"""Starts the state machine. Bounded retries with full jitter: permissions may be a moment behind their role."""

import json
import logging
import os
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients

_log = logging.getLogger("state_machine")

_ATTEMPTS = 6
_LONGEST_PAUSE_SECONDS = 8.0


def start(name: str, request: Mapping[str, Any], *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Start the state machine with `{"request": …}`, under a name, so that what comes twice is started once.

    Args:
        name: The execution's name: at most 80 characters, the same for the same request.
        request: What it is to do.
        sleep: How to pause between attempts.

    Raises:
        botocore.exceptions.ClientError: If AWS refused for good, or to the last attempt.
        botocore.exceptions.BotoCoreError: If AWS could not be asked to the last attempt.
        KeyError: If the environment names no state machine.
    """
    arguments = {
        "stateMachineArn": os.environ["BLUEGREEN_STATE_MACHINE_ARN"],
        "name": name,
        "input": json.dumps({"request": dict(request)}),
    }
    for attempt in range(_ATTEMPTS):
        try:
            aws_clients.client("stepfunctions").start_execution(**arguments)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and aws_clients.code_of(error) == "ExecutionAlreadyExists":
                return
            if attempt == _ATTEMPTS - 1 or not aws_clients.may_pass(error):
                raise
            _log.warning("cannot start the state machine yet", extra={"error": aws_clients.describe(error)})
            sleep(random.uniform(0, min(2.0**attempt, _LONGEST_PAUSE_SECONDS)))  # noqa: S311 - jitter, no secret
        else:
            return
