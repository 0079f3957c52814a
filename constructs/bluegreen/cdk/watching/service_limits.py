"""At which figures a service's alerts are raised."""

from dataclasses import dataclass

from ._ranges import require_above, require_percent


@dataclass(frozen=True, kw_only=True)
class ServiceLimits:
    """The figures at which a service's alerts are raised. Each limit has the time for which it must be exceeded.

    Args:
        error_rate_percent: Degraded when more of either version's requests fail within 5 minutes, above 0, below 100.
        high_error_rate_percent: Users are hurt when more fail within 5 minutes, above `error_rate_percent`, below 100.
        success_percent: Users are hurt when fewer of all requests succeed within 15 minutes, above 0 and below 100.
        latency_p99_ms: Degraded when the slowest 1 % of either version's answers take longer for 15 minutes, above 0.
        response_p95_ms: Users are hurt when the slowest 5 % take longer for 10 minutes, above 0.
        cpu_percent: A warning when the busiest task uses more for 15 minutes, above 0 and below 100.
        memory_percent: The same for memory.
        usual_requests_per_minute: What the service gets in its quietest hours, above 0: a warning when it gets less
            than half of that for 15 minutes. Left out when omitted; `ServiceAnomalies` learns what is usual when.

    Raises:
        ValueError: If a figure is out of range.

    Example:
        >>> ServiceLimits(latency_p99_ms=800).error_rate_percent
        1
    """

    error_rate_percent: float = 1
    high_error_rate_percent: float = 5
    success_percent: float = 99
    latency_p99_ms: float = 500
    response_p95_ms: float = 2000
    cpu_percent: float = 80
    memory_percent: float = 80
    usual_requests_per_minute: float | None = None

    def __post_init__(self) -> None:
        for name in ("error_rate_percent", "success_percent", "cpu_percent", "memory_percent"):
            require_percent(name, getattr(self, name))
        require_percent("high_error_rate_percent", self.high_error_rate_percent, above=self.error_rate_percent)
        for name in ("latency_p99_ms", "response_p95_ms"):
            require_above(name, getattr(self, name), 0)
        if self.usual_requests_per_minute is not None:
            require_above("usual_requests_per_minute", self.usual_requests_per_minute, 0)
