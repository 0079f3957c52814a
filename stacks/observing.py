"""What asks the orders service from outside, and what shows how it does."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk import BlueGreenService
from bluegreen.cdk.dashboards import DataStore, OperationsDashboard, ReleaseDashboard
from bluegreen.cdk.journeys import CanarySettings, Heartbeat, Journey, JourneyArtifacts
from bluegreen.cdk.watching import Alert

from .environments import APPLICATION, Environment
from .journeys import ALIVE, BUYS


class Outside(Construct):
    """A heartbeat, and the journey of a customer.

    Args:
        scope: The service's stack.
        construct_id: Its name there.
        service: The service; nobody asks before its first version is live.
        url: What customers call.
        environment: How often they ask, and how long logs are kept.
        key: What their logs are encrypted with.

    Attributes:
        canaries: Their names.
        alerts: They fail, or are slow.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: BlueGreenService,
        url: str,
        environment: Environment,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = CanarySettings(
            every_minutes=environment.journey_minutes,
            artifacts=JourneyArtifacts(self, "Artifacts", key=key).bucket,
            log_retention=environment.log_retention,
            key=key,
        )
        prefix = f"{APPLICATION}-{environment.name}"
        alive = Heartbeat(self, "Alive", url=url, check=ALIVE, name=f"{prefix}-alive", settings=settings)
        buys = Journey(self, "Buys", url=url, steps=BUYS, name=f"{prefix}-buys", settings=settings)
        for canary in (alive.canary, buys.canary):
            canary.node.add_dependency(service.release)
        self.canaries = (alive.name, buys.name)
        self.alerts: Sequence[Alert] = [*alive.alerts, *buys.alerts]


class Observing(Construct):
    """The dashboards of one environment.

    Args:
        scope: The service's stack.
        construct_id: Its name there.
        service: The service.
        environment: Whose data stores are shown.
        alerts: What people act on.
        budgets: What is left of each objective's error budget.
        canaries: The names of those that ask from outside.
        refused: What the firewall refuses.

    Attributes:
        release: The dashboard of releases.
        operations: The dashboard of operations.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: BlueGreenService,
        environment: Environment,
        alerts: Sequence[Alert],
        budgets: Mapping[str, cloudwatch.IMetric],
        canaries: Sequence[str],
        refused: Sequence[cloudwatch.IMetric],
    ) -> None:
        super().__init__(scope, construct_id)
        self.release = ReleaseDashboard(self, "ReleaseDashboard", service=service)
        self.operations = OperationsDashboard(
            self,
            "OperationsDashboard",
            services=[service],
            alerts=alerts,
            budgets=budgets,
            stores=[DataStore.database(f"{APPLICATION}-{environment.name}")],
            journeys=canaries,
            refused=refused,
            # Where AWS's commercial partition publishes what an account is charged; other partitions publish nothing.
            billing_region="us-east-1",
        )
