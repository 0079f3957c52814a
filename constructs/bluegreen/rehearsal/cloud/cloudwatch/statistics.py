"""CloudWatch's statistics: what one period's samples come to.

AWS computes percentiles and trimmed means from a compressed histogram, so its figures are approximations; these are
exact.
"""

import math
import re
from collections.abc import Callable, Sequence
from statistics import fmean

Statistic = Callable[[Sequence[float]], float]
"""Turns the samples of one period, at least one, into one value."""

_SIMPLE: dict[str, Statistic] = {
    "SampleCount": lambda values: float(len(values)),
    "Sum": math.fsum,
    "Average": fmean,
    "Minimum": min,
    "Maximum": max,
}

_SHORT = re.compile(r"(p|tm)(\d{1,2}(?:\.\d{1,10})?|100)")
_BOUNDS = re.compile(r"(TM|PR)\(([\d.]*)(%?):([\d.]*)(%?)\)")


class UnknownStatisticError(ValueError):
    """CloudWatch has no such statistic, or the local cloud does not emulate it."""


def statistic(name: str) -> Statistic:
    """Return the statistic of a name.

    Args:
        name: "Sum", "Average", "SampleCount", "Minimum", "Maximum", a percentile "p95" or "p99.9", a trimmed mean
            "tm90" or "TM(5%:95%)", "IQM", or a percentile rank "PR(100:500)", "PR(:500)" or "PR(100:)".

    Raises:
        UnknownStatisticError: If the name is none of these.

    Example:
        >>> statistic("p90")([1, 2, 3, 4, 5, 6, 7, 8, 9, 100])
        9
        >>> statistic("PR(:5)")([1, 2, 3, 4, 5, 6, 7, 8, 9, 100])
        50.0
    """
    if name in _SIMPLE:
        return _SIMPLE[name]
    if name == "IQM":
        return lambda values: _trimmed_mean(values, 25, 75)
    if short := _SHORT.fullmatch(name):
        percent = float(short[2])
        if short[1] == "p":
            return lambda values: _percentile(values, percent)
        return lambda values: _trimmed_mean(values, 0, percent)
    if (bounds := _BOUNDS.fullmatch(name)) and (bounds[2] or bounds[4]):
        found = _bounded(*bounds.groups())
        if found:
            return found
    raise UnknownStatisticError(
        f"statistic must be one of {', '.join(_SIMPLE)}, IQM, pNN, tmNN, TM(X%:Y%) or PR(x:y), got {name!r}"
    )


def samples_needed(name: str) -> float:
    """Return how many samples a percentile needs to be statistically significant; 0 for any other statistic.

    Example:
        >>> round(samples_needed("p99")), samples_needed("Sum")
        (1000, 0.0)
    """
    short = _SHORT.fullmatch(name)
    if short is None or short[1] != "p":
        return 0.0
    share = float(short[2]) / 100
    rarer = min(share, 1 - share)
    return 10 / rarer if rarer else 0.0


def _bounded(kind: str, low: str, low_unit: str, high: str, high_unit: str) -> Statistic | None:
    """Return TM with percent bounds or PR with value bounds; None for the forms that are not emulated."""
    try:
        lower = float(low) if low else -math.inf
        upper = float(high) if high else math.inf
    except ValueError:
        return None
    if kind == "PR" and not (low_unit or high_unit):
        return lambda values: 100 * sum(lower < value <= upper for value in values) / len(values)
    if kind == "TM" and all(unit or not text for text, unit in ((low, low_unit), (high, high_unit))):
        return lambda values: _trimmed_mean(values, max(lower, 0), min(upper, 100))
    return None


def _percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest sample that at least `percent` of the samples do not exceed."""
    ordered = sorted(values)
    # The rounding keeps 0.9 * 10 from becoming 9.000000000000002 and so the tenth sample.
    rank = math.ceil(round(percent / 100 * len(ordered), 9))
    return ordered[max(rank, 1) - 1]


def _trimmed_mean(values: Sequence[float], low_percent: float, high_percent: float) -> float:
    """Return the mean without the samples outside the two percentages; of the nearest one when none is left."""
    ordered = sorted(values)
    first = math.ceil(round(low_percent / 100 * len(ordered), 9))
    last = math.floor(round(high_percent / 100 * len(ordered), 9))
    kept = ordered[first:last]
    return fmean(kept) if kept else ordered[min(first, len(ordered) - 1)]
