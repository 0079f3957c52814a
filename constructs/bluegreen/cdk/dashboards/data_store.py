"""What an operator watches of a data store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ._series import Series, expression, hidden, metric
from ._widgets import Widget, graph

_GIBIBYTE = 2**30
_RDS, _CACHE, _TABLE = "AWS/RDS", "AWS/ElastiCache", "AWS/DynamoDB"


@dataclass(frozen=True)
class DataStore:
    """A data store on the operations dashboard: one row of four graphs. Made by one of the factories.

    Example:
        >>> DataStore.database("orders-prod").name, DataStore.table("carts").name
        ('orders-prod', 'carts')
    """

    name: str
    graphs: Sequence[Widget]

    @classmethod
    def database(cls, identifier: str) -> Self:
        """Show an RDS instance.

        Args:
            identifier: Its identifier.

        Returns:
            CPU, connections, what is free, and how long reads and writes take.
        """
        of = {"DBInstanceIdentifier": identifier}
        return cls._relational(identifier, of, "FreeStorageSpace", "storage")

    @classmethod
    def database_cluster(cls, identifier: str) -> Self:
        """Show an Aurora cluster.

        Args:
            identifier: Its identifier.

        Returns:
            CPU, connections, free local storage, and how long reads and writes take.
        """
        return cls._relational(identifier, {"DBClusterIdentifier": identifier}, "FreeLocalStorage", "local storage")

    @classmethod
    def cache(cls, cluster_ids: Sequence[str], *, name: str = "cache") -> Self:
        """Show an ElastiCache replication group with nodes of its own.

        Args:
            cluster_ids: The ids of its nodes' clusters, such as "carts-001" and "carts-002".
            name: What to call it.

        Returns:
            CPU, memory, hits and misses, and evictions.
        """
        return cls(
            name,
            [
                graph(f"{name}: engine CPU, %", cls._nodes("EngineCPUUtilization", cluster_ids), width=6, high=100),
                graph(
                    f"{name}: memory, %", cls._nodes("DatabaseMemoryUsagePercentage", cluster_ids), width=6, high=100
                ),
                graph(f"{name}: connections", cls._nodes("CurrConnections", cluster_ids), width=6),
                graph(f"{name}: evictions a minute", cls._nodes("Evictions", cluster_ids, "Sum"), width=6),
            ],
        )

    @classmethod
    def table(cls, table_name: str) -> Self:
        """Show a DynamoDB table.

        Args:
            table_name: Its name.

        Returns:
            Consumed capacity, throttled requests, and errors of AWS.
        """
        of = {"TableName": table_name}
        used = [
            metric(_TABLE, f"Consumed{kind}CapacityUnits", of, stat="Sum", label=label)
            for kind, label in (("Read", "reads"), ("Write", "writes"))
        ]
        throttled = [
            metric(_TABLE, f"{kind}ThrottleEvents", of, stat="Sum", label=label)
            for kind, label in (("Read", "reads"), ("Write", "writes"))
        ]
        return cls(
            table_name,
            [
                graph(f"{table_name}: capacity units a minute", used, width=12),
                graph(f"{table_name}: throttled a minute", throttled, width=12),
            ],
        )

    @classmethod
    def _relational(cls, identifier: str, of: dict[str, str], free: str, kind: str) -> Self:
        space = [
            hidden(_RDS, free, of, stat="Minimum", metric_id="free"),
            expression(f"free/{_GIBIBYTE}", kind, id="storage"),
            hidden(_RDS, "FreeableMemory", of, stat="Minimum", metric_id="m"),
            expression(f"m/{_GIBIBYTE}", "memory", id="memory", yAxis="right"),
        ]
        taken: list[Series] = []
        for letter, name, label in (("r", "ReadLatency", "reads"), ("w", "WriteLatency", "writes")):
            taken += [
                hidden(_RDS, name, of, stat="Average", metric_id=letter),
                expression(f"1000*{letter}", label, id=label),
            ]
        cpu = metric(_RDS, "CPUUtilization", of, label="CPU")
        connections = metric(_RDS, "DatabaseConnections", of, stat="Maximum", label="connections")
        return cls(
            identifier,
            [
                graph(f"{identifier}: CPU, %", [cpu], width=6, high=100),
                graph(f"{identifier}: connections", [connections], width=6),
                graph(f"{identifier}: free, GiB", space, width=6, unit=kind, right_unit="memory"),
                graph(f"{identifier}: disk latency, ms", taken, width=6),
            ],
        )

    @staticmethod
    def _nodes(name: str, cluster_ids: Sequence[str], stat: str = "Average") -> list[Series]:
        return [metric(_CACHE, name, {"CacheClusterId": one}, stat=stat, label=one) for one in cluster_ids]
