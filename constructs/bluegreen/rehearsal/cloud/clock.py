"""The local cloud's one clock: cloud time runs faster than real time by one factor."""

import threading
import time


class Clock:
    """Cloud time, in seconds since the epoch, running `factor` times faster than real time.

    Args:
        factor: Cloud seconds per real second, at least 1. 60 turns a minute of baking into a second of waiting.

    Raises:
        ValueError: If the factor is below 1.

    Example:
        >>> Clock(factor=60).real(30)
        0.5
    """

    def __init__(self, factor: float = 60.0) -> None:
        if factor < 1:
            raise ValueError(f"factor must be at least 1, got {factor}")
        self.factor = factor
        self._real_start = time.monotonic()
        self._cloud_start = time.time()

    def now(self) -> float:
        """Return the cloud's time in seconds since the epoch."""
        return self._cloud_start + (time.monotonic() - self._real_start) * self.factor

    def real(self, cloud_seconds: float) -> float:
        """Return how many real seconds `cloud_seconds` last."""
        return cloud_seconds / self.factor

    def wait(self, cloud_seconds: float, stop: threading.Event) -> bool:
        """Sleep for `cloud_seconds` of cloud time or until `stop` is set; return whether it was set."""
        return stop.wait(self.real(cloud_seconds))
