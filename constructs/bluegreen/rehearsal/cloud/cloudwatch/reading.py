"""Reads metrics from the store as data points: one value a period, by statistic."""

import threading
from collections.abc import Iterator, Mapping, Sequence

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.metrics import MetricName, MetricStore

from .definition import MINUTE, Watch
from .evaluation import Query, evaluate
from .judgement import EXTRA_PERIODS
from .series import Array, Series, Value
from .statistics import statistic
from .whole import Part, Whole, whole

SETTLED_SECONDS = 120
"""How long after a period's end samples may still arrive for it; older values are remembered instead of read again."""

_MOST_REMEMBERED = 50_000


def metric_name(metric: Document) -> MetricName:
    """Return the store's name of a metric as the API describes it."""
    dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", ()))
    return MetricName(metric["Namespace"], metric["MetricName"], dimensions)


def window_end(period: int, now: float) -> float:
    """Return the end of the newest complete period.

    The window slides: an alarm with a period of a minute or more is evaluated every minute, over the periods that end
    with that minute, so the present minute is never judged before it is over.

    Example:
        >>> window_end(300, 659.0)
        600.0
    """
    step = MINUTE if period >= MINUTE else 10
    return now // step * step


class MetricReader:
    """Reads data points and remembers those that can no longer change.

    Args:
        store: Where the samples are.
    """

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._remembered: dict[tuple[MetricName, str, float, float], float | None] = {}
        self._minutes: dict[tuple[MetricName, str], dict[float, Part | None]] = {}
        self._lock = threading.Lock()

    def points(self, watch: Watch, end: float, now: float) -> list[float | None]:
        """Return an alarm's latest data points up to `end`, oldest first, None where one is missing."""
        count = watch.evaluation_periods + EXTRA_PERIODS
        grid = [end - watch.period * back for back in range(count, 0, -1)]
        value = self.values(watch.queries, grid, now)[watch.watched]
        if not isinstance(value, Series):
            raise TypeError(f"an alarm watches one series, got {type(value).__name__}")
        return [value.points.get(start) for start in grid]

    def sample_count(self, watch: Watch, end: float) -> int:
        """Return how many samples the watched metric has in an alarm's evaluation periods."""
        metric = watch.queries[watch.watched].metric
        if metric is None:
            return 0
        start = end - watch.period * watch.evaluation_periods
        return len(self._store.between(metric_name(metric["Metric"]), start, end))

    def values(self, queries: Mapping[str, Query], grid: Sequence[float], now: float) -> dict[str, Value]:
        """Evaluate metrics and expressions over the periods that start at the moments of `grid`."""
        return evaluate(queries, grid, lambda metric: self._series(metric, grid, now))

    def _series(self, metric: Document, grid: Sequence[float], now: float) -> Series:
        name, period, stat = metric_name(metric["Metric"]), metric["Period"], metric["Stat"]
        values = {start: self._value(name, stat, start, start + period, now) for start in grid}
        return Series({start: value for start, value in values.items() if value is not None}, period)

    def _value(self, name: MetricName, stat: str, start: float, end: float, now: float) -> float | None:
        key = (name, stat, start, end)
        with self._lock:
            if key in self._remembered:
                return self._remembered[key]
        value = self._compute(name, stat, start, end, now)
        if end + SETTLED_SECONDS <= now:
            with self._lock:
                if len(self._remembered) >= _MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = value
        return value

    def _compute(self, name: MetricName, stat: str, start: float, end: float, now: float) -> float | None:
        if end - start > MINUTE and start % MINUTE == end % MINUTE == 0 and (joined := whole(stat)):
            first = self._store.first(name)
            begin = end if first is None else max(start, first // MINUTE * MINUTE)
            minutes = [begin + MINUTE * index for index in range(int((end - begin) // MINUTE))]
            parts = [part for part in self._parts((name, stat), joined, minutes, now) if part is not None]
            return float(joined.join(parts)) if parts else None
        samples = self._store.between(name, start, end)
        return float(statistic(stat)(samples)) if samples else None

    def _parts(
        self, key: tuple[MetricName, str], joined: Whole, minutes: Sequence[float], now: float
    ) -> Iterator[Part | None]:
        """Yield the figures of each minute, None for one without samples."""
        with self._lock:
            known = self._minutes.setdefault(key, {})
        for minute in minutes:
            if minute in known:
                yield known[minute]
                continue
            samples = self._store.between(key[0], minute, minute + MINUTE)
            part = joined.part(samples) if samples else None
            if minute + MINUTE + SETTLED_SECONDS <= now:
                known[minute] = part
            yield part


def as_array(value: Value) -> Array:
    """Return a result as the series it holds."""
    if isinstance(value, Series):
        return (value,)
    return value if isinstance(value, tuple) else ()
