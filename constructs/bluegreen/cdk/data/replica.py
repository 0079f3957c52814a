"""A copy of a database in another region, seconds behind, that can take over when the region is lost."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws_cdk import Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk.watching.define_alert import RUNBOOKS

from . import _instance
from ._database_alerts import ServerAlerts
from ._endpoint import PostgresEndpoint
from ._server import acknowledge_server, log_groups, monitoring_role, parameters_of, subnet_group
from ._windows import require_windows
from .backup_replication import require_backup_days, require_other_region
from .engine import Engine

if TYPE_CHECKING:
    from bluegreen.cdk.watching import Alert

_REASONS = {
    "AwsSolutions-RDS2": "a replica is encrypted as its source is, and RDS refuses to be told so again",
    "NIST.800.53.R5-RDSStorageEncrypted": "naming the key for the replica is all that RDS accepts on its encryption",
    "NIST.800.53.R5-RDSInBackupPlan": "the plan backs up the source; the replica has daily snapshots of its own",
}
_ARN = re.compile(r"arn:[a-z-]+:rds:([a-z0-9-]+):[0-9]{12}:db:[a-z][a-z0-9-]{0,62}")


class DatabaseReplica(PostgresEndpoint):
    """A read replica of a `Database` of another region: for a service that moves there when its own region is lost.

    It has an owner's settings from the start (backups, alarms, logs, its own key), so that nothing has to be added when
    it is promoted: `aws rds promote-read-replica`, then `aws rds modify-db-instance --manage-master-user-password` for
    a master password in that region. The application's user is made anew, with `application_user`, by the migrations of
    the first release there. Its source must be `replicable`.

    Args:
        scope: The stack of the other region.
        construct_id: Its name there.
        vpc: The network there; it takes the isolated subnets.
        source_arn: The ARN of the instance that it copies, in another region.
        name: The database's name, that of the source.
        identifier: The replica's name, 1-61 lower-case letters, digits and single hyphens.
        key: What encrypts it: a key of its own region, which RDS needs to be told.
        engine: How large. Its volume begins as large as the source's. `Engine.postgres()` when omitted.
        multi_az: Whether it has a standby already; none when omitted: it can be added after the promotion.
        protected: Whether it refuses deletion, and stays when its stack goes; yes when omitted.
        backup_days: How long its own backups are kept, 1-35 days; 7 when omitted.
        backup_window: When the daily snapshot is taken: at least 30 minutes, in UTC. AWS Backup makes none in this
            window, the next, and the hour before each, so by default both are over when `Backups` begins.
        maintenance_window: When minor versions and patches come: at least 30 minutes, in UTC, apart from the backup.
        parameters: Server parameters by name, beside ours or instead; those of the source. None when omitted.
        log_retention: How long the server's log is kept; one month when omitted.
        runbooks: Where the runbooks are, to which alerts add their section.

    Attributes:
        identifier: The replica's name.
        arn: Its ARN.
        host: Its address.
        port: The TCP port.
        database_name: The database.
        security_group: What clients are let into.
        application_user: A secret for the user that the application connects as, once it is promoted.
        key: The key.
        alerts: What is wrong with it; that it is more than 5 minutes behind, among others.
        instance: It as an RDS instance.

    Raises:
        ValueError: If the source is in the same region or no instance, or a name, window or figure is none that RDS
            allows.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "ShopRecovery", env=cdk.Environment(region="eu-central-1"))
        >>> isolated = ec2.SubnetConfiguration(name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        >>> replica = DatabaseReplica(
        ...     stack,
        ...     "Replica",
        ...     vpc=ec2.Vpc(stack, "Vpc", subnet_configuration=[isolated]),
        ...     source_arn="arn:aws:rds:eu-west-1:111122223333:db:shop-prod",
        ...     name="shop",
        ...     identifier="shop-prod-replica",
        ...     key=kms.Key(stack, "Key"),
        ... )
        >>> replica.environment()["DATABASE_NAME"]
        'shop'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        source_arn: str,
        name: str,
        identifier: str,
        key: kms.IKey,
        engine: Engine | None = None,
        multi_az: bool = False,
        protected: bool = True,
        backup_days: int = 7,
        backup_window: str = "00:00-00:30",
        maintenance_window: str = "sun:01:00-sun:02:00",
        parameters: Mapping[str, str] | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id, vpc=vpc, name=name, identifier=identifier, key=key)
        engine = engine or Engine.postgres()
        require_backup_days("backup_days", backup_days)
        require_windows(backup_window, maintenance_window)
        _require_source(source_arn, engine, Stack.of(self).region)
        server = _instance.define_instance(
            self,
            _instance.ServerSettings(
                identifier=identifier,
                database_name=name,
                engine=engine,
                parameters=parameters_of(engine, parameters or {}),
                subnets=subnet_group(self, vpc),
                security_group=self.security_group,
                monitoring_role=monitoring_role(self),
                multi_az=multi_az,
                protected=protected,
                backup_days=backup_days,
                replication=None,
                backup_window=backup_window,
                maintenance_window=maintenance_window,
                advanced_insights=False,
                key=key,
                source_arn=source_arn,
            ),
        )
        groups = log_groups(self, f"instance/{identifier}", _instance.LOGS, retention=log_retention, key=key)
        server.resource.node.add_dependency(*groups)
        self.arn, self.host = server.arn, server.host
        self.instance: rds.IDatabaseInstance | None = server.instance
        alerts = ServerAlerts(self, {"DBInstanceIdentifier": identifier}, runbooks)
        self.alerts: Sequence[Alert] = [*alerts.of(engine), alerts.of_lag("ReplicaLag", unit_seconds=1)]
        acknowledge_server(self, multi_az=multi_az, protected=protected)
        acknowledge(self, _REASONS)


def _require_source(source_arn: str, engine: Engine, own_region: str) -> None:
    if engine.is_aurora:
        raise ValueError("engine must be Engine.postgres(…) for a replica, got Aurora")
    if Token.is_unresolved(source_arn):
        return
    found = _ARN.fullmatch(source_arn)
    if found is None:
        raise ValueError(f"source_arn must be the ARN of an RDS instance, got {source_arn!r}")
    require_other_region("the replica", own_region, found.group(1))
