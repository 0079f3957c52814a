"""CloudWatch's operations on metrics: put, list, and read as statistics or by metric math."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bluegreen.rehearsal.cloud.api import ApiError, Document
from bluegreen.rehearsal.cloud.metrics import MetricName, MetricStore

from .evaluation import Query, QueryError, read_queries
from .pages import page
from .reading import MetricReader, as_array, metric_name
from .statistics import UnknownStatisticError, statistic

MOST_POINTS = 1_440
"""How many data points GetMetricStatistics returns at most."""

_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


class MetricData:
    """Reads and writes the store.

    Args:
        store: The samples.
        reader: Reads them as data points.
        now: Tells cloud time, which stamps samples that bring no time of their own.
    """

    def __init__(self, store: MetricStore, reader: MetricReader, now: Callable[[], float]) -> None:
        self._store = store
        self._reader = reader
        self._now = now

    def put_metric_data(self, request: Document) -> Document:
        """Store samples.

        Raises:
            ApiError: For statistic sets, which the local cloud does not emulate, and for a datum without a value.
        """
        if "EntityMetricData" in request:
            raise ApiError("ValidationError", "the local cloud does not emulate EntityMetricData")
        for datum in request.get("MetricData", ()):
            self._put(request["Namespace"], datum)
        return {}

    def get_metric_data(self, request: Document) -> Document:
        """Evaluate metrics and expressions over a range; all metrics of a request must have one period here.

        Raises:
            ApiError: If a query is not valid.
        """
        try:
            queries = read_queries(request["MetricDataQueries"])
        except QueryError as error:
            raise ApiError("ValidationError", str(error)) from error
        periods = {query.metric["Period"] for query in queries.values() if query.metric}
        if len(periods) != 1:
            raise ApiError(
                "ValidationError", f"the local cloud reads metrics of one period at a time, got {sorted(periods)}"
            )
        grid = _grid(_seconds(request["StartTime"]), _seconds(request["EndTime"]), periods.pop())
        values = self._reader.values(queries, grid, self._now())
        newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        results = [
            _result(query, series.points, newest_first=newest_first)
            for query in queries.values()
            if query.returned
            for series in as_array(values[query.id])
        ]
        return {"MetricDataResults": results, "Messages": []}

    def get_metric_statistics(self, request: Document) -> Document:
        """Return statistics of one metric.

        Raises:
            ApiError: If a statistic is unknown, none is asked for, or there would be too many points.
        """
        simple, extended = request.get("Statistics", ()), request.get("ExtendedStatistics", ())
        if not simple and not extended:
            raise ApiError("InvalidParameterCombination", "either Statistics or ExtendedStatistics must be given")
        period = request["Period"]
        grid = _grid(_seconds(request["StartTime"]), _seconds(request["EndTime"]), period)
        if len(grid) > MOST_POINTS:
            raise ApiError(
                "InvalidParameterCombination",
                f"at most {MOST_POINTS} data points are returned, got {len(grid)}; ask for a longer period",
            )
        name = metric_name(request)
        points = [self._statistics(name, start, period, simple, extended) for start in grid]
        return {"Label": request["MetricName"], "Datapoints": [point for point in points if point]}

    def list_metrics(self, request: Document) -> Document:
        """List the metrics that have samples, filtered by namespace, name and dimensions."""
        found = [name for name in self._store.names() if _matches(name, request)]
        found.sort(key=lambda name: (name.namespace, name.name, sorted(name.dimensions)))
        some, token = page(
            found, {key: request[key] for key in ("NextToken",) if key in request}, default=500, most=500
        )
        return {"Metrics": [_describe(name) for name in some], **token}

    def _put(self, namespace: str, datum: Document) -> None:
        if "StatisticValues" in datum:
            raise ApiError("ValidationError", "the local cloud does not emulate StatisticValues; send the values")
        values = datum.get("Values") or ([datum["Value"]] if "Value" in datum else [])
        counts = datum.get("Counts") or [1] * len(values)
        if not values or len(values) != len(counts):
            raise ApiError("MissingParameter", f"{datum['MetricName']} must have Value, or Values and as many Counts")
        at = _seconds(datum.get("Timestamp", self._now()))
        dimensions = {one["Name"]: one["Value"] for one in datum.get("Dimensions", ())}
        for value, count in zip(values, counts, strict=True):
            for _ in range(int(count)):
                self._store.record(namespace, datum["MetricName"], dimensions, value, at)

    def _statistics(
        self, name: MetricName, start: float, period: int, simple: Sequence[str], extended: Sequence[str]
    ) -> Document | None:
        samples = self._store.between(name, start, start + period)
        if not samples:
            return None
        try:
            point: Document = {"Timestamp": start, **{one: statistic(one)(samples) for one in simple}}
            if extended:
                point["ExtendedStatistics"] = {one: statistic(one)(samples) for one in extended}
        except UnknownStatisticError as error:
            raise ApiError("InvalidParameterValue", str(error)) from error
        return point


def _grid(start: float, end: float, period: int) -> list[float]:
    """Return the starts of the periods from `start`, rounded down to a whole period, to before `end`."""
    first = start // period * period
    count = max(int(-((first - end) // period)), 0)
    return [first + period * index for index in range(count)]


def _result(query: Query, points: Mapping[float, float], *, newest_first: bool) -> Document:
    moments = sorted(points, reverse=newest_first)
    return {
        "Id": query.id,
        "Label": query.label,
        "Timestamps": moments,
        "Values": [points[at] for at in moments],
        "StatusCode": "Complete",
    }


def _matches(name: MetricName, request: Document) -> bool:
    dimensions = dict(name.dimensions)
    return (
        request.get("Namespace", name.namespace) == name.namespace
        and request.get("MetricName", name.name) == name.name
        and all(
            one["Name"] in dimensions and one.get("Value", dimensions[one["Name"]]) == dimensions[one["Name"]]
            for one in request.get("Dimensions", ())
        )
    )


def _describe(name: MetricName) -> Document:
    dimensions = [{"Name": key, "Value": value} for key, value in sorted(name.dimensions)]
    return {"Namespace": name.namespace, "MetricName": name.name, "Dimensions": dimensions}


def _seconds(moment: Any) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)
