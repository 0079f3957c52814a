"""Changes what ECS lets one change of a service under CODE_DEPLOY, and nothing else of it."""

from typing import Any

import aws_clients


def scale_up(cluster: str, service: str, *, tasks: int, grace_seconds: int) -> None:
    """Let a service that was just created start its first tasks.

    Args:
        cluster: The cluster's name.
        service: The service's name.
        tasks: How many tasks it is to run.
        grace_seconds: For how long after its start a task's failed health checks do not count.
    """
    _update(cluster, service, desiredCount=tasks, healthCheckGracePeriodSeconds=grace_seconds)


def set_grace(cluster: str, service: str, *, grace_seconds: int, present: int | None) -> None:
    """Set the grace period if it differs. The desired count is left alone: it is autoscaling's.

    Args:
        cluster: The cluster's name.
        service: The service's name.
        grace_seconds: For how long after its start a task's failed health checks do not count.
        present: What it is now; None when not known.
    """
    if present != grace_seconds:
        _update(cluster, service, healthCheckGracePeriodSeconds=grace_seconds)


def _update(cluster: str, service: str, **changed: Any) -> None:
    aws_clients.client("ecs").update_service(cluster=cluster, service=service, **changed)
