"""What a metric alarm watches and when it is red, checked as PutMetricAlarm checks it."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bluegreen.rehearsal.cloud.api import ApiError, Document

from .evaluation import Query, QueryError, evaluate, read_queries
from .judgement import Missing
from .series import Series
from .statistics import samples_needed

MAX_METRICS = 10
"""How many metrics an alarm's expression may use."""

DAY = 86_400
WEEK = 7 * DAY
HOUR = 3_600
MINUTE = 60

_HIGH_RESOLUTION = (10, 20, 30)

_COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}

_BAND_COMPARISONS = frozenset(
    {"LessThanLowerThreshold", "GreaterThanUpperThreshold", "LessThanLowerOrGreaterThanUpperThreshold"}
)
_BAND = re.compile(r"\s*ANOMALY_DETECTION_BAND\(\s*(?P<of>\w+)\s*(,\s*[0-9.]+\s*)?\)\s*")

_NOT_EMULATED = (
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
)

_OF_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What a metric alarm watches, ready to evaluate.

    Args:
        queries: The metrics and expressions, by id.
        watched: The id whose series is compared with the threshold.
        period: Seconds that one data point covers.
        evaluation_periods: N.
        to_alarm: M.
        threshold: What a data point is compared with.
        comparison: How, as the API names it.
        missing: How missing data points count.
        samples_needed: With fewer samples than this the state stays as it is.
    """

    queries: Mapping[str, Query]
    watched: str
    period: int
    evaluation_periods: int
    to_alarm: int
    threshold: float
    comparison: str
    missing: Missing
    samples_needed: float = 0.0

    def breaches(self, value: float) -> bool:
        """Return whether a data point is on the wrong side of the threshold."""
        return _COMPARISONS[self.comparison][0](value, self.threshold)

    @property
    def relation(self) -> str:
        """How a breaching point relates to the threshold, in words."""
        return _COMPARISONS[self.comparison][1]


def read_alarm(request: Document) -> Watch:
    """Check a PutMetricAlarm request.

    Args:
        request: As boto3 would send it.

    Raises:
        ApiError: If CloudWatch would refuse it, or if it asks for what the local cloud does not emulate.
    """
    for name in _NOT_EMULATED:
        if name in request:
            raise _invalid(f"the local cloud does not emulate alarms with {name}")
    if ("MetricName" in request) == ("Metrics" in request):
        raise _invalid("an alarm must have either MetricName or Metrics")
    documents = _expression(request) if "Metrics" in request else [_one_metric(request)]
    try:
        queries = read_queries(documents)
    except QueryError as error:
        raise _invalid(str(error)) from error
    watched = _watched(queries)
    period = _period(queries)
    periods = request.get("EvaluationPeriods", 0)
    _check_range(period, periods)
    return Watch(
        queries=queries,
        watched=watched,
        period=period,
        evaluation_periods=periods,
        to_alarm=_to_alarm(request, periods),
        threshold=_threshold(request),
        comparison=_comparison(request),
        missing=_missing(request),
        samples_needed=_samples_needed(request),
    )


def check_band_alarm(request: Document) -> None:
    """Check a PutMetricAlarm request that compares with an anomaly detection band.

    Such an alarm is kept and never judged: it stays INSUFFICIENT_DATA, as on AWS while a new detector has no model.

    Raises:
        ApiError: If CloudWatch would refuse it.
    """
    if "Threshold" in request:
        raise _invalid("an alarm must have either Threshold or ThresholdMetricId")
    comparison = request.get("ComparisonOperator")
    if comparison not in _BAND_COMPARISONS:
        allowed = ", ".join(sorted(_BAND_COMPARISONS))
        raise _invalid(f"ComparisonOperator of an alarm with ThresholdMetricId must be {allowed}, got {comparison!r}")
    queries = {query["Id"]: query for query in request.get("Metrics", ())}
    band = _BAND.fullmatch(queries.get(request["ThresholdMetricId"], {}).get("Expression", ""))
    if band is None or band["of"] not in queries:
        raise _invalid("ThresholdMetricId must name an expression ANOMALY_DETECTION_BAND of one of Metrics")
    _check_range(_period_of(queries.values()), request.get("EvaluationPeriods", 0))
    _to_alarm(request, request["EvaluationPeriods"])
    _missing(request)


def _one_metric(request: Document) -> Document:
    chosen = [request[name] for name in ("Statistic", "ExtendedStatistic") if name in request]
    if len(chosen) != 1:
        raise _invalid("an alarm on a metric must have either Statistic or ExtendedStatistic")
    missing = [name for name in ("Namespace", "Period") if name not in request]
    if missing:
        raise _invalid(f"an alarm on a metric must have {', '.join(missing)}")
    metric = {name: request[name] for name in ("Namespace", "MetricName", "Dimensions") if name in request}
    return {"Id": "m1", "MetricStat": {"Metric": metric, "Period": request["Period"], "Stat": chosen[0]}}


def _expression(request: Document) -> list[Document]:
    both = [name for name in _OF_ONE_METRIC if name in request]
    if both:
        raise _invalid(f"an alarm with Metrics must not have {', '.join(both)}")
    documents: list[Document] = request["Metrics"]
    metrics = sum("MetricStat" in document for document in documents)
    if not 1 <= metrics <= MAX_METRICS:
        raise _invalid(f"an alarm's expression must use 1-{MAX_METRICS} metrics, got {metrics}")
    return documents


def _watched(queries: Mapping[str, Query]) -> str:
    returned = [query.id for query in queries.values() if query.returned]
    if len(returned) != 1:
        raise _invalid(
            f"exactly one of Metrics must have ReturnData true, got {len(returned)}; it is true where it is not given"
        )
    dummy = evaluate(queries, [0.0], lambda metric: Series({0.0: 1.0}, metric["Period"]))
    if not isinstance(dummy[returned[0]], Series):
        raise _invalid(f"{returned[0]} must give a single time series, but gives an array of them")
    return returned[0]


def _period(queries: Mapping[str, Query]) -> int:
    return _check_period({query.metric["Period"] for query in queries.values() if query.metric})


def _period_of(queries: Iterable[Document]) -> int:
    return _check_period({query["MetricStat"]["Period"] for query in queries if "MetricStat" in query})


def _check_period(periods: set[int]) -> int:
    if len(periods) != 1:
        raise _invalid(f"all metrics of an alarm must have the same period, got {sorted(periods)}")
    period = periods.pop()
    if period not in _HIGH_RESOLUTION and (period < MINUTE or period % MINUTE):
        raise _invalid(f"period must be 10, 20, 30 or a multiple of 60 seconds, got {period}")
    return period


def _check_range(period: int, periods: int) -> None:
    if periods < 1:
        raise _invalid(f"EvaluationPeriods must be at least 1, got {periods}")
    longest = WEEK if period >= HOUR else DAY
    if period * periods > longest:
        raise _invalid(f"Period times EvaluationPeriods must be at most {longest} seconds, got {period * periods}")


def _to_alarm(request: Document, periods: int) -> int:
    to_alarm: int = request.get("DatapointsToAlarm", periods)
    if not 1 <= to_alarm <= periods:
        raise _invalid(f"DatapointsToAlarm must be 1-{periods}, got {to_alarm}")
    return to_alarm


def _threshold(request: Document) -> float:
    if "Threshold" not in request:
        raise _invalid("an alarm must have Threshold")
    return float(request["Threshold"])


def _comparison(request: Document) -> str:
    comparison: str = request.get("ComparisonOperator", "")
    if comparison not in _COMPARISONS:
        raise _invalid(f"ComparisonOperator must be one of {', '.join(_COMPARISONS)} here, got {comparison!r}")
    return comparison


def _missing(request: Document) -> Missing:
    treatment = request.get("TreatMissingData", Missing.MISSING)
    try:
        return Missing(treatment)
    except ValueError as error:
        raise _invalid(f"TreatMissingData must be one of {', '.join(Missing)}, got {treatment!r}") from error


def _samples_needed(request: Document) -> float:
    low_samples = request.get("EvaluateLowSampleCountPercentile", "evaluate")
    if low_samples not in {"evaluate", "ignore"}:
        raise _invalid(f"EvaluateLowSampleCountPercentile must be evaluate or ignore, got {low_samples!r}")
    return samples_needed(request.get("ExtendedStatistic", "")) if low_samples == "ignore" else 0.0


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationError", message)
