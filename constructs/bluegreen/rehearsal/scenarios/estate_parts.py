"""What the scenarios of the estate share: its arrangements, what is looked at, and how."""

import time
from collections.abc import Mapping
from typing import Any

from bluegreen.rehearsal.cloudformation import ABSENT, describe
from bluegreen.rehearsal.commands import stack_name
from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.evidence import Event
from bluegreen.rehearsal.services import Service
from bluegreen.rehearsal.stage import Stage
from bluegreen.rehearsal.watcher import task_versions

APPLICATION = "estate"
ALONE = {"arrangement": "alone"}
TOGETHER = {"arrangement": "together"}
STAGED = {"arrangement": "staged"}
GROUND = {"arrangement": "ground"}

LOOK_SECONDS = 1.0
"""For how long a load is looked at to say who answers."""


def remove_leftovers(stage: Stage, context: Mapping[str, str]) -> None:
    """Delete the stack when an earlier scenario left it."""
    if describe(stage.client("cloudformation"), stack_name(stage.stack)).status != ABSENT:
        stage.destroy(context={"version": "gone", **context})


def begin_with(stage: Stage, version: str, context: Mapping[str, str]) -> None:
    """Bring the stack to a first version, by creation or, where an earlier scenario left it, by a release."""
    stage.expect_outcome(stage.deploy(version, context=context), Outcome.SUCCEEDED)


def expect_served_by(stage: Stage, version: str, load: str = "production") -> None:
    """Check that production is wholly on a version now; its tasks must have started in this scenario."""
    since = time.monotonic()
    stage.wait(LOOK_SECONDS)
    versions = task_versions(stage.events("task"))
    served = {versions.get(answer.target or "", "nobody") for answer in stage.answers(load) if answer.sent > since}
    stage.expect(served == {version}, f"{load} must be served by {version} alone, got {', '.join(sorted(served))}")


def expect_released(stage: Stage, service: Service, count: int, what: str) -> None:
    """Check how many deployments of a service CodeDeploy has ever had, but for its own rollbacks."""
    found = [one["deploymentId"] for one in stage.deployments(service) if one["creator"] != "codeDeployRollback"]
    stage.expect(len(found) == count, f"{what}: expected {count} deployments of {service.name}, got {len(found)}")


def number_released(stage: Stage, service: Service) -> int:
    """Return how many deployments of a service CodeDeploy has ever had, but for its own rollbacks."""
    return sum(one["creator"] != "codeDeployRollback" for one in stage.deployments(service))


def newest(stage: Stage, service: Service) -> dict[str, Any]:
    """Return the deployment that was asked for last."""
    return next(one for one in stage.deployments(service) if one["creator"] != "codeDeployRollback")


def wait_for_notice(stage: Stage, words: str, seconds: float, since: float) -> Event:
    """Wait until somebody subscribed to the stack's topic reads these words in a subject.

    Raises:
        DidNotHappenError: If nobody does in time.
    """

    def found() -> list[Event]:
        return [event for event in stage.events("notification", since) if words in str(event.facts["subject"])]

    stage.wait_until(found, seconds, f"a notification says {words!r}")
    return found()[0]


def weights(stage: Stage, service: Service) -> list[int]:
    """Return the weights of the production listener, in the order of the service's target groups."""
    elbv2 = stage.client("elbv2")
    (listener,) = elbv2.describe_listeners(ListenerArns=[service.production_listener])["Listeners"]
    forward = listener["DefaultActions"][0].get("ForwardConfig", {}).get("TargetGroups", [])
    found = {group["TargetGroupArn"].split("/")[-2]: group["Weight"] for group in forward}
    return [found.get(name, 0) for name in service.target_groups]


def tags_of(stage: Stage, arn: str) -> dict[str, str]:
    """Return the tags of a listener or load balancer."""
    (described,) = stage.client("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return {tag["Key"]: tag["Value"] for tag in described["Tags"]}
