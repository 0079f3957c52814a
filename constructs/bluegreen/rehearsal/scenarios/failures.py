"""Group safety: releases that fail, and what CloudFormation and the next deploy make of it."""

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.evidence import Evidence
from bluegreen.rehearsal.stage import Stage

from .checks import (
    ended,
    ends_on_candidate,
    ends_on_live,
    failed_at,
    none_failed,
    rolled_back_in_time,
    turned_back_in_time,
    turned_by_alarm,
    turned_by_stop,
)
from .edits import failing, of_release
from .operator import expect_one_rollback
from .release import REJECTED
from .scenario import Scenario

REASON = "the new version is the fix"

SHARE = 0.05
"""Of production's answers, that fail while the alarm on errors is red; one in a hundred is allowed."""


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
    """Have a release fail and leave production failing too, then deploy the fix: as it is, and with an override."""
    broken = stage.next_version()
    stage.inject({"fault": "errors-after-shift"})
    release = stage.begin(broken)
    red = stage.wait_for_red_alarm(60)
    stage.inject({"fault": "errors-after-shift", "version": stage.live, "share": SHARE})
    release.wait()
    fix = stage.next_version()
    stage.expect_outcome(stage.deploy(fix), Outcome.REFUSED, str(red.facts["name"]))
    released = stage.deploy(fix, edit=of_release(AlarmOverride={"Version": fix, "Reason": REASON}))
    for id_ in released.deployments:
        said = stage.deployment(id_).get("description", "")
        recorded = REASON in said and str(red.facts["name"]) in said
        stage.expect(recorded, f"the deployment must record which alarms were ignored and why, but says {said!r}")


def _fix_never_failed(evidence: Evidence) -> str | None:
    """Only the version that was turned back and the one that it left broken failed, until the fix had all traffic."""
    broken = {evidence.turned_back, evidence.live}
    others = {cause: count for cause, count in evidence.failed_by().items() if cause not in broken}
    after = sum(answer.sent > evidence.deployed for answer in evidence.failures)
    if others or after:
        return (
            f"requests failed apart from {' and '.join(sorted(broken))}: {others}, {after} after the fix was released"
        )
    return None


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
        summary="a failed release leaves production failing: the fix is refused by the red alarm, released by override",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(
            _fix_never_failed,
            turned_by_alarm,
            rolled_back_in_time,
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
