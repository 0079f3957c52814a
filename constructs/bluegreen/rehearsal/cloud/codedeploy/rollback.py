"""CodeDeploy's rollback: a new deployment that gives all traffic back to the original task set.

AWS does not state whether hooks run in a rollback. Here they do not, so a hook's effect can never be what makes a
rehearsed rollback succeed.
"""

from bluegreen.rehearsal.cloud.clock import Clock

from .announcer import Announcer
from .appspec import parse, with_task_definition
from .aws import ActionError, Aws
from .deployment import (
    Creator,
    Deployment,
    Halt,
    Original,
    Rollback,
    Status,
    describe_task_sets,
    new_deployment_id,
)
from .faults import naming_delay
from .halts import refused
from .registry import Registry
from .routing import ALL_AT_ONCE
from .watch import Watch

ATTEMPTS = 5
"""How often a rollback is tried before it fails."""

RETRY_SECONDS = 5
"""How long, in cloud time, between two attempts."""


def wants_rollback(deployment: Deployment, halt: Halt) -> bool:
    """Return whether a deployment that ended badly is to be rolled back.

    Before Install there is nothing to roll back to; so AWS's guide on the lifecycle of an ECS deployment.
    """
    if deployment.original is None:
        return False
    return halt.event in deployment.settings.rollback_events if halt.rollback is None else halt.rollback


def roll_back(
    failed: Deployment, *, aws: Aws, watch: Watch, registry: Registry, clock: Clock, announcer: Announcer
) -> Deployment:
    """Roll a deployment back, in a deployment of its own.

    Args:
        failed: The deployment to undo; it knows the original task set.
        aws: The services.
        watch: Waits between attempts.
        registry: The state; the rollback takes over the group from the failed deployment.
        clock: Cloud time.
        announcer: Tells of it.

    Returns:
        The rollback, ended.

    Raises:
        ValueError: If the deployment never found its original task set.
        CloudStopsError: If the cloud stops meanwhile.
    """
    original = failed.original
    if original is None:
        raise ValueError(f"{failed.id} has nothing to roll back to")
    rollback = _create(failed, original, clock.now())
    with registry.lock:
        registry.add(rollback)
        failed.rollback = Rollback(
            f"Deployment {failed.id} terminated. Automatic rollback is triggered with a DeploymentId {rollback.id}.",
            deployment_id=rollback.id,
        )
        failed.rollback_named_at = (failed.ended_at or 0.0) + naming_delay(registry.fault)
        rollback.status, rollback.started_at = Status.IN_PROGRESS, clock.now()
        rollback.lifecycle.start("AllowTraffic", clock.now())
    announcer.announce(rollback, f"rolls back {failed.id}", rolls_back=failed.id)
    error = _attempt(rollback, original, aws, watch)
    with registry.lock:
        _finish(rollback, error, clock.now())
        if not error:
            failed.weights = rollback.weights
        group = registry.of_deployment(rollback)
        if group and not error:
            group.last_successful = rollback
        registry.release(rollback)
    announcer.announce(rollback, f"{rollback.status.lower()}: {error or 'production is back'}")
    return rollback


def _create(failed: Deployment, original: Original, now: float) -> Deployment:
    content = with_task_definition(failed.appspec.content, original.task_definition)
    rollback_id = new_deployment_id()
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    return Deployment(
        id=rollback_id,
        application=failed.application,
        group=failed.group,
        config="CodeDeployDefault.ECSAllAtOnce",
        routing=ALL_AT_ONCE,
        settings=failed.settings,
        appspec=parse(content),
        request={"revision": revision},
        creator=Creator.ROLLBACK,
        created_at=now,
        original=original,
        replacement=failed.replacement,
        weights={original.live_group: 100, original.idle_group: 0},
        rollback=Rollback(
            f"Deployment {rollback_id} is triggered to roll back deployment {failed.id}.",
            triggering_deployment_id=failed.id,
        ),
    )


def _attempt(rollback: Deployment, original: Original, aws: Aws, watch: Watch) -> ActionError | None:
    """Try until it works; return the last refusal when it never does."""
    error = None
    for attempt in range(ATTEMPTS):
        if attempt:
            watch.pause(RETRY_SECONDS)
        try:
            # Production first: that is what users wait for.
            aws.route_production(rollback.weights)
            aws.route_test(rollback.weights)
            aws.make_primary(original.task_set)
            aws.delete_task_sets(keep=original.task_set)
            rollback.task_sets = describe_task_sets(rollback, aws.task_sets())
        except ActionError as refusal:
            error = refusal
        else:
            return None
    return error


def _finish(rollback: Deployment, error: ActionError | None, now: float) -> None:
    if error:
        rollback.lifecycle.fail(now)
        rollback.halt = refused(error)
        rollback.status = Status.FAILED
    else:
        rollback.lifecycle.succeed("AllowTraffic", now)
        rollback.lifecycle.skip_pending()
        rollback.status = Status.SUCCEEDED
    rollback.ended_at = now
