import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.release.decisions import Fail, Succeed, Wait
from bluegreen.release.deployed_state import (
    LONGEST_PHYSICAL_ID,
    Answer,
    DeployedStateObservation,
    Initial,
    Weights,
    decide_deployed_state,
    fingerprint,
    physical_id,
    read_physical_id,
)
from bluegreen.release.messages import LONGEST_BYTES
from bluegreen.release.observation import RequestType, WaitFor
from tests.release.situations import FAILED, LIMITS, NEW, awaiting, ended, keeping, under_way

FIXED = {"Cluster": "main", "ServiceName": "", "LoadBalancer": "arn:lb/orders", "Vpc": "vpc-1"}
INITIAL = Initial(
    subnets=("subnet-1", "subnet-2"), security_groups=("sg-1",), assign_public_ip="DISABLED", container_port="8080"
)
MADE = physical_id(FIXED, INITIAL)
GREEN = Weights(production_blue=0, production_green=100, test_blue=0, test_green=100)
BLUE_GROUP = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/0123456789abcdef"


def created(**more: object) -> DeployedStateObservation:
    seen = DeployedStateObservation(request=RequestType.CREATE, fixed=FIXED, initial=INITIAL)
    return replace(seen, **more)  # type: ignore[arg-type] # the named fields of the observation


def updated(**more: object) -> DeployedStateObservation:
    now = replace(INITIAL, subnets=("subnet-9",), container_port="9090")
    known: dict[str, object] = {"request": RequestType.UPDATE, "old_fixed": FIXED, "physical_id": MADE, "initial": now}
    return created(**({"weights": GREEN} | known | more))


ANSWERED = Answer(physical_id=MADE, weights=GREEN)

CASES: dict[str, tuple[DeployedStateObservation, object]] = {
    "created": (created(), Answer(physical_id=MADE, weights=Weights())),
    "created, a listener forwards elsewhere": (created(foreign=(BLUE_GROUP,)), Fail),
    "created, too many subnets": (
        created(initial=replace(INITIAL, subnets=tuple(f"subnet-{number:017}" for number in range(40)))),
        Fail,
    ),
    "updated": (updated(), ANSWERED),
    "updated, what can never change did": (updated(fixed=FIXED | {"Vpc": "vpc-2"}), Fail),
    "updated, the id is not ours": (updated(physical_id="something"), Fail),
    "updated, traffic moves": (updated(active=under_way()), Wait),
    "updated, a candidate awaits approval": (updated(active=awaiting()), Wait),
    "updated, traffic moves for long": (
        updated(active=under_way(), waited={WaitFor.OTHER_RELEASE: LIMITS.other_release}),
        Fail,
    ),
    "updated, old tasks are kept": (updated(active=keeping()), ANSWERED),
    "updated, a deployment ended badly just now": (
        updated(last=ended(FAILED, ended_seconds=LIMITS.rollback_start - 1)),
        Wait(WaitFor.OTHER_ROLLBACK_START, "d-1"),
    ),
    "updated, a deployment ended badly, no rollback came": (
        updated(last=ended(FAILED, ended_seconds=LIMITS.rollback_start)),
        ANSWERED,
    ),
    "updated, a deployment ended badly, nobody knows when": (
        updated(last=ended(FAILED), waited={WaitFor.OTHER_ROLLBACK_START: LIMITS.rollback_start}),
        ANSWERED,
    ),
    "updated, a deployment was rolled back": (
        updated(last=ended(FAILED, rollback_id="d-2", ended_seconds=9)),
        ANSWERED,
    ),
    "taken back, a deployment ended badly just now": (updated(rolling_back=True, last=ended(FAILED)), Wait),
    "updated, no listener forwards": (updated(weights=None), Fail),
    "taken back": (updated(rolling_back=True), ANSWERED),
    "taken back, traffic moves": (updated(rolling_back=True, active=under_way()), Wait),
    "taken back, traffic moves for long": (
        updated(rolling_back=True, active=under_way(), waited={WaitFor.OTHER_RELEASE: LIMITS.other_release}),
        ANSWERED,
    ),
    "deleted": (updated(request=RequestType.DELETE), Succeed),
    "deleted, the id is not ours": (updated(request=RequestType.DELETE, physical_id="something"), Succeed),
    "deleted, traffic moves": (updated(request=RequestType.DELETE, active=under_way()), Succeed),
}


@pytest.mark.parametrize("case", CASES)
def test_each_situation_has_its_answer(case: str) -> None:
    """The table of situations of the deployed state, each with the one thing to tell CloudFormation."""
    observation, expected = CASES[case]
    decision = decide_deployed_state(observation)
    assert isinstance(decision, expected) if isinstance(expected, type) else decision == expected
    if isinstance(decision, Fail):
        assert 0 < len(decision.message.encode()) <= LONGEST_BYTES


def test_the_attributes_are_the_first_values_and_the_present_weights() -> None:
    """The frozen resources keep the values they were created with, whatever the template says by now."""
    answer = decide_deployed_state(updated())
    assert isinstance(answer, Answer)
    assert answer.attributes == {
        "ProductionBlue": 0,
        "ProductionGreen": 100,
        "TestBlue": 0,
        "TestGreen": 100,
        "Subnets": "subnet-1,subnet-2",
        "SecurityGroups": "sg-1",
        "AssignPublicIp": "DISABLED",
        "ContainerPort": "8080",
    }


@pytest.mark.parametrize(
    ("observation", "parts"),
    [
        (
            updated(fixed=FIXED | {"Vpc": "vpc-2", "ServiceName": "orders"}),
            [
                "ServiceName from a name that CloudFormation chooses to orders; Vpc from vpc-1 to vpc-2",
                "define a second BlueGreenService",
            ],
        ),
        (updated(fixed=FIXED | {"ExecuteCommand": "enabled"}), ["ExecuteCommand from nothing to enabled"]),
        (updated(fixed=FIXED | {"Vpc": "vpc-2"}, old_fixed=None), ["one of Cluster, LoadBalancer, ServiceName, Vpc"]),
        (created(foreign=(BLUE_GROUP,)), ["forwards to web, not to this service", "a listener of its own"]),
        (
            updated(active=under_way("d-9", NEW), waited={WaitFor.OTHER_RELEASE: LIMITS.other_release}),
            ["while deployment d-9 of orders:2 is InProgress", "waited 600 s; wait for it or stop it"],
        ),
    ],
)
def test_a_refusal_says_what_and_what_to_do(observation: DeployedStateObservation, parts: list[str]) -> None:
    """The message names the property or the deployment, and the way out."""
    decision = decide_deployed_state(observation)
    assert isinstance(decision, Fail)
    for part in parts:
        assert part in decision.message


names = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=24)
initials = st.builds(
    Initial,
    subnets=st.lists(names, max_size=16).map(tuple),
    security_groups=st.lists(names, max_size=5).map(tuple),
    assign_public_ip=st.sampled_from(["ENABLED", "DISABLED"]),
    container_port=st.integers(1, 65535).map(str),
)


@given(st.dictionaries(names, names), initials)
def test_a_physical_id_gives_back_what_went_in(fixed: dict[str, str], initial: Initial) -> None:
    """ECS's most subnets and security groups fit, and come back in their order."""
    made = physical_id(fixed, initial)
    assert len(made) <= LONGEST_PHYSICAL_ID
    assert read_physical_id(made) == (fingerprint(fixed), initial)


@given(st.dictionaries(names, names, min_size=1), names)
def test_a_fingerprint_knows_values_and_no_order(fixed: dict[str, str], other: str) -> None:
    """The order of the properties says nothing; any other value does."""
    assert fingerprint(dict(reversed(fixed.items()))) == fingerprint(fixed)
    name = next(iter(fixed))
    assert (fingerprint(fixed | {name: other}) == fingerprint(fixed)) == (other == fixed[name])


@pytest.mark.parametrize("length", [LONGEST_PHYSICAL_ID, LONGEST_PHYSICAL_ID + 1])
def test_a_physical_id_has_cloudformations_length_at_most(length: int) -> None:
    """1024 characters pass, one more is refused with the way out."""
    none = len(physical_id(FIXED, replace(INITIAL, subnets=("",))))
    initial = replace(INITIAL, subnets=("s" * (length - none),))
    if length <= LONGEST_PHYSICAL_ID:
        assert len(physical_id(FIXED, initial)) == length
        return
    with pytest.raises(ValueError, match="must fit into 1024 characters together, got 1025 for 1 subnets and 1 secur"):
        physical_id(FIXED, initial)


@pytest.mark.parametrize("text", ["", "main/orders", "0123456789ab", "0123456789ab:[]", "short:{}", "0123456789ab:{}"])
def test_what_is_no_physical_id_is_refused(text: str) -> None:
    """An id of another shape is never half understood."""
    with pytest.raises(ValueError, match=r"Custom::DeployedState"):
        read_physical_id(text)


@pytest.mark.parametrize(
    ("production", "test", "expected"),
    [
        ({"b": 100, "g": 0}, {"b": 100, "g": 0}, (100, 0, 100, 0)),
        ({"g": 100}, {"g": 1}, (0, 100, 0, 1)),
        ({"b": 90, "g": 10}, {"g": 100}, (90, 10, 0, 100)),
        (None, {"g": 100}, (0, 100, 0, 100)),
        ({"b": 0, "g": 100}, None, (0, 100, 0, 100)),
        ({"b": 0, "g": 100}, {}, (0, 100, 0, 100)),
        ({"x": 100}, {"b": 100}, (100, 0, 100, 0)),
        ({"b": 0, "g": 0}, {"g": 100}, (0, 100, 0, 100)),
    ],
)
def test_weights_are_the_listeners_own(
    production: dict[str, int] | None, test: dict[str, int] | None, expected: tuple[int, int, int, int]
) -> None:
    """A listener that tells nothing takes the weights of the other; an absent group counts 0."""
    weights = Weights.of(production, test, ("b", "g"))
    assert weights is not None
    found = (weights.production_blue, weights.production_green, weights.test_blue, weights.test_green)
    assert found == expected


@pytest.mark.parametrize("nothing", [None, {}, {"x": 100}, {"b": 0, "g": 0}])
def test_without_any_listener_there_are_no_weights(nothing: dict[str, int] | None) -> None:
    """No colour is guessed: naming the wrong one would take production down."""
    assert Weights.of(nothing, nothing, ("b", "g")) is None
