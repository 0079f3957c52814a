"""Group safety: parts of AWS, of the application or of a hook fail in the middle of a release."""

import time

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .checks import (
    both_served,
    candidate_never_served,
    ends_on_candidate,
    ends_on_live,
    failed_at,
    none_failed,
    turned_back_in_time,
    turned_by_alarm,
)
from .operator import expect_one_rollback, primary, scale_in_suspended
from .release import REJECTED
from .scenario import Scenario, one_release

HOOK_SECONDS = 10.0
"""Real time within which a hook that says nothing must have ended the release; CodeDeploy itself waits for an hour."""

WHOLE_AGAIN_SECONDS = 2.0
"""How long after a task died requests may fail: until the load balancer has noticed."""


def _hook_dies(stage: Stage) -> None:
    """Release, and let the hook never answer."""
    stage.inject({"fault": "hook-lost", "event": "AfterAllowTestTraffic"})
    stage.expect_outcome(stage.deploy(), Outcome.ROLLED_BACK, "did not answer")
    (begun,) = stage.events("lifecycle", event="AfterAllowTestTraffic", status="started")
    ended = stage.events("lifecycle", event="AfterAllowTestTraffic", status="failed")
    seconds = ended[0].at - begun.at if ended else float("inf")
    stage.figures["hook_given_up_after_seconds"] = seconds
    stage.expect(seconds < HOOK_SECONDS, f"the silent hook held the release for {seconds:.1f} s of {HOOK_SECONDS:g} s")


def _rollback_named_late(stage: Stage) -> None:
    """Fail, and have CodeDeploy name its rollback only later."""
    service = stage.service
    known = {one["deploymentId"] for one in stage.deployments(service)}
    version = stage.next_version()
    stage.inject({"fault": "missing-on-test"})
    stage.inject({"fault": "rollback-late", "seconds": 60})
    deploy = stage.deploy(version)
    expect_one_rollback(stage, service, known)
    for one in stage.deployments(service):
        if one["deploymentId"] not in known and one["creator"] == "codeDeployRollback":
            stage.expect_outcome(deploy, Outcome.ROLLED_BACK, one["deploymentId"])


def _throttled(stage: Stage) -> None:
    """Release while AWS throttles; scale-in must be resumed all the same."""
    one_release(stage, {"fault": "api-throttled", "share": 0.3})
    service = stage.service
    stage.wait_until(lambda: not scale_in_suspended(stage, service), 20, "scale-in is resumed")


def _task_killed(stage: Stage) -> None:
    """Kill a task of the live version."""
    service = stage.service
    tasks = primary(stage, service)["computedDesiredCount"]
    killed = time.monotonic()
    stage.inject({"fault": "task-killed", "version": stage.live})
    stage.wait_until(lambda: primary(stage, service)["runningCount"] < tasks, 10, "a task is gone")
    stage.wait_until(lambda: primary(stage, service)["stabilityStatus"] == "STEADY_STATE", 60, "the task is replaced")
    stage.figures["replaced_after_seconds"] = time.monotonic() - killed
    stage.wait(1.0)
    failed = [answer.sent for answer in stage.answers() if answer.failed]
    stage.figures["failed_requests"] = len(failed)
    stage.figures["failed_for_seconds"] = max((sent - killed for sent in failed), default=0.0)
    late = sum(sent - killed > WHOLE_AGAIN_SECONDS for sent in failed)
    stage.expect(not late, f"{late} requests failed later than {WHOLE_AGAIN_SECONDS:g} s after the task was killed")


def _control_plane_restart(stage: Stage) -> None:
    """Restart the control planes while traffic moves."""
    release = stage.begin()
    stage.wait_for_event("lifecycle", 60, event="AllowTraffic", status="started")
    stage.inject({"fault": "control-plane-restart", "seconds": 120})
    release.wait()


FAULTS = (
    Scenario(
        name="hook-dies",
        summary="the smoke tests die without an answer; the release is ended within minutes, not after an hour",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed, candidate_never_served, failed_at("AfterAllowTestTraffic"), ends_on_live),
        play=_hook_dies,
    ),
    Scenario(
        name="hook-called-twice",
        summary="every hook is invoked twice, and answers twice",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, both_served, ends_on_candidate),
        fault={"fault": "hook-twice"},
    ),
    Scenario(
        name="rollback-named-late",
        summary="CodeDeploy says that it failed a minute before it says what rolls it back",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed, candidate_never_served, failed_at("AfterAllowTestTraffic"), REJECTED, ends_on_live),
        play=_rollback_named_late,
    ),
    Scenario(
        name="throttled",
        summary="AWS throttles three calls in ten",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, both_served, ends_on_candidate),
        play=_throttled,
    ),
    Scenario(
        name="slow-after-shift",
        summary="the candidate answers late once it has production traffic; the latency alarm turns it back",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed, turned_by_alarm, turned_back_in_time, ends_on_live),
        fault={"fault": "slow-after-shift", "milliseconds": 900},
        connections=128,
    ),
    Scenario(
        name="task-killed",
        summary="a task of the live version is killed with kill -9: it is replaced, and nothing is released",
        group="safety",
        expected=Outcome.RECOVERED,
        checks=(ends_on_live,),
        play=_task_killed,
    ),
    Scenario(
        name="control-plane-restart",
        summary="no AWS API answers for two minutes in the middle of a release",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, both_served, ends_on_candidate),
        play=_control_plane_restart,
    ),
)
