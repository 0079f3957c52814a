import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bluegreen.release.candidate import Candidate, StoppedContainer, StoppedTask
from bluegreen.release.convergence import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    Limits,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
    decide,
    decide_without_sight,
)
from bluegreen.release.deployment import Deployment, DeploymentStatus, Step, StepStatus
from bluegreen.release.messages import LONGEST_BYTES
from bluegreen.release.observation import HookReport, Observation, RequestType, WaitFor

OLD, NEW, OTHER = "task-definition/orders:1", "task-definition/orders:2", "task-definition/orders:9"
LIMITS = Limits()
LONG = 10_000
EVENTS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)


def steps_failed_at(failed: str) -> tuple[Step, ...]:
    at = EVENTS.index(failed)
    statuses = [StepStatus.SUCCEEDED] * at + [StepStatus.FAILED] + [StepStatus.SKIPPED] * (len(EVENTS) - at - 1)
    return tuple(map(Step, EVENTS, statuses))


ALL_PASSED = tuple(Step(event, StepStatus.SUCCEEDED) for event in EVENTS)
SHIFTING = (
    *ALL_PASSED[:6],
    Step("AllowTraffic", StepStatus.IN_PROGRESS),
    Step("AfterAllowTraffic", StepStatus.PENDING),
)


def under_way(identifier: str = "d-1", task_definition: str | None = NEW, **more: object) -> Deployment:
    return Deployment(
        id=identifier,
        status=DeploymentStatus.IN_PROGRESS,
        task_definition=task_definition,
        steps=SHIFTING,
        **more,  # type: ignore[arg-type] # the named fields of a Deployment
    )


def keeping(identifier: str = "d-1", task_definition: str = NEW) -> Deployment:
    return Deployment(
        id=identifier,
        status=DeploymentStatus.IN_PROGRESS,
        task_definition=task_definition,
        steps=ALL_PASSED,
        termination_wait_started=True,
    )


def ended(status: DeploymentStatus, identifier: str = "d-1", at: str = "AllowTraffic", **more: object) -> Deployment:
    steps = ALL_PASSED if status is DeploymentStatus.SUCCEEDED else steps_failed_at(at)
    return Deployment(
        id=identifier,
        status=status,
        task_definition=NEW,
        steps=steps,
        **more,  # type: ignore[arg-type] # the named fields of a Deployment
    )


def seen(primary: str | None = OLD, percent: int = 100, **more: object) -> Observation:
    defaults: dict[str, object] = {"request": RequestType.UPDATE, "version": "v2", "desired": NEW, "previous": OLD}
    return Observation(
        primary=primary,
        primary_percent=percent,
        **(defaults | more),  # type: ignore[arg-type] # the named fields of an Observation
    )


INSTALLING = (
    ALL_PASSED[0],
    Step("Install", StepStatus.IN_PROGRESS),
    *(Step(event, StepStatus.PENDING) for event in EVENTS[2:]),
)


def installing(**more: object) -> Deployment:
    return replace(under_way(), steps=INSTALLING, **more)  # type: ignore[arg-type] # the named fields of a Deployment


CRASHED = StoppedTask(
    code="EssentialContainerExited",
    reason="Essential container in task exited",
    containers=(
        StoppedContainer(name="app", exit_code=137, reason="OutOfMemoryError: Container killed due to memory usage"),
        StoppedContainer(name="sidecar"),
    ),
)
SCALED_IN = StoppedTask(code="ServiceSchedulerInitiated", reason="Scaling activity initiated by (deployment ecs-svc/1)")
HOPELESS = Candidate(desired=2, stopped=(CRASHED,) * 3)
GAVE_UP = (
    "Install gave up after 3 failed tasks: Essential container in task exited "
    "(app: exit code 137, OutOfMemoryError: Container killed due to memory usage)"
)

FAILED, STOPPED, SUCCEEDED = DeploymentStatus.FAILED, DeploymentStatus.STOPPED, DeploymentStatus.SUCCEEDED

CASES: dict[str, tuple[Observation, Decision | type]] = {
    "first creation": (seen(None, 0, request=RequestType.CREATE), Succeed),
    "first creation, whatever runs": (seen(OLD, request=RequestType.CREATE), Succeed),
    "nothing to do": (seen(NEW), Succeed),
    "a new version": (seen(OLD), StartDeployment()),
    "stack rolls back to what is live": (seen(OLD, desired=OLD, previous=NEW), Succeed),
    "stack rolls back from what went live": (seen(NEW, desired=OLD, previous=NEW), StartDeployment()),
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
    "stack takes back what is under way": (
        seen(OLD, desired=OLD, previous=NEW, active=under_way()),
        Stop("d-1", rollback=True),
    ),
    "stack takes back what is under way, asked": (
        seen(OLD, desired=OLD, previous=NEW, active=under_way(), asked=frozenset({"d-1"})),
        Wait,
    ),
    "traffic is split and nobody shifts it": (seen(OLD, 90), Wait),
    "traffic stays split": (seen(OLD, 90, waited={WaitFor.SPLIT: LIMITS.traffic}), StartDeployment()),
    "no primary task set": (seen(None, 0), Wait),
    "too late to start": (seen(OLD, elapsed_seconds=LIMITS.give_up), Fail),
    "followed, shifting": (seen(OLD, 90, followed=under_way()), Wait),
    "followed, all traffic moved, last hook runs": (seen(NEW, followed=under_way()), Wait),
    "followed, passed": (seen(NEW, followed=keeping()), Succeed),
    "followed, succeeded": (seen(NEW, followed=ended(SUCCEEDED)), Succeed),
    "followed, passed, listener lags": (seen(NEW, 90, followed=keeping()), Wait),
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
    "delete, nothing under way": (seen(OLD, request=RequestType.DELETE), Succeed),
    "delete, release under way": (
        seen(OLD, request=RequestType.DELETE, active=under_way()),
        Stop("d-1", rollback=False),
    ),
    "delete, stopping": (
        seen(OLD, request=RequestType.DELETE, active=under_way(), asked=frozenset({"d-1"})),
        Wait,
    ),
    "delete, never stops": (
        seen(
            OLD,
            request=RequestType.DELETE,
            active=under_way(),
            asked=frozenset({"d-1"}),
            waited={WaitFor.STOP: LIMITS.stop},
        ),
        Succeed,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_situation_has_its_decision(case: str) -> None:
    """The table of situations, each with the one thing to do."""
    observation, expected = CASES[case]
    decision = decide(observation)
    if isinstance(expected, type):
        assert isinstance(decision, expected)
    else:
        assert decision == expected


STATUSES = tuple(DeploymentStatus)
STEPS: tuple[tuple[Step, ...], ...] = (
    (),
    INSTALLING,
    SHIFTING,
    ALL_PASSED,
    steps_failed_at("BeforeInstall"),
    steps_failed_at("AllowTraffic"),
)


def deployments(identifier: str) -> list[Deployment | None]:
    """Nothing, and a deployment in every status at every kind of step, of each version."""
    made = [
        Deployment(
            id=identifier,
            status=status,
            task_definition=version,
            steps=steps,
            termination_wait_started=waits,
            rolls_back=rolls_back,
        )
        for status, steps, version, waits, rolls_back in itertools.product(
            STATUSES, STEPS, (OLD, NEW, None), (False, True), (False, True)
        )
    ]
    return [None, *made]


def product() -> Iterator[Observation]:
    """Every combination of what can be seen, as far as the decision tells them apart."""
    rollbacks = [None, under_way("d-2", OLD), keeping("d-2", OLD), ended(SUCCEEDED, "d-2"), ended(FAILED, "d-2")]
    lives = [(OLD, 100), (NEW, 100), (OLD, 90), (None, 0)]
    waits: list[dict[WaitFor, int]] = [{}, dict.fromkeys(WaitFor, 1), dict.fromkeys(WaitFor, LONG)]
    whole: list[tuple[Deployment | None, Deployment | None, Deployment | None]] = [
        *((active, None, None) for active in deployments("d-1") if active is None or not active.ended),
        *((None, followed, rollback) for followed in deployments("d-1") if followed for rollback in rollbacks),
    ]
    for request, (primary, percent), (active, followed, rollback), waited, elapsed, asked in itertools.product(
        RequestType, lives, whole, waits, (0, LIMITS.give_up, LIMITS.deadline), (frozenset(), frozenset({"d-1"}))
    ):
        yield seen(
            primary,
            percent,
            request=request,
            active=active,
            followed=followed,
            rollback=rollback,
            waited=waited,
            elapsed_seconds=elapsed,
            asked=asked,
        )
    for candidate, known, stopping in itertools.product(
        (Candidate(desired=2), HOPELESS), filter(None, deployments("d-1")), (frozenset(), frozenset({"d-1"}))
    ):
        yield seen(candidate=candidate, followed=known, asked=stopping)


Rule = Callable[[Observation, Any], Any]

BOUNDED = set(WaitFor) - {WaitFor.STEP, WaitFor.APPROVAL, WaitFor.ROLLBACK_END}
"""What is waited for with a bound of its own; the others end with the deadline."""


def is_update(observation: Observation) -> bool:
    return observation.request is RequestType.UPDATE


RULES: dict[str, tuple[type, Rule]] = {
    "only an update starts a deployment": (StartDeployment, lambda o, _: is_update(o)),
    "a deployment starts only when none is known": (StartDeployment, lambda o, _: not (o.active or o.followed)),
    "what is live is not started again": (StartDeployment, lambda o, _: o.live != o.desired),
    "what is called live is live": (Succeed, lambda o, _: not is_update(o) or o.live == o.desired),
    "success waits for the last hook": (Succeed, lambda o, _: not (is_update(o) and o.followed) or o.followed.passed),
    "success leaves nothing under way": (
        Succeed,
        lambda o, _: not (is_update(o) and o.active) or o.active.only_waits_to_remove or o.active.rolls_back,
    ),
    "only an update fails": (Fail, lambda o, _: is_update(o)),
    "a message is one short line": (
        Fail,
        lambda _, d: "\n" not in d.message and 0 < len(d.message.encode()) <= LONGEST_BYTES,
    ),
    "only the active deployment is followed": (Follow, lambda o, d: o.active and o.active.id == d.deployment_id),
    "only the same version is followed": (Follow, lambda o, _: o.active and o.active.task_definition == o.desired),
    "only what moves no traffic is ended": (
        EndTerminationWait,
        lambda o, _: o.active and o.active.only_waits_to_remove,
    ),
    "an end is asked for once": (EndTerminationWait, lambda o, d: d.deployment_id not in o.asked),
    "a stop is asked for once": (Stop, lambda o, d: d.deployment_id not in o.asked),
    "only a candidate that is being installed is given up": (
        Stop,
        lambda o, d: not d.because or (o.followed and o.followed.installs and o.candidate and o.candidate.is_hopeless),
    ),
    "an update stops nothing without a rollback": (Stop, lambda o, d: d.rollback or not is_update(o)),
    "nothing waits beyond the deadline": (Wait, lambda o, _: o.elapsed_seconds < LIMITS.deadline),
    "every wait has its bound": (Wait, lambda o, d: d.reason not in BOUNDED or o.waited.get(d.reason, 0) < LONG),
}
"""For each kind of decision, what holds whatever was seen."""


def test_no_combination_of_states_leads_to_a_wrong_decision() -> None:
    """Over the product of all states, every decision keeps every rule."""
    count = 0
    kinds = set()
    for observation in product():
        count += 1
        decision = decide(observation)
        kinds.add(type(decision))
        for name, (kind, holds) in RULES.items():
            assert not isinstance(decision, kind) or holds(observation, decision), f"{name}: {observation}: {decision}"
    assert count > 100_000
    assert kinds == {kind for kind, _ in RULES.values()}


@pytest.mark.parametrize(
    ("elapsed", "waited", "expected"),
    [(0, 0, Wait), (10, LIMITS.aws - 1, Wait), (400, LIMITS.aws, Fail), (LIMITS.deadline, 1, Fail)],
)
def test_blindness_is_waited_out_for_a_while_only(elapsed: int, waited: int, expected: type) -> None:
    """When AWS does not answer, no verdict is guessed; after a bound it is a failure that says so."""
    decision = decide_without_sight(elapsed, waited, "DescribeServices: ThrottlingException: slow down")
    assert isinstance(decision, expected)
    assert "ThrottlingException" in str(decision)


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
    ],
)
def test_a_failure_says_all_that_matters_in_one_line(observation: Observation, parts: list[str]) -> None:
    """The message names step, cause, code, log, deployments and where the traffic is."""
    decision = decide(observation)
    assert isinstance(decision, Fail)
    for part in parts:
        assert part in decision.message


def test_a_long_reason_leaves_room_for_the_rest_of_the_message() -> None:
    """A hook that says very much does not push the traffic's state out of the message."""
    hook = HookReport("f" * 64, log_group="/aws/lambda/" + "g" * 64, said="ü" * 5000)
    decision = decide(seen(followed=ended(FAILED, at="AfterInstall"), rollback=ROLLED_BACK, hook=hook))
    assert isinstance(decision, Fail)
    assert len(decision.message.encode()) <= LONGEST_BYTES
    assert decision.message.endswith("production: 100 % on orders:1")
