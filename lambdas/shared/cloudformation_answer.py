"""Answers a custom resource's request at the address that CloudFormation gave. Bounded retries with full jitter."""

import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import urllib3

_log = logging.getLogger("cloudformation_answer")

_ATTEMPTS = 6
_TIMEOUT = urllib3.Timeout(connect=2, read=4)
_LONGEST_PAUSE_SECONDS = 4.0
_OK = range(200, 300)
_REFUSED = range(400, 500)


class AnswerError(Exception):
    """CloudFormation could not be told.

    Args:
        problem: Why not.
        final: Whether telling it again is pointless.
    """

    def __init__(self, problem: str, *, final: bool) -> None:
        super().__init__(f"CloudFormation did not take the answer: {problem}")
        self.final = final


def send(
    request: Mapping[str, Any],
    status: str,
    reason: str,
    resource_id: str,
    *,
    attributes: Mapping[str, str | int] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send the answer.

    Args:
        request: The request as CloudFormation sent it.
        status: "SUCCESS" or "FAILED".
        reason: Why; shown in the stack's events.
        resource_id: The resource's physical id.
        attributes: What the template can read of the resource; nothing when omitted.
        sleep: How to pause between attempts.

    Raises:
        AnswerError: If no attempt succeeded.
    """
    body = json.dumps(
        {
            "Status": status,
            "Reason": reason,
            "PhysicalResourceId": resource_id,
            "StackId": request["StackId"],
            "RequestId": request["RequestId"],
            "LogicalResourceId": request["LogicalResourceId"],
            "Data": dict(attributes or {}),
        }
    ).encode()
    _log.info("answering", extra={"status": status, "reason": reason, "resource": resource_id})
    problem, final = "", False
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(random.uniform(0, min(0.5 * 2**attempt, _LONGEST_PAUSE_SECONDS)))  # noqa: S311 - jitter, no secret
        problem, final = _attempt(request["ResponseURL"], body)
        if not problem:
            return
        if final:
            break
    raise AnswerError(problem, final=final)


def _attempt(url: str, body: bytes) -> tuple[str, bool]:
    """Return what went wrong, and whether trying again is pointless."""
    try:
        # The signature of the address covers an empty content type.
        answer = urllib3.PoolManager().request(
            "PUT", url, body=body, headers={"Content-Type": ""}, timeout=_TIMEOUT, retries=False
        )
    except urllib3.exceptions.HTTPError as error:
        return f"{type(error).__name__}", False  # its text holds the signed address
    if answer.status in _OK:
        return "", False
    return f"HTTP {answer.status}", answer.status in _REFUSED
