import threading
from typing import Any

import pytest

from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.custom_resources import CustomResourceError, deliver, read_answer

FAST = Clock(100_000)


def answer(**given: Any) -> dict[str, Any]:
    return {"Status": "SUCCESS", "PhysicalResourceId": "r-1", **given}


def test_an_answer_gives_the_physical_id_and_the_attributes() -> None:
    """An answer without a physical id keeps the present one, and at creation takes the request's id."""
    assert read_answer(answer(Data={"A": 1}), "request", None) == ("r-1", {"A": 1})
    assert read_answer({"Status": "SUCCESS"}, "request", "r-0") == ("r-0", {})
    assert read_answer({"Status": "SUCCESS"}, "request", None) == ("request", {})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            None,
            "did not receive a response from your Custom Resource. Please check your logs for requestId \\[request]",
        ),
        (answer(Data={"A": "x" * 4096}), "Response object is too long."),
        (answer(PhysicalResourceId="x" * 1025), "Invalid PhysicalResourceId"),
        (answer(Status="FAILED", Reason="no"), "Received response status \\[FAILED] .* Message returned: no"),
        ({}, "Received response status \\[None]"),
    ],
)
def test_what_cloudformation_does_not_take_fails_the_resource(given: dict[str, Any] | None, said: str) -> None:
    """No answer, one beyond a documented limit, and a refusal fail in CloudFormation's words."""
    with pytest.raises(CustomResourceError, match=said):
        read_answer(given, "request", "r-0")


@pytest.mark.parametrize(("fails", "runs"), [(0, 1), (1, 2), (2, 3), (9, 3)])
def test_a_function_that_fails_is_asked_three_times_at_most(fails: int, runs: int) -> None:
    """Lambda repeats a failed asynchronous event twice, and then nobody asks any more."""
    asked: list[dict[str, Any]] = []
    answered = threading.Event()

    def invoke(event: dict[str, Any]) -> bool:
        asked.append(event)
        if len(asked) == runs:
            answered.set()
        return len(asked) > fails

    deliver({"LogicalResourceId": "One"}, invoke, answered, 3600, Clock(1000))
    assert answered.is_set()
    assert asked == [{"LogicalResourceId": "One"}] * runs


def test_the_wait_for_an_answer_ends_in_cloud_time() -> None:
    """A function that never answers is waited for no longer than the timeout, from the question on."""
    before = FAST.now()
    deliver({"LogicalResourceId": "One"}, lambda _: True, threading.Event(), 3600, FAST)
    assert FAST.now() - before >= 3600
