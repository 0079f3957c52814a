import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest

from bluegreen.release.candidate import Candidate
from bluegreen.release.convergence import (
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
    decide,
    decide_without_sight,
)
from bluegreen.release.deployment import Deployment, DeploymentStatus, Step
from bluegreen.release.messages import LONGEST_BYTES
from bluegreen.release.observation import Observation, RequestType, WaitFor, WhenBusy
from tests.release.situations import (
    ALL_PASSED,
    ASKED,
    FAILED,
    HOPELESS,
    INSTALLING,
    LIMITS,
    LONG,
    NEW,
    OLD,
    OTHER,
    RED,
    SHIFTING,
    STOPPED,
    SUCCEEDED,
    creating,
    ended,
    hooked,
    installing_for,
    keeping,
    matches,
    seen,
    steps_failed_at,
    under_way,
)

CASES: dict[str, tuple[Observation, Decision | type]] = {
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
def test_each_situation_at_a_deletion_has_its_decision(case: str) -> None:
    """The table of situations of a deletion, each with the one thing to do."""
    observation, expected = CASES[case]
    assert matches(decide(observation), expected)


STEPS: tuple[tuple[Step, ...], ...] = (
    (),
    INSTALLING,
    installing_for(LONG).steps,
    hooked(LONG).steps,
    SHIFTING,
    ALL_PASSED,
    steps_failed_at("BeforeInstall"),
    steps_failed_at("AllowTraffic"),
)


def deployments(statuses: Collection[DeploymentStatus], steps: Collection[tuple[Step, ...]]) -> list[Deployment]:
    """A deployment in each status at each kind of step, of each version, forwards and back."""
    return [
        Deployment(
            id="d-1",
            status=status,
            task_definition=version,
            steps=at,
            termination_wait_started=waits,
            rolls_back=rolls_back,
        )
        for status, at, version, waits, rolls_back in itertools.product(
            statuses, steps, (OLD, NEW, OTHER, None), (False, True), (False, True)
        )
    ]


ACTIVE = deployments(
    (DeploymentStatus.IN_PROGRESS, DeploymentStatus.READY), (STEPS[0], INSTALLING, SHIFTING, ALL_PASSED)
)
FOLLOWED = deployments((DeploymentStatus.IN_PROGRESS, DeploymentStatus.READY, SUCCEEDED, FAILED), STEPS)
LIVES = ((OLD, 100), (NEW, 100), (OTHER, 100), (OLD, 90), (NEW, 0), (None, 0))
WAITS: tuple[dict[WaitFor, int], ...] = (
    {},
    dict.fromkeys(WaitFor, LIMITS.traffic_restored),
    dict.fromkeys(WaitFor, LONG),
)
TIMES = (0, LIMITS.give_up, LIMITS.deadline, LIMITS.handed_on_deadline)
WAYS: tuple[dict[str, object], ...] = (
    {},
    {"cancelled": True},
    {"desired": OLD, "previous": NEW, "rolling_back": True},
    {"desired": OLD, "previous": NEW, "rolling_back": True, "kept": OLD},
)
POLICIES: tuple[dict[str, object], ...] = (
    {},
    {"red_alarms": RED},
    {"red_alarms": RED, "override": "the fix", "when_busy": WhenBusy.STOP},
)
ROLLBACKS = (None, under_way("d-2", OLD), keeping("d-2", OLD), ended(SUCCEEDED, "d-2"), ended(FAILED, "d-2"))
HANDING: tuple[dict[str, object], ...] = ({}, {"hands_on": True}, {"hands_on": True, "handed_on": True})


def updates_with_nothing_followed() -> Iterator[Observation]:
    before = (
        None,
        ended(STOPPED, "d-8"),
        ended(STOPPED, "d-8", rollback_id="d-9"),
        ended(FAILED, "d-8", ended_seconds=5),
        ended(FAILED, "d-8", ended_seconds=LONG),
    )
    for (primary, percent), known, waited, elapsed, asked, way, policy in itertools.product(
        LIVES, (None, *ACTIVE), WAITS, TIMES[:2], (frozenset(), ASKED), WAYS, POLICIES
    ):
        more = {"waited": waited, "elapsed_seconds": elapsed, "asked": asked, **way, **policy}
        if known is not None:
            yield seen(primary, percent, active=known, **more)
            continue
        yield from (seen(primary, percent, last=last, **more) for last in before)


def updates_with_a_deployment_followed() -> Iterator[Observation]:
    for (primary, percent), known, rollback, waited, elapsed, asked, way, handing in itertools.product(
        LIVES[1:5], FOLLOWED, ROLLBACKS, WAITS[1:], TIMES[:2], (frozenset(), ASKED), WAYS[:3], HANDING
    ):
        if rollback is None or known.ended_badly:
            hooks = {"AfterInstall": 60}
            more = {"waited": waited, "elapsed_seconds": elapsed, "asked": asked, "hook_seconds": hooks}
            yield seen(primary, percent, followed=known, rollback=rollback, **more, **way, **handing)
    for candidate, known, asked in itertools.product((Candidate(desired=2), HOPELESS), FOLLOWED, (frozenset(), ASKED)):
        yield seen(candidate=candidate, followed=known, asked=asked)


def creations_and_deletions() -> Iterator[Observation]:
    for (primary, percent), waited, elapsed, tasks, steady, cancelled in itertools.product(
        LIVES, WAITS, TIMES[:3], (0, 2, 3, 4), (False, True), (False, True)
    ):
        more = {"waited": waited, "elapsed_seconds": elapsed, "steady": steady, "cancelled": cancelled}
        for candidate in (None, Candidate(desired=3), HOPELESS):
            yield creating(primary, percent, desired_tasks=tasks, candidate=candidate, **more)
    for known, waited, elapsed, asked in itertools.product((None, *ACTIVE), WAITS, TIMES[:3], (frozenset(), ASKED)):
        yield seen(request=RequestType.DELETE, active=known, waited=waited, elapsed_seconds=elapsed, asked=asked)


Rule = Callable[[Any, Any], Any]
"""Of an observation and the decision about it. Untyped: each rule knows what its kind of decision implies."""

BOUNDED = set(WaitFor) - {WaitFor.STEP, WaitFor.APPROVAL, WaitFor.ROLLBACK_END}
"""What is waited for with a bound of its own; the others end with the deadline."""


def is_update(observation: Observation) -> bool:
    return observation.request is RequestType.UPDATE


def shifting(observation: Observation) -> bool:
    """Whether a deployment may move traffic at this moment."""
    known = observation.active or observation.followed
    return known is not None and not known.ended and not known.only_waits_to_remove


def about_to_be_undone(observation: Observation) -> bool:
    """Whether CodeDeploy will name the rollback of what ended a moment ago."""
    last = observation.last
    return last is not None and last.ended_badly and last.rollback_id is None and last.ended_seconds == 5


RULES: dict[str, tuple[type, Rule]] = {
    "only an update starts a deployment": (StartDeployment, lambda o, _: is_update(o)),
    "a deployment starts only when none is active": (
        StartDeployment,
        lambda o, _: o.active is None and (o.followed is None or (o.followed.ended_badly and o.followed.rolls_back)),
    ),
    "nothing takes a rollback's place": (StartDeployment, lambda o, _: not about_to_be_undone(o)),
    "what is about to be undone is not called live": (Succeed, lambda o, _: o.cancelled or not about_to_be_undone(o)),
    "what is live is not started again": (StartDeployment, lambda o, _: o.live != o.desired),
    "only the way back starts ungated": (StartDeployment, lambda o, d: d.back == o.rolling_back),
    "only overridden alarms are ignored": (
        StartDeployment,
        lambda o, d: not d.without_alarms or (o.override is not None and d.without_alarms == o.red_alarms),
    ),
    "a way forward watches every alarm that is not overridden": (
        StartDeployment,
        lambda o, d: o.rolling_back or set(o.red_alarms) == set(d.without_alarms),
    ),
    "the way back moves only what the update brought": (
        StartDeployment,
        lambda o, _: not o.rolling_back or o.live in {o.previous, None} or o.followed,
    ),
    "what nobody waits for starts nothing": (StartDeployment, lambda o, _: not o.cancelled),
    "what nobody waits for adopts nothing": (Follow, lambda o, _: not o.cancelled),
    "what nobody waits for is not handed on": (HandOn, lambda o, _: not o.cancelled),
    "what is called live is live": (
        Succeed,
        lambda o, _: (
            not is_update(o)
            or o.cancelled
            or o.live == o.desired
            or (o.handed_on and o.followed.ended)
            or (o.rolling_back and not o.followed)
        ),
    ),
    "the way back is not called done while what it takes back is live": (
        Succeed,
        lambda o, _: not o.rolling_back or o.followed or o.primary != o.previous,
    ),
    "the way back is not called done while what it takes back is under way": (
        Succeed,
        lambda o, _: (
            not (o.rolling_back and shifting(o))
            or (o.active and o.active.task_definition != o.previous)
            or (o.active and o.active.rolls_back)
        ),
    ),
    "success waits for the last hook": (Succeed, lambda o, _: not (is_update(o) and o.followed) or o.followed.passed),
    "success leaves nothing of ours under way": (
        Succeed,
        lambda o, _: (
            not (is_update(o) and o.active)
            or o.active.only_waits_to_remove
            or o.active.rolls_back
            or o.rolling_back
            or o.cancelled
        ),
    ),
    "what nobody waits for fails no way back": (
        Fail,
        lambda o, _: not (is_update(o) and o.cancelled and not o.followed),
    ),
    "a deletion never fails": (Fail, lambda o, _: o.request is not RequestType.DELETE),
    "no alarm and no policy stands in the way back": (
        Fail,
        lambda o, d: not o.rolling_back or decide(replace(o, red_alarms=(), when_busy=WhenBusy.WAIT)) == d,
    ),
    "a message is one short line": (
        Fail,
        lambda _, d: "\n" not in d.message and 0 < len(d.message.encode()) <= LONGEST_BYTES,
    ),
    "only the active deployment is followed": (Follow, lambda o, d: o.active and o.active.id == d.deployment_id),
    "only the same version is followed": (Follow, lambda o, _: o.active and o.active.task_definition == o.desired),
    "only a tested candidate is handed on": (
        HandOn,
        lambda o, _: o.followed.status is DeploymentStatus.READY or o.followed.shifts,
    ),
    "a rollback and an end are not handed on": (HandOn, lambda o, _: not (o.followed.rolls_back or o.followed.ended)),
    "it is handed on once, and only where it must be": (HandOn, lambda o, _: o.hands_on and not o.handed_on),
    "a listener is repaired only while nothing moves traffic": (
        RestoreTraffic,
        lambda o, _: o.primary == o.desired and o.live != o.desired and not shifting(o),
    ),
    "only a new service is scaled": (
        ScaleUp,
        lambda o, d: o.request is RequestType.CREATE and o.desired_tasks < d.tasks == o.wanted_tasks,
    ),
    "only what moves no traffic is ended": (
        EndTerminationWait,
        lambda o, _: o.active and o.active.only_waits_to_remove,
    ),
    "production keeps its way back when the release is refused": (
        EndTerminationWait,
        lambda o, _: o.rolling_back or not o.red_alarms or o.override,
    ),
    "an end is asked for once": (EndTerminationWait, lambda o, d: d.deployment_id not in o.asked),
    "a stop is asked for once": (Stop, lambda o, d: d.deployment_id not in o.asked),
    "a rollback is stopped only at a deletion": (
        Stop,
        lambda o, _: not is_update(o) or not (o.active or o.followed).rolls_back,
    ),
    "somebody else's release is stopped only by policy": (
        Stop,
        lambda o, _: (
            not is_update(o)
            or o.followed
            or o.when_busy is WhenBusy.STOP
            or (o.rolling_back and (o.active.task_definition == o.previous or o.active.only_waits_to_remove))
        ),
    ),
    "an update stops nothing without a rollback": (Stop, lambda o, d: d.rollback or not is_update(o)),
    "nothing waits beyond the deadline": (Wait, lambda o, _: o.elapsed_seconds < LIMITS.ends_at(o)),
    "every wait has its bound": (
        Wait,
        lambda o, d: (
            d.reason not in BOUNDED
            or o.waited.get(d.reason, 0) < LONG
            or (d.reason is WaitFor.OTHER_ROLLBACK_START and o.last.ended_seconds < LIMITS.rollback_start)
        ),
    ),
}
"""For each kind of decision, what holds whatever was seen."""


@pytest.mark.parametrize(
    ("observations", "at_least", "reachable"),
    [
        (
            updates_with_nothing_followed,
            100_000,
            {StartDeployment, Follow, RestoreTraffic, EndTerminationWait, Stop, Wait, Succeed, Fail},
        ),
        (
            updates_with_a_deployment_followed,
            50_000,
            {LetGo, HandOn, RestoreTraffic, Stop, Wait, Succeed, Fail},
        ),
        (creations_and_deletions, 2_000, {ScaleUp, Stop, Wait, Succeed, Fail}),
    ],
)
def test_no_combination_of_states_leads_to_a_wrong_decision(
    observations: Callable[[], Iterator[Observation]], at_least: int, reachable: set[type]
) -> None:
    """Over the product of all states, every decision keeps every rule, and every decision can be reached."""
    count = 0
    kinds = set()
    decisions = get_args(Decision)
    rules = {kind: [(name, rule) for name, (of, rule) in RULES.items() if issubclass(kind, of)] for kind in decisions}
    for observation in observations():
        count += 1
        decision = decide(observation)
        kinds.add(type(decision))
        for name, holds in rules[type(decision)]:
            assert holds(observation, decision), f"{name}: {observation}: {decision}"
    assert count >= at_least
    assert kinds == reachable


@pytest.mark.parametrize(
    ("elapsed", "waited", "handed_on", "expected"),
    [
        (0, 0, False, Wait),
        (10, LIMITS.aws - 1, False, Wait),
        (400, LIMITS.aws, False, Fail),
        (LIMITS.deadline, 1, False, Fail),
        (LIMITS.deadline, LIMITS.aws, True, Wait),
        (LIMITS.deadline, LIMITS.handed_on_aws, True, Fail),
        (LIMITS.handed_on_deadline, 1, True, Fail),
    ],
)
def test_blindness_is_waited_out_for_a_while_only(
    elapsed: int, waited: int, *, handed_on: bool, expected: type
) -> None:
    """When AWS does not answer, no verdict is guessed; after a bound it is a failure that says so."""
    problem = "DescribeServices: ThrottlingException: slow down"
    decision = decide_without_sight(elapsed, waited, problem, handed_on=handed_on)
    assert isinstance(decision, expected)
    assert "ThrottlingException" in str(decision)
