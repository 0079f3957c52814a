"""What a scenario left behind, and the figures made of it. Pure: no clock, no network."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .load import Answer

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
        live: The version that served when it started.
        candidate: The version that was deployed.
        started: When the load was steady and the scenario began.
        deployed: When `cdk deploy` returned.
        ended: When the load had ended.
        exit_code: Of `cdk deploy`.
        stack_status: CloudFormation's, after `cdk deploy`.
        reason: CloudFormation's message for the resource that failed; empty when none did.
        answers: Of the steady load.
        events: In order.
        versions: Task address to version, of every task that ever ran.
    """

    live: str
    candidate: str
    started: float
    deployed: float
    ended: float
    exit_code: int
    stack_status: str
    reason: str
    answers: Sequence[Answer]
    events: Sequence[Event]
    versions: Mapping[str, str]

    @property
    def outcome(self) -> str:
        """What became of the release: "succeeded", "rolled-back", or "failed" for all else."""
        if self.exit_code == 0 and self.stack_status in {"UPDATE_COMPLETE", "CREATE_COMPLETE"}:
            return "succeeded"
        if self.exit_code != 0 and self.stack_status == "UPDATE_ROLLBACK_COMPLETE":
            return "rolled-back"
        return "failed"

    @property
    def failures(self) -> list[Answer]:
        """Every request that a user would have seen fail."""
        return [answer for answer in self.answers if answer.failed]

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

    def failed_by(self) -> dict[str, int]:
        """Count the failed requests by the version that answered, or by why no version did."""
        counts = Counter(
            self.version_of(answer) or answer.error or f"load balancer {answer.status}" for answer in self.failures
        )
        return dict(sorted(counts.items()))

    @property
    def turned_by(self) -> Event | None:
        """What turned the release back: the first alarm, failed lifecycle event, or deployment that failed."""
        return next((event for event in self.events if event.at >= self.started and _turns_back(event)), None)

    @property
    def turned(self) -> float | None:
        """When the release was turned back."""
        return self.turned_by.at if self.turned_by else None

    @property
    def last_by_candidate(self) -> float | None:
        """When the last request that the candidate answered in production was sent; None when it answered none."""
        return max((answer.sent for answer in self.answers if self.version_of(answer) == self.candidate), default=None)

    @property
    def rollback_seconds(self) -> float | None:
        """Real seconds from what turned the release back to the last request that the candidate served.

        Taken from the load, not from what the cloud says of itself. None when nothing was turned back, or when the
        candidate never served production.
        """
        if self.outcome == "succeeded" or self.turned is None or self.last_by_candidate is None:
            return None
        return max(0.0, self.last_by_candidate - self.turned)


def _turns_back(event: Event) -> bool:
    """Whether an event is one that CodeDeploy rolls back for."""
    if event.kind == "alarm":
        return event.facts.get("state") == "ALARM"
    return event.kind in {"lifecycle", "deployment"} and str(event.facts.get("status")).lower() in {"failed", "stopped"}
