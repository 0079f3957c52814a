import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.release.rollout import Rollout, Shift

PLANS = {
    "all at once": (Rollout.all_at_once(), ((0, 100),)),
    "canary": (Rollout.canary(10, 15), ((0, 10), (15, 100))),
    "slowest canary": (Rollout.canary(percent=99, bake_minutes=2880), ((0, 99), (2880, 100))),
    "even steps": (Rollout.linear(25, 2), ((0, 25), (2, 50), (4, 75), (6, 100))),
    "uneven steps": (Rollout.linear(percent=40, every_minutes=3), ((0, 40), (3, 80), (6, 100))),
    "one step and the rest": (Rollout.linear(99, 1), ((0, 99), (1, 100))),
}


@pytest.mark.parametrize("name", PLANS)
def test_traffic_moves_as_planned(name: str) -> None:
    """Each plan states when which share of production is on the candidate."""
    rollout, schedule = PLANS[name]
    assert rollout.schedule == schedule
    assert rollout.longest_minutes == schedule[-1][0]


@given(percent=st.integers(1, 99), every=st.integers(1, 2880))
def test_a_linear_plan_always_rises_to_everything(percent: int, every: int) -> None:
    """Whatever the step, shares rise by it at even times and end at exactly 100 %."""
    schedule = Rollout.linear(percent, every).schedule
    shares = [share for _, share in schedule]
    assert shares[-1] == 100
    assert len(schedule) == math.ceil(100 / percent)
    assert all(later - earlier == percent for earlier, later in itertools.pairwise(shares[:-1]))
    assert [minute for minute, _ in schedule] == [step * every for step in range(len(schedule))]


def test_the_worst_case_includes_the_approval() -> None:
    """A plan's longest time is its approval wait at the limit and then its shift."""
    assert Rollout.canary(10, 15, approval_wait_minutes=30).longest_minutes == 45
    assert Rollout.all_at_once(approval_wait_minutes=7).longest_minutes == 7


def test_the_previous_version_is_kept_an_hour_unless_said_otherwise() -> None:
    """Keeping the previous version is no part of the plan's time, and 0 is allowed."""
    assert Rollout.canary(10, 15).keep_previous_minutes == 60
    assert Rollout.all_at_once(keep_previous_minutes=0).keep_previous_minutes == 0
    assert Rollout.linear(10, 1, keep_previous_minutes=2880).longest_minutes == 9


REFUSED = {
    "percent must be 1-99, got 0; use Rollout.all_at_once()": lambda: Rollout.canary(0, 15),
    "percent must be 1-99, got 100; use Rollout.all_at_once()": lambda: Rollout.canary(100, 15),
    "percent must be 1-99, got 300; use Rollout.all_at_once()": lambda: Rollout.canary(300, 15),
    "percent must be 1-99, got -5": lambda: Rollout.linear(-5, 1),
    "percent must be 1-99, got 100": lambda: Rollout.linear(100, 1),
    "bake_minutes must be 1-2880, got 0": lambda: Rollout.canary(10, 0),
    "bake_minutes must be 1-2880, got 2881": lambda: Rollout.canary(10, 2881),
    "bake_minutes must be 1-2880, got 1.5; CodeDeploy counts in whole minutes": lambda: Rollout.canary(10, 1.5),  # type: ignore[arg-type] # whoever has no type checker
    "percent must be 1-99, got True": lambda: Rollout.canary(True, 5),
    "every_minutes must be 1-2880, got 0": lambda: Rollout.linear(10, 0),
    "keep_previous_minutes must be 0-2880, got -1": lambda: Rollout.all_at_once(keep_previous_minutes=-1),
    "keep_previous_minutes must be 0-2880, got 2881": lambda: Rollout.canary(10, 5, keep_previous_minutes=2881),
    "approval_wait_minutes must be 1-2880, got 0; omit it": lambda: Rollout.all_at_once(approval_wait_minutes=0),
    "approval_wait_minutes must be 1-2880, got 2881": lambda: Rollout.linear(10, 1, approval_wait_minutes=2881),
    "percent must be 100, got 50": lambda: Rollout(Shift.ALL_AT_ONCE, percent=50),
    "interval_minutes must be 0, got 5": lambda: Rollout(Shift.ALL_AT_ONCE, interval_minutes=5),
    "got 0; CodeDeploy counts in whole minutes": lambda: Rollout(Shift.CANARY, percent=10),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refuses_what_cannot_be_rolled_out(message: str) -> None:
    """A plan that CodeDeploy would refuse, or that no one means, does not come into being."""
    with pytest.raises(ValueError, match="must be") as refused:
        REFUSED[message]()
    assert message in str(refused.value)
