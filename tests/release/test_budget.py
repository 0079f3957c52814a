import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.release.budget import LONGEST_RELEASE_MINUTES, added_up, fits, worst_case_minutes
from bluegreen.release.decisions import Limits
from bluegreen.release.lifecycle import HOOKABLE
from bluegreen.release.rollout import Rollout

CLOUDFORMATION_SECONDS = 3600
minutes = st.integers(1, 2880)
approvals = st.none() | minutes
rollouts = st.one_of(
    st.builds(Rollout.all_at_once, approval_wait_minutes=approvals),
    st.builds(Rollout.canary, st.integers(1, 99), minutes, approval_wait_minutes=approvals),
    st.builds(Rollout.linear, st.integers(1, 99), minutes, approval_wait_minutes=approvals),
)
hooks = st.dictionaries(st.sampled_from(HOOKABLE).map(str), st.integers(1, 3600))
starts = st.integers(60, 3000)


@given(rollouts, hooks, starts)
def test_the_worst_case_is_the_sum_of_its_parts_rounded_up(rollout: Rollout, hooks: dict[str, int], start: int) -> None:
    """Start, every hook, approval and the traffic's schedule, in whole minutes."""
    seconds = start + sum(hooks.values()) + 60 * (rollout.approval_wait_minutes or 0) + 60 * rollout.schedule[-1][0]
    assert worst_case_minutes(rollout, hooks, start) == math.ceil(seconds / 60)
    assert added_up(rollout, hooks, start).endswith(f"at worst {math.ceil(seconds / 60)} min")


@given(rollouts, hooks, starts, st.integers(0, 3600), st.sampled_from(HOOKABLE))
def test_more_of_anything_never_makes_it_fit(
    rollout: Rollout, hooks: dict[str, int], start: int, more: int, event: str
) -> None:
    """What does not fit does not fit with a longer start or a longer hook either."""
    if not fits(rollout, hooks, start):
        assert not fits(rollout, hooks, start + more)
        assert not fits(rollout, hooks | {event: hooks.get(event, 0) + more}, start)


@pytest.mark.parametrize(
    ("bake", "expected"), [(LONGEST_RELEASE_MINUTES - 15, True), (LONGEST_RELEASE_MINUTES - 14, False)]
)
def test_the_limit_itself_fits(bake: int, *, expected: bool) -> None:
    """53 minutes fit, 54 do not."""
    assert fits(Rollout.canary(10, bake), {}, 900) == expected


def test_what_fits_ends_before_it_would_be_turned_back() -> None:
    """A release that takes its worst case is not stopped for it, and one that is stopped has time for its rollback."""
    limits = Limits()
    assert limits.give_up > 60 * LONGEST_RELEASE_MINUTES
    assert limits.give_up + limits.rollback_end <= limits.deadline < CLOUDFORMATION_SECONDS
