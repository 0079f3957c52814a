"""Puts the events of AWS services on ministack's default event bus, so that rules and their targets really run.

PutEvents refuses a source that begins with "aws.", as EventBridge does: a service's own events come from inside.
"""

import importlib
import json
import threading
import uuid
from typing import Any

from .api import Document
from .clock import Clock

MODULE = "ministack.services.eventbridge"
NAMES = ("_dispatch_event", "_dispatch_to_lambda")
FUNCTIONS_MODULE = "ministack.services.lambda_svc"
FUNCTIONS_NAMES = (
    "_get_func_record_for_ref",
    "_execution_record_for_config",
    "invoke_async_with_retry",
    "_LAMBDA_ASYNC_RETRY_BASE_SECONDS",
    "_LAMBDA_ASYNC_RETRY_MAX_SECONDS",
)
"""What is read or replaced in both modules; checked before anything starts."""

RETRY_SECONDS = 60
"""How long Lambda waits before it repeats an asynchronous invocation that failed; the second time, twice as long."""


class EventBus:
    """The default event bus of the only account, for the emulated services.

    Args:
        clock: The cloud's time, in which events are stamped.
        region: The region in events.
        account: The account in events.
    """

    def __init__(self, clock: Clock, *, region: str, account: str) -> None:
        self._clock = clock
        self._where = {"Region": region, "Account": account}
        self._lock = threading.Lock()

    def put(self, source: str, detail_type: str, detail: Document, resources: list[str]) -> None:
        """Match an event against every rule and start the targets of those that it matches.

        Args:
            source: Such as "aws.codedeploy".
            detail_type: Such as "CodeDeploy Deployment State-change Notification".
            detail: What happened.
            resources: The ARNs of what it happened to.
        """
        event = {
            **self._where,
            "EventId": str(uuid.uuid4()),
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
            "EventBusName": "default",
            "Time": int(self._clock.now()),
            "Resources": resources,
        }
        bus: Any = importlib.import_module(MODULE)
        # One at a time: targets are started in the order in which things happened.
        with self._lock:
            bus._dispatch_event(event)  # noqa: SLF001 - checked by name in extension.py


def install(clock: Clock) -> None:
    """Let a rule invoke its Lambda function as EventBridge does: asynchronously, and twice more when it fails.

    Args:
        clock: The cloud's time, in which Lambda waits before it tries again.
    """
    bus: Any = importlib.import_module(MODULE)
    functions: Any = importlib.import_module(FUNCTIONS_MODULE)
    functions._LAMBDA_ASYNC_RETRY_BASE_SECONDS = clock.real(RETRY_SECONDS)  # noqa: SLF001 - checked by name in extension.py
    functions._LAMBDA_ASYNC_RETRY_MAX_SECONDS = clock.real(2 * RETRY_SECONDS)  # noqa: SLF001 - likewise

    def invoke(arn: str, payload: str) -> None:
        function, config, _ = functions._get_func_record_for_ref(arn)  # noqa: SLF001 - likewise
        if function and config:
            record = functions._execution_record_for_config(function, config)  # noqa: SLF001 - likewise
            functions.invoke_async_with_retry(record, json.loads(payload))

    bus._dispatch_to_lambda = invoke  # noqa: SLF001 - likewise
