import pytest

from bluegreen.release.candidate import Candidate
from bluegreen.release.convergence import (
    Decision,
    Fail,
    ScaleUp,
    Succeed,
    Wait,
    decide,
)
from bluegreen.release.observation import Observation, WaitFor
from tests.release.situations import (
    CRASHED,
    HOPELESS,
    NEW,
    creating,
    matches,
)

CASES: dict[str, tuple[Observation, Decision | type]] = {
    "created without tasks": (creating(steady=True), ScaleUp(3)),
    "created, scaled up": (creating(desired_tasks=3), Wait),
    "created, autoscaling wants more": (creating(NEW, desired_tasks=4, steady=True), Succeed),
    "created, healthy": (creating(NEW, desired_tasks=3, steady=True), Succeed),
    "created, healthy, but the listener shows nothing yet": (creating(NEW, 0, desired_tasks=3, steady=True), Wait),
    "created, two tasks failed": (
        creating(desired_tasks=3, candidate=Candidate(desired=3, stopped=(CRASHED,) * 2)),
        Wait,
    ),
    "created, three tasks failed": (creating(desired_tasks=3, candidate=HOPELESS), Fail),
    "created, never healthy": (creating(desired_tasks=3, waited={WaitFor.FIRST_TASKS: 900}), Fail),
    "created, healthy at the last moment": (
        creating(NEW, desired_tasks=3, steady=True, waited={WaitFor.FIRST_TASKS: 900}),
        Succeed,
    ),
    "created, and taken back": (creating(cancelled=True), Fail),
}


@pytest.mark.parametrize("case", CASES)
def test_each_state_of_the_first_tasks_has_its_decision(case: str) -> None:
    """The table of situations of a service that was just created, each with the one thing to do."""
    observation, expected = CASES[case]
    assert matches(decide(observation), expected)
