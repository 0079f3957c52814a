"""What is watched of a service, as metric math over both of its target groups.

The rollback alarms' arithmetic, where it fits, so that an alert and a rollback mean the same by a failed request.
"""

import re
from collections.abc import Mapping
from functools import cache

from aws_cdk import aws_cloudwatch as cloudwatch

from bluegreen.cdk import _durations
from bluegreen.cdk._alarm_math import ENOUGH_REQUESTS, FEWEST_ERRORS, Arithmetic, Query, Watched
from bluegreen.cdk.service import BlueGreenService

_NAMESPACE = "AWS/ApplicationELB"


def watched(service: BlueGreenService) -> Watched:
    """Return what alarms look at in a service."""
    return Watched(
        service.traffic.load_balancer_full_name,
        service.traffic.target_group_full_names,
        service.cluster_name,
        service.service_name,
    )


def metric_of(arithmetic: Arithmetic, *, minutes: int, label: str | None = None) -> cloudwatch.IMetric:
    """Return the metric that an alarm or a graph shows.

    Args:
        arithmetic: The metrics and expressions; the last expression counts.
        minutes: The period.
        label: What a graph calls it.
    """
    queries = tuple(arithmetic.queries)
    if not arithmetic.expressions:
        (only,) = queries
        return _metric(only).with_(period=_durations.minutes(minutes), label=label)
    *before, (_, last) = arithmetic.expressions
    used = _used_by(last, queries, tuple(before))
    return cloudwatch.MathExpression(
        expression=last, using_metrics=used, period=_durations.minutes(minutes), label=label
    )


def _used_by(
    expression: str, queries: tuple[Query, ...], before: tuple[tuple[str, str], ...]
) -> dict[str, cloudwatch.IMetric]:
    """Return what an expression names: the CDK warns of names that it was not given, and looks at all that it was."""
    known = _named(queries, before)
    return {name: known[name] for name in known if re.search(rf"\b{name}\b", expression)}


# What follows is made once for all alarms: it belongs to no construct, never changes, and crosses into Node.


@cache
def _named(queries: tuple[Query, ...], expressions: tuple[tuple[str, str], ...]) -> Mapping[str, cloudwatch.IMetric]:
    """Return metrics and expressions by name; they get the period of the expression that uses them."""
    if not expressions:
        return {query.id: _metric(query) for query in queries}
    *before, (name, expression) = expressions
    used = _used_by(expression, queries, tuple(before))
    made = cloudwatch.MathExpression(expression=expression, using_metrics=used)
    return {**_named(queries, tuple(before)), name: made}


@cache
def _metric(query: Query) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=query.namespace,
        metric_name=query.name,
        statistic=query.statistic,
        dimensions_map=dict(query.dimensions),
    )


def _failed_and_all(watch: Watched, *, load_balancer_errors: bool) -> tuple[list[Query], list[tuple[str, str]]]:
    """Return the queries and the expressions `failed` and `requests`, of both versions together.

    A refused connection is answered by the load balancer itself, so it is among the load balancer's own 5xx; only when
    those do not count, because others share the load balancer, are refused connections counted by target group. AWS
    counts a request of which no target could be chosen in the 5xx alone: they are added to all requests, which at worst
    halves the share of those that a target was chosen for.
    """
    queries = [watch.group_metric(number, "r", "RequestCount") for number in (1, 2)]
    queries += [watch.group_metric(number, "f", "HTTPCode_Target_5XX_Count") for number in (1, 2)]
    failed, requests = "FILL(f1,0)+FILL(f2,0)", "FILL(r1,0)+FILL(r2,0)"
    if load_balancer_errors:
        dimensions = (("LoadBalancer", watch.load_balancer),)
        queries.append(Query("b", _NAMESPACE, "HTTPCode_ELB_5XX_Count", "Sum", dimensions))
        failed, requests = f"{failed}+FILL(b,0)", f"{requests}+FILL(b,0)"
    else:
        queries += [watch.group_metric(number, "c", "TargetConnectionErrorCount") for number in (1, 2)]
        failed = f"{failed}+FILL(c1,0)+FILL(c2,0)"
    return queries, [("failed", failed), ("requests", requests)]


def success_rate(watch: Watched, *, load_balancer_errors: bool) -> Arithmetic:
    """Percentage of requests that succeeded, of both versions together; 100 while there are too few to judge."""
    queries, counts = _failed_and_all(watch, load_balancer_errors=load_balancer_errors)
    share = f"IF(requests>={ENOUGH_REQUESTS},100-100*failed/requests,100)"
    return Arithmetic(queries, [*counts, ("success", share)])


def failed_share(watch: Watched, *, load_balancer_errors: bool) -> Arithmetic:
    """Percentage of requests that failed, of both versions together; one or two failures are chance and count as 0."""
    queries, counts = _failed_and_all(watch, load_balancer_errors=load_balancer_errors)
    return Arithmetic(queries, [*counts, ("bad", f"IF(failed>={FEWEST_ERRORS},100*failed/requests,0)")])


def slow_share(watch: Watched, *, within_ms: float) -> Arithmetic:
    """Percentage of answers that took longer than `within_ms`, of both versions together; 0 for too few answers.

    The percentile rank is the share of answers within a bound, which CloudWatch knows of every period, however long.
    """
    queries = []
    for number in (1, 2):
        queries.append(watch.group_metric(number, "p", "TargetResponseTime", f"PR(:{within_ms / 1000:g})"))
        queries.append(watch.group_metric(number, "n", "TargetResponseTime", "SampleCount"))
    quick = "FILL(p1,0)*FILL(n1,0)+FILL(p2,0)*FILL(n2,0)"
    share = f"IF(answers>={ENOUGH_REQUESTS},100-({quick})/answers,0)"
    return Arithmetic(queries, [("answers", "FILL(n1,0)+FILL(n2,0)"), ("bad", share)])


def requests_per_minute(watch: Watched, *, minutes: int) -> Arithmetic:
    """Requests a minute, of both versions together; 0 when neither has any."""
    queries = [watch.group_metric(number, "r", "RequestCount") for number in (1, 2)]
    return Arithmetic(queries, [("throughput", f"(FILL(r1,0)+FILL(r2,0))/{minutes}")])


def healthy_targets(watch: Watched) -> Arithmetic:
    """Healthy targets of both versions together, at the worst moment; 0 when neither reports any."""
    queries = [watch.group_metric(number, "h", "HealthyHostCount", "Minimum") for number in (1, 2)]
    return Arithmetic(queries, [("healthy", "FILL(h1,0)+FILL(h2,0)")])


def mean_latency(watch: Watched) -> Arithmetic:
    """Mean response time in milliseconds, of both versions together."""
    queries = []
    for number in (1, 2):
        queries.append(watch.group_metric(number, "s", "TargetResponseTime", "Sum"))
        queries.append(watch.group_metric(number, "n", "TargetResponseTime", "SampleCount"))
    seconds, answers = (f"FILL({letter}1,0)+FILL({letter}2,0)" for letter in ("s", "n"))
    return Arithmetic(queries, [("mean", f"1000*({seconds})/({answers})")])
