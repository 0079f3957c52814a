"""Waiting for the end of what a function of this library has started."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0


class Time(Protocol):
    """What waiting needs."""

    def now(self) -> float:
        """Return seconds that only grow."""

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""


class RealTime:
    """The machine's time."""

    def now(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        time.sleep(seconds)


class Ending(Protocol):
    """A record of something that ends."""

    @property
    def ended(self) -> object:
        """When or whether it has: true once it has."""


EndingT = TypeVar("EndingT", bound=Ending)


def wait_for_end(
    look: Callable[[], EndingT], show: Callable[[EndingT], None], *, seconds: float, clock: Time | None
) -> EndingT:
    """Look again and again, ever less often, until something has ended.

    Args:
        look: Returns its record.
        show: Is given the record each time.
        seconds: How long to wait at most.
        clock: Where time comes from; the machine's when None.

    Returns:
        The last record: that of its end, or of something that did not end in its time.
    """
    timer = clock or RealTime()
    begun, pause = timer.now(), _FIRST_PAUSE_SECONDS
    while True:
        record = look()
        show(record)
        if record.ended or timer.now() - begun >= seconds:
            return record
        timer.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
