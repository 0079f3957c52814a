"""The values of metric math and how operators combine them: scalars, time series and arrays of time series.

From the user guide's "Metric math syntax and functions": where only one of two series has a point, the other counts as
0; a division by zero drops the point; a series and a scalar combine where the series has points.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from .syntax import ExpressionError


@dataclass(frozen=True)
class Series:
    """A time series.

    Args:
        points: Value by timestamp (the start of the period); a missing point has no entry.
        metric_period: The period in seconds when this is a metric itself, not an expression's result.
    """

    points: Mapping[float, float]
    metric_period: int | None = field(default=None, compare=False)


Array = tuple[Series, ...]
Value = float | Series | Array


_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": math.pow,
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "AND": lambda a, b: float(bool(a) and bool(b)),
    "OR": lambda a, b: float(bool(a) or bool(b)),
}


def combine(symbol: str, left: Value, right: Value) -> Value:
    """Apply a binary operator.

    Args:
        symbol: The operator: + - * / ^, a comparison, AND or OR.
        left: The left operand.
        right: The right operand.

    Returns:
        A scalar for two scalars, an array when either operand is one, otherwise a series.

    Raises:
        ExpressionError: For two arrays of different length.
    """
    if isinstance(left, tuple) or isinstance(right, tuple):
        return tuple(_series(combine(symbol, a, b)) for a, b in _pairs(left, right))

    def apply(a: float, b: float) -> float:
        return math.nan if math.isnan(a) or math.isnan(b) else _OPERATORS[symbol](a, b)

    if isinstance(left, Series) or isinstance(right, Series):
        moments = timestamps(side for side in (left, right) if isinstance(side, Series))
        return Series(compute(moments, lambda at: apply(_at(left, at), _at(right, at))))
    return scalar(lambda: apply(left, right))


def timestamps(series: Iterable[Series]) -> list[float]:
    """Return every timestamp at which at least one of the series has a point, in order."""
    return sorted({at for one in series for at in one.points})


def compute(moments: Iterable[float], calculate: Callable[[float], float]) -> dict[float, float]:
    """Compute the value at each moment, dropping those whose arithmetic has no real, finite result."""
    result = {}
    for at in moments:
        value = scalar(partial(calculate, at))
        if not math.isnan(value):
            result[at] = value
    return result


def scalar(calculate: Callable[[], float]) -> float:
    """Return the result, or NaN when the arithmetic has no real, finite one."""
    try:
        value = float(calculate())
    except (ArithmeticError, ValueError):
        return math.nan
    return value if math.isfinite(value) else math.nan


def each(function: Callable[[Series], Series], value: Value, name: str) -> Value:
    """Apply a function of a series to a series or to each member of an array.

    Raises:
        ExpressionError: For a scalar.
    """
    if isinstance(value, tuple):
        return tuple(function(one) for one in value)
    if isinstance(value, Series):
        return function(value)
    raise ExpressionError(f"{name} takes a time series or an array of them, not a scalar")


def _at(side: Value, at: float) -> float:
    return side.points.get(at, 0.0) if isinstance(side, Series) else _number(side)


def _number(side: Value) -> float:
    if isinstance(side, float | int):
        return side
    raise ExpressionError("expected a scalar")


def _series(value: Value) -> Series:
    if isinstance(value, Series):
        return value
    raise ExpressionError("an array holds time series only, not scalars or arrays")


def _pairs(left: Value, right: Value) -> list[tuple[Value, Value]]:
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            raise ExpressionError(f"arrays must have the same length, got {len(left)} and {len(right)}")
        return list(zip(left, right, strict=True))
    if isinstance(left, tuple):
        return [(one, right) for one in left]
    return [(left, one) for one in right] if isinstance(right, tuple) else []
