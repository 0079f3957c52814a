"""The data points that the data plane and the schedulers feed and that alarms read."""

import math
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

_MINUTE = 60.0

Dimensions = frozenset[tuple[str, str]]
"""A metric's dimensions: CloudWatch treats each distinct set as a metric of its own."""


class Sample(NamedTuple):
    """One observed value at one moment of cloud time."""

    at: float
    value: float


@dataclass(frozen=True)
class MetricName:
    """What identifies a metric: its namespace, name and exact set of dimensions."""

    namespace: str
    name: str
    dimensions: Dimensions


class MetricStore:
    """Samples by metric, kept for `retention_seconds` of cloud time, to the minute; safe to use from several threads.

    They lie in one list a minute: alarms ask for the same few minutes again and again, of the hours that are kept.
    """

    def __init__(self, retention_seconds: float = 6 * 3600) -> None:
        self._retention = retention_seconds
        self._minutes: dict[MetricName, dict[int, list[Sample]]] = defaultdict(dict)
        self._lock = threading.Lock()

    def record(self, namespace: str, name: str, dimensions: Mapping[str, str], value: float, at: float) -> None:
        """Add one sample taken at cloud time `at`, which may be before others that are there."""
        metric = MetricName(namespace, name, frozenset(dimensions.items()))
        minute = int(at // _MINUTE)
        with self._lock:
            minutes = self._minutes[metric]
            if minute not in minutes:
                minutes[minute] = []
                for old in [one for one in minutes if one * _MINUTE < at - self._retention]:
                    del minutes[old]
            minutes[minute].append(Sample(at, value))

    def between(self, metric: MetricName, start: float, end: float) -> list[float]:
        """Return the values observed from `start` (inclusive) to `end` (exclusive)."""
        with self._lock:
            minutes = self._minutes.get(metric, {})
            return [
                sample.value
                for minute in _overlapping(minutes, start, end)
                for sample in minutes[minute]
                if start <= sample.at < end
            ]

    def first(self, metric: MetricName) -> float | None:
        """Return when the minute of the oldest sample that is kept began; None without any."""
        with self._lock:
            minutes = self._minutes.get(metric)
            return min(minutes) * _MINUTE if minutes else None

    def names(self) -> list[MetricName]:
        """Return every metric that has samples."""
        with self._lock:
            return list(self._minutes)


def _overlapping(minutes: Mapping[int, object], start: float, end: float) -> list[int]:
    """Return the minutes that have samples and share a moment with a window, in order."""
    if end - start < _MINUTE * len(minutes):
        asked = range(math.floor(start / _MINUTE), math.ceil(end / _MINUTE))
        return [minute for minute in asked if minute in minutes]
    return sorted(one for one in minutes if one * _MINUTE < end and (one + 1) * _MINUTE > start)
