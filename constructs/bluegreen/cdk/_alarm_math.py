"""The arithmetic of the rollback alarms, as CloudWatch metric math.

Blue and green swap roles with every release, so each alarm watches both target groups and treats them alike. A group
without traffic or without errors reports nothing, rather than 0. Errors are filled with 0; requests never are, because
a made-up denominator would judge traffic that was not there. MAX gets 0 for a silent group, since AWS does not say what
it does with a missing one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FEWEST_ERRORS = 3
"""One or two errors are chance at any percentage, whatever the traffic."""
ENOUGH_REQUESTS = 20
"""Requests of one version and period from which a percentage means something. With fewer, the majority must fail: a
mere minimum of requests would blind the alarm on a quiet service."""
_CERTAIN = 4.6
"""Natural logarithm of 100: the candidate is judged worse than the live version when that is 100 times likelier."""
_WORSE_BY = 0.005
"""Difference of error rates that is worth a rollback."""


_ERRORS = (("e1", "FILL(f1,0)+FILL(c1,0)"), ("e2", "FILL(f2,0)+FILL(c2,0)"))
"""The failed requests of either version."""


@dataclass(frozen=True)
class Query:
    """One metric of an alarm: its id in the arithmetic, its name, statistic and dimensions."""

    id: str
    namespace: str
    name: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]

    def to_property(self, period_seconds: int, *, compared: bool) -> dict[str, Any]:
        """Return the metric as an alarm's template states it."""
        return {
            "id": self.id,
            "returnData": compared,
            "metricStat": {
                "period": period_seconds,
                "stat": self.statistic,
                "metric": {
                    "namespace": self.namespace,
                    "metricName": self.name,
                    "dimensions": [{"name": name, "value": value} for name, value in self.dimensions],
                },
            },
        }


@dataclass(frozen=True)
class Arithmetic:
    """An alarm's metrics and named expressions. It compares the last expression; without any, its only metric."""

    queries: Sequence[Query]
    expressions: Sequence[tuple[str, str]] = ()

    def to_property(self, period_seconds: int) -> list[dict[str, Any]]:
        """Return the arithmetic as an alarm's template states it."""
        last = len(self.expressions) - 1
        expressions = [
            {"id": name, "expression": expression, "returnData": number == last}
            for number, (name, expression) in enumerate(self.expressions)
        ]
        compared = not self.expressions
        return [
            *reversed(expressions),
            *(query.to_property(period_seconds, compared=compared) for query in self.queries),
        ]


@dataclass(frozen=True)
class Watched:
    """What the alarms look at: one load balancer, its two target groups, and the ECS service."""

    load_balancer: str
    target_groups: tuple[str, str]
    cluster: str
    service: str

    def group_metric(self, number: int, letter: str, name: str, statistic: str = "Sum") -> Query:
        """Return a metric of target group 1 or 2, with the id `letter` and the number."""
        dimensions = (("LoadBalancer", self.load_balancer), ("TargetGroup", self.target_groups[number - 1]))
        return Query(f"{letter}{number}", "AWS/ApplicationELB", name, statistic, dimensions)


def error_rate(watched: Watched, *, load_balancer_errors: bool) -> Arithmetic:
    """Percentage of requests that failed, of the worse version.

    Answers with 5xx and refused connections count to their version. An answer that never came (the task hung, or closed
    the connection) is known to the load balancer alone, so its own 5xx count against all requests. No source says
    whether those requests are among the groups' own: they are added, which at worst halves their share.
    """
    queries = [query for number in (1, 2) for query in _traffic(watched, number)]
    rates = [_rate(f"e{number}", f"r{number}") for number in (1, 2)]
    if load_balancer_errors:
        dimensions = (("LoadBalancer", watched.load_balancer),)
        queries.append(Query("b", "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", dimensions))
        unanswered, requests = "FILL(b,0)", "(r1+r2+FILL(b,0))"
        rates.append(_rate(unanswered, requests, majority=f"3*{unanswered}>{requests}"))
    return Arithmetic(queries, [*_ERRORS, ("worst", _worst(rates))])


def latency(watched: Watched, percentile: str) -> Arithmetic:
    """Latency in milliseconds, of the slower version; a version with few requests is not judged."""
    queries = []
    for number in (1, 2):
        queries.append(watched.group_metric(number, "r", "RequestCount"))
        queries.append(watched.group_metric(number, "t", "TargetResponseTime", percentile))
    slow = [f"IF(r{number}>={ENOUGH_REQUESTS},1000*t{number},0)" for number in (1, 2)]
    return Arithmetic(queries, [("worst", _worst(slow))])


def unhealthy_targets(watched: Watched) -> Arithmetic:
    """Percentage of targets that fail their health checks, of the worse version."""
    queries = []
    for number in (1, 2):
        queries.append(watched.group_metric(number, "u", "UnHealthyHostCount", "Average"))
        queries.append(watched.group_metric(number, "h", "HealthyHostCount", "Average"))
    return Arithmetic(queries, [("worst", _worst([f"100*u{n}/(u{n}+h{n})" for n in (1, 2)]))])


def utilization(watched: Watched, metric_name: str) -> Arithmetic:
    """Percentage of CPU or memory that the busiest task of either version uses.

    The average would hide a candidate that burns its CPU behind a live version that does not.
    """
    dimensions = (("ClusterName", watched.cluster), ("ServiceName", watched.service))
    return Arithmetic([Query("busiest", "AWS/ECS", metric_name, "Maximum", dimensions)])


def worse_than_live(watched: Watched) -> Arithmetic:
    """1 when the version with fewer requests fails more often than the other, beyond chance.

    A likelihood ratio: how much likelier are the errors seen if this version fails three times as often as the other,
    than if both fail alike. Errors of a shared dependency hit both and cancel.
    """
    queries = [query for number in (1, 2) for query in _traffic(watched, number)]
    one, two = (
        f"1.0986*e{a}-(e1+e2)*LOG(1+2*r{a}/(r1+r2))>{_CERTAIN} AND e{a}/r{a}-e{b}/r{b}>{_WORSE_BY}"
        for a, b in ((1, 2), (2, 1))
    )
    return Arithmetic(queries, [*_ERRORS, ("worse", f"IF(r1<r2,IF({one},1,0),IF({two},1,0))")])


def _traffic(watched: Watched, number: int) -> list[Query]:
    return [
        watched.group_metric(number, "r", "RequestCount"),
        watched.group_metric(number, "f", "HTTPCode_Target_5XX_Count"),
        watched.group_metric(number, "c", "TargetConnectionErrorCount"),
    ]


def _rate(errors: str, requests: str, majority: str = "") -> str:
    """Write an error rate in percent that few requests neither trigger nor blind."""
    enough = f"{requests}>={ENOUGH_REQUESTS} OR {majority or f'2*{errors}>{requests}'}"
    return f"IF({errors}>={FEWEST_ERRORS} AND ({enough}),100*{errors}/{requests},0)"


def _worst(series: Sequence[str]) -> str:
    return f"MAX([{','.join(f'FILL({one},0)' for one in series)}])"
