"""The data points that the data plane and the schedulers feed and that alarms read."""

import itertools
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

LATEST_SECONDS = 600.0
"""How much later than its neighbours, in cloud seconds, a sample may be recorded and still be found."""

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
    """Samples by metric, kept for `retention_seconds` of cloud time; safe to use from several threads."""

    def __init__(self, retention_seconds: float = 6 * 3600) -> None:
        self._retention = retention_seconds
        self._samples: dict[MetricName, deque[Sample]] = defaultdict(deque)
        self._lock = threading.Lock()

    def record(self, namespace: str, name: str, dimensions: Mapping[str, str], value: float, at: float) -> None:
        """Add one sample taken at cloud time `at`."""
        metric = MetricName(namespace, name, frozenset(dimensions.items()))
        with self._lock:
            samples = self._samples[metric]
            samples.append(Sample(at, value))
            while samples and samples[0].at < at - self._retention:
                samples.popleft()

    def between(self, metric: MetricName, start: float, end: float) -> list[float]:
        """Return the values observed from `start` (inclusive) to `end` (exclusive)."""
        with self._lock:
            # Newest first: what is asked for is recent, and hours of samples lie before it.
            oldest = start - LATEST_SECONDS
            recent = itertools.takewhile(lambda sample: sample.at >= oldest, reversed(self._samples.get(metric, ())))
            return [sample.value for sample in recent if start <= sample.at < end][::-1]

    def first(self, metric: MetricName) -> float | None:
        """Return when the oldest sample that is kept was taken, as far as they came in order; None without any."""
        with self._lock:
            samples = self._samples.get(metric)
            return samples[0].at - LATEST_SECONDS if samples else None

    def names(self) -> list[MetricName]:
        """Return every metric that has samples."""
        with self._lock:
            return list(self._samples)
