"""Group safety: a first creation that cannot work ends soon, says why, and leaves nothing behind."""

from bluegreen.rehearsal.deploy import Deploy, Outcome
from bluegreen.rehearsal.stage import Stage

from .checks import none_failed
from .estate_inventory import difference, inventory, told
from .estate_parts import ALONE, APPLICATION, expect_served_by, remove_leftovers
from .scenario import Scenario

SOON_SECONDS = 15.0
"""Real time from the first task to the last: a quarter of an hour in the cloud, not CloudFormation's three hours."""


def first_creation_fails(stage: Stage) -> None:
    """Create the stack with a health check that nothing answers, then with an image that crashes, then well."""
    remove_leftovers(stage, ALONE)
    before = inventory(stage.client)

    deploy = stage.deploy("first-1", context={**ALONE, "health_path": "/nowhere"})
    _expect_clean_failure(stage, deploy, "ealth check")
    _expect_nothing_left(stage, before)

    stage.inject({"fault": "crash-at-start", "version": "first-2"})
    deploy = stage.deploy("first-2", context=ALONE)
    _expect_clean_failure(stage, deploy, "exit code 1")
    _expect_nothing_left(stage, before)

    stage.inject(None)
    stage.deploy("first-3", context=ALONE)
    stage.start_load()
    expect_served_by(stage, "first-3")


def _expect_clean_failure(stage: Stage, deploy: Deploy, said: str) -> None:
    stage.expect_outcome(deploy, Outcome.ROLLED_BACK, said)
    stage.expect(
        deploy.stack_status == "ROLLBACK_COMPLETE",
        f"the stack must be ROLLBACK_COMPLETE after its creation failed, got {deploy.stack_status}",
    )
    tasks = [event.at for event in stage.events("task", deploy.begun) if event.facts.get("version") == deploy.version]
    if stage.expect(tasks, f"no task of {deploy.version} was ever started, so nothing is proven"):
        seconds = max(tasks) - min(tasks)
        stage.figures[f"{deploy.version}_seconds_from_first_to_last_task"] = round(seconds, 1)
        stage.expect(
            seconds <= SOON_SECONDS, f"{deploy.version} was tried for {seconds:.1f} s, at most {SOON_SECONDS:g} allowed"
        )


def _expect_nothing_left(stage: Stage, before: dict[str, frozenset[str]]) -> None:
    left = difference(before, inventory(stage.client))
    stage.expect(not left, f"the failed creation left {told(left)}")


CREATION = (
    Scenario(
        name="first-creation-fails",
        summary="a first creation whose health check or image is broken fails soon, says why, and deletes cleanly",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(none_failed,),
        play=first_creation_fails,
        application=APPLICATION,
        stack="AloneStack",
    ),
)
