"""Group safety: releases that wait for somebody, and releases longer than CloudFormation waits."""

import time

from bluegreen.rehearsal.commands import Underway
from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.evidence import Evidence
from bluegreen.rehearsal.stage import Stage

from .checks import Check, none_failed
from .estate_parts import ALONE, APPLICATION, begin_with, expect_served_by, newest, wait_for_notice, weights
from .scenario import Scenario

APPROVED = {**ALONE, "rollout": "approved"}
LONG = {**ALONE, "rollout": "long"}

READY_SECONDS = 60.0
"""Real time from the beginning of `cdk deploy` until somebody is asked."""
RELEASED_SECONDS = 120.0
"""Real time for the long rollout of 65 minutes, as seen from where traffic begins to move."""
TURNED_BACK_SECONDS = 40.0


def approval(stage: Stage) -> None:
    """Continue a release, refuse one, and forget one."""
    begin_with(stage, "ask-1", ALONE)
    stage.start_load()
    codedeploy = stage.client("codedeploy")

    deploy = _begin_until_ready(stage, "ask-2", "ask-1")
    codedeploy.continue_deployment(deploymentId=_waiting(stage), deploymentWaitType="READY_WAIT")
    stage.expect_outcome(deploy.wait(), Outcome.SUCCEEDED)
    expect_served_by(stage, "ask-2")

    deploy = _begin_until_ready(stage, "ask-3", "ask-2")
    codedeploy.stop_deployment(deploymentId=_waiting(stage), autoRollbackEnabled=True)
    stage.expect_outcome(deploy.wait(), Outcome.ROLLED_BACK, "it was refused while it waited for approval")
    expect_served_by(stage, "ask-2")

    deploy = _begin_until_ready(stage, "ask-4", "ask-2")
    stage.expect_outcome(deploy.wait(), Outcome.ROLLED_BACK, "nobody continued it within")
    expect_served_by(stage, "ask-2")


def longer_than_an_hour(stage: Stage) -> None:
    """Release a version for more than an hour, try another meanwhile, and then one that is turned back."""
    begin_with(stage, "long-1", ALONE)
    stage.start_load()
    service = stage.service

    deploy = stage.deploy("long-2", context=LONG)
    under_way = newest(stage, service)
    stage.expect_outcome(deploy, Outcome.SUCCEEDED)
    stage.expect(
        under_way["status"] == "InProgress" and sorted(weights(stage, service)) == [10, 90],
        f"cdk deploy must return while traffic moves, got {under_way['status']} at {weights(stage, service)}",
    )
    wait_for_notice(stage, "goes on after cdk deploy", 10, deploy.begun)

    refused = stage.deploy("long-3", context=LONG)
    stage.expect_outcome(refused, Outcome.REFUSED, under_way["deploymentId"])
    stage.expect(
        newest(stage, service)["deploymentId"] == under_way["deploymentId"] and not under_way.get("rollbackInfo"),
        "the refused deploy must leave the release under way alone",
    )
    ended = wait_for_notice(stage, "long-2 is released", RELEASED_SECONDS, deploy.begun)
    stage.figures["released_seconds_after_cdk_deploy"] = round(ended.at - deploy.ended, 1)
    expect_served_by(stage, "long-2")

    deploy = stage.deploy("long-4", context=LONG)
    stage.expect_outcome(deploy, Outcome.SUCCEEDED)
    # Only now: an alarm before the release was handed on would have failed cdk deploy itself.
    stage.inject({"fault": "errors-after-shift", "version": "long-4", "share": 1.0})
    wait_for_notice(stage, "long-4 FAILED", TURNED_BACK_SECONDS, deploy.begun)
    stage.inject(None)
    expect_served_by(stage, "long-2")


def _begin_until_ready(stage: Stage, version: str, live: str) -> Underway:
    """Begin a release and wait until somebody is asked; production is on the version before it all the while."""
    since = time.monotonic()
    deploy = stage.begin(version, context=APPROVED)
    notice = wait_for_notice(stage, f"{version} waits for approval", READY_SECONDS, since)
    stage.expect(
        f"--deployment-id {_waiting(stage)}" in notice.facts["text"],
        f"the notification must say how to continue {_waiting(stage)}, got: {notice.facts['text']}",
    )
    expect_served_by(stage, live)
    return deploy


def _waiting(stage: Stage) -> str:
    """Return the id of the deployment that waits for approval."""
    deployment = newest(stage, stage.service)
    stage.expect(deployment["status"] == "Ready", f"the deployment must be Ready, got {deployment['status']}")
    return str(deployment["deploymentId"])


def failed_by_alone(version: str) -> Check:
    """Return the check that requests failed, and none but those that this version answered."""

    def check(evidence: Evidence) -> str | None:
        causes = evidence.failed_by()
        if set(causes) == {version}:
            return None
        if not causes:
            return f"no request failed, so {version} never felt its fault and nothing is proven"
        return f"only requests answered by {version} may fail, got {causes}"

    return check


PLANS = (
    Scenario(
        name="approval",
        summary="a tested candidate waits: it is continued, refused, and forgotten; each is told and ends clearly",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed,),
        play=approval,
        application=APPLICATION,
        stack="AloneStack",
    ),
    Scenario(
        name="longer-than-an-hour",
        summary="cdk deploy returns while traffic moves for 65 minutes; the end is published, well once and badly once",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(failed_by_alone("long-4"),),
        play=longer_than_an_hour,
        application=APPLICATION,
        stack="AloneStack",
    ),
)
