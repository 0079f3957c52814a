"""What is watched of a service, as metric math over both of its target groups.

The rollback alarms' arithmetic, where it fits, so that an alert and a rollback mean the same by a failed request.
"""

from functools import cache

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from bluegreen.cdk._alarm_math import ENOUGH_REQUESTS, Arithmetic, Query, Watched
from bluegreen.cdk.service import BlueGreenService

_NAMESPACE = "AWS/ApplicationELB"


def watched(service: BlueGreenService) -> Watched:
    """Return what alarms look at in a service."""
    return Watched(
        service.traffic.load_balancer_full_name,
        service.traffic.target_group_full_names,
        service.cluster.cluster_name,
        service.service_name,
    )


class Metrics:
    """Makes metrics of arithmetic, each query once: every new one crosses into Node."""

    def __init__(self) -> None:
        self._metric = cache(self._new)

    def of(self, arithmetic: Arithmetic, *, minutes: int, label: str | None = None) -> cloudwatch.IMetric:
        """Return the metric that an alarm or a graph shows.

        Args:
            arithmetic: The metrics and expressions; the last expression counts.
            minutes: The period.
            label: What a graph calls it.
        """
        period = Duration.minutes(minutes)
        used: dict[str, cloudwatch.IMetric] = {query.id: self._metric(query) for query in arithmetic.queries}
        if not arithmetic.expressions:
            (only,) = used.values()
            assert isinstance(only, cloudwatch.Metric)  # noqa: S101 - mypy cannot see it
            return only.with_(period=period, label=label)
        for name, expression in arithmetic.expressions:
            # An expression may use those before it, and the CDK warns of names that it was not given.
            used[name] = cloudwatch.MathExpression(
                expression=expression, using_metrics=dict(used), period=period, label=label
            )
        return used[name]

    @staticmethod
    def _new(query: Query) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=query.namespace,
            metric_name=query.name,
            statistic=query.statistic,
            dimensions_map=dict(query.dimensions),
        )


def failed_and_all(watch: Watched, *, load_balancer_errors: bool) -> tuple[list[Query], str, str]:
    """Return the queries and the two expressions: failed requests and all requests, of both versions together."""
    queries = []
    for number in (1, 2):
        queries.append(watch.group_metric(number, "r", "RequestCount"))
        queries.append(watch.group_metric(number, "f", "HTTPCode_Target_5XX_Count"))
        queries.append(watch.group_metric(number, "c", "TargetConnectionErrorCount"))
    failed = "+".join(f"FILL({name}{number},0)" for name in ("f", "c") for number in (1, 2))
    requests = "FILL(r1,0)+FILL(r2,0)"
    if load_balancer_errors:
        dimensions = (("LoadBalancer", watch.load_balancer),)
        queries.append(Query("b", _NAMESPACE, "HTTPCode_ELB_5XX_Count", "Sum", dimensions))
        failed, requests = f"{failed}+FILL(b,0)", f"{requests}+FILL(b,0)"
    return queries, failed, requests


def success_rate(watch: Watched, *, load_balancer_errors: bool) -> Arithmetic:
    """Percentage of requests that succeeded, of both versions together; 100 while there are too few to judge."""
    queries, failed, requests = failed_and_all(watch, load_balancer_errors=load_balancer_errors)
    share = f"IF(requests>={ENOUGH_REQUESTS},100-100*failed/requests,100)"
    return Arithmetic(queries, [("failed", failed), ("requests", requests), ("success", share)])


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
