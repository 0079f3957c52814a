"""The alert rules of a service, as a table: what each compares with which limit, for how long, and how bad it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from bluegreen.cdk._alarm_math import Arithmetic, Watched, error_rate, latency, unhealthy_targets, utilization
from bluegreen.cdk.window import Window

from ._service_metrics import healthy_targets, requests_per_minute, success_rate
from .alert import Severity
from .service_limits import ServiceLimits

_FIVE_MINUTES = Window(datapoints_to_alarm=1, evaluation_periods=1, period_minutes=5)
_TEN_MINUTES = Window(datapoints_to_alarm=2, evaluation_periods=2, period_minutes=5)
_THRICE_FIVE = Window(datapoints_to_alarm=3, evaluation_periods=3, period_minutes=5)
_QUARTER = Window(datapoints_to_alarm=1, evaluation_periods=1, period_minutes=15)
"""One figure over all of a quarter of an hour: single errors of a quiet service add up."""
_THREE_MINUTES = Window(datapoints_to_alarm=3, evaluation_periods=3)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One alert to be.

    Args:
        id: Its construct's id.
        says: What is wrong, before the limit.
        severity: How soon somebody must look.
        section: The runbook's section.
        arithmetic: What is compared with the limit.
        limit: It is raised above this, or below it when `below`.
        window: For how long.
        below: Which side of the limit is wrong.
        silence_is_wrong: Whether a period without data counts as wrong.
    """

    id: str
    says: str
    severity: Severity
    section: str
    arithmetic: Arithmetic
    limit: float
    window: Window
    below: bool = False
    silence_is_wrong: bool = False


def hurting(watch: Watched, limits: ServiceLimits, *, load_balancer_errors: bool) -> Sequence[Rule]:
    """Return the rules of which each means that users are hurt now."""
    return [
        Rule(
            id="HighErrorRate",
            says="Failed requests of the worse version, in percent",
            severity=Severity.CRITICAL,
            section="errors",
            arithmetic=error_rate(watch, load_balancer_errors=load_balancer_errors),
            limit=limits.high_error_rate_percent,
            window=_FIVE_MINUTES,
        ),
        Rule(
            id="LowSuccess",
            says="Successful requests of both versions together, in percent",
            severity=Severity.CRITICAL,
            section="errors",
            arithmetic=success_rate(watch, load_balancer_errors=load_balancer_errors),
            limit=limits.success_percent,
            window=_QUARTER,
            below=True,
        ),
        Rule(
            id="SlowResponses",
            says="Response time (p95) of the slower version, in milliseconds",
            severity=Severity.CRITICAL,
            section="latency",
            arithmetic=latency(watch, "p95"),
            limit=limits.response_p95_ms,
            window=_TEN_MINUTES,
        ),
        Rule(
            id="NoHealthyTargets",
            says="Healthy tasks of both versions together",
            severity=Severity.CRITICAL,
            section="unhealthy-targets",
            arithmetic=healthy_targets(watch),
            limit=1,
            window=_THREE_MINUTES,
            below=True,
            # A load balancer without tasks has nothing to report: here silence is the trouble.
            silence_is_wrong=True,
        ),
    ]


def degrading(watch: Watched, limits: ServiceLimits, *, load_balancer_errors: bool) -> Sequence[Rule]:
    """Return the rules of which each means that some users notice, below the limits of `hurting`."""
    return [
        Rule(
            id="ErrorRate",
            says="Failed requests of the worse version, in percent",
            severity=Severity.WARNING,
            section="errors",
            arithmetic=error_rate(watch, load_balancer_errors=load_balancer_errors),
            limit=limits.error_rate_percent,
            window=_FIVE_MINUTES,
        ),
        Rule(
            id="Latency",
            says="Latency (p99) of the slower version, in milliseconds",
            severity=Severity.WARNING,
            section="latency",
            arithmetic=latency(watch, "p99"),
            limit=limits.latency_p99_ms,
            window=_THRICE_FIVE,
        ),
    ]


def threatening(watch: Watched, limits: ServiceLimits) -> Sequence[Rule]:
    """Return the rules of which each stands for itself: users will be hurt if nobody acts."""
    rules = [
        Rule(
            id="UnhealthyTargets",
            says="Targets of the worse version that fail their health checks, in percent",
            severity=Severity.WARNING,
            section="unhealthy-targets",
            arithmetic=unhealthy_targets(watch),
            limit=0,
            window=_TEN_MINUTES,
        )
    ]
    for name, metric, percent in (
        ("Cpu", "CPUUtilization", limits.cpu_percent),
        ("Memory", "MemoryUtilization", limits.memory_percent),
    ):
        rules.append(
            Rule(
                id=name,
                says=f"{metric} of the busiest task, in percent",
                severity=Severity.WARNING,
                section="cpu-and-memory",
                arithmetic=utilization(watch, metric),
                limit=percent,
                window=_THRICE_FIVE,
            )
        )
    if limits.usual_requests_per_minute is not None:
        rules.append(
            Rule(
                id="Throughput",
                says="Requests a minute of both versions together, against half of the usual",
                severity=Severity.WARNING,
                section="throughput",
                arithmetic=requests_per_minute(watch, minutes=_THRICE_FIVE.period_minutes),
                limit=limits.usual_requests_per_minute / 2,
                window=_THRICE_FIVE,
                below=True,
                silence_is_wrong=True,
            )
        )
    return rules
