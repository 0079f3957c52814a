"""A PostgreSQL database that passes review: encrypted, backed up, watched, and closed to all who are not let in."""

import re
from collections.abc import Mapping, Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk.watching import Alert
from bluegreen.cdk.watching.define_alert import RUNBOOKS

from . import _cluster, _instance
from ._database_alerts import ServerAlerts
from ._doors import closed_group, let_in
from ._secrets import SecretField, UserSecret
from ._server import PORT, log_groups, monitoring_role, parameters_of, subnet_group
from ._windows import require_windows
from .backup_replication import BackupReplication, require_backup_days, require_other_region
from .engine import Engine

_IDENTIFIER = re.compile(r"[a-z](-?[a-z0-9]){0,60}")
_NAME = re.compile(r"(?!pg_|rds)[a-z][a-z0-9_]{0,62}")
_EVENTS = {
    "db-instance": ["failover", "failure", "low storage", "maintenance", "recovery"],
    "db-cluster": ["failover", "failure", "maintenance"],
}


class Database(Construct):
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
        backup_window: When the daily snapshot is taken: at least 30 minutes, in UTC.
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
        backup_window: str = "02:00-02:30",
        maintenance_window: str = "sun:03:00-sun:04:00",
        parameters: Mapping[str, str] | None = None,
        advanced_insights: bool = False,
        key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        notifications: sns.ITopic | None = None,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id)
        engine = engine or Engine.postgres()
        require_names(name, identifier)
        require_backup_days("backup_days", backup_days)
        require_windows(backup_window, maintenance_window)
        _require_replication(replication, engine, Stack.of(self).region)
        self.identifier, self.database_name, self.port, self.key = identifier, name, PORT, key
        self.security_group: ec2.ISecurityGroup = closed_group(self, vpc, f"The database {identifier}")
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
        self.migrator: secretsmanager.ISecret = secretsmanager.Secret.from_secret_attributes(
            self, "Migrator", secret_complete_arn=server.secret_arn
        )
        self.application_user: secretsmanager.ISecret = UserSecret(
            self, "ApplicationUser", username=f"{name}_app", key=key
        )
        self.alerts: Sequence[Alert] = self._watch(engine, runbooks, two=multi_az)
        if notifications is not None:
            self._tell(notifications, f"db-{place}", server)
        self._acknowledge(multi_az=multi_az, protected=protected)

    def let_in(self, client: ec2.ISecurityGroup, description: str) -> ec2.CfnSecurityGroupIngress:
        """Let the members of a security group in.

        Args:
            client: The group.
            description: Who they are.

        Returns:
            The rule, in the client's stack: this one knows nothing of who comes.
        """
        return let_in(client, f"To{self.node.id}", group=self.security_group, port=self.port, description=description)

    def variables(self, secret: secretsmanager.ISecret) -> Mapping[str, ecs.Secret]:
        """Return DATABASE_USER and DATABASE_PASSWORD, as ECS reads them when a task starts.

        Args:
            secret: `migrator` or `application_user`: whom the client connects as.

        Returns:
            The variables.
        """
        fields = {"USER": "username", "PASSWORD": "password"}
        return {f"DATABASE_{name}": SecretField(secret, field, self.key) for name, field in fields.items()}

    def environment(self) -> Mapping[str, str]:
        """Return DATABASE_HOST, DATABASE_PORT and DATABASE_NAME, which are no secrets."""
        return {
            "DATABASE_HOST": self.host,
            "DATABASE_PORT": str(self.port),
            "DATABASE_NAME": self.database_name,
        }

    def _watch(self, engine: Engine, runbooks: str, *, two: bool) -> list[Alert]:
        kind = "Cluster" if engine.is_aurora else "Instance"
        alerts = ServerAlerts(self, {f"DB{kind}Identifier": self.identifier}, runbooks)
        lag = [alerts.of_lag("AuroraReplicaLagMaximum", unit_seconds=0.001)] if engine.is_aurora and two else []
        return [*alerts.of(engine), *lag]

    def _tell(self, topic: sns.ITopic, source_type: str, server: _instance.Server) -> None:
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"LetEventsOf{self.node.id}Publish",
                principals=[iam.ServicePrincipal("events.rds.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        subscription = rds.CfnEventSubscription(
            self,
            "Events",
            sns_topic_arn=topic.topic_arn,
            source_type=source_type,
            source_ids=[self.identifier],
            event_categories=_EVENTS[source_type],
        )
        subscription.node.add_dependency(server.resource, topic)  # whose policy lets RDS publish

    def _acknowledge(self, *, multi_az: bool, protected: bool) -> None:
        reasons = {
            "AwsSolutions-RDS11": "no public address reaches isolated subnets, so another port would hide nothing",
            "AwsSolutions-SMG4": "the application reads its password when a task starts, so it changes with a release",
            "NIST.800.53.R5-SecretsManagerRotationEnabled": "RDS rotates the master user's password every week; that "
            "of the application is set anew by whoever releases",
        }
        if not multi_az:
            reasons |= {
                "AwsSolutions-RDS3": "its owner chose to wait for a restart or a restore rather than pay for a standby",
                "NIST.800.53.R5-RDSMultiAZSupport": "no standby was asked for: it may be down for a while",
            }
        if not protected:
            reasons |= {
                "AwsSolutions-RDS10": "it was declared to hold nothing that must outlive its stack",
                "NIST.800.53.R5-RDSInstanceDeletionProtectionEnabled": "whoever deletes this environment's stack means "
                "its data as well",
            }
        acknowledge(self, reasons)


def require_names(name: str, identifier: str) -> None:
    """Refuse names that RDS refuses.

    Args:
        name: Of the database and its master user.
        identifier: Of the instance or cluster.

    Raises:
        ValueError: If one is not allowed.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            "name must be 1-63 lower-case letters, digits and '_', beginning with a letter and neither with 'pg_' nor "
            f"with 'rds', got {name!r}"
        )
    if not _IDENTIFIER.fullmatch(identifier):
        raise ValueError(
            f"identifier must be 1-61 lower-case letters, digits and single hyphens between them, got {identifier!r}"
        )


def _require_replication(replication: BackupReplication | None, engine: Engine, own_region: str) -> None:
    if replication is None:
        return
    if engine.is_aurora:
        raise ValueError(
            f"replication must be None for Aurora, got {replication.region}; copy its snapshots with a backup plan"
        )
    require_other_region("replication", replication.region, own_region)
