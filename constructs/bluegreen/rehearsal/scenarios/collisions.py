"""Group safety: a deploy while another release is under way, or only waits to remove its old tasks."""

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .checks import both_served, ended, ends_on_candidate, none_failed
from .operator import start_deployment, task_definition_of
from .scenario import Scenario

SLOW = "CodeDeployDefault.ECSLinear10PercentEvery3Minutes"
"""Takes 27 minutes, longer than a release waits for somebody else's."""


def _while_previous_is_kept(stage: Stage) -> None:
    """Release twice in a row."""
    first = stage.deploy()
    (id_,) = first.deployments or ("",)
    kept = stage.deployment(id_)
    waits = kept["status"] == "InProgress" and kept.get("instanceTerminationWaitTimeStarted")
    stage.expect(waits, f"the first release must still wait to remove the old tasks, but is {kept['status']}")
    stage.deploy()
    status = stage.deployment(id_)["status"]
    stage.expect(status == "Succeeded", f"the first release must have succeeded, but is {status}")


def _while_another_is_under_way(stage: Stage) -> None:
    """Have somebody deploy an older version by hand, and deploy a newer one meanwhile."""
    service = stage.service
    if len(stage.released) == 1:
        stage.deploy()
    older = stage.released[-2]
    stage.also_serves(older)
    other = start_deployment(stage, service, task_definition_of(stage, service, older), SLOW)
    stage.wait_for_event("lifecycle", 30, id=other, event="AllowTraffic", status="started")
    refused = stage.deploy()
    stage.expect_outcome(refused, Outcome.REFUSED, other)
    stage.expect(
        stage.deployment(other)["status"] == "InProgress",
        f"the other release must go on, but is {stage.deployment(other)['status']}",
    )
    stage.wait_for_event("lifecycle", 60, id=other, event="AllowTraffic", status="succeeded")
    stage.expect_outcome(stage.deploy(), Outcome.SUCCEEDED)
    status = stage.deployment(other)["status"]
    stage.expect(status == "Succeeded", f"the other release must have succeeded, but is {status}")


COLLISIONS = (
    Scenario(
        name="release-while-previous-is-kept",
        summary="the next version comes while the tasks of the one before are still kept",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, both_served, ends_on_candidate, ended(Outcome.SUCCEEDED, Outcome.SUCCEEDED)),
        play=_while_previous_is_kept,
    ),
    Scenario(
        name="another-release-under-way",
        summary="somebody deploys an older version by hand; a deploy meanwhile is refused by name, the next works",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, ends_on_candidate),
        play=_while_another_is_under_way,
    ),
)
