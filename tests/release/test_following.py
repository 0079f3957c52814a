from dataclasses import replace

import pytest

from bluegreen.release.candidate import Candidate
from bluegreen.release.convergence import (
    Decision,
    Fail,
    HandOn,
    RestoreTraffic,
    Stop,
    Succeed,
    Wait,
    decide,
)
from bluegreen.release.observation import Observation, WaitFor
from tests.release.situations import (
    ASKED,
    CRASHED,
    FAILED,
    GAVE_UP,
    HOPELESS,
    LIMITS,
    NEW,
    OLD,
    OTHER,
    SCALED_IN,
    STOPPED,
    SUCCEEDED,
    awaiting,
    back,
    ended,
    hooked,
    installing,
    installing_for,
    keeping,
    matches,
    seen,
    under_way,
)

CASES: dict[str, tuple[Observation, Decision | type]] = {
    "followed, shifting": (seen(OLD, 90, followed=under_way()), Wait),
    "followed, all traffic moved, last hook runs": (seen(NEW, followed=under_way()), Wait),
    "followed, passed": (seen(NEW, followed=keeping()), Succeed),
    "followed, succeeded": (seen(NEW, followed=ended(SUCCEEDED)), Succeed),
    "followed, passed, listener lags": (seen(NEW, 90, followed=keeping()), Wait),
    "followed, passed, listener was overwritten": (
        seen(NEW, 0, followed=keeping(), waited={WaitFor.RESTORED: LIMITS.traffic_restored}),
        RestoreTraffic(),
    ),
    "followed, succeeded, another release may have begun": (
        seen(NEW, 90, followed=ended(SUCCEEDED), waited={WaitFor.RESTORED: LIMITS.traffic_restored}),
        Wait,
    ),
    "followed, awaits approval": (seen(followed=awaiting()), Wait),
    "followed, awaits approval, hands on": (seen(followed=awaiting(), hands_on=True), HandOn),
    "followed, awaits approval, handed on": (seen(followed=awaiting(), hands_on=True, handed_on=True), Wait),
    "followed, shifting, hands on": (seen(OLD, 90, followed=under_way(), hands_on=True), HandOn),
    "followed, installing, hands on": (seen(followed=installing(), hands_on=True), Wait),
    "followed, shifting, hands on, but the update was taken back": (
        seen(OLD, 90, followed=under_way(), hands_on=True, cancelled=True),
        Wait,
    ),
    "the way back is not handed on": (back(NEW, 90, followed=under_way("d-2", OLD), hands_on=True), Wait),
    "an update of other things is taken back, its release hands on": (
        back(OLD, 90, followed=under_way("d-2", OLD), hands_on=True, previous=OLD),
        HandOn,
    ),
    "followed, a rollback is not handed on": (seen(OLD, 90, followed=under_way(rolls_back=True), hands_on=True), Wait),
    "handed on, long after the hour": (
        seen(OLD, 90, followed=under_way(), hands_on=True, handed_on=True, elapsed_seconds=100_000),
        Wait,
    ),
    "handed on, after five days": (
        seen(OLD, 90, followed=under_way(), handed_on=True, elapsed_seconds=LIMITS.handed_on_give_up),
        Stop("d-1", rollback=True),
    ),
    "handed on, for ever": (
        seen(OLD, 90, followed=under_way(), handed_on=True, asked=ASKED, elapsed_seconds=LIMITS.handed_on_deadline),
        Fail,
    ),
    "handed on, passed": (seen(NEW, followed=keeping(), handed_on=True, elapsed_seconds=100_000), Succeed),
    "handed on, succeeded, and replaced since": (seen(OTHER, followed=ended(SUCCEEDED), handed_on=True), Succeed),
    "handed on, failed, rolled back": (
        seen(OLD, followed=ended(FAILED), rollback=ended(SUCCEEDED, "d-2"), handed_on=True),
        Fail,
    ),
    "a hook takes its time": (seen(followed=hooked(90), hook_seconds={"AfterInstall": 60}), Wait),
    "a hook takes too long": (
        seen(followed=hooked(91), hook_seconds={"AfterInstall": 60}),
        Stop(
            "d-1",
            rollback=True,
            because="the hook at AfterInstall did not answer within the 60 s that its function may take: look at the "
            "function's log, and whether it can reach CodeDeploy",
        ),
    ),
    "a hook takes too long, asked": (
        seen(followed=hooked(91), hook_seconds={"AfterInstall": 60}, asked=ASKED),
        Wait,
    ),
    "a hook of unknown patience": (seen(followed=hooked(3000)), Wait),
    "a hook that began at an unknown time": (seen(followed=hooked(None), hook_seconds={"AfterInstall": 60}), Wait),
    "installing for as long as it may": (seen(followed=installing_for(899)), Wait),
    "installing for too long": (
        seen(followed=installing_for(900), candidate=Candidate(desired=2)),
        Stop(
            "d-1",
            rollback=True,
            because="the candidate's tasks were not healthy within 15 min; none of them failed: look at the health "
            "check and its path",
        ),
    ),
    "installing for too long, one task failed": (
        seen(followed=installing_for(60), start_seconds=60, candidate=Candidate(desired=2, stopped=(CRASHED,))),
        Stop(
            "d-1",
            rollback=True,
            because="the candidate's tasks were not healthy within 1 min; the newest failed task: Essential container "
            "in task exited (app: exit code 137, OutOfMemoryError: Container killed due to memory usage)",
        ),
    ),
    "a rollback that installs for long is not given up": (
        seen(followed=replace(installing_for(900), rolls_back=True)),
        Wait,
    ),
    "followed, passed, listener never follows": (
        seen(OLD, followed=ended(SUCCEEDED), waited={WaitFor.ARRIVAL: LIMITS.traffic}),
        Fail,
    ),
    "a split before the start does not count against the arrival": (
        seen(NEW, 90, followed=keeping(), waited={WaitFor.SPLIT: LIMITS.traffic}),
        Wait,
    ),
    "failed, rollback not named yet": (seen(OLD, 90, followed=ended(FAILED)), Wait),
    "stopped, rollback not named yet": (seen(OLD, 90, followed=ended(STOPPED)), Wait),
    "failed, rollback never came": (
        seen(OLD, followed=ended(FAILED), waited={WaitFor.ROLLBACK_START: LIMITS.rollback_start}),
        Fail,
    ),
    "failed before install": (seen(OLD, followed=ended(FAILED, at="BeforeInstall")), Wait),
    "failed before install, a moment ago": (
        seen(
            OLD,
            followed=ended(FAILED, at="BeforeInstall"),
            waited={WaitFor.ROLLBACK_START: LIMITS.rollback_start_before_install},
        ),
        Fail,
    ),
    "failed after install, a moment ago": (
        seen(
            OLD,
            followed=ended(FAILED, at="Install"),
            waited={WaitFor.ROLLBACK_START: LIMITS.rollback_start_before_install},
        ),
        Wait,
    ),
    "rolling back": (seen(OLD, 90, followed=ended(FAILED), rollback=under_way("d-2", OLD)), Wait),
    "rolled back": (seen(OLD, followed=ended(FAILED), rollback=ended(SUCCEEDED, "d-2")), Fail),
    "rolled back, candidate's tasks kept": (seen(OLD, followed=ended(FAILED), rollback=keeping("d-2", OLD)), Fail),
    "rollback failed": (seen(NEW, followed=ended(FAILED), rollback=ended(FAILED, "d-2")), Fail),
    "failed although all traffic arrived": (seen(NEW, followed=ended(FAILED, at="AfterAllowTraffic")), Wait),
    "running out of time": (
        seen(OLD, 90, followed=under_way(), elapsed_seconds=LIMITS.give_up),
        Stop("d-1", rollback=True),
    ),
    "running out of time, asked": (
        seen(OLD, 90, followed=under_way(), elapsed_seconds=LIMITS.give_up, asked=frozenset({"d-1"})),
        Wait,
    ),
    "a rollback is not turned back": (
        seen(OLD, 90, followed=under_way(rolls_back=True), elapsed_seconds=LIMITS.give_up),
        Wait,
    ),
    "installing": (seen(followed=installing()), Wait),
    "installing, two tasks failed": (
        seen(followed=installing(), candidate=Candidate(stopped=(CRASHED,) * 2, desired=2)),
        Wait,
    ),
    "installing, three tasks failed": (
        seen(followed=installing(), candidate=HOPELESS),
        Stop("d-1", rollback=True, because=GAVE_UP),
    ),
    "installing, three tasks failed, log known": (
        seen(followed=installing(), candidate=HOPELESS, log_group="orders-log"),
        Stop("d-1", rollback=True, because=f"{GAVE_UP}; log group orders-log"),
    ),
    "installing, three tasks failed of many": (
        seen(followed=installing(), candidate=replace(HOPELESS, desired=7)),
        Wait,
    ),
    "installing, scaling stopped many": (
        seen(followed=installing(), candidate=Candidate(desired=2, stopped=(CRASHED, CRASHED, *(SCALED_IN,) * 9))),
        Wait,
    ),
    "installing, given up, asked": (
        seen(followed=installing(), candidate=HOPELESS, asked=frozenset({"d-1"})),
        Wait,
    ),
    "tasks failed, but Install is over": (seen(OLD, 90, followed=under_way(), candidate=HOPELESS), Wait),
    "a rollback that installs is not given up": (
        seen(followed=installing(rolls_back=True), candidate=HOPELESS),
        Wait,
    ),
    "given up, rolled back": (
        seen(followed=ended(STOPPED, at="Install"), rollback=ended(SUCCEEDED, "d-2"), stopped_because=GAVE_UP),
        Fail,
    ),
    "out of time": (seen(OLD, 90, followed=under_way(), elapsed_seconds=LIMITS.deadline), Fail),
    "out of time while rolling back": (
        seen(OLD, 90, followed=ended(FAILED), rollback=under_way("d-2", OLD), elapsed_seconds=LIMITS.deadline),
        Fail,
    ),
    "passed at the last moment": (seen(NEW, followed=keeping(), elapsed_seconds=LIMITS.deadline), Succeed),
}


@pytest.mark.parametrize("case", CASES)
def test_each_state_of_a_followed_deployment_has_its_decision(case: str) -> None:
    """The table of situations of a deployment that is followed, each with the one thing to do."""
    observation, expected = CASES[case]
    assert matches(decide(observation), expected)
