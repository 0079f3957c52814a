"""What is refused of a service's arguments before anything is made."""

from aws_cdk import Token
from constructs import Construct


def require_free_id(scope: Construct, construct_id: str) -> None:
    """Refuse an id that is taken, in words that say what to do.

    Raises:
        ValueError: If it is.
    """
    if scope.node.try_find_child(construct_id):
        raise ValueError(
            f"construct_id must be unique in {scope.node.path or 'the app'}, got {construct_id!r} twice; "
            "name one of the services differently"
        )


def require_range(name: str, value: int, low: int, high: int, *, known: bool = False) -> None:
    """Refuse a value out of range; one that only the deployment knows passes, unless synthesis reckons with it.

    Args:
        name: The argument.
        value: What was given.
        low: The smallest that is allowed.
        high: The greatest.
        known: Whether synthesis reckons with it.

    Raises:
        ValueError: If it is out of range.

    Example:
        >>> require_range("container_port", 8080, 1, 65535)
    """
    if not low <= value <= high and (known or not Token.is_unresolved(value)):
        raise ValueError(f"{name} must be {low}-{high}, got {value}")
