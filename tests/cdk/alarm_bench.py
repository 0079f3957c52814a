"""Runs alarms, as a template defines them, over made-up minutes, with the local cloud's CloudWatch as the judge.

The local cloud's metric math is written from AWS's documentation and never from the alarms under test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.rehearsal.cloud.cloudwatch.definition import Watch, read_alarm
from bluegreen.rehearsal.cloud.cloudwatch.evaluation import evaluate
from bluegreen.rehearsal.cloud.cloudwatch.judgement import EXTRA_PERIODS, State, judge
from bluegreen.rehearsal.cloud.cloudwatch.series import Series

LOAD_BALANCER = "app/orders/50dc6c495c0c9188"
BLUE = "targetgroup/blue/6d0ecf831eec9f09"
GREEN = "targetgroup/green/73e2d6bc24d8a067"


@dataclass(frozen=True, kw_only=True)
class Group:
    """What a target group does in one minute; None and 0 errors report nothing, as on AWS."""

    requests: int = 0
    errors: int = 0
    refused: int = 0
    p95_seconds: float | None = None
    healthy: float | None = None
    unhealthy: float | None = None

    def metrics(self) -> Mapping[str, float | None]:
        """Return what the group reports, by metric."""
        return {
            "RequestCount": self.requests or None,
            "HTTPCode_Target_5XX_Count": self.errors or None,
            "TargetConnectionErrorCount": self.refused or None,
            "TargetResponseTime": self.p95_seconds,
            "HealthyHostCount": self.healthy,
            "UnHealthyHostCount": self.unhealthy,
        }


@dataclass(frozen=True, kw_only=True)
class Minute:
    """One minute of both groups, the load balancer and the tasks."""

    blue: Group = Group()
    green: Group = Group()
    unanswered: int = 0
    busiest_task: float | None = None

    def mirrored(self) -> "Minute":
        """Return the minute with blue and green swapped."""
        return Minute(blue=self.green, green=self.blue, unanswered=self.unanswered, busiest_task=self.busiest_task)

    def value(self, name: str, dimensions: Mapping[str, str]) -> float | None:
        """Return a metric's value, None when nothing is reported."""
        if name == "HTTPCode_ELB_5XX_Count":
            assert dimensions == {"LoadBalancer": LOAD_BALANCER}
            return self.unanswered or None
        if "ServiceName" in dimensions:
            assert dimensions == {"ClusterName": "prod", "ServiceName": "orders"}
            return self.busiest_task
        assert dimensions["LoadBalancer"] == LOAD_BALANCER
        return {BLUE: self.blue, GREEN: self.green}[dimensions["TargetGroup"]].metrics()[name]


def fires_after(alarm: Mapping[str, Any], minutes: Sequence[Minute]) -> int | None:
    """Return after how many minutes an alarm goes off, None if it does not.

    Args:
        alarm: The properties of an AWS::CloudWatch::Alarm, which are PutMetricAlarm's parameters.
        minutes: What happens.
    """
    watch = read_alarm(dict(alarm))
    return next((now for now in range(1, len(minutes) + 1) if _state(watch, minutes[:now]) is State.ALARM), None)


def _state(watch: Watch, minutes: Sequence[Minute]) -> State | None:
    size = watch.period // 60
    count = watch.evaluation_periods + EXTRA_PERIODS
    grid = [float(len(minutes) - size * back) for back in range(count, 0, -1)]

    def read(metric: Mapping[str, Any]) -> Series:
        name = metric["Metric"]["MetricName"]
        dimensions = {one["Name"]: one["Value"] for one in metric["Metric"]["Dimensions"]}
        points = {}
        for start in grid:
            inside = minutes[max(int(start), 0) : max(int(start) + size, 0)]
            values = [value for minute in inside if (value := minute.value(name, dimensions)) is not None]
            if values:
                points[start] = _statistic(metric["Stat"], values)
        return Series(points, watch.period)

    series = evaluate(watch.queries, grid, read)[watch.watched]
    assert isinstance(series, Series)
    breaches = [watch.breaches(series.points[at]) if at in series.points else None for at in grid]
    return judge(breaches, evaluation_periods=watch.evaluation_periods, to_alarm=watch.to_alarm, missing=watch.missing)


def _statistic(name: str, values: Sequence[float]) -> float:
    return {"Sum": sum(values), "Average": sum(values) / len(values)}.get(name, max(values))
