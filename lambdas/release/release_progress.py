"""What one request remembers between two steps of the state machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from bluegreen.release.observation import WaitFor

_SHORTEST_WAIT = 5
_LONGEST_WAIT = 300


@dataclass
class Progress:
    """The memory of one request.

    Args:
        started_at: When its first step ran, in seconds since the epoch.
        rolling_back: Whether CloudFormation takes an update back by it; None until CloudFormation was asked.
        cancelled: Whether CloudFormation began to take its update back while it ran.
        prepared: Whether a new service's target groups have their settings.
        deployment_id: The deployment that it started or adopted.
        asked: The deployments that it has asked to end.
        ignored_alarms: The alarms without which it started its deployment.
        stopped_because: Why it stopped that deployment; None when it did not, or ran out of time.
        handed_on_at: When CloudFormation was told that the release goes on without it; None when it was not.
        ended_at: When a release that was handed on was first seen to have ended; None while it goes on.
        noticed: What was published already, each under a name of its own.
        waiting_since: For each thing waited for, when it was first waited for, in seconds since the epoch.
    """

    started_at: float
    rolling_back: bool | None = None
    cancelled: bool = False
    prepared: bool = False
    deployment_id: str | None = None
    asked: set[str] = field(default_factory=set)
    ignored_alarms: list[str] = field(default_factory=list)
    stopped_because: str | None = None
    handed_on_at: float | None = None
    ended_at: float | None = None
    noticed: set[str] = field(default_factory=set)
    waiting_since: dict[WaitFor, float] = field(default_factory=dict)

    @classmethod
    def read(cls, document: Mapping[str, Any] | None, now: float) -> Self:
        """Read what `to_dict` wrote; a new memory when there is none yet."""
        if not document:
            return cls(started_at=now)
        return cls(
            started_at=float(document["started_at"]),
            rolling_back=document.get("rolling_back"),
            cancelled=document.get("cancelled", False),
            prepared=document.get("prepared", False),
            deployment_id=document.get("deployment_id"),
            asked=set(document.get("asked", ())),
            ignored_alarms=list(document.get("ignored_alarms", ())),
            stopped_because=document.get("stopped_because"),
            handed_on_at=document.get("handed_on_at"),
            ended_at=document.get("ended_at"),
            noticed=set(document.get("noticed", ())),
            waiting_since={WaitFor[name]: float(since) for name, since in document.get("waiting_since", {}).items()},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the memory as a JSON document."""
        return {
            "started_at": self.started_at,
            "rolling_back": self.rolling_back,
            "cancelled": self.cancelled,
            "prepared": self.prepared,
            "deployment_id": self.deployment_id,
            "asked": sorted(self.asked),
            "ignored_alarms": self.ignored_alarms,
            "stopped_because": self.stopped_because,
            "handed_on_at": self.handed_on_at,
            "ended_at": self.ended_at,
            "noticed": sorted(self.noticed),
            "waiting_since": {reason.name: since for reason, since in self.waiting_since.items()},
        }

    @property
    def handed_on(self) -> bool:
        """Whether CloudFormation has its answer although the release goes on."""
        return self.handed_on_at is not None

    def elapsed(self, now: float) -> int:
        """Return for how many seconds the request has run."""
        return int(now - self.started_at)

    def waited(self, now: float) -> dict[WaitFor, int]:
        """Return for each thing waited for how many seconds ago it was first waited for."""
        return {reason: int(now - since) for reason, since in self.waiting_since.items()}

    def wait(self, reason: WaitFor, now: float) -> None:
        """Remember that this is waited for, if it was not already."""
        self.waiting_since.setdefault(reason, now)

    def pause(self, now: float) -> int:
        """Return how many seconds to wait before the next step.

        While CloudFormation waits, 5. Once it does not, a sixtieth of the time since, up to 300: five days of that are
        some 2,000 steps, and a state machine's history has room for 2,700.

        Example:
            >>> Progress(started_at=0).pause(3000), Progress(started_at=0, handed_on_at=0).pause(3600)
            (5, 60)
        """
        since = 0 if self.handed_on_at is None else now - self.handed_on_at
        return int(min(max(since // 60, _SHORTEST_WAIT), _LONGEST_WAIT))
