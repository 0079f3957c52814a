"""The functions of CloudWatch's metric math that the local cloud knows; any other is refused by name.

From the user guide's table of functions. Where it is silent: MIN, MAX and STDDEV of an array look only at the series
that have a point; a logarithm of a number that has none drops the point; REPEAT and LINEAR leave a gap that has no
value to take; the result of IF with a scalar condition is the chosen branch itself.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import pstdev

from .series import Array, Series, Value, compute, each, timestamps
from .syntax import ExpressionError


def call(name: str, arguments: Sequence[Value | str], grid: Sequence[float]) -> Value:
    """Apply a function to its evaluated arguments.

    Args:
        name: The function, in upper case.
        arguments: Values; a bare word such as REPEAT arrives as a string.
        grid: The timestamps that the request spans, which FILL and TIME_SERIES fill.

    Raises:
        ExpressionError: If there is no such function, or it does not take these arguments.
    """
    if name in _POINTWISE:
        return each(_pointwise(_POINTWISE[name]), _only(name, arguments), name)
    if name in _ALONG_TIME:
        return each(_ALONG_TIME[name], _only(name, arguments), name)
    if name in _AGGREGATES:
        return _aggregate(name, _only(name, arguments), grid)
    if name in _OTHERS:
        return _OTHERS[name](arguments, grid)
    known = ", ".join(sorted([*_POINTWISE, *_ALONG_TIME, *_AGGREGATES, *_OTHERS, "METRICS"]))
    raise ExpressionError(f"unknown function {name}; the local cloud knows {known}")


# --- One series to one series ----------------------------------------------------------------------------------------

_POINTWISE: Mapping[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
    "LOG": math.log,
    "LOG10": math.log10,
}


def _pointwise(function: Callable[[float], float]) -> Callable[[Series], Series]:
    def apply(series: Series) -> Series:
        return Series(compute(series.points, lambda at: function(series.points[at])))

    return apply


def _difference(series: Series) -> Series:
    return Series({at: value - before for (_, before), (at, value) in pairwise(sorted(series.points.items()))})


def _time_difference(series: Series) -> Series:
    return Series({at: at - before for before, at in pairwise(sorted(series.points))})


def _rate(series: Series) -> Series:
    return Series({b: (vb - va) / (b - a) for (a, va), (b, vb) in pairwise(sorted(series.points.items()))})


def _running_sum(series: Series) -> Series:
    total, points = 0.0, {}
    for at, value in sorted(series.points.items()):
        total += value
        points[at] = total
    return Series(points)


_ALONG_TIME: Mapping[str, Callable[[Series], Series]] = {
    "DIFF": _difference,
    "DIFF_TIME": _time_difference,
    "RATE": _rate,
    "RUNNING_SUM": _running_sum,
}

# --- Aggregates: a series to a scalar, an array to a series ----------------------------------------------------------

_AGGREGATES: Mapping[str, Callable[[Sequence[float], int], float]] = {
    "AVG": lambda values, size: math.fsum(values) / size,
    "DATAPOINT_COUNT": lambda values, _: float(len(values)),
    "MAX": lambda values, _: max(values),
    "MIN": lambda values, _: min(values),
    "STDDEV": lambda values, _: pstdev(values),
    "SUM": lambda values, _: math.fsum(values),
}
"""Each takes the values that exist, and how many there would be with the missing ones, which an average counts as 0."""


def _aggregate(name: str, value: Value, grid: Sequence[float]) -> Value:
    function = _AGGREGATES[name]
    if isinstance(value, Series):
        # A lone series' average divides by the points that exist: the guide's "missing values are treated as 0" can
        # only speak of arrays, because a lone series has no others to tell which of its points are missing.
        values = list(value.points.values())
        return function(values, len(values)) if values else math.nan
    if isinstance(value, tuple):
        moments = grid if name == "DATAPOINT_COUNT" else timestamps(value)
        here = {at: [one.points[at] for one in value if at in one.points] for at in moments}
        return Series({at: function(values, len(value)) for at, values in here.items()})
    raise ExpressionError(f"{name} takes a time series or an array of them, not a scalar")


# --- The others ------------------------------------------------------------------------------------------------------


def _if(arguments: Sequence[Value | str], _: Sequence[float]) -> Value:
    if len(arguments) not in {2, 3}:
        raise ExpressionError(f"IF takes 2 or 3 arguments, got {len(arguments)}")
    condition, *branches = [_value("IF", argument) for argument in arguments]
    if any(isinstance(value, tuple) for value in (condition, *branches)):
        raise ExpressionError("IF takes time series and scalars, not arrays")
    then, otherwise = branches[0], branches[1] if len(branches) > 1 else Series({})
    if isinstance(condition, float | int):
        return then if condition else otherwise
    points = {}
    for at, holds in _one_series("IF", condition).points.items():
        # A missing point counts as 0 on the true branch and is dropped on the false one: so the guide's tables.
        value = _point(then, at, missing=0.0) if holds else _point(otherwise, at, missing=None)
        if value is not None and not math.isnan(value):
            points[at] = value
    return Series(points)


def _point(branch: Value, at: float, *, missing: float | None) -> float | None:
    return branch.points.get(at, missing) if isinstance(branch, Series) else _scalar("IF", branch)


def _fill(arguments: Sequence[Value | str], grid: Sequence[float]) -> Value:
    if len(arguments) != 2:  # noqa: PLR2004 - the series and the filler
        raise ExpressionError(f"FILL takes 2 arguments, got {len(arguments)}")
    value, filler = _value("FILL", arguments[0]), arguments[1]
    if isinstance(filler, tuple) or (isinstance(filler, str) and filler not in {"REPEAT", "LINEAR"}):
        raise ExpressionError(f"FILL fills with a scalar, a time series, REPEAT or LINEAR, got {filler}")

    def filled(series: Series) -> Series:
        gaps = {at: _filler(series, filler, at) for at in grid if at not in series.points}
        return Series({**{at: found for at, found in gaps.items() if found is not None}, **series.points})

    return each(filled, value, "FILL")


def _filler(series: Series, filler: Value | str, at: float) -> float | None:
    """Return what stands in for the missing point at a moment; None when nothing can."""
    if isinstance(filler, Series):
        return filler.points.get(at)
    if not isinstance(filler, str):
        return None if math.isnan(number := _scalar("FILL", filler)) else number
    before = max((moment for moment in series.points if moment < at), default=None)
    if filler == "REPEAT":
        return None if before is None else series.points[before]
    after = min((moment for moment in series.points if moment > at), default=None)
    if before is None or after is None:
        return None
    share = (at - before) / (after - before)
    return series.points[before] + share * (series.points[after] - series.points[before])


def _period(arguments: Sequence[Value | str], _: Sequence[float]) -> Value:
    series = _one_series("PERIOD", _only("PERIOD", arguments))
    if series.metric_period is None:
        raise ExpressionError("PERIOD takes a metric, not an expression's result")
    return float(series.metric_period)


def _metric_count(arguments: Sequence[Value | str], _: Sequence[float]) -> Value:
    return float(len(_array("METRIC_COUNT", _only("METRIC_COUNT", arguments))))


def _time_series(arguments: Sequence[Value | str], grid: Sequence[float]) -> Value:
    value = _scalar("TIME_SERIES", _only("TIME_SERIES", arguments))
    return Series({} if math.isnan(value) else dict.fromkeys(grid, value))


def _pick(name: str, index: int) -> Callable[[Sequence[Value | str], Sequence[float]], Value]:
    def pick(arguments: Sequence[Value | str], _: Sequence[float]) -> Value:
        array = _array(name, _only(name, arguments))
        return array[index] if array else Series({})

    return pick


_OTHERS: Mapping[str, Callable[[Sequence[Value | str], Sequence[float]], Value]] = {
    "FILL": _fill,
    "FIRST": _pick("FIRST", 0),
    "IF": _if,
    "LAST": _pick("LAST", -1),
    "METRIC_COUNT": _metric_count,
    "PERIOD": _period,
    "TIME_SERIES": _time_series,
}

# --- What a function takes -------------------------------------------------------------------------------------------


def _only(name: str, arguments: Sequence[Value | str]) -> Value:
    if len(arguments) != 1:
        raise ExpressionError(f"{name} takes 1 argument, got {len(arguments)}")
    return _value(name, arguments[0])


def _value(name: str, argument: Value | str) -> Value:
    if isinstance(argument, str):
        raise ExpressionError(f"{name} does not take {argument!r}")
    return argument


def _one_series(name: str, value: Value) -> Series:
    if isinstance(value, Series):
        return value
    raise ExpressionError(f"{name} takes a time series")


def _array(name: str, value: Value) -> Array:
    if isinstance(value, tuple):
        return value
    raise ExpressionError(f"{name} takes an array of time series")


def _scalar(name: str, value: Value) -> float:
    if isinstance(value, float | int):
        return value
    raise ExpressionError(f"{name} takes a scalar here")
