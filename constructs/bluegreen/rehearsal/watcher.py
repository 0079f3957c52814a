"""Follows the cloud's journal and state while something else goes on; the journal is put into real time."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from bluegreen.errors import RehearsalError

from .evidence import Event

POLL_SECONDS = 0.1
STATE_EVERY = 3
"""Polls of the journal for one look at the state."""


class Watched(Protocol):
    """The part of the local cloud that is watched."""

    def journal(self, since: int) -> tuple[list[dict[str, Any]], int]:
        """Return the journal's entries from a position on, and the next position."""

    def state(self) -> dict[str, Any]:
        """Return what an operator would look at."""


class Timekeeper:
    """Turns the seconds since the cloud began into `time.monotonic()`, without a clock in common.

    An entry is always received a little after it was written. The entry received soonest tells the difference between
    the two clocks best, so the estimate only improves; what is left of the delay is less than one poll.
    """

    def __init__(self) -> None:
        self._difference = float("inf")

    def received(self, real: float, now: float) -> None:
        """Learn that an entry written `real` seconds after the cloud began arrived at `now`."""
        self._difference = min(self._difference, now - real)

    def here(self, real: float) -> float:
        """Return this process's time of a moment of the cloud's; infinite before anything was received."""
        return self._difference + real


class Watcher:
    """Polls the cloud on a thread of its own.

    Args:
        cloud: What is watched.
        on_event: Called with each event; its time is the best known so far.
        on_state: Called with the cloud's state now and then.
    """

    def __init__(
        self,
        cloud: Watched,
        *,
        on_event: Callable[[Event], None],
        on_state: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._cloud = cloud
        self._time = Timekeeper()
        self._on_event = on_event
        self._on_state = on_state
        self._entries: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: RehearsalError | None = None
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; may be called twice."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def check(self) -> None:
        """Raise what ended the watching, if anything did.

        Raises:
            RehearsalError: Such as that the cloud has died.
        """
        if self._error is not None:
            raise self._error

    def position(self) -> int:
        """Return how many entries were received so far."""
        with self._lock:
            return len(self._entries)

    def events(self, since: int = 0) -> list[Event]:
        """Return what happened from a position on, in the rehearsal's time."""
        with self._lock:
            return [self._event(entry) for entry in self._entries[since:]]

    def versions(self) -> dict[str, str]:
        """Return the version of every task so far, by its address."""
        return task_versions(self.events())

    def wait_past(self, seconds: float) -> None:
        """Let `seconds` pass, and a poll after them, so that what happened until then is known.

        Raises:
            RehearsalError: As soon as the cloud has died.
        """
        self._stop.wait(seconds + 2 * POLL_SECONDS)
        self.check()

    def _run(self) -> None:
        position, polls = 0, 0
        while not self._stop.is_set():
            try:
                entries, position = self._cloud.journal(position)
                self._take(entries, time.monotonic())
                if polls % STATE_EVERY == 0:
                    self._on_state(self._cloud.state())
            except RehearsalError as error:
                if not self._stop.is_set():
                    self._error = error
                    self._stop.set()
                return
            polls += 1
            self._stop.wait(POLL_SECONDS)

    def _take(self, entries: Sequence[dict[str, Any]], now: float) -> None:
        with self._lock:
            for entry in entries:
                self._time.received(entry["real"], now)
            self._entries.extend(entries)
            events = [self._event(entry) for entry in entries]
        for event in events:
            self._on_event(event)

    def _event(self, entry: dict[str, Any]) -> Event:
        return Event(self._time.here(entry["real"]), entry["what"], entry["kind"], entry["facts"])


def task_versions(events: Sequence[Event]) -> dict[str, str]:
    """Return the version of every task that the events name, by its address.

    Example:
        >>> task_versions([Event(1.0, "task started", "task", {"address": "127.77.0.1", "version": "v1"})])
        {'127.77.0.1': 'v1'}
    """
    return {
        str(event.facts["address"]): str(event.facts["version"])
        for event in events
        if event.kind == "task" and event.facts.get("address") and event.facts.get("version")
    }
