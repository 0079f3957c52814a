"""Physical names that are known before the resource exists, so that nothing has to wait for it in a circle."""

import hashlib
import re
from weakref import WeakKeyDictionary

from aws_cdk import Fn, Stack, Token
from constructs import Construct

_GUID_LENGTH = 36
_places: WeakKeyDictionary[Construct, tuple[Stack, str]] = WeakKeyDictionary()
_beginnings: WeakKeyDictionary[Stack, tuple[str, str | None]] = WeakKeyDictionary()
"""Neither a construct's place nor a stack's name ever changes, and asking the CDK for them takes five calls a name."""


def computed_name(scope: Construct, *, max_length: int) -> str:
    """Return a name that no other construct of the account and region has: the stack's name and the construct's path.

    A stack whose name only the deployment knows, such as a nested one, gives the unique part of its id instead.

    Args:
        scope: What is named.
        max_length: The longest name that the service allows; a longer one is cut and ends in a hash of the whole.

    Returns:
        Letters, digits and hyphens.
    """
    stack, words = _place(scope)
    _, name = _beginning(stack)
    if name is None:
        unique = Fn.select(2, Fn.split("/", stack.stack_id))
        return f"{unique}-{_fit(words, max_length - _GUID_LENGTH - 1)}"
    return _fit(f"{name}-{words}", max_length)


def _place(scope: Construct) -> tuple[Stack, str]:
    """Return the stack of a construct, and the path to it from there in words."""
    if scope not in _places:
        stack = Stack.of(scope)
        path = scope.to_string().removeprefix(_beginning(stack)[0])  # node.path, in one call; of an L1, with its type
        _places[scope] = stack, re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")
    return _places[scope]


def _beginning(stack: Stack) -> tuple[str, str | None]:
    """Return the path of a stack, and its name if that is known before the deployment."""
    if stack not in _beginnings:
        name = stack.stack_name
        _beginnings[stack] = stack.to_string(), None if Token.is_unresolved(name) else name
    return _beginnings[stack]


def _fit(name: str, max_length: int) -> str:
    if len(name) <= max_length:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: max_length - 9]}-{digest}"
