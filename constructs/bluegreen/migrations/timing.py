"""How long a run may still take, and how long it waits before it tries again."""

from .options import Clock

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 8.0


class Deadline:
    """When a run gives up.

    Args:
        clock: Where time comes from.
        seconds: How long it may take from now.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._began = clock.now()
        self._ends = self._began + seconds

    def elapsed(self) -> float:
        """Return the seconds since it began."""
        return self._clock.now() - self._began

    def remaining_ms(self) -> int:
        """Return the milliseconds left; at least 1, because PostgreSQL reads 0 as no limit."""
        return max(1, int((self._ends - self._clock.now()) * 1000))

    def wait(self, seconds: float, *, spare: float = 0.0) -> bool:
        """Wait, unless the deadline comes first; return whether there is time left to go on.

        Args:
            seconds: How long to wait.
            spare: How many seconds must be left after it.
        """
        if self._clock.now() + seconds + spare >= self._ends:
            return False
        self._clock.sleep(seconds)
        return True


def backoff(attempt: int, chance: float) -> float:
    """Return how long to wait after a failed attempt: full jitter, so that two who wait for each other fall apart.

    Args:
        attempt: Which failed, from 1.
        chance: A number from 0 to 1.

    Returns:
        Seconds, at most 8.

    Example:
        >>> [backoff(attempt, 1.0) for attempt in (1, 2, 3, 4, 5, 60)]
        [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
        >>> backoff(3, 0.25)
        0.5
    """
    doubled: float = _FIRST_WAIT_SECONDS * 2 ** min(attempt - 1, 10)
    return chance * min(_LONGEST_WAIT_SECONDS, doubled)
