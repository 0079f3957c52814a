"""Physical names that are known before the resource exists, so that nothing has to wait for it in a circle."""

import hashlib
import re

from aws_cdk import Fn, Stack, Token
from constructs import Construct

_GUID_LENGTH = 36


def computed_name(scope: Construct, *, max_length: int) -> str:
    """Return a name that no other construct of the account and region has: the stack's name and the construct's path.

    A stack whose name only the deployment knows, such as a nested one, gives the unique part of its id instead.

    Args:
        scope: What is named.
        max_length: The longest name that the service allows; a longer one is cut and ends in a hash of the whole.

    Returns:
        Letters, digits and hyphens.
    """
    stack = Stack.of(scope)
    path = scope.node.path.removeprefix(stack.node.path)
    words = re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")
    name = stack.stack_name
    if Token.is_unresolved(name):
        unique = Fn.select(2, Fn.split("/", stack.stack_id))
        return f"{unique}-{_fit(words, max_length - _GUID_LENGTH - 1)}"
    return _fit(f"{name}-{words}", max_length)


def _fit(name: str, max_length: int) -> str:
    if len(name) <= max_length:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: max_length - 9]}-{digest}"
