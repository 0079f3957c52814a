"""What one request remembers between two steps of the state machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from bluegreen.release.observation import WaitFor


@dataclass
class Progress:
    """The memory of one request.

    Args:
        started_at: When its first step ran, in seconds since the epoch.
        deployment_id: The deployment that it started or adopted.
        asked: The deployments that it has asked to end.
        stopped_because: Why it stopped that deployment; None when it did not, or ran out of time.
        waiting_since: For each thing waited for, when it was first waited for, in seconds since the epoch.
    """

    started_at: float
    deployment_id: str | None = None
    asked: set[str] = field(default_factory=set)
    stopped_because: str | None = None
    waiting_since: dict[WaitFor, float] = field(default_factory=dict)

    @classmethod
    def read(cls, document: Mapping[str, Any] | None, now: float) -> Self:
        """Read what `to_dict` wrote; a new memory when there is none yet."""
        if not document:
            return cls(started_at=now)
        return cls(
            started_at=float(document["started_at"]),
            deployment_id=document.get("deployment_id"),
            asked=set(document.get("asked", ())),
            stopped_because=document.get("stopped_because"),
            waiting_since={WaitFor[name]: float(since) for name, since in document.get("waiting_since", {}).items()},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the memory as a JSON document."""
        return {
            "started_at": self.started_at,
            "deployment_id": self.deployment_id,
            "asked": sorted(self.asked),
            "stopped_because": self.stopped_because,
            "waiting_since": {reason.name: since for reason, since in self.waiting_since.items()},
        }

    def elapsed(self, now: float) -> int:
        """Return for how many seconds the request has run."""
        return int(now - self.started_at)

    def waited(self, now: float) -> dict[WaitFor, int]:
        """Return for each thing waited for how many seconds ago it was first waited for."""
        return {reason: int(now - since) for reason, since in self.waiting_since.items()}

    def wait(self, reason: WaitFor, now: float) -> None:
        """Remember that this is waited for, if it was not already."""
        self.waiting_since.setdefault(reason, now)
