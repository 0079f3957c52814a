"""What turns a release back: alarms that watch both versions, and the limits at which they fire."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from aws_cdk import Token
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ._acknowledge import acknowledge
from ._alarm_math import Watched, error_rate, latency, unhealthy_targets, utilization, worse_than_live
from ._signals import Signal
from .window import Window

MOST_ALARMS = 10
"""What CodeDeploy lets a deployment group have."""
_LONGEST_PREFIX = 230
"""CloudWatch allows 255 characters for the whole name."""
_REPORTING_MINUTES = 2
"""What CloudWatch takes from the end of a period until it has judged the load balancer's figures."""
_ONE_OF_FIVE_MINUTES = Window(datapoints_to_alarm=1, evaluation_periods=1, period_minutes=5)
"""Slides by the minute: many errors are found in the first, few in the fifth. Simulated with a 10 % canary, it finds
what three of five single minutes find, sooner, and a broken candidate on a quiet service, which they miss."""
_THREE = Window(datapoints_to_alarm=3, evaluation_periods=3)
_THREE_OF_FIVE = Window(datapoints_to_alarm=3, evaluation_periods=5)
_FIVE = Window(datapoints_to_alarm=5, evaluation_periods=5)
_TEN = Window(datapoints_to_alarm=10, evaluation_periods=10)


@dataclass(frozen=True, kw_only=True)
class RollbackPolicy:
    """The alarms that stop a release and bring the live version back. They also keep a release from starting.

    Each alarm watches both target groups alike, since live and candidate swap them with every release; missing data
    never fires. A failed request is one that is answered with 500-599, whose connection the task refused, or that is
    never answered. A version's failures count from 3 on; with fewer than 20 requests in a period, only when they are
    the majority, and its latency is then not judged.

    Args:
        error_rate_percent: Fires when more of either version's requests fail, above 0 and below 100; None leaves it
            out.
        latency_p95_ms: Fires when the slowest 5 % of either version's answers take longer, above 0; None leaves it
            out.
        latency_p99_ms: The same for the slowest 1 %; left out when omitted.
        unhealthy_targets_percent: Fires when more of either version's tasks fail the load balancer's health check, at
            least 0 and below 100; None leaves it out. It also turns back a candidate that takes longer than
            `unhealthy_targets_window` to become healthy.
        cpu_percent: Fires when the busiest task of either version uses more, above 0 and below 100; left out when
            omitted.
        memory_percent: The same for memory.
        compare_versions: Whether to fire as well when the version with fewer requests fails more often than the other,
            beyond chance, whatever the error rate. For rollouts that keep the candidate below half of the traffic until
            they end: above, it would hold the live version's errors against the candidate.
        load_balancer_errors: Whether requests that were never answered count. Only the load balancer as a whole knows
            them: switch it off when other services share the load balancer.
        alarms: Alarms of your own.
        error_rate_window: How long the error rate must last; also for `compare_versions`.
        latency_window: How long slowness must last.
        unhealthy_targets_window: How long targets must be unhealthy.
        cpu_window: How long CPU must be high.
        memory_window: How long memory must be high.

    Raises:
        ValueError: If a value is out of range, or there are more than 10 alarms, which is CodeDeploy's limit.

    Example:
        >>> policy = RollbackPolicy(error_rate_percent=0.5, latency_p95_ms=None, memory_percent=95)
        >>> policy.longest_detection_minutes
        3
    """

    error_rate_percent: float | None = 1
    latency_p95_ms: float | None = 500
    latency_p99_ms: float | None = None
    unhealthy_targets_percent: float | None = 50
    cpu_percent: float | None = None
    memory_percent: float | None = None
    compare_versions: bool = False
    load_balancer_errors: bool = True
    alarms: Sequence[cloudwatch.IAlarm] = ()
    error_rate_window: Window = _ONE_OF_FIVE_MINUTES
    latency_window: Window = _THREE_OF_FIVE
    unhealthy_targets_window: Window = _THREE
    cpu_window: Window = _TEN
    memory_window: Window = _FIVE

    def __post_init__(self) -> None:
        object.__setattr__(self, "alarms", tuple(self.alarms))  # the caller's list may change later
        for name in ("error_rate_percent", "cpu_percent", "memory_percent"):
            _require_limit(name, getattr(self, name), "above 0 and below 100", above=0, below=100)
        for name in ("latency_p95_ms", "latency_p99_ms"):
            _require_limit(name, getattr(self, name), "above 0", above=0)
        unhealthy = self.unhealthy_targets_percent
        _require_limit("unhealthy_targets_percent", unhealthy, "at least 0 and below 100", least=0, below=100)
        own = len(list(self._signals()))
        if own + len(self.alarms) > MOST_ALARMS:
            raise ValueError(
                f"a rollback policy must have at most {MOST_ALARMS} alarms, which is CodeDeploy's limit, got {own} of "
                f"its own and {len(self.alarms)} in alarms=; put yours into a composite alarm"
            )

    @classmethod
    def none(cls) -> Self:
        """Watch nothing: only a release that fails or is stopped is turned back.

        Returns:
            A policy without alarms.

        Example:
            >>> RollbackPolicy.none().longest_detection_minutes
            0
        """
        return cls(error_rate_percent=None, latency_p95_ms=None, unhealthy_targets_percent=None)

    @property
    def longest_detection_minutes(self) -> int:
        """How long a candidate must get traffic until each alarm on errors and latency can have fired.

        That is with enough traffic; a quiet service needs the whole window. A rollout that moves all traffic sooner
        gains nothing by its first step. Zero without such alarms; `alarms` do not count, because their windows are not
        known here.
        """
        windows = [signal.window for signal in self._signals() if signal.on_traffic]
        return max((window.detection_minutes + _REPORTING_MINUTES for window in windows), default=0)

    def bind(
        self,
        scope: Construct,
        *,
        name_prefix: str,
        load_balancer_full_name: str,
        target_group_full_names: tuple[str, str],
        cluster_name: str,
        service_name: str,
    ) -> list[cloudwatch.IAlarm]:
        """Define the alarms of one service.

        Args:
            scope: Where the alarms go.
            name_prefix: How their physical names begin; unique in the account and region, at most 230 characters.
            load_balancer_full_name: The load balancer, as "app/name/id".
            target_group_full_names: Both target groups, as "targetgroup/name/id".
            cluster_name: The cluster.
            service_name: The ECS service.

        Returns:
            The policy's own alarms and then `alarms`, at most 10.

        Raises:
            ValueError: If the prefix is too long for an alarm's name.
        """
        if len(name_prefix) > _LONGEST_PREFIX and not Token.is_unresolved(name_prefix):
            raise ValueError(f"name_prefix must have at most {_LONGEST_PREFIX} characters, got {len(name_prefix)}")
        watched = Watched(load_balancer_full_name, target_group_full_names, cluster_name, service_name)
        reason = "CodeDeploy reads it and takes a release back; people have alerts of their own on the same signals"
        acknowledge(scope, {"NIST.800.53.R5-CloudWatchAlarmAction": reason})
        return [*(signal.define(scope, name_prefix, watched) for signal in self._signals()), *self.alarms]

    def _signals(self) -> Iterator[Signal]:
        if self.error_rate_percent is not None:
            yield Signal(
                name="error-rate",
                says="Failed requests of blue or green",
                limit=self.error_rate_percent,
                unit="%",
                window=self.error_rate_window,
                arithmetic=partial(error_rate, load_balancer_errors=self.load_balancer_errors),
                on_traffic=True,
            )
        if self.compare_versions:
            yield Signal(
                name="worse-than-live",
                says="1 when the version with fewer requests fails more often than the other, beyond chance;",
                limit=0,
                unit="",
                window=self.error_rate_window,
                arithmetic=worse_than_live,
                on_traffic=True,
            )
        yield from self._latency_signals()
        if self.unhealthy_targets_percent is not None:
            yield Signal(
                name="unhealthy-targets",
                says="Unhealthy targets of blue or green",
                limit=self.unhealthy_targets_percent,
                unit="%",
                window=self.unhealthy_targets_window,
                arithmetic=unhealthy_targets,
            )
        yield from self._utilization_signals()

    def _latency_signals(self) -> Iterator[Signal]:
        for percentile, limit in (("p95", self.latency_p95_ms), ("p99", self.latency_p99_ms)):
            if limit is not None:
                yield Signal(
                    name=f"latency-{percentile}",
                    says=f"Latency ({percentile}) of blue or green",
                    limit=limit,
                    unit="ms",
                    window=self.latency_window,
                    arithmetic=partial(latency, percentile=percentile),
                    on_traffic=True,
                )

    def _utilization_signals(self) -> Iterator[Signal]:
        for name, metric_name, limit, window in (
            ("cpu", "CPUUtilization", self.cpu_percent, self.cpu_window),
            ("memory", "MemoryUtilization", self.memory_percent, self.memory_window),
        ):
            if limit is not None:
                yield Signal(
                    name=name,
                    says=f"{metric_name} of the busiest task of blue or green",
                    limit=limit,
                    unit="%",
                    window=window,
                    arithmetic=partial(utilization, metric_name=metric_name),
                )


def _require_limit(
    name: str,
    value: float | None,
    allowed: str,
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    below: float = math.inf,
) -> None:
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not (above < value < below and value >= least):
        raise ValueError(f"{name} must be {allowed}, got {value!r}; None leaves it out")
