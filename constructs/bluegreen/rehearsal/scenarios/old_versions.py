"""Group safety: versions from before are made live again."""

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .checks import ends_on_candidate, none_failed
from .operator import live_task_definition, live_version, start_deployment, task_definition_of
from .scenario import Scenario

BACK = 2
"""How many releases ago."""


def _bring_back(stage: Stage) -> None:
    """Deploy the version of two releases ago, then its first task definition by hand, then something new."""
    service = stage.service
    for _ in range(BACK + 1 - len(stage.released)):
        stage.deploy()
    old = stage.released[-1 - BACK]
    first = task_definition_of(stage, service, old)
    newest = stage.live
    stage.expect_outcome(stage.deploy(old), Outcome.SUCCEEDED)
    stage.expect(live_version(stage, service) == old, f"{old} must be live again, got {live_version(stage, service)}")

    stage.also_serves(newest)
    by_hand = start_deployment(stage, service, task_definition_of(stage, service, newest))
    stage.wait_for_event("lifecycle", 60, id=by_hand, event="AllowTraffic", status="succeeded")
    again = start_deployment(stage, service, first)
    stage.wait_for_event("lifecycle", 60, id=again, event="AllowTraffic", status="succeeded")
    used = live_task_definition(stage, service)
    stage.expect(used == first, f"the first task definition of {old} must serve again, got {used}")
    stage.expect_outcome(stage.deploy(), Outcome.SUCCEEDED)


OLD_VERSIONS = (
    Scenario(
        name="bring-back",
        summary="the version of two releases ago is made live again, by cdk deploy and by hand",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, ends_on_candidate),
        play=_bring_back,
    ),
)
