"""Group safety: releases that fail, and what CloudFormation and the next deploy make of it."""

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .checks import (
    ended,
    ends_on_candidate,
    ends_on_live,
    failed_at,
    failures_from_candidate_alone,
    none_failed,
    turned_back_in_time,
    turned_by_alarm,
    turned_by_stop,
)
from .edits import failing, of_release, together
from .operator import expect_one_rollback
from .scenario import Scenario

REASON = "the new version is the fix"


def _fails_and_rolls_back(stage: Stage) -> None:
    """Fail once, then release."""
    service = stage.service
    known = {one["deploymentId"] for one in stage.deployments(service)}
    version = stage.next_version()
    stage.inject({"fault": "missing-on-test"})
    stage.deploy(version)
    expect_one_rollback(stage, service, known)
    stage.inject(None)
    stage.deploy()


def _alarm_still_red(stage: Stage) -> None:
    """Fail by an alarm, deploy the fix at once, and then once more although the alarm is red."""
    broken, fix = stage.next_version(), stage.next_version()
    stage.prepare(fix)  # the fix is at hand: synthesized while the alarm was still quiet
    stage.inject({"fault": "errors-after-shift", "share": 1.0, "version": broken})
    stage.deploy(broken)
    refused = stage.deploy(fix, edit=together())
    red = [event.facts["name"] for event in stage.events("alarm", state="ALARM")]
    stage.expect_outcome(refused, Outcome.REFUSED, str(red[0]) if red else "ALARM")
    override = {"Version": fix, "Reason": REASON}
    released = stage.deploy(fix, edit=of_release(AlarmOverride=override))
    for id_ in released.deployments:
        said = stage.deployment(id_).get("description", "")
        stage.expect(REASON in said, f"the deployment must record why alarms were ignored, but says {said!r}")


def _rolled_back_by_another_resource(stage: Stage) -> None:
    """Release, and have a later resource of the same update fail."""
    service = stage.service
    known = {one["deploymentId"] for one in stage.deployments(service)}
    stage.deploy(edit=failing())
    expect_one_rollback(stage, service, known)


FAILURES = (
    Scenario(
        name="fails-and-rolls-back",
        summary="a release fails: one rollback, nothing else is started, and the next deploy works",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(
            none_failed,
            failed_at("AfterAllowTestTraffic"),
            ends_on_candidate,
            ended(Outcome.ROLLED_BACK, Outcome.SUCCEEDED),
        ),
        play=_fails_and_rolls_back,
    ),
    Scenario(
        name="alarm-still-red",
        summary="the fix of a failed release is refused while its alarm is red, and released with an override",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(
            failures_from_candidate_alone,
            turned_by_alarm,
            turned_back_in_time,
            ends_on_candidate,
            ended(Outcome.ROLLED_BACK, Outcome.REFUSED, Outcome.SUCCEEDED),
        ),
        play=_alarm_still_red,
    ),
    Scenario(
        name="rolled-back-by-another-resource",
        summary="a later resource of the same update fails: the old tasks take the traffic back at once",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed, turned_by_stop, turned_back_in_time, ends_on_live, ended(Outcome.ROLLED_BACK)),
        play=_rolled_back_by_another_resource,
    ),
)
