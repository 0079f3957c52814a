"""When a task of the candidate counts as failed, why it did, and how many are too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.release.candidate import Candidate, StoppedContainer, StoppedTask

EXITED = "Essential container in task exited"


@pytest.mark.parametrize(
    ("code", "reason", "failed", "ran"),
    [
        ("EssentialContainerExited", EXITED, True, True),
        ("TaskFailedToStart", "CannotPullContainerError: pull access denied", True, False),
        ("TaskFailedToStart", "ResourceInitializationError: unable to pull secrets", True, False),
        ("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group arn:x)", True, True),
        ("ServiceSchedulerInitiated", "Task failed container health checks", True, True),
        (None, "Task failed ELB health checks in (target-group arn:x)", True, True),
        ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", False, True),
        ("UserInitiated", "Task stopped by user", False, True),
        ("SpotInterruption", "Your Spot Task was interrupted.", False, True),
        ("TerminationNotice", "", False, True),
        (None, "", False, True),
    ],
)
def test_only_what_is_wrong_with_a_task_counts_as_its_failure(
    *, code: str | None, reason: str, failed: bool, ran: bool
) -> None:
    """Exits, failed starts and failed health checks count; what scaling, people and Spot stop does not."""
    task = StoppedTask(code=code, reason=reason)
    assert (task.failed, task.ran) == (failed, ran)


APP, SIDECAR = StoppedContainer(name="app", exit_code=1), StoppedContainer(name="sidecar", exit_code=0)


@pytest.mark.parametrize(
    ("code", "reason", "containers", "why"),
    [
        ("EssentialContainerExited", EXITED, (APP, SIDECAR), f"{EXITED} (app: exit code 1; sidecar: exit code 0)"),
        ("ServiceSchedulerInitiated", "Task failed ELB health checks", (APP,), "Task failed ELB health checks"),
        (
            "TaskFailedToStart",
            "CannotPullContainerError: denied",
            (StoppedContainer(name="app", reason="CannotPullContainerError: denied"),),
            "CannotPullContainerError: denied",
        ),
        (
            "TaskFailedToStart",
            "Task failed to start",
            (StoppedContainer(name="app", reason="CannotStartContainerError: no such file"),),
            "Task failed to start (app: CannotStartContainerError: no such file)",
        ),
        ("TaskFailedToStart", "", (), "TaskFailedToStart"),
    ],
)
def test_the_reason_says_what_ecs_knows_once(
    code: str, reason: str, containers: tuple[StoppedContainer, ...], why: str
) -> None:
    """Exit codes are told when a container ended by itself, and nothing is told twice."""
    assert StoppedTask(code=code, reason=reason, containers=containers).why == why


@given(st.integers(0, 10_000), st.integers(0, 100), st.integers(0, 100))
def test_a_candidate_is_hopeless_once_half_of_it_failed(desired: int, failed: int, scaled: int) -> None:
    """The limit is half of the desired tasks between 3 and 50; tasks that did not fail never count."""
    crashed = StoppedTask(code="EssentialContainerExited", reason=EXITED)
    tasks = (StoppedTask(code="UserInitiated", reason=""),) * scaled + (crashed,) * failed
    candidate = Candidate(desired=desired, stopped=tasks)
    assert candidate.is_hopeless == (failed >= 50 or (failed >= 3 and 2 * failed >= desired))
