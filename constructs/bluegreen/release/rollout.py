"""How production traffic moves to a candidate, and how long the way back stays open."""

import math
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Self

LONGEST_MINUTES = 2880
"""CodeDeploy's limit for every wait: two days."""


class Shift(StrEnum):
    """The kinds of traffic shift, in CodeDeploy's words."""

    ALL_AT_ONCE = "AllAtOnce"
    CANARY = "TimeBasedCanary"
    LINEAR = "TimeBasedLinear"


@dataclass(frozen=True)
class Rollout:
    """How traffic moves; made by `all_at_once`, `canary` or `linear`.

    Args:
        shift: The kind of shift.
        percent: The candidate's first share of production traffic, 1-99; 100 when all at once.
        interval_minutes: Minutes between two steps, 1-2880; 0 when all at once.
        keep_previous_minutes: Minutes for which the previous version's tasks stay, ready to take the traffic back at
            once, 0-2880.
        approval_wait_minutes: Minutes for which a healthy, tested candidate waits for somebody to continue the release
            before it ends as stopped, 1-2880; traffic moves without waiting when omitted.

    Raises:
        ValueError: If a value is out of range or does not go with the kind of shift.

    Example:
        >>> Rollout.canary(10, 15).schedule
        ((0, 10), (15, 100))
    """

    shift: Shift
    _: KW_ONLY
    percent: int = 100
    interval_minutes: int = 0
    keep_previous_minutes: int = 60
    approval_wait_minutes: int | None = None

    def __post_init__(self) -> None:
        if self.shift is Shift.ALL_AT_ONCE:
            _require("percent", self.percent, 100, 100, hint="all at once moves everything")
            _require("interval_minutes", self.interval_minutes, 0, 0, hint="all at once has no second step")
        else:
            _require("percent", self.percent, 1, 99, hint="use Rollout.all_at_once() for a single shift")
            name = "bake_minutes" if self.shift is Shift.CANARY else "every_minutes"
            _require(name, self.interval_minutes, 1, LONGEST_MINUTES, hint="CodeDeploy counts in whole minutes")
        hint = "0 removes the previous version at once and leaves no instant rollback"
        _require("keep_previous_minutes", self.keep_previous_minutes, 0, LONGEST_MINUTES, hint=hint)
        if self.approval_wait_minutes is not None:
            hint = "omit it to continue without approval"
            _require("approval_wait_minutes", self.approval_wait_minutes, 1, LONGEST_MINUTES, hint=hint)

    @classmethod
    def all_at_once(cls, *, keep_previous_minutes: int = 60, approval_wait_minutes: int | None = None) -> Self:
        """Move all traffic in one step.

        The deploy succeeds before an alarm can fire. One that fires while the previous version is kept still takes
        production back, but the deploy has reported success by then, and the stack goes on naming the new version.

        Args:
            keep_previous_minutes: See the class.
            approval_wait_minutes: See the class.

        Returns:
            The rollout.

        Raises:
            ValueError: If a value is out of range.

        Example:
            >>> Rollout.all_at_once().longest_minutes
            0
        """
        return cls(
            Shift.ALL_AT_ONCE, keep_previous_minutes=keep_previous_minutes, approval_wait_minutes=approval_wait_minutes
        )

    @classmethod
    def canary(
        cls,
        percent: int,
        bake_minutes: int,
        *,
        keep_previous_minutes: int = 60,
        approval_wait_minutes: int | None = None,
    ) -> Self:
        """Move a share, watch it for a while, then move the rest.

        Args:
            percent: The candidate's share while it is watched, 1-99.
            bake_minutes: How long it is watched, 1-2880. Longer than the slowest rollback alarm takes to fire.
            keep_previous_minutes: See the class.
            approval_wait_minutes: See the class.

        Returns:
            The rollout.

        Raises:
            ValueError: If a value is out of range.

        Example:
            >>> Rollout.canary(percent=5, bake_minutes=20).longest_minutes
            20
        """
        return cls(
            Shift.CANARY,
            percent=percent,
            interval_minutes=bake_minutes,
            keep_previous_minutes=keep_previous_minutes,
            approval_wait_minutes=approval_wait_minutes,
        )

    @classmethod
    def linear(
        cls,
        percent: int,
        every_minutes: int,
        *,
        keep_previous_minutes: int = 60,
        approval_wait_minutes: int | None = None,
    ) -> Self:
        """Move traffic in equal steps.

        Args:
            percent: What each step adds to the candidate's share, 1-99; the last step adds what is left.
            every_minutes: Minutes between two steps, 1-2880.
            keep_previous_minutes: See the class.
            approval_wait_minutes: See the class.

        Returns:
            The rollout.

        Raises:
            ValueError: If a value is out of range.

        Example:
            >>> Rollout.linear(percent=40, every_minutes=3).schedule
            ((0, 40), (3, 80), (6, 100))
        """
        return cls(
            Shift.LINEAR,
            percent=percent,
            interval_minutes=every_minutes,
            keep_previous_minutes=keep_previous_minutes,
            approval_wait_minutes=approval_wait_minutes,
        )

    @property
    def schedule(self) -> tuple[tuple[int, int], ...]:
        """When traffic moves: minutes since the first step, and the candidate's share in percent from then on."""
        if self.shift is Shift.LINEAR:
            steps = math.ceil(100 / self.percent)
            return tuple((step * self.interval_minutes, min(100, (step + 1) * self.percent)) for step in range(steps))
        first = (0, self.percent)
        return (first,) if self.percent == 100 else (first, (self.interval_minutes, 100))  # noqa: PLR2004 - all of it

    @property
    def longest_minutes(self) -> int:
        """The plan's own share of a release: minutes from a tested candidate to all traffic, approval at its limit.

        Starting the tasks and running the hooks come on top; keeping the previous version does not count, because the
        release is over by then.
        """
        return (self.approval_wait_minutes or 0) + self.schedule[-1][0]


def _require(name: str, value: int, low: int, high: int, *, hint: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        allowed = f"{low}-{high}" if low < high else str(low)
        raise ValueError(f"{name} must be {allowed}, got {value!r}; {hint}")
