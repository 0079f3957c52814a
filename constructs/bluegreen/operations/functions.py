"""Calling a function of this library as an operator."""

import json
from collections.abc import Mapping
from typing import Any

from .aws import Clients, OperationError, errors_told


def ask(clients: Clients, function: str, event: Mapping[str, Any]) -> Any:
    """Call a function and return its answer.

    Args:
        clients: AWS.
        function: Its name.
        event: What it is asked.

    Raises:
        OperationError: If AWS or the function refuses.
    """
    with errors_told():
        answer = clients("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        told = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        said = told.get("errorMessage", "it said nothing") if isinstance(told, dict) else told
        raise OperationError(
            f"the function {function} refuses: {said}", hint="its log says more, if this does not say enough"
        )
    return told
