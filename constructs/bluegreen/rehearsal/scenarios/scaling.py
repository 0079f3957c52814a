"""Group safety: autoscaling during a release."""

import time

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.services import Service
from bluegreen.rehearsal.stage import Stage

from .checks import ended, ends_on_released, failed_at, none_failed
from .operator import primary, scalable_target, scale_in_suspended
from .release import REJECTED
from .scenario import Scenario


def _scaling_during_release(stage: Stage) -> None:
    """Ask for more tasks in the middle of a release, and see that scale-in is resumed after good and bad ones."""
    service = stage.service
    tasks = scalable_target(stage, service)["MinCapacity"]
    release = stage.begin()
    stage.wait_for_event("lifecycle", 60, event="AllowTraffic", status="started")
    stage.expect(scale_in_suspended(stage, service), "scale-in must be suspended while traffic moves")
    _at_least(stage, service, tasks + 1)
    stage.wait_until(lambda: primary(stage, service)["runningCount"] > tasks, 30, "a task is added")
    stage.expect(not release.over, "the release was over before a task was added, so nothing is proven")
    stage.expect_outcome(release.wait(), Outcome.SUCCEEDED)
    _expect_resumed(stage, service, "a good release")

    _at_least(stage, service, tasks)
    version = stage.next_version()
    stage.inject({"fault": "missing-on-test"})
    # The function that resumes meets refusals as well.
    stage.inject({"fault": "api-throttled", "share": 0.3})
    since = time.monotonic()
    failing = stage.begin(version)
    stage.wait_for_event("lifecycle", 60, event="Install", status="started", since=since)
    stage.wait_until(lambda: scale_in_suspended(stage, service), 10, "scale-in is suspended")
    stage.expect_outcome(failing.wait(), Outcome.ROLLED_BACK)
    _expect_resumed(stage, service, "a failed release")


def _at_least(stage: Stage, service: Service, tasks: int) -> None:
    stage.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId=f"service/{service.cluster}/{service.service}",
        MinCapacity=tasks,
    )


def _expect_resumed(stage: Stage, service: Service, after: str) -> None:
    stage.wait_until(lambda: not scale_in_suspended(stage, service), 20, f"scale-in is resumed after {after}")


SCALING = (
    Scenario(
        name="scaling-during-release",
        summary="tasks are added while traffic moves; scale-in waits, and is resumed after good and bad releases",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(
            none_failed,
            failed_at("AfterAllowTestTraffic"),
            REJECTED,
            ends_on_released,
            ended(Outcome.SUCCEEDED, Outcome.ROLLED_BACK),
        ),
        play=_scaling_during_release,
    ),
)
