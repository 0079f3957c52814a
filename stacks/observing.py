"""What shows how the orders service does, and asks it from outside: dashboards."""

from collections.abc import Sequence

from constructs import Construct

from bluegreen.cdk import BlueGreenService
from bluegreen.cdk.dashboards import DataStore, OperationsDashboard, ReleaseDashboard
from bluegreen.cdk.watching import Alert

from .environments import APPLICATION, Environment


class Observing(Construct):
    """The dashboards of one environment.

    Args:
        scope: The service's stack.
        construct_id: Its name there.
        service: The service.
        environment: What differs between environments.
        alerts: What people act on.

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
    ) -> None:
        super().__init__(scope, construct_id)
        self.release = ReleaseDashboard(self, "ReleaseDashboard", service=service)
        self.operations = OperationsDashboard(
            self,
            "OperationsDashboard",
            services=[service],
            alerts=alerts,
            stores=[DataStore.database(f"{APPLICATION}-{environment.name}")],
            # Where AWS's commercial partition publishes what an account is charged; other partitions publish nothing.
            billing_region="us-east-1",
        )
