"""The stack of one environment's data: its network and its database."""

from aws_cdk import Stack
from constructs import Construct

from bluegreen.cdk.data import Database, EnvironmentKey
from bluegreen.cdk.watching import LogArchive, Severity

from .backups import define_backups
from .edge import Entrance
from .environments import APPLICATION, Environment
from .guardrails import define_budget, tag, watch_for_drift
from .network import define_network
from .watching import define_topics


class DataStack(Stack):
    """What must outlive the service: apart from it, so that the service's stack can be deleted and made again.

    CloudFormation deletes a stack whose first creation failed as a whole, and refuses to while it is protected.

    Args:
        scope: The app.
        environment: What differs between environments.
        recovery_region: Where copies of a protected environment's backups go; nowhere when omitted.

    Attributes:
        key: What encrypts its data, logs and alarms.
        topics: Where its alerts are told.
        network: The network.
        vpc: Its VPC.
        database: The database.
        log_archive: Where logs are kept for years.
        entrance: The name that users call, and the logs of who called.
        backups: Its backups.
        alerts: What is told of all these.
    """

    def __init__(self, scope: Construct, *, environment: Environment, recovery_region: str | None = None) -> None:
        super().__init__(
            scope,
            environment.data_stack_name,
            description=f"Network and database of the {APPLICATION} service, {environment.name}",
            termination_protection=environment.protected,
        )
        tag(self, environment.name)
        self.key = EnvironmentKey(self, "Key").key
        self.topics = define_topics(self, environment, self.key)
        define_budget(self, environment, self.topics)
        self.network = define_network(self, environment, self.key)
        self.vpc = self.network.vpc
        self.topics.tell(self.network.alerts)
        self.database = self._define_database(environment, replicable=recovery_region is not None)
        self.log_archive = LogArchive(self, "LogArchive", key=self.key, keep_days=environment.archive_days)
        self.entrance = Entrance(self, environment)
        self.backups = define_backups(
            self, environment, database_arn=self.database.arn, key=self.key, recovery_region=recovery_region
        )
        self.topics.tell(self.backups.alerts)
        drift = watch_for_drift(self, environment, topics=self.topics, key=self.key)
        self.alerts = [*self.network.alerts, *self.database.alerts, *self.backups.alerts, *drift.alerts]

    def _define_database(self, environment: Environment, *, replicable: bool) -> Database:
        settings = environment.database
        database = Database(
            self,
            "Database",
            vpc=self.vpc,
            name=APPLICATION,
            identifier=f"{APPLICATION}-{environment.name}",
            engine=settings.engine,
            multi_az=settings.multi_az,
            protected=settings.protected,
            backup_days=settings.backup_days,
            replicable=replicable and environment.protected,
            key=self.key,
            log_retention=environment.log_retention,
            notifications=self.topics.topic(Severity.WARNING),
        )
        self.topics.tell(database.alerts)
        return database
