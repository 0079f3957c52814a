"""A cache that passes review: encrypted at rest and on the way, with a password, a second node, and alarms."""

import re
from collections.abc import Mapping, Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._durations import minutes
from bluegreen.cdk.watching import Alert, Severity
from bluegreen.cdk.watching.define_alert import RUNBOOKS, define_alert

from ._doors import closed_group, isolated_subnets, let_in
from ._secrets import UserSecret
from ._windows import require_windows

_PORT = 6379
_VERSION = "8.0"
_SHORTEST_WINDOW_MINUTES = 60
_MOST_NODES = 6
_MOST_SNAPSHOT_DAYS = 35
_COMPLIANT_SNAPSHOT_DAYS = 15
_IDENTIFIER = re.compile(r"[a-z](-?[a-z0-9]){0,39}")
_SMALL, _LARGE = ("micro", "small", "medium"), ("large", "xlarge", "2xlarge", "4xlarge")
SIZES: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("t3", "t4g"), _SMALL),
    **dict.fromkeys(("m5", "r5"), (*_LARGE, "12xlarge", "24xlarge")),
    **dict.fromkeys(("m6g", "m7g", "m8g", "r6g", "r7g", "r8g"), (*_LARGE, "8xlarge", "12xlarge", "16xlarge")),
}
"""The node types that ElastiCache offers for Valkey, as cfn-lint 1.58 has them; a test compares the two."""


class Cache(Construct):
    """Valkey on ElastiCache: TLS only, with a password, in isolated subnets, reachable by nobody until let in.

    What it holds can be lost at any time, and the application must live without it: a snapshot a day is for a warm
    start, not for the truth.

    Args:
        scope: The stack of the data.
        construct_id: Its name there.
        vpc: Its network; it takes the isolated subnets.
        identifier: The replication group's name, 1-40 lower-case letters, digits and single hyphens.
        node: The node type without "cache.", such as "t4g.small".
        nodes: How many, 1-6, in different zones: one takes writes, and another takes its place when it fails. Two when
            omitted; one alone is not replaced without a gap.
        snapshot_days: How long daily snapshots are kept, 0-35 days; 0 takes none. 15 when omitted.
        snapshot_window: When they are taken: at least 60 minutes, in UTC.
        maintenance_window: When patches come: at least 60 minutes, in UTC, apart from the snapshots.
        key: What data, snapshots, logs and the password are encrypted with. AWS's own keys when omitted.
        log_retention: How long slow commands and the engine's log are kept; one month when omitted.
        runbooks: Where the runbooks are, to which alerts add their section.

    Attributes:
        identifier: The replication group's name.
        host: The address of whichever node takes writes.
        port: The TCP port.
        security_group: What clients are let into.
        password: The secret with the field `password`.
        key: The key, if one was given.
        alerts: What is wrong with it.

    Raises:
        ValueError: If a name, window, node type or figure is none that ElastiCache allows.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "ShopData")
        >>> isolated = ec2.SubnetConfiguration(name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        >>> vpc = ec2.Vpc(stack, "Vpc", subnet_configuration=[isolated])
        >>> cache = Cache(stack, "Cache", vpc=vpc, identifier="shop-prod")
        >>> sorted({**cache.environment(), **cache.variables()})
        ['CACHE_HOST', 'CACHE_PASSWORD', 'CACHE_PORT']
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        identifier: str,
        node: str = "t4g.small",
        nodes: int = 2,
        snapshot_days: int = 15,
        snapshot_window: str = "00:00-01:00",
        maintenance_window: str = "sun:01:00-sun:02:00",
        key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        runbooks: str = RUNBOOKS,
    ) -> None:
        _require_names(identifier, node)
        _require_range("nodes", nodes, 1, _MOST_NODES)
        _require_range("snapshot_days", snapshot_days, 0, _MOST_SNAPSHOT_DAYS)
        require_windows(snapshot_window, maintenance_window, shortest_minutes=_SHORTEST_WINDOW_MINUTES)
        super().__init__(scope, construct_id)
        self.identifier, self.port, self.key = identifier, _PORT, key
        self.security_group: ec2.ISecurityGroup = closed_group(self, vpc, f"The cache {identifier}")
        self.password: secretsmanager.ISecret = UserSecret(
            self, "Password", username="default", description=f"Clients of {identifier}", key=key
        )
        group = elasticache.CfnReplicationGroup(
            self,
            "Group",
            replication_group_id=identifier,
            replication_group_description=f"Cache of {self.node.path}",
            engine="valkey",
            engine_version=_VERSION,
            auto_minor_version_upgrade=True,
            cache_node_type=f"cache.{node}",
            num_cache_clusters=nodes,
            automatic_failover_enabled=nodes > 1,
            multi_az_enabled=nodes > 1,
            port=_PORT,
            cache_subnet_group_name=self._subnets(vpc).ref,
            security_group_ids=[self.security_group.security_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            auth_token=self.password.secret_value_from_json("password").unsafe_unwrap(),
            at_rest_encryption_enabled=True,
            kms_key_id=key.key_arn if key else None,
            snapshot_retention_limit=snapshot_days,
            snapshot_window=snapshot_window if snapshot_days else None,
            preferred_maintenance_window=maintenance_window,
            log_delivery_configurations=self._logs(log_retention),
        )
        self.host = group.attr_primary_end_point_address
        self.alerts: Sequence[Alert] = self._watch(nodes, runbooks)
        self._acknowledge(nodes, snapshot_days)

    def let_in(self, client: ec2.ISecurityGroup, description: str) -> ec2.CfnSecurityGroupIngress:
        """Let the members of a security group in.

        Args:
            client: The group.
            description: Who they are.

        Returns:
            The rule, in the client's stack.
        """
        return let_in(client, f"To{self.node.id}", group=self.security_group, port=self.port, description=description)

    def variables(self) -> Mapping[str, ecs.Secret]:
        """Return CACHE_PASSWORD, as ECS reads it when a task starts."""
        return {"CACHE_PASSWORD": ecs.Secret.from_secrets_manager(self.password, "password")}

    def environment(self) -> Mapping[str, str]:
        """Return CACHE_HOST and CACHE_PORT, where TLS is spoken."""
        return {"CACHE_HOST": self.host, "CACHE_PORT": str(self.port)}

    def _subnets(self, vpc: ec2.IVpc) -> elasticache.CfnSubnetGroup:
        return elasticache.CfnSubnetGroup(
            self,
            "Subnets",
            description=f"Isolated subnets of {self.node.path}",
            subnet_ids=isolated_subnets(vpc),
        )

    def _logs(
        self, retention: logs.RetentionDays
    ) -> list[elasticache.CfnReplicationGroup.LogDeliveryConfigurationRequestProperty]:
        group = elasticache.CfnReplicationGroup
        return [
            group.LogDeliveryConfigurationRequestProperty(
                log_type=kind,
                log_format="json",
                destination_type="cloudwatch-logs",
                destination_details=group.DestinationDetailsProperty(
                    cloud_watch_logs_details=group.CloudWatchLogsDestinationDetailsProperty(
                        log_group=logs.LogGroup(
                            self,
                            f"{kind.partition('-')[0].capitalize()}Log",
                            log_group_name=f"/aws/elasticache/{self.identifier}/{kind}",
                            retention=retention,
                            encryption_key=self.key,
                            removal_policy=RemovalPolicy.DESTROY,
                        ).log_group_name
                    )
                ),
            )
            for kind in ("slow-log", "engine-log")
        ]

    def _watch(self, nodes: int, runbooks: str) -> list[Alert]:
        def define(
            construct_id: str, metric_name: str, says: str, limit: float, periods: int, *, statistic: str = "Average"
        ) -> Alert:
            return define_alert(
                self,
                f"{construct_id}Alert",
                says=says,
                severity=Severity.WARNING,
                runbook=f"{runbooks}#cache",
                metric=self._worst_node(metric_name, nodes, statistic),
                threshold=limit,
                evaluation_periods=periods,
            )

        return [
            define("Cpu", "EngineCPUUtilization", "Engine CPU of the cache's busiest node, in percent", 80, 3),
            define("Memory", "DatabaseMemoryUsagePercentage", "Memory of the cache's fullest node, in percent", 80, 3),
            define("Lag", "ReplicationLag", "Time by which a node of the cache is behind, in seconds", 30, 2),
            define(
                "Refused",
                "AuthenticationFailures",
                "Attempts to use the cache with a wrong password",
                0,
                1,
                statistic="Sum",
            ),
        ]

    def _worst_node(self, metric_name: str, nodes: int, statistic: str) -> cloudwatch.IMetric:
        """ElastiCache counts by node, and names the nodes by number: which one takes writes changes."""
        by_node = {
            f"node{number}": cloudwatch.Metric(
                namespace="AWS/ElastiCache",
                metric_name=metric_name,
                dimensions_map={"CacheClusterId": f"{self.identifier}-{number:03}", "CacheNodeId": "0001"},
                statistic=statistic,
                period=minutes(5),
            )
            for number in range(1, nodes + 1)
        }
        return cloudwatch.MathExpression(
            expression=f"MAX([{', '.join(by_node)}])",
            using_metrics=dict(by_node),
            label=metric_name,
            period=minutes(5),
        )

    def _acknowledge(self, nodes: int, snapshot_days: int) -> None:
        reasons: dict[str, str] = {}
        if nodes == 1:
            reasons["AwsSolutions-AEC4"] = "its owner can live without the cache until its only node is replaced"
        if snapshot_days < _COMPLIANT_SNAPSHOT_DAYS:
            reasons["NIST.800.53.R5-ElastiCacheRedisClusterAutomaticBackup"] = (
                "what a cache held some days ago helps nobody: it is filled anew"
            )
        acknowledge(self, reasons)


def _require_names(identifier: str, node: str) -> None:
    if not _IDENTIFIER.fullmatch(identifier):
        raise ValueError(
            f"identifier must be 1-40 lower-case letters, digits and single hyphens between them, got {identifier!r}"
        )
    family, _, size = node.partition(".")
    if size not in SIZES.get(family, ()):
        known = f"{family} has {', '.join(SIZES[family])}" if family in SIZES else f"one of {', '.join(SIZES)}"
        raise ValueError(
            f'node must be a type that ElastiCache offers for Valkey, without "cache.", got {node!r}; {known}'
        )


def _require_range(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be {low}-{high}, got {value!r}")
