"""What a scenario left behind, and the figures made of it. Pure: no clock, no network."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .connection import Answer
from .deploy import Deploy, Outcome

UNKNOWN = "unknown"
"""Stands for the version of a target that the cloud's journal never named."""


@dataclass(frozen=True)
class Event:
    """One entry of the cloud's journal, in the rehearsal's own time.

    Args:
        at: `time.monotonic()` when it happened.
        what: A short sentence.
        kind: Such as alarm, lifecycle, deployment or task.
        facts: The names and values behind the sentence.
    """

    at: float
    what: str
    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything seen while one scenario ran. All times are `time.monotonic()`.

    Args:
        live: The version that served when it started; empty when nothing was deployed yet.
        started: When the load was steady and the scenario began.
        ended: When the load had ended.
        deploys: Every `cdk` command, in the order in which they returned.
        loads: The answers of each steady load, by the load's name.
        events: In order.
        versions: Task address to version, of every task that ever ran.
        others: Versions that users may have met although no command deployed them.
        complaints: What the scenario itself saw that must not be.
        figures: What the scenario measured, by name, with the unit in the name.
        lost: Each acknowledged write that could not be read back, and what was found instead.
        watched: The alarms that deployment groups watch; others turn nothing back. Every alarm counts when empty.
    """

    live: str
    started: float
    ended: float
    deploys: Sequence[Deploy]
    loads: Mapping[str, Sequence[Answer]]
    events: Sequence[Event]
    versions: Mapping[str, str]
    others: frozenset[str] = frozenset()
    complaints: Sequence[str] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    lost: Sequence[str] = ()
    watched: frozenset[str] = frozenset()

    @property
    def outcome(self) -> Outcome:
        """What became of the last command; without one, the service got over something by itself."""
        return self.deploys[-1].outcome if self.deploys else Outcome.RECOVERED

    @property
    def candidate(self) -> str:
        """The version that was deployed last; the live one when none was."""
        return next((deploy.version for deploy in reversed(self.deploys) if deploy.version), self.live)

    @property
    def released(self) -> str:
        """The version that should serve at the end: that of the last command that went well, or else the live one."""
        fine = {Outcome.SUCCEEDED, Outcome.UNCHANGED}
        went_well = [deploy.version for deploy in self.deploys if deploy.outcome in fine and deploy.version]
        return went_well[-1] if went_well else self.live

    @property
    def deployed(self) -> float:
        """When the last command had returned; when it all began, without one."""
        return self.deploys[-1].ended if self.deploys else self.started

    @property
    def answers(self) -> Sequence[Answer]:
        """The answers of all loads."""
        return [answer for answers in self.loads.values() for answer in answers]

    def of_load(self, name: str) -> "Evidence":
        """Return the same evidence with the answers of one load only, for checks of one service of several."""
        return replace(self, loads={name: self.loads.get(name, ())})

    @property
    def failures(self) -> list[Answer]:
        """Every request that a user would have seen fail."""
        return [answer for answer in self.answers if answer.failed]

    @property
    def written(self) -> int:
        """How many writes the service acknowledged."""
        return sum(answer.written for answer in self.answers)

    @property
    def per_second(self) -> float:
        """The load that was reached, in answers a second."""
        if not self.answers:
            return 0.0
        first = min(answer.sent for answer in self.answers)
        last = max(answer.sent for answer in self.answers)
        return len(self.answers) / (last - first) if last > first else float(len(self.answers))

    def version_of(self, answer: Answer) -> str | None:
        """Return the version of the task that answered, `UNKNOWN`, or None when no task did."""
        return None if answer.target is None else self.versions.get(answer.target, UNKNOWN)

    def served_by(self, answers: Iterable[Answer] | None = None) -> dict[str, int]:
        """Count the requests that each version answered, with success or not; of all answers when omitted."""
        counts = Counter(self.version_of(answer) for answer in (self.answers if answers is None else answers))
        return {version: counts[version] for version in sorted(version for version in counts if version is not None)}

    def served_afterwards(self) -> dict[str, int]:
        """Count the requests sent after the last command had returned, by the version that answered."""
        return self.served_by(answer for answer in self.answers if answer.sent > self.deployed)

    def failed_by(self) -> dict[str, int]:
        """Count the failed requests by the version that answered, or by why no version did."""
        counts = Counter(
            self.version_of(answer) or answer.error or f"load balancer {answer.status}" for answer in self.failures
        )
        return dict(sorted(counts.items()))

    @property
    def turned_by(self) -> Event | None:
        """What turned the release back: the first watched alarm, failed lifecycle event, or deployment that failed."""
        since = (event for event in self.events if event.at >= self.started)
        return next((event for event in since if self._turns_back(event)), None)

    @property
    def turned(self) -> float | None:
        """When the release was turned back."""
        return self.turned_by.at if self.turned_by else None

    @property
    def turned_back(self) -> str:
        """The version of the first release that did not go through; empty when all did."""
        fine = {Outcome.SUCCEEDED, Outcome.UNCHANGED, Outcome.REFUSED, Outcome.DELETED}
        return next((deploy.version for deploy in self.deploys if deploy.outcome not in fine), "")

    @property
    def turned_afterwards(self) -> Event | None:
        """The alarm that took production back when the last command had gone through already; None without one."""
        went_through = self.outcome == Outcome.SUCCEEDED and not self.turned_back
        is_back = self.live != self.candidate and self.live in self.served_afterwards()
        found = self.turned_by
        return found if went_through and is_back and found and found.kind == "alarm" else None

    @property
    def rollback_seconds(self) -> float | None:
        """Real seconds from what turned a release back to the last request that its version served.

        Taken from the load, not from what the cloud says of itself. None when nothing was turned back, or when the
        version never served production.
        """
        version = self.turned_back
        last = max((answer.sent for answer in self.answers if self.version_of(answer) == version), default=None)
        if not version or self.turned is None or last is None:
            return None
        return max(0.0, last - self.turned)

    def _turns_back(self, event: Event) -> bool:
        """Whether an event is one that CodeDeploy rolls back for."""
        if event.kind == "alarm":
            watched = not self.watched or event.facts.get("name") in self.watched
            return watched and event.facts.get("state") == "ALARM"
        ended = str(event.facts.get("status")).lower() in {"failed", "stopped"}
        return ended and event.kind in {"lifecycle", "deployment"}
