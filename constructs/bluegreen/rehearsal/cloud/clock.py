"""The local cloud's one clock: cloud time runs faster than real time by one factor, except while work is done.

What a control plane waits for is compressed; what a one-off task does is not, as no factor makes a database or a
processor faster. While one runs, a second of the cloud is a second, so that a deadline means what it says.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


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
        monotonic: Real time in seconds from any beginning; the machine's own when omitted.

    Raises:
        ValueError: If the factor is below 1.

    Example:
        >>> Clock(factor=60).real(30)
        0.5

    Attributes:
        control_planes: Closed while the control planes are down; time goes on.
    """

    _LOOK_SECONDS = 0.05
    """How late a wait may learn that time is compressed again, in real seconds."""

    def __init__(self, factor: float = 60.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        if factor < 1:
            raise ValueError(f"factor must be at least 1, got {factor}")
        self.factor = factor
        self.control_planes = Gate()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._uncompressed = 0
        # Since when time runs at the present rate: real time and cloud time of that moment.
        self._real_mark = monotonic()
        self._cloud_mark = time.time()

    @property
    def rate(self) -> float:
        """How many cloud seconds pass in a real one now: the factor, or 1 while time is not compressed."""
        return 1.0 if self._uncompressed else self.factor

    def now(self) -> float:
        """Return the cloud's time in seconds since the epoch."""
        with self._lock:
            return self._now()

    def real(self, cloud_seconds: float) -> float:
        """Return how many real seconds `cloud_seconds` last while time is compressed.

        It sets the pace of what goes on in the background, such as health checks, which keep it all the time. Who has
        to end at a moment of cloud time waits with `wait` or compares with `now`.
        """
        return cloud_seconds / self.factor

    def wait(self, cloud_seconds: float, stop: threading.Event) -> bool:
        """Sleep for `cloud_seconds` of cloud time or until `stop` is set; return whether it was set.

        It ends at its moment of cloud time also when the rate changes meanwhile.
        """
        until = self.now() + cloud_seconds
        while (remaining := until - self.now()) > 0:
            # At the factor it cannot be too late: time only ever gets slower than that.
            real = remaining / self.factor if self.rate > 1 else min(remaining, self._LOOK_SECONDS)
            if stop.wait(real):
                return True
        return stop.is_set()

    def call_later(self, cloud_seconds: float, action: Callable[[], object]) -> threading.Event:
        """Call `action` on a thread of its own after `cloud_seconds`; setting the returned event prevents it."""
        cancelled = threading.Event()

        def run() -> None:
            if not self.wait(cloud_seconds, cancelled):
                action()

        threading.Thread(target=run, name="later", daemon=True).start()
        return cancelled

    @contextmanager
    def uncompressed(self) -> Iterator[None]:
        """Let cloud time run as fast as real time; when several ask for it, until the last of them is done."""
        self._change(+1)
        try:
            yield
        finally:
            self._change(-1)

    def _change(self, difference: int) -> None:
        with self._lock:
            self._cloud_mark, self._real_mark = self._now(), self._monotonic()
            self._uncompressed += difference

    def _now(self) -> float:
        return self._cloud_mark + (self._monotonic() - self._real_mark) * self.rate
