"""Statistics of a long period from those of its minutes: an objective over a day must not read a day's samples anew.

What a sum, a count, an extreme, an average or the share within bounds comes to follows from the minutes' figures; a
percentile does not.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Part = tuple[float, float]
"""What is kept of one minute: two figures, whose meaning is the statistic's own."""

_RANK = re.compile(r"PR\(([\d.]*):([\d.]*)\)")


@dataclass(frozen=True)
class Whole:
    """How a statistic is put together.

    Args:
        part: What is kept of one minute's samples, at least one.
        join: The statistic of some minutes, at least one.
    """

    part: Callable[[Sequence[float]], Part]
    join: Callable[[Iterable[Part]], float]


def _ratio(parts: Iterable[Part]) -> float:
    kept = list(parts)
    return math.fsum(top for top, _ in kept) / math.fsum(bottom for _, bottom in kept)


_SIMPLE = {
    "Sum": Whole(lambda values: (math.fsum(values), 0.0), lambda parts: math.fsum(total for total, _ in parts)),
    "SampleCount": Whole(lambda values: (len(values), 0.0), lambda parts: math.fsum(count for count, _ in parts)),
    "Minimum": Whole(lambda values: (min(values), 0.0), lambda parts: min(least for least, _ in parts)),
    "Maximum": Whole(lambda values: (max(values), 0.0), lambda parts: max(most for most, _ in parts)),
    "Average": Whole(lambda values: (math.fsum(values), len(values)), _ratio),
}


def whole(name: str) -> Whole | None:
    """Return how a statistic is put together from minutes; None when it cannot be.

    Example:
        >>> found = whole("PR(:5)")
        >>> found.join([found.part([1, 9]), found.part([2, 3])])
        75.0
        >>> whole("p99") is None
        True
    """
    if name in _SIMPLE:
        return _SIMPLE[name]
    rank = _RANK.fullmatch(name)
    if rank is None or not (rank[1] or rank[2]):
        return None
    lower, upper = float(rank[1] or -math.inf), float(rank[2] or math.inf)
    return Whole(
        lambda values: (sum(lower < value <= upper for value in values), len(values)),
        lambda parts: 100 * _ratio(parts),
    )
