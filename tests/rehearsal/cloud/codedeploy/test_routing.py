from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.codedeploy.routing import PREDEFINED, Shift, check_routing, schedule


def canary(percent: int, minutes: int) -> dict[str, Any]:
    return {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes},
    }


def linear(percent: int, minutes: int) -> dict[str, Any]:
    return {
        "type": "TimeBasedLinear",
        "timeBasedLinear": {"linearPercentage": percent, "linearInterval": minutes},
    }


@pytest.mark.parametrize(
    ("routing", "shifts"),
    [
        ({"type": "AllAtOnce"}, [(100, 0)]),
        (canary(10, 15), [(10, 0), (100, 15)]),
        (linear(10, 1), [(10, 0), *((share, 1) for share in range(20, 101, 10))]),
        (linear(50, 3), [(50, 0), (100, 3)]),
        (linear(40, 2), [(40, 0), (80, 2), (100, 2)]),
        (linear(99, 1), [(99, 0), (100, 1)]),
    ],
)
def test_shifts_follow_from_the_routing(routing: dict[str, Any], shifts: list[tuple[int, int]]) -> None:
    """Each kind of routing gives its increments; the last one is always the whole."""
    assert schedule(routing) == tuple(Shift(percent, wait) for percent, wait in shifts)


@given(percent=st.integers(1, 99), minutes=st.integers(1, 2880), kind=st.sampled_from([canary, linear]))
def test_every_routing_ends_at_the_whole(percent: int, minutes: int, kind: Any) -> None:
    """Whatever is accepted only ever grows, begins at once and ends at 100 percent."""
    routing = kind(percent, minutes)
    check_routing(routing)
    shares = [shift.percent for shift in schedule(routing)]
    assert shares == sorted(set(shares))
    assert shares[-1] == 100
    assert schedule(routing)[0].wait_minutes == 0


@pytest.mark.parametrize("name", PREDEFINED)
def test_predefined_configurations_are_valid(name: str) -> None:
    """Each configuration that every account has passes the checks."""
    check_routing(PREDEFINED[name])


@pytest.mark.parametrize(
    ("routing", "problem"),
    [
        ({}, "type must be one of"),
        ({"type": "Fast"}, "type must be one of"),
        (canary(0, 5), "canaryPercentage must be 1-99, got 0"),
        (canary(100, 5), "canaryPercentage must be 1-99, got 100"),
        (canary(10, 0), "canaryInterval must be 1-2880, got 0"),
        (canary(10, 2881), "canaryInterval must be 1-2880, got 2881"),
        (linear(300, 1), "linearPercentage must be 1-99, got 300"),
        ({"type": "TimeBasedLinear"}, "linearPercentage must be 1-99, got None"),
        (canary(10, 5) | {"type": "AllAtOnce"}, "AllAtOnce does not take timeBasedCanary"),
        (canary(10, 5) | linear(10, 5), "TimeBasedLinear does not take timeBasedCanary"),
    ],
)
def test_refuses_wrong_routing(routing: dict[str, Any], problem: str) -> None:
    """Shares and intervals out of range, unknown kinds and settings of another kind are refused."""
    with pytest.raises(ApiError, match=problem) as refusal:
        check_routing(routing)
    assert refusal.value.code == "InvalidTrafficRoutingConfigurationException"
