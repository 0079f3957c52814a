"""The stack of one environment: the orders service."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from .data_stack import DataStack
from .edge import open_to_users
from .environments import APPLICATION, Environment
from .guardrails import tag
from .observing import Observing, Outside
from .orders import define_orders
from .recovery import prove_recovery
from .watching import Watching


class ServiceStack(Stack):
    """The orders service in one environment.

    It goes to whatever account and region it is deployed to, and asks AWS nothing at synth.

    Args:
        scope: The app.
        environment: What differs between environments.
        data: Its network and its database.
        version: The image's tag.

    Attributes:
        service: The service.
        migrations: What migrates its database.
        watching: Its alerts and objectives.
        recovery: What proves that its database can be recovered.
        observing: Its dashboards.
    """

    def __init__(self, scope: Construct, *, environment: Environment, data: DataStack, version: str) -> None:
        super().__init__(
            scope,
            environment.stack_name,
            description=f"The {APPLICATION} service, {environment.name}",
        )
        tag(self, environment.name)
        self.service, self.migrations = define_orders(
            self,
            environment,
            vpc=data.vpc,
            key=data.key,
            database=data.database,
            migrator=data.database.migrator,
            certificate=data.entrance.certificate(self),
            version=version,
        )
        scheme = "https" if environment.domain_name else "http"
        host = environment.domain_name or self.service.load_balancer.load_balancer_dns_name
        url = f"{scheme}://{host}"
        CfnOutput(self, "Url", value=url)
        edge, refused = open_to_users(self, environment, entrance=data.entrance, service=self.service, key=data.key)
        self.recovery = prove_recovery(self, environment, service=self.service, data=data)
        outside = Outside(self, "Outside", service=self.service, url=url, environment=environment, key=data.key)
        also = [*edge, *self.recovery.alerts, *outside.alerts]
        self.watching = Watching(
            self, service=self.service, topics=data.topics, key=data.key, archive=data.log_archive, also=also
        )
        self.observing = Observing(
            self,
            "Observing",
            service=self.service,
            environment=environment,
            alerts=[*self.watching.alerts, *data.alerts],
            budgets={
                "availability": self.watching.availability.metric_budget_remaining(),
                "latency": self.watching.latency.metric_budget_remaining(),
            },
            canaries=outside.canaries,
            refused=[refused],
        )
