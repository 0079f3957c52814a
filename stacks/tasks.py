"""What the service's tasks run on, and what runs beside the application in them."""

from collections.abc import Sequence

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from bluegreen.cdk.sidecars import AdotCollector, Sidecar

from .environments import Environment


def define_cluster(scope: Construct, vpc: ec2.IVpc) -> ecs.Cluster:
    """Define the cluster: with metrics of its tasks, and with Spot, which an environment may use or not.

    Args:
        scope: Where.
        vpc: The network.

    Returns:
        The cluster.
    """
    return ecs.Cluster(
        scope,
        "Cluster",
        vpc=vpc,
        container_insights_v2=ecs.ContainerInsights.ENABLED,
        enable_fargate_capacity_providers=True,
    )


def capacity(environment: Environment) -> Sequence[ecs.CapacityProviderStrategy]:
    """Return what the tasks run on: FARGATE alone, or Spot beside a base of it."""
    base = environment.on_demand_tasks
    if base is None:
        return ()
    kept = [ecs.CapacityProviderStrategy(capacity_provider="FARGATE", base=base, weight=0)] if base else []
    return [*kept, ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=1)]


def sidecars(environment: Environment) -> Sequence[Sidecar]:
    """Return what runs beside the application: the collector of its traces."""
    return [AdotCollector(sample_percent=environment.traced_percent)]
