"""The stack of one environment's data: its network and its database."""

from aws_cdk import Stack, Tags
from constructs import Construct

from bluegreen.cdk.data import EnvironmentKey

from .acknowledgements import acknowledge_data_findings
from .backups import define_backups
from .database import Database
from .environments import APPLICATION, Environment
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
        backups: Its backups.
    """

    def __init__(self, scope: Construct, *, environment: Environment, recovery_region: str | None = None) -> None:
        super().__init__(
            scope,
            environment.data_stack_name,
            description=f"Network and database of the {APPLICATION} service, {environment.name}",
            termination_protection=environment.protected,
        )
        Tags.of(self).add("application", APPLICATION)
        Tags.of(self).add("environment", environment.name)
        self.key = EnvironmentKey(self, "Key").key
        self.topics = define_topics(self, environment, self.key)
        self.network = define_network(self, environment)
        self.vpc = self.network.vpc
        self.database = Database(self, "Database", vpc=self.vpc, name=APPLICATION, environment=environment)
        self.backups = define_backups(
            self, environment, database_arn=self.database.instance.instance_arn, recovery_region=recovery_region
        )
        acknowledge_data_findings(self, environment)
