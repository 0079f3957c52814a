"""Figures are checked where they are given, not when CloudWatch refuses them.

A figure that only the deployment knows is a large negative number until then, and refused as such.
"""


def require_above(name: str, value: float, least: float) -> None:
    """Refuse what is no number above `least`.

    Raises:
        ValueError: If it is not.
    """
    if not _is_number(value) or value <= least:
        raise ValueError(f"{name} must be above {least:g}, got {value!r}")


def require_percent(name: str, value: float, *, above: float = 0) -> None:
    """Refuse what is no percentage above `above` and below 100.

    Raises:
        ValueError: If it is not.
    """
    if not _is_number(value) or not above < value < 100:  # noqa: PLR2004 - per cent
        raise ValueError(f"{name} must be above {above:g} and below 100, got {value!r}")


def _is_number(value: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
