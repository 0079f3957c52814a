"""Custom resources as CloudFormation treats them: asked asynchronously, bounded in time and in the size of the answer.

In place of ministack's own, which waits in real time, asks once and takes any answer.
"""

import importlib
import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

from .clock import Clock

MODULE = "ministack.services.cloudformation.custom_resource"
NAMES = ("invoke_custom_resource", "register_token", "_pending", "_lock", "_response_url")
FUNCTIONS_MODULE = "ministack.services.lambda_svc"
FUNCTIONS_NAMES = ("_get_func_record_for_ref", "_execution_record_for_config", "_execute_function_with_config_scope")
"""What is read or replaced in both modules; checked before anything starts."""

LONGEST_SECONDS = 3600
"""How long CloudFormation waits for an answer; a resource's ServiceTimeout may only shorten it."""

LARGEST_ANSWER = 4096
"""Bytes of an answer's body."""

LONGEST_PHYSICAL_ID = 1024
"""Bytes of a physical id."""

RETRIES_AFTER = (60, 120)
"""Cloud seconds after which Lambda repeats an asynchronous invocation that failed."""

Invoke = Callable[[dict[str, Any]], bool]
"""Runs the resource's function with an event; tells whether the function ended without an error."""


class CustomResourceError(Exception):
    """A custom resource failed; the text is CloudFormation's reason.

    Args:
        reason: The text.
        physical_id: What the answer called the resource, if there was one: CloudFormation deletes it by that.
    """

    def __init__(self, reason: str, physical_id: str | None = None) -> None:
        super().__init__(reason)
        self.physical_id = physical_id


def install(clock: Clock) -> None:
    """Replace how ministack asks custom resources.

    Args:
        clock: The cloud's time.
    """
    module: Any = importlib.import_module(MODULE)

    def invoke_custom_resource(  # noqa: PLR0917 - ministack calls it so
        request_type: str,
        logical_id: str,
        props: dict[str, Any],
        _stack_name: str,
        stack_id: str,
        resource_type: str,
        physical_id: str | None = None,
        old_props: dict[str, Any] | None = None,
    ) -> tuple[str, dict[str, Any]]:
        token = str(uuid.uuid4())
        event = {
            "RequestType": request_type,
            "RequestId": str(uuid.uuid4()),
            "StackId": stack_id,
            "ResponseURL": module._response_url(token),  # noqa: SLF001 - checked by name in extension.py
            "ServiceToken": props.get("ServiceToken", ""),
            "ResourceType": resource_type,
            "LogicalResourceId": logical_id,
            "ResourceProperties": as_sent(props),
        }
        if physical_id is not None:
            event["PhysicalResourceId"] = physical_id
        if old_props is not None:
            event["OldResourceProperties"] = as_sent(old_props)
        invoke = _function(props.get("ServiceToken", ""))
        answered = module.register_token(token)
        timeout = min(int(props.get("ServiceTimeout", LONGEST_SECONDS)), LONGEST_SECONDS)
        deliver(event, invoke, answered, timeout, clock)
        with module._lock:  # noqa: SLF001 - likewise
            answer = module._pending.pop(token)["result"]  # noqa: SLF001 - likewise
        return read_answer(answer, event["RequestId"], physical_id)

    module.invoke_custom_resource = invoke_custom_resource


def as_sent(value: Any) -> Any:
    """Return properties as CloudFormation sends them: every leaf is text.

    Example:
        >>> as_sent({"Port": 80, "Tls": True, "Hosts": ["a"]})
        {'Port': '80', 'Tls': 'true', 'Hosts': ['a']}
    """
    match value:
        case dict():
            return {key: as_sent(item) for key, item in value.items()}
        case list():
            return [as_sent(item) for item in value]
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
    return value


def deliver(
    event: dict[str, Any], invoke: Invoke, answered: threading.Event, timeout_seconds: float, clock: Clock
) -> None:
    """Ask the resource's function, and wait until it, or whoever it handed the request to, answers.

    Args:
        event: The request.
        invoke: Runs the function once; a run that fails is repeated twice, as Lambda does for asynchronous events.
        answered: Set when an answer arrives.
        timeout_seconds: How long to wait at most, in cloud time.
        clock: The cloud's time.
    """

    def ask() -> None:
        # Also when somebody answered already: Lambda knows nothing of answers.
        for pause in (*RETRIES_AFTER, None):
            if invoke(event) or pause is None:
                return
            clock.wait(pause, threading.Event())

    deadline = clock.now() + timeout_seconds
    threading.Thread(target=ask, name=f"custom-{event['LogicalResourceId']}", daemon=True).start()
    clock.wait(max(0.0, deadline - clock.now()), answered)


def read_answer(answer: dict[str, Any] | None, request_id: str, physical_id: str | None) -> tuple[str, dict[str, Any]]:
    """Return the physical id and the attributes of an answer.

    Args:
        answer: What was put to the response URL; None when nothing was.
        request_id: The request it answers.
        physical_id: The present physical id; None at creation.

    Raises:
        CustomResourceError: If there is none, it says FAILED, or it breaks one of CloudFormation's limits.
    """
    if answer is None:
        raise CustomResourceError(
            "CloudFormation did not receive a response from your Custom Resource. "
            f"Please check your logs for requestId [{request_id}]. If you are using the Python cfn-response module, "
            "you may need to update your Lambda function code so that CloudFormation can attach the updated version."
        )
    # Whoever answered chose the spaces; without them it is too long for certain.
    if len(json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()) > LARGEST_ANSWER:
        raise CustomResourceError("Response object is too long.")
    if answer.get("Status") != "SUCCESS":
        raise CustomResourceError(
            f"Received response status [{answer.get('Status')}] from custom resource. "
            f"Message returned: {answer.get('Reason', '')} (RequestId: {request_id})",
            answer.get("PhysicalResourceId"),
        )
    answered = answer.get("PhysicalResourceId") or physical_id or request_id
    if len(answered.encode()) > LONGEST_PHYSICAL_ID:
        raise CustomResourceError("Invalid PhysicalResourceId")
    return answered, answer.get("Data") or {}


def _function(service_token: str) -> Invoke:
    """Return what runs the function that answers for a resource."""
    functions: Any = importlib.import_module(FUNCTIONS_MODULE)
    record, config, _ = functions._get_func_record_for_ref(service_token)  # noqa: SLF001 - checked by name
    if record is None or config is None:
        raise CustomResourceError(f"Function not found: {service_token}")
    runnable = functions._execution_record_for_config(record, config)  # noqa: SLF001 - likewise

    def invoke(event: dict[str, Any]) -> bool:
        try:
            result = functions._execute_function_with_config_scope(runnable, event)  # noqa: SLF001 - likewise
        except Exception:  # noqa: BLE001 - whatever it was, the function did not run to its end
            return False
        return not result.get("error")

    return invoke
