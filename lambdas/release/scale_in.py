"""Suspends scale-in while a release is under way, and lets it go on afterwards.

While both versions' tasks run, the service's averages halve: a policy that follows them would take away tasks that are
about to be needed. Scale-out is never touched.
"""

import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
import deployments

_log = logging.getLogger("release")

_DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
_SCALE_IN = "DynamicScalingInSuspended"


def suspend(cluster: str, service: str) -> None:
    """Suspend scale-in, best effort: a release that is good must not fail for it. The next step tries again.

    Args:
        cluster: The cluster's name.
        service: The service's name.
    """
    try:
        _set(cluster, service, suspended=True)
    except (ClientError, BotoCoreError) as error:
        _log.warning("cannot suspend scale-in", extra={"service": service, "error": aws_clients.describe(error)})


def resume(application: str, deployment_group: str, cluster: str, service: str, *, ended: str | None = None) -> None:
    """Let scale-in go on, unless a deployment still shifts traffic: then that one's end calls again.

    Args:
        application: The service's CodeDeploy application.
        deployment_group: Its deployment group.
        cluster: The cluster's name.
        service: The service's name.
        ended: A deployment that is known to have ended, whatever CodeDeploy's list still says; None when not known.

    Raises:
        botocore.exceptions.ClientError: If AWS refused; the caller is to call again.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    shifting = deployments.active(application, deployment_group)
    if shifting is not None and shifting.id != ended and not shifting.only_waits_to_remove:
        _log.info("scale-in stays suspended", extra={"service": service, "deployment": shifting.id})
        return
    _set(cluster, service, suspended=False)


def _set(cluster: str, service: str, *, suspended: bool) -> None:
    scaling = aws_clients.client("application-autoscaling")
    resource = f"service/{cluster}/{service}"
    found = scaling.describe_scalable_targets(
        ServiceNamespace=_DIMENSION["ServiceNamespace"],
        ResourceIds=[resource],
        ScalableDimension=_DIMENSION["ScalableDimension"],
    )["ScalableTargets"]
    # AWS does not say what becomes of a member that is left out, so all three are sent as they are but the one.
    states: list[dict[str, Any]] = [target.get("SuspendedState", {}) for target in found]
    for state in states:
        if state.get(_SCALE_IN, False) != suspended:
            scaling.register_scalable_target(
                **_DIMENSION, ResourceId=resource, SuspendedState=state | {_SCALE_IN: suspended}
            )
            _log.info("scale-in is suspended" if suspended else "scale-in goes on", extra={"service": service})
