"""The local cloud's one clock: cloud time runs faster than real time by one factor."""

import threading
import time


class Gate:
    """Lets control planes go on only while it is open; traffic, tasks and databases never ask it."""

    _LOOK_SECONDS = 0.05

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()

    @property
    def is_open(self) -> bool:
        """Whether control planes work."""
        return self._open.is_set()

    def open(self) -> None:
        """Let everything go on."""
        self._open.set()

    def close(self) -> None:
        """Hold everything up where it next asks."""
        self._open.clear()

    def wait(self, stop: threading.Event | None = None) -> bool:
        """Return when the gate is open or `stop` is set; tell whether it was set.

        An engine calls this before it looks at anything or changes anything.
        """
        while not self._open.wait(self._LOOK_SECONDS):
            if stop is not None and stop.is_set():
                return True
        return stop is not None and stop.is_set()


class Clock:
    """Cloud time, in seconds since the epoch, running `factor` times faster than real time.

    Args:
        factor: Cloud seconds per real second, at least 1. 60 turns a minute of baking into a second of waiting.

    Raises:
        ValueError: If the factor is below 1.

    Example:
        >>> Clock(factor=60).real(30)
        0.5

    Attributes:
        control_planes: Closed while the control planes are down; time goes on.
    """

    def __init__(self, factor: float = 60.0) -> None:
        if factor < 1:
            raise ValueError(f"factor must be at least 1, got {factor}")
        self.factor = factor
        self.control_planes = Gate()
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
