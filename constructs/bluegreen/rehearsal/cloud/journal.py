"""What happened in the local cloud, in order: the timeline a rehearsal shows and checks."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """One thing that happened.

    Args:
        at: Cloud time in seconds since the epoch.
        what: A short sentence for people, such as "alarm Prod-Orders-ErrorRate is ALARM".
        kind: A stable word for programs: deployment, lifecycle, traffic, alarm, task, target, service, fault.
        facts: The names and values behind the sentence.
        real: Real seconds since the cloud began: cloud time does not run evenly.
    """

    at: float
    what: str
    kind: str
    facts: dict[str, object] = field(default_factory=dict)
    real: float = 0.0


class Journal:
    """An append-only, thread-safe list of entries."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._began = time.monotonic()
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def record(self, kind: str, what: str, **facts: object) -> None:
        """Append an entry stamped with the cloud's time."""
        with self._lock:
            self._entries.append(Entry(self._now(), what, kind, facts, time.monotonic() - self._began))

    def since(self, index: int) -> list[Entry]:
        """Return the entries from position `index` on."""
        with self._lock:
            return self._entries[index:]
