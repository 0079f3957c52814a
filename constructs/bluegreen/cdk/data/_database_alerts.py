"""What is watched about a PostgreSQL server."""

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from bluegreen.cdk._durations import minutes
from bluegreen.cdk.watching import Alert, Severity
from bluegreen.cdk.watching.define_alert import define_alert

from .engine import Engine

_MINUTES = 5
_PERIOD = minutes(_MINUTES)
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_GIB = 1024**3
_CPU_PERCENT = 80
_LEAST_STORAGE = 0.2
_MOST_CONNECTIONS = 0.9
_LEAST_MEMORY = 0.05
_SLOW_SECONDS = 0.05
_LAGGING_SECONDS = 300


class ServerAlerts:
    """Defines the alerts of one server.

    Args:
        scope: The server's construct.
        dimensions: By which CloudWatch knows it.
        runbooks: Where the runbooks are; an alert adds its section.
    """

    def __init__(self, scope: Construct, dimensions: Mapping[str, str], runbooks: str) -> None:
        self._scope = scope
        self._dimensions = dict(dimensions)
        self._runbooks = runbooks

    def of(self, engine: Engine) -> list[Alert]:
        """Return the alerts that every server has, and those that only an RDS instance has.

        Args:
            engine: Its size: limits are shares of it.
        """
        found = [
            self._define(
                "Cpu", "CPUUtilization", "CPU of the database, in percent", "database-cpu", _CPU_PERCENT, periods=3
            ),
            self._define(
                "Connections",
                "DatabaseConnections",
                f"Connections to the database, of {engine.max_connections} that it accepts",
                "database-connections",
                int(_MOST_CONNECTIONS * engine.max_connections),
                statistic="Maximum",
                severity=Severity.CRITICAL,
            ),
        ]
        if not engine.is_aurora:  # Aurora's storage grows by itself, its memory with its load
            found += self._of_volume_and_memory(engine)
        return found

    def _of_volume_and_memory(self, engine: Engine) -> list[Alert]:
        storage, memory = engine.storage_gib or 0, engine.memory_gib
        found = [
            self._define(
                "FreeStorage",
                "FreeStorageSpace",
                f"Free storage of the database in bytes, a fifth of {storage} GiB",
                "database-storage",
                int(_LEAST_STORAGE * storage * _GIB),
                statistic="Minimum",
                comparison=_BELOW,
                severity=Severity.CRITICAL,
            ),
            self._define(
                "FreeMemory",
                "FreeableMemory",
                f"Freeable memory of the database in bytes, a twentieth of {memory:g} GiB",
                "database-memory",
                int(_LEAST_MEMORY * memory * _GIB),
                periods=3,
                comparison=_BELOW,
            ),
        ]
        found += [
            self._define(
                f"{way}Latency",
                f"{way}Latency",
                f"Time that one {way.lower()} of the database's volume takes, in seconds",
                "database-latency",
                _SLOW_SECONDS,
                periods=3,
            )
            for way in ("Read", "Write")
        ]
        return found

    def of_lag(self, metric_name: str, *, unit_seconds: float) -> Alert:
        """Return the alert of a replica that falls behind.

        Args:
            metric_name: The metric that tells how far.
            unit_seconds: The metric's unit, in seconds.
        """
        return self._define(
            "ReplicaLag",
            metric_name,
            "Time by which the replica is behind",
            "database-replica-lag",
            _LAGGING_SECONDS / unit_seconds,
            statistic="Maximum",
            periods=2,
        )

    def _define(
        self,
        construct_id: str,
        metric_name: str,
        says: str,
        anchor: str,
        threshold: float,
        *,
        statistic: str = "Average",
        periods: int = 1,
        comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        severity: Severity = Severity.WARNING,
    ) -> Alert:
        return define_alert(
            self._scope,
            f"{construct_id}Alert",
            says=says,
            severity=severity,
            runbook=f"{self._runbooks}#{anchor}",
            metric=cloudwatch.Metric(
                namespace="AWS/RDS",
                metric_name=metric_name,
                dimensions_map=self._dimensions,
                statistic=statistic,
                period=_PERIOD,
            ),
            threshold=threshold,
            evaluation_periods=periods,
            comparison=comparison,
            period_minutes=_MINUTES,
        )
