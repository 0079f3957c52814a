"""The lifecycle events of an ECS deployment, in order, and how each goes on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from bluegreen.rehearsal.cloud.api import Document

EVENTS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
"""Every event; a deployment goes through them in this order."""

HOOKABLE = ("BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic")
"""The events at which a function of the user's runs."""


class EventStatus(StrEnum):
    """Where an event is."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SKIPPED = "Skipped"


@dataclass
class Event:
    """One lifecycle event of one deployment; times are cloud time."""

    name: str
    status: EventStatus = EventStatus.PENDING
    started_at: float | None = None
    ended_at: float | None = None

    def document(self) -> Document:
        """Describe it as the API does."""
        times = {"startTime": self.started_at, "endTime": self.ended_at}
        return {
            "lifecycleEventName": self.name,
            "status": self.status.value,
            **{name: at for name, at in times.items() if at is not None},
        }


@dataclass
class Lifecycle:
    """All events of one deployment."""

    events: dict[str, Event] = field(default_factory=lambda: {name: Event(name) for name in EVENTS})

    def start(self, name: str, at: float) -> None:
        """Note that an event began."""
        event = self.events[name]
        event.status, event.started_at = EventStatus.IN_PROGRESS, at

    def succeed(self, name: str, at: float) -> None:
        """Note that an event ended well."""
        self._end(self.events[name], EventStatus.SUCCEEDED, at)

    def fail(self, at: float) -> str | None:
        """Fail the event under way and skip those that have not begun.

        Returns:
            The name of the one that failed; None when none was under way.
        """
        failed = self.current
        if failed:
            self._end(failed, EventStatus.FAILED, at)
        self.skip_pending()
        return failed.name if failed else None

    def skip_pending(self) -> None:
        """Skip the events that have not begun."""
        for event in self._all(EventStatus.PENDING):
            event.status = EventStatus.SKIPPED

    @property
    def current(self) -> Event | None:
        """The event under way."""
        return next(self._all(EventStatus.IN_PROGRESS), None)

    def has_begun(self, name: str) -> bool:
        """Return whether an event was ever under way."""
        return self.events[name].started_at is not None

    def documents(self) -> list[Document]:
        """Describe all events as the API does."""
        return [event.document() for event in self.events.values()]

    def _all(self, status: EventStatus) -> Iterator[Event]:
        return (event for event in self.events.values() if event.status is status)

    @staticmethod
    def _end(event: Event, status: EventStatus, at: float) -> None:
        event.status, event.ended_at = status, at
