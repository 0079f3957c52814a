"""Group safety: releases that fail, and what CloudFormation and the next deploy make of it."""

import time

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
from .edits import failing, of_release
from .operator import expect_one_rollback
from .release import REJECTED
from .scenario import Scenario

REASON = "the new version is the fix"

MILLISECONDS = 700
"""How late production answers while the alarm on its latency is red; half a second is allowed when nothing is said."""


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
    """Fail by an alarm; with an alarm that stays red, deploy the fix without and with an override."""
    broken, fix = stage.next_version(), stage.next_version()
    stage.inject({"fault": "errors-after-shift", "share": 1.0, "version": broken})
    stage.deploy(broken)
    # A red alarm of the failed release is quiet again within minutes, which are seconds here; this one stays red.
    since = time.monotonic()
    stage.inject({"fault": "slow-after-shift", "version": stage.live, "milliseconds": MILLISECONDS})
    slow = stage.wait_for_event("alarm", 30, since, state="ALARM")
    refused = stage.deploy(fix, anew=False)
    stage.expect_outcome(refused, Outcome.REFUSED, str(slow.facts["name"]))
    released = stage.deploy(fix, edit=of_release(AlarmOverride={"Version": fix, "Reason": REASON}))
    for id_ in released.deployments:
        said = stage.deployment(id_).get("description", "")
        recorded = REASON in said and str(slow.facts["name"]) in said
        stage.expect(recorded, f"the deployment must record which alarms were ignored and why, but says {said!r}")


def _rolled_back_by_another_resource(stage: Stage) -> None:
    """Release, and have a later resource of the same update fail."""
    service = stage.service
    known = {one["deploymentId"] for one in stage.deployments(service)}
    stage.deploy(edit=failing)
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
            REJECTED,
            ends_on_candidate,
            ended(Outcome.ROLLED_BACK, Outcome.SUCCEEDED),
        ),
        play=_fails_and_rolls_back,
    ),
    Scenario(
        name="alarm-still-red",
        summary="the fix of a failed release is refused while an alarm is red, and released with an override",
        connections=256,
        fewest_per_second=200,  # of slow answers
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
