"""Service level objectives, and alerts on budgets that are used up too fast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from bluegreen.cdk._alarm_math import Arithmetic, Watched
from bluegreen.cdk.service import BlueGreenService

from ._burn_rates import BURNS, LONGEST_DAYS, MINUTES_A_DAY, SHORTEST_DAYS, Burn
from ._ranges import require_above, require_percent
from ._service_metrics import failed_share, metric_of, slow_share, watched
from .alert import Alert, Severity
from .define_alert import RUNBOOKS, define_alert, define_composite_alert


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """What an objective counts as good: made by `availability` or `latency`.

    Args:
        says: What a bad request is, for the alerts' descriptions.
        within_ms: The bound of a good answer; None when every answer without an error is good.
        load_balancer_errors: Whether requests that were never answered count.
    """

    says: str
    within_ms: float | None = None
    load_balancer_errors: bool = True

    @classmethod
    def availability(cls, *, load_balancer_errors: bool = True) -> Self:
        """Requests that are answered without an error of ours (500-599) are good.

        Args:
            load_balancer_errors: Whether requests that were never answered count; switch it off when other services
                share the load balancer, which alone knows them.

        Returns:
            The indicator.
        """
        return cls(says="failed requests", load_balancer_errors=load_balancer_errors)

    @classmethod
    def latency(cls, *, within_ms: float) -> Self:
        """Requests that are answered in time are good.

        Args:
            within_ms: In what time, above 0 milliseconds.

        Returns:
            The indicator.

        Raises:
            ValueError: If the time is not above 0.
        """
        require_above("within_ms", within_ms, 0)
        return cls(says=f"answers slower than {within_ms:g} ms", within_ms=within_ms)

    def bad(self, watch: Watched) -> Arithmetic:
        """Return the percentage of bad requests."""
        if self.within_ms is None:
            return failed_share(watch, load_balancer_errors=self.load_balancer_errors)
        return slow_share(watch, within_ms=self.within_ms)


class Slo(Construct):
    """An objective for a service, and alerts when its error budget is used up too fast.

    The budget is the share of requests that may be bad: 0.1 % for 99.9. Somebody is woken when 2 % of it went within an
    hour, or 5 % within six; 10 % within a day, or within three days, is a warning. With a window of 30 days those are
    burn rates of 14.4, 6, 3 and 1. Each counts only while a short window says that it goes on.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        service: The service.
        objective_percent: The share of requests that must be good, above 0 and below 100, and so high that every burn
            rate can be reached: above 93.1 with a window of 30 days.
        window_days: The days for which the budget is, 30-90.
        indicator: What a good request is; availability when omitted.
        unless: A worse alert, such as `ServiceAlerts.users_are_hurt`, while which this one wakes nobody: whoever looks
            is there already.
        runbooks: Where the runbooks are, a path or URL without anchor; docs/runbooks.md when omitted.

    Attributes:
        alerts: The budget burns fast (critical), the budget burns slowly (a warning, quiet while it burns fast).
        objective_percent: As given.
        window_days: As given.

    Raises:
        ValueError: If the objective or the window is out of range.

    Example:
        >>> import aws_cdk as cdk
        >>> from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> cluster = ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc"))
        >>> image = ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4")
        >>> service = BlueGreenService(stack, "Orders", cluster=cluster, image=image, container_port=8080)
        >>> quick = Indicator.latency(within_ms=500)
        >>> slo = Slo(stack, "Latency", service=service, objective_percent=99, indicator=quick)
        >>> [alert.severity.value for alert in slo.alerts]
        ['critical', 'warning']
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: BlueGreenService,
        objective_percent: float = 99.9,
        window_days: int = 30,
        indicator: Indicator | None = None,
        unless: Alert | None = None,
        runbooks: str = RUNBOOKS,
    ) -> None:
        _require_window(window_days)
        _require_objective(objective_percent, window_days)
        super().__init__(scope, construct_id)
        self.objective_percent, self.window_days = objective_percent, window_days
        self._indicator = indicator or Indicator.availability()
        self._bad = self._indicator.bad(watched(service))
        self._runbook = f"{runbooks}#error-budget"
        pairs: Mapping[Severity, list[tuple[Alert, ...]]] = {Severity.CRITICAL: [], Severity.WARNING: []}
        for burn in BURNS:
            pairs[burn.severity].append(self._define_pair(burn))
        fast = self._define_joined("BurnsFast", "fast", Severity.CRITICAL, pairs, unless)
        slow = self._define_joined("BurnsSlowly", "slowly but too fast to last", Severity.WARNING, pairs, fast)
        self.alerts: Sequence[Alert] = [fast, slow]

    @property
    def budget_percent(self) -> float:
        """The share of requests that may be bad, in percent."""
        return round(100 - self.objective_percent, 6)

    def metric_burn_rate(self, *, minutes: int = 60) -> cloudwatch.IMetric:
        """Return how many times faster than it lasts the budget is used up; 1 is just right.

        Args:
            minutes: The period, 1-1440 minutes.

        Returns:
            The metric.
        """
        rate = ("rate", f"bad/{self.budget_percent:g}")
        return metric_of(self._with(rate), minutes=minutes, label="Burn rate")

    def metric_budget_remaining(self) -> cloudwatch.IMetric:
        """Return how much of the budget is left of the last `window_days`, in percent; negative when it is overdrawn.

        Returns:
            The metric, with one period as long as the window: show it as a single value or gauge, never in an alarm.
        """
        left = ("left", f"100-100*bad/{self.budget_percent:g}")
        return metric_of(self._with(left), minutes=self.window_days * MINUTES_A_DAY, label="Error budget left")

    def _with(self, expression: tuple[str, str]) -> Arithmetic:
        return Arithmetic(self._bad.queries, [*self._bad.expressions, expression])

    def _define_pair(self, burn: Burn) -> tuple[Alert, ...]:
        return (
            self._define_window(burn, burn.long_period_minutes, burn.periods),
            self._define_window(burn, burn.short_minutes, 1),
        )

    def _define_window(self, burn: Burn, minutes: int, periods: int) -> Alert:
        rate = burn.rate(self.window_days)
        length = f"{minutes * periods}Minutes"
        return define_alert(
            self,
            f"{burn.severity.value.capitalize()}{length}",
            says=f"Percentage of {self._indicator.says}, at {rate:g} times the objective's {self.budget_percent:g} %",
            severity=burn.severity,
            runbook=self._runbook,
            metric=metric_of(self._bad, minutes=minutes),
            threshold=round(rate * self.budget_percent, 6),
            evaluation_periods=periods,
            period_minutes=minutes,
        )

    def _define_joined(
        self,
        construct_id: str,
        how: str,
        severity: Severity,
        pairs: Mapping[Severity, list[tuple[Alert, ...]]],
        unless: Alert | None,
    ) -> Alert:
        budget = f"The error budget of {self.objective_percent:g} % over {self.window_days} days"
        return define_composite_alert(
            self,
            construct_id,
            says=f"{budget} burns {how}, by {self._indicator.says}",
            severity=severity,
            runbook=self._runbook,
            any_of=pairs[severity],
            unless=unless,
        )


def _require_window(days: int) -> None:
    if isinstance(days, bool) or not isinstance(days, int) or not SHORTEST_DAYS <= days <= LONGEST_DAYS:
        raise ValueError(
            f"window_days must be {SHORTEST_DAYS}-{LONGEST_DAYS}, got {days!r}; in a shorter one, a budget that lasts "
            "would raise alerts"
        )


def _require_objective(percent: float, window_days: int) -> None:
    require_percent("objective_percent", percent)
    fastest = max(burn.rate(window_days) for burn in BURNS)
    least = 100 - 100 / fastest
    if percent <= least:
        raise ValueError(
            f"objective_percent must be above {least:.1f} with a window of {window_days} days, got {percent:g}; at a "
            f"burn rate of {fastest:g}, more than all requests would have to be bad"
        )
