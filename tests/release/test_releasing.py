import pytest

from bluegreen.release.convergence import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    RestoreTraffic,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
    decide,
)
from bluegreen.release.deployment import Deployment, DeploymentStatus
from bluegreen.release.observation import Observation, WaitFor, WhenBusy
from tests.release.situations import (
    FAILED,
    LIMITS,
    LONG,
    NEW,
    OLD,
    OTHER,
    RED,
    STOPPED,
    SUCCEEDED,
    ended,
    keeping,
    matches,
    seen,
    under_way,
)

AWAITED = Wait(WaitFor.OTHER_ROLLBACK_START, "d-1")
FOR_LONG = {WaitFor.OTHER_ROLLBACK_START: LONG}
CASES: dict[str, tuple[Observation, Decision | type]] = {
    "nothing to do": (seen(NEW), Succeed),
    "a new version": (seen(OLD), StartDeployment()),
    "stack rolls back to what is live": (seen(OLD, desired=OLD, previous=NEW), Succeed),
    "stack rolls back from what went live": (seen(NEW, desired=OLD, previous=NEW), StartDeployment()),
    "a new version, alarms red": (seen(OLD, red_alarms=RED), Fail),
    "a new version, alarms red, overridden": (
        seen(OLD, red_alarms=RED, override="the fix"),
        StartDeployment(without_alarms=RED),
    ),
    "a new version, override without need": (seen(OLD, override="the fix"), StartDeployment()),
    "nothing to do, alarms red": (seen(NEW, red_alarms=RED), Succeed),
    "a new version, but the update was taken back": (seen(OLD, cancelled=True), Succeed),
    "same version under way": (seen(OLD, 90, active=under_way()), Follow("d-1")),
    "same version under way as a rollback": (seen(OLD, 90, active=under_way(rolls_back=True)), Follow("d-1")),
    "the same version is live again, its rollback tidies up": (seen(NEW, active=under_way(rolls_back=True)), Wait),
    "the same version is live again, its rollback tidies up for ever": (
        seen(NEW, active=under_way(rolls_back=True), waited={WaitFor.ROLLBACK_END: LIMITS.rollback_end}),
        Succeed,
    ),
    "same version awaits approval": (
        seen(active=Deployment(id="d-1", status=DeploymentStatus.READY, task_definition=NEW)),
        Follow("d-1"),
    ),
    "same version only keeps old tasks": (seen(NEW, active=keeping()), Succeed),
    "previous release only keeps old tasks": (seen(OLD, active=keeping("d-0", OLD)), EndTerminationWait("d-0")),
    "its end was asked for": (seen(OLD, active=keeping("d-0", OLD), asked=frozenset({"d-0"})), Wait),
    "its end was asked for long ago": (
        seen(OLD, active=keeping("d-0", OLD), asked=frozenset({"d-0"}), waited={WaitFor.REMOVAL: LIMITS.removal}),
        Fail,
    ),
    "another version under way": (seen(OLD, active=under_way("d-9", OTHER)), Wait),
    "an unknown version under way": (seen(OLD, active=under_way("d-9", None)), Wait),
    "a rollback under way, the fix comes": (seen(OLD, active=under_way("d-9", OLD, rolls_back=True)), Wait),
    "another version under way too long": (
        seen(OLD, active=under_way("d-9", OTHER), waited={WaitFor.OTHER_RELEASE: LIMITS.other_release}),
        Fail,
    ),
    "live already, but another version is on its way": (
        seen(OLD, desired=OLD, previous="elsewhere", active=under_way("d-9", OTHER)),
        Wait,
    ),
    "another version under way, policy is to stop it": (
        seen(active=under_way("d-9", OTHER), when_busy=WhenBusy.STOP),
        Stop("d-9", rollback=True),
    ),
    "another version under way, policy is to stop it, alarms red": (
        seen(active=under_way("d-9", OTHER), when_busy=WhenBusy.STOP, red_alarms=RED),
        Fail,
    ),
    "another version under way, policy is to stop it, asked": (
        seen(active=under_way("d-9", OTHER), when_busy=WhenBusy.STOP, asked=frozenset({"d-9"})),
        Wait,
    ),
    "another version ended badly, rollback not named yet": (seen(OTHER, last=ended(FAILED)), AWAITED),
    "another version ended badly, rollback not named for long": (
        seen(OTHER, last=ended(FAILED), waited={WaitFor.OTHER_ROLLBACK_START: LIMITS.rollback_start}),
        StartDeployment(),
    ),
    "another version ended badly just now": (
        seen(OTHER, last=ended(STOPPED, ended_seconds=LIMITS.rollback_start - 1), waited=FOR_LONG),
        AWAITED,
    ),
    "another version ended badly some time ago": (
        seen(OTHER, last=ended(STOPPED, ended_seconds=LIMITS.rollback_start)),
        StartDeployment(),
    ),
    "another version ended badly before install, just now": (
        seen(last=ended(FAILED, at="BeforeInstall", ended_seconds=LIMITS.rollback_start_before_install - 1)),
        AWAITED,
    ),
    "another version ended badly before install": (
        seen(last=ended(FAILED, at="BeforeInstall", ended_seconds=LIMITS.rollback_start_before_install)),
        StartDeployment(),
    ),
    "another version ended badly just now, alarms red": (
        seen(OTHER, last=ended(STOPPED, ended_seconds=0), red_alarms=RED),
        AWAITED,
    ),
    "another version ended badly just now, but the update was taken back": (
        seen(OTHER, last=ended(STOPPED, ended_seconds=0), cancelled=True),
        Succeed,
    ),
    "another version ended badly, rolled back": (
        seen(last=ended(STOPPED, ended_seconds=5, rollback_id="d-10")),
        StartDeployment(),
    ),
    "another version's rollback failed": (
        seen(OTHER, last=ended(FAILED, ended_seconds=0, rolls_back=True)),
        StartDeployment(),
    ),
    "another version was released just now": (seen(OTHER, last=ended(SUCCEEDED, ended_seconds=0)), StartDeployment()),
    "the same version has all traffic and failed just now": (seen(NEW, last=ended(FAILED, ended_seconds=0)), AWAITED),
    "a rollback is never stopped by policy": (
        seen(active=under_way("d-9", OLD, rolls_back=True), when_busy=WhenBusy.STOP),
        Wait,
    ),
    "previous release only keeps old tasks, alarms red": (
        seen(OLD, active=keeping("d-0", OLD), red_alarms=RED),
        Fail,
    ),
    "a listener was overwritten": (seen(NEW, 0), Wait),
    "a listener was overwritten, it seems to stay so": (
        seen(NEW, 0, waited={WaitFor.RESTORED: LIMITS.traffic_restored}),
        RestoreTraffic(),
    ),
    "a listener was overwritten, tasks kept, alarms red": (
        seen(NEW, 0, active=keeping(), red_alarms=RED, waited={WaitFor.RESTORED: LIMITS.traffic_restored}),
        RestoreTraffic(),
    ),
    "a listener is overwritten again and again": (seen(NEW, 0, waited={WaitFor.RESTORED: LIMITS.traffic}), Fail),
    "traffic is split and nobody shifts it": (seen(OLD, 90), Wait),
    "traffic stays split": (seen(OLD, 90, waited={WaitFor.SPLIT: LIMITS.traffic}), StartDeployment()),
    "no primary task set": (seen(None, 0), Wait),
    "too late to start": (seen(OLD, elapsed_seconds=LIMITS.give_up), Fail),
}


@pytest.mark.parametrize("case", CASES)
def test_each_situation_on_the_way_forward_has_its_decision(case: str) -> None:
    """The table of situations of the way forward, each with the one thing to do."""
    observation, expected = CASES[case]
    assert matches(decide(observation), expected)
