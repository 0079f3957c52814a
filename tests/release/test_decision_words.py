"""What the log, and with it the release's dashboard, says of a decision."""

import pytest

from bluegreen.release.decisions import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    HandOn,
    LetGo,
    RestoreTraffic,
    ScaleUp,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
)
from bluegreen.release.observation import WaitFor


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Succeed("v2 is live"), "done: v2 is live"),
        (Fail("no"), "failed: no"),
        (ScaleUp(3), "start 3 tasks"),
        (StartDeployment(), "start a deployment"),
        (StartDeployment(("cpu", "memory")), "start a deployment, without cpu, memory"),
        (StartDeployment(back=True), "start a deployment back to the version before"),
        (Follow("d-1"), "follow d-1"),
        (LetGo(), "let go of a deployment that came to nothing"),
        (HandOn("it takes two hours"), "handed on: it takes two hours"),
        (RestoreTraffic(), "put the traffic back, which somebody has overwritten"),
        (EndTerminationWait("d-1"), "end the wait of d-1"),
        (Stop("d-1", rollback=True), "stop d-1 with its rollback"),
        (Stop("d-1", rollback=False, because="red"), "stop d-1 without its rollback: red"),
        (Wait(WaitFor.STEP, "d-1 at Install"), "wait for the release: d-1 at Install"),
    ],
)
def test_says_a_decision_in_words(decision: Decision, words: str) -> None:
    """Every decision is a phrase that an operator understands, without the names of classes."""
    assert str(decision) == words
