"""A PostgreSQL database that passes review: encrypted, backed up, watched, and closed to all who are not let in."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.cdk._arns import OWN
from bluegreen.cdk.watching import Alert
from bluegreen.cdk.watching.define_alert import RUNBOOKS

from . import _cluster, _instance
from ._database_alerts import ServerAlerts
from ._endpoint import PostgresEndpoint
from ._secrets import UserSecret
from ._server import acknowledge_server, log_groups, monitoring_role, parameters_of, subnet_group
from ._windows import require_windows
from .backup_replication import BackupReplication, require_backup_days, require_other_region
from .engine import Engine

_EVENTS = {
    "db-instance": ["failover", "failure", "low storage", "maintenance", "recovery"],
    "db-cluster": ["failover", "failure", "maintenance"],
}


class Database(PostgresEndpoint):
    """PostgreSQL on RDS or Aurora. TLS only, encrypted, in isolated subnets, reachable by nobody until let in.

    RDS keeps the master user's password in a secret of its own and changes it every week. A migration reads it when its
    task starts and connects within seconds; connections that are open survive the change. In the rare case that the
    password changes in between, the migration fails before its first statement, and the release can be repeated.
    The application connects as a user of its own, whose password only its secret and its owner change. Whoever reads
    `migrator` other than by `variables` needs kms:Decrypt on `key` as well, if there is one.

    Args:
        scope: The stack of the data.
        construct_id: Its name there.
        vpc: Its network; it takes the isolated subnets.
        name: The database and its master user: 1-63 lower-case letters, digits and `_`, beginning with a letter, and
            neither with "pg_" nor with "rds".
        identifier: The name of the instance or cluster, 1-61 lower-case letters, digits and single hyphens. Fixed on
            purpose: a change that would replace the database, and begin with an empty one, fails instead.
        engine: Which PostgreSQL, how large. `Engine.postgres()`, a small RDS instance, when omitted.
        multi_az: Whether a standby in another zone takes over when the server fails; yes when omitted. On Aurora it is
            a second instance, which may be read from.
        protected: Whether it refuses deletion, and leaves a last snapshot and its backups when it goes all the same;
            yes when omitted.
        backup_days: How long backups are kept, and how far back a restore to any moment reaches, 1-35 days; 7 when
            omitted.
        replication: Another region that has the backups too. None when omitted; not for Aurora.
        replicable: Whether read replicas may be made of it. RDS refuses those of an instance whose password it keeps
            itself, so the master user's is then generated once and nobody changes it. No when omitted; not for Aurora.
        backup_window: When the daily snapshot is taken: at least 30 minutes, in UTC. AWS Backup makes none in this
            window, the next, and the hour before each, so by default both are over when `Backups` begins.
        maintenance_window: When minor versions and patches come: at least 30 minutes, in UTC, apart from the backup.
        parameters: Server parameters by name, beside ours or instead. None when omitted.
        advanced_insights: Whether query statistics, plans and locks are kept for 15 months, at a price by the virtual
            CPU; the free 7 days of query statistics when omitted.
        key: What data, backups, logs, statistics and secrets are encrypted with. AWS's own keys when omitted.
        log_retention: How long the server's log is kept; one month when omitted.
        notifications: The topic that hears of failovers, failures and maintenance. Nobody when omitted.
        runbooks: Where the runbooks are, to which alerts add their section.

    Attributes:
        identifier: The instance's or cluster's name.
        arn: Its ARN.
        host: The address of whatever serves writes now; it stays the same when a standby takes over.
        port: The TCP port.
        database_name: The database.
        security_group: What clients are let into.
        migrator: The secret of the master user, with username and password; no application connects as this user.
        application_user: The secret of the user that the application connects as, whom the migrations make.
        key: The key, if one was given.
        alerts: What is wrong with it.
        instance: It as an RDS instance; None on Aurora.
        cluster: It as an Aurora cluster; None on RDS.

    Raises:
        ValueError: If a name, window or figure is none that RDS allows, or `parameters` would let in connections
            without TLS, or backups would be replicated to their own region.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "ShopData")
        >>> isolated = ec2.SubnetConfiguration(name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        >>> vpc = ec2.Vpc(stack, "Vpc", subnet_configuration=[isolated])
        >>> database = Database(stack, "Database", vpc=vpc, name="shop", identifier="shop-prod")
        >>> sorted({**database.environment(), **database.variables(database.application_user)})
        ['DATABASE_HOST', 'DATABASE_NAME', 'DATABASE_PASSWORD', 'DATABASE_PORT', 'DATABASE_USER']
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        name: str,
        identifier: str,
        engine: Engine | None = None,
        multi_az: bool = True,
        protected: bool = True,
        backup_days: int = 7,
        replication: BackupReplication | None = None,
        replicable: bool = False,
        backup_window: str = "00:00-00:30",
        maintenance_window: str = "sun:01:00-sun:02:00",
        parameters: Mapping[str, str] | None = None,
        advanced_insights: bool = False,
        key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        notifications: sns.ITopic | None = None,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id, vpc=vpc, name=name, identifier=identifier, key=key)
        engine = engine or Engine.postgres()
        require_backup_days("backup_days", backup_days)
        require_windows(backup_window, maintenance_window)
        _require_replication(replication, engine, Stack.of(self).region, replicable=replicable)
        master = (
            UserSecret(self, "Migrator", username=name, description=f"The master user of {identifier}", key=key)
            if replicable
            else None
        )
        settings = _instance.ServerSettings(
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
            replication=replication,
            backup_window=backup_window,
            maintenance_window=maintenance_window,
            advanced_insights=advanced_insights,
            key=key,
            master=master,
        )
        server, place, kinds = (
            (_cluster.define_cluster(self, settings), "cluster", _cluster.LOGS)
            if engine.is_aurora
            else (_instance.define_instance(self, settings), "instance", _instance.LOGS)
        )
        groups = log_groups(self, f"{place}/{identifier}", kinds, retention=log_retention, key=key)
        server.resource.node.add_dependency(*groups)
        self.arn, self.host = server.arn, server.host
        self.instance, self.cluster = server.instance, server.cluster
        self.migrator: secretsmanager.ISecret = master or secretsmanager.Secret.from_secret_attributes(
            self, "Migrator", secret_complete_arn=server.secret_arn
        )
        self.alerts: Sequence[Alert] = self._watch(engine, runbooks, two=multi_az)
        if notifications is not None:
            self._tell(notifications, f"db-{place}", server)
        acknowledge_server(self, multi_az=multi_az, protected=protected)

    def _watch(self, engine: Engine, runbooks: str, *, two: bool) -> list[Alert]:
        kind = "Cluster" if engine.is_aurora else "Instance"
        alerts = ServerAlerts(self, {f"DB{kind}Identifier": self.identifier}, runbooks)
        lag = [alerts.of_lag("AuroraReplicaLagMaximum", unit_seconds=0.001)] if engine.is_aurora and two else []
        return [*alerts.of(engine), *lag]

    def _tell(self, topic: sns.ITopic, source_type: str, server: _instance.Server) -> None:
        topic_arn = topic.topic_arn
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"LetEventsOf{self._id}Publish",
                principals=[iam.ServicePrincipal("events.rds.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": OWN.account}},
            )
        )
        subscription = rds.CfnEventSubscription(
            self,
            "Events",
            sns_topic_arn=topic_arn,
            source_type=source_type,
            source_ids=[self.identifier],
            event_categories=_EVENTS[source_type],
        )
        policy = topic.node.try_find_child("Policy")  # without it, RDS finds that it may not publish
        subscription.node.add_dependency(server.resource, *([policy] if policy else []))


def _require_replication(
    replication: BackupReplication | None, engine: Engine, own_region: str, *, replicable: bool
) -> None:
    if engine.is_aurora and (replication or replicable):
        raise ValueError("replication and replicable must be omitted for Aurora; copy its snapshots with a backup plan")
    if replication is not None:
        require_other_region("replication", replication.region, own_region)
