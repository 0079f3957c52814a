from dataclasses import replace

import pytest

from bluegreen.release.candidate import Candidate, StoppedTask
from bluegreen.release.convergence import Fail, HandOn, Succeed, decide
from bluegreen.release.messages import LONGEST_BYTES
from bluegreen.release.observation import HookReport, Observation, WaitFor
from tests.release.situations import (
    ASKED,
    FAILED,
    GAVE_UP,
    HOPELESS,
    NEW,
    OLD,
    OTHER,
    RED,
    STOPPED,
    SUCCEEDED,
    awaiting,
    back,
    creating,
    ended,
    installing,
    keeping,
    refused,
    seen,
    under_way,
)

NO_SECRET = StoppedTask(
    code="TaskFailedToStart", reason="ResourceInitializationError: unable to pull secrets or registry auth: denied"
)
ROLLED_BACK = ended(SUCCEEDED, "d-2")
HOOK = HookReport("orders-smoke", log_group="/aws/lambda/smoke", said="GET /health: status: expected 200, got 503")


@pytest.mark.parametrize(
    ("observation", "parts"),
    [
        (
            seen(
                followed=ended(FAILED, at="AfterAllowTestTraffic", error_code="HOOK_EXECUTION_FAILURE"),
                rollback=ROLLED_BACK,
                hook=HOOK,
            ),
            [
                "release of v2 failed at AfterAllowTestTraffic (HOOK_EXECUTION_FAILURE): hook orders-smoke said: GET",
                "expected 200, got 503",
                "log group /aws/lambda/smoke",
                "deployment d-1, rolled back by d-2",
                "production: 100 % on orders:1",
            ],
        ),
        (
            seen(
                followed=ended(
                    STOPPED, error_code="ALARM_ACTIVE", error_message="… Activated alarms: <errors> <latency>"
                ),
                rollback=ROLLED_BACK,
            ),
            ["failed at AllowTraffic (ALARM_ACTIVE): alarms errors, latency; deployment d-1, rolled back by d-2"],
        ),
        (
            seen(
                followed=ended(FAILED, at="Install", error_code="TIMEOUT", error_message="tasks never became steady"),
                rollback=ended(FAILED, "d-2", error_code="INTERNAL_ERROR"),
            ),
            ["failed at Install (TIMEOUT): tasks never became steady", "rollback d-2 failed too (INTERNAL_ERROR)"],
        ),
        (
            seen(
                followed=ended(
                    STOPPED,
                    at="Install",
                    error_code="MANUAL_STOP",
                    error_message="the deployment was stopped on request",
                ),
                rollback=ROLLED_BACK,
                stopped_because=GAVE_UP,
            ),
            [f"release of v2 failed: {GAVE_UP}; deployment d-1, rolled back by d-2; production: 100 % on orders:1"],
        ),
        (
            seen(
                followed=ended(
                    STOPPED, at="Install", error_code="ALARM_ACTIVE", error_message="Activated alarms: <errors>"
                ),
                rollback=ROLLED_BACK,
                stopped_because=GAVE_UP,
            ),
            ["failed at Install (ALARM_ACTIVE): alarm errors; deployment d-1"],
        ),
        (
            seen(followed=installing(), elapsed_seconds=3500, asked=frozenset({"d-1"}), stopped_because=GAVE_UP),
            [f"within 3500 s: {GAVE_UP}; deployment d-1 is InProgress"],
        ),
        (
            seen(OLD, 90, followed=ended(FAILED), waited={WaitFor.ROLLBACK_START: 999}),
            ["deployment d-1, not rolled back; production: 90 % on orders:1"],
        ),
        (
            seen(active=under_way("d-9", OTHER), waited={WaitFor.OTHER_RELEASE: 999}),
            ["release of v2 refused: deployment d-9 of orders:9 is InProgress after 600 s", "stop it"],
        ),
        (
            seen(None, 0, followed=under_way(), elapsed_seconds=3500),
            ["within 3500 s", "d-1 is InProgress", "no primary"],
        ),
        (
            seen(red_alarms=RED),
            [
                "release of v2 refused: in ALARM: orders-errors, orders-p95; nothing was begun",
                "production: 100 % on orders:1",
                'ignore_red_alarms=IgnoredAlarms(version="v2", reason="…")',
            ],
        ),
        (
            seen(followed=refused(), waited={WaitFor.APPROVAL: 1795}, approval_minutes=30, rollback=ROLLED_BACK),
            ["release of v2 ended: nobody continued it within 30 min; deployment d-1, rolled back by d-2; production"],
        ),
        (
            seen(followed=refused(), waited={WaitFor.APPROVAL: 600}, approval_minutes=30, rollback=ROLLED_BACK),
            ["release of v2 ended: it was refused while it waited for approval; deployment d-1, rolled back by d-2"],
        ),
        (
            seen(
                OLD,
                90,
                followed=ended(STOPPED),
                waited={WaitFor.APPROVAL: 4000, WaitFor.ROLLBACK_START: 999},
                approval_minutes=30,
            ),
            ["release of v2 failed at AllowTraffic; deployment d-1, not rolled back"],
        ),
        (
            creating(desired_tasks=3, candidate=HOPELESS, log_group="orders-log"),
            [
                "creation with v2 failed: it gave up after 3 failed tasks: Essential container in task exited (app: ",
                "exit code 137, OutOfMemoryError: Container killed due to memory usage); log group orders-log; 3 tasks",
            ],
        ),
        (
            creating(desired_tasks=3, candidate=Candidate(desired=3), waited={WaitFor.FIRST_TASKS: 900}),
            ["creation with v2 failed: the first tasks were not healthy within 15 min; none of them failed: look at"],
        ),
        (
            creating(
                desired_tasks=3,
                candidate=Candidate(desired=3, stopped=(NO_SECRET,)),
                start_seconds=90,
                waited={WaitFor.FIRST_TASKS: 90},
            ),
            ["not healthy within 2 min; the newest failed task: ResourceInitializationError: unable to pull secrets"],
        ),
        (
            seen(NEW, 0, waited={WaitFor.RESTORED: 999}),
            ["release of v2 failed: its tasks are the service's primary ones, but", "production: 0 % on orders:2"],
        ),
        (
            seen(OLD, 90, followed=under_way(), handed_on=True, asked=ASKED, elapsed_seconds=10**6),
            ["release of v2 did not finish within 435600 s: deployment d-1 is InProgress; production: 90 %"],
        ),
    ],
)
def test_a_failure_says_all_that_matters_in_one_line(observation: Observation, parts: list[str]) -> None:
    """The message names step, cause, code, log, deployments and where the traffic is."""
    decision = decide(observation)
    assert isinstance(decision, Fail)
    assert len(decision.message.encode()) <= LONGEST_BYTES
    for part in parts:
        assert part in decision.message


@pytest.mark.parametrize(
    ("observation", "reason"),
    [
        (seen(NEW), "v2 is live already"),
        (seen(cancelled=True), "release of v2 not begun: CloudFormation takes the update back; production: 100 %"),
        (seen(NEW, active=keeping()), "v2 is live already; d-1 only keeps the tasks before it for a while"),
        (seen(NEW, followed=keeping()), "v2 serves all of production since d-1"),
        (
            seen(NEW, followed=keeping(), ignored_alarms=RED, override="v2 is the fix"),
            "v2 serves all of production since d-1; released although in ALARM: orders-errors, orders-p95 (v2 is the",
        ),
        (
            seen(OTHER, followed=ended(SUCCEEDED), handed_on=True),
            "v2 was released by d-1; since then production: 100 % on orders:9",
        ),
        (
            back(active=under_way("d-9", OTHER)),
            "nothing of the update is in production; production: 100 % on orders:1; deployment d-9 of orders:9 goes on",
        ),
        (creating(NEW, desired_tasks=3, steady=True), "v2 is what the service was created with; its first tasks are"),
    ],
)
def test_a_success_says_what_is_live_and_what_was_ignored_for_it(observation: Observation, reason: str) -> None:
    """Version, deployment, and for an overridden release the alarms and why."""
    decision = decide(observation)
    assert isinstance(decision, Succeed)
    assert decision.reason.startswith(reason)


@pytest.mark.parametrize(
    ("observation", "doing"),
    [(seen(followed=awaiting()), "waits for approval"), (seen(OLD, 90, followed=under_way()), "gets its traffic")],
)
def test_handing_on_says_what_goes_on_and_where_its_end_is_told(observation: Observation, doing: str) -> None:
    """Whoever ran cdk deploy reads that it is not over."""
    decision = decide(replace(observation, hands_on=True))
    assert isinstance(decision, HandOn)
    assert f"v2 is healthy and tested and {doing}; deployment d-1 goes on after this" in decision.reason
    assert "published to the notifications topic; production:" in decision.reason


def test_a_refusal_names_the_way_out_however_many_alarms_are_red() -> None:
    """A hundred alarms with long names do not push the remedy out of the message."""
    decision = decide(seen(red_alarms=tuple(f"orders-alarm-{number:0200}" for number in range(100))))
    assert isinstance(decision, Fail)
    assert len(decision.message.encode()) <= LONGEST_BYTES
    assert decision.message.endswith('ignore_red_alarms=IgnoredAlarms(version="v2", reason="…")')


def test_a_long_reason_leaves_room_for_the_rest_of_the_message() -> None:
    """A hook that says very much does not push the traffic's state out of the message."""
    hook = HookReport("f" * 64, log_group="/aws/lambda/" + "g" * 64, said="ü" * 5000)
    decision = decide(seen(followed=ended(FAILED, at="AfterInstall"), rollback=ROLLED_BACK, hook=hook))
    assert isinstance(decision, Fail)
    assert len(decision.message.encode()) <= LONGEST_BYTES
    assert decision.message.endswith("production: 100 % on orders:1")
