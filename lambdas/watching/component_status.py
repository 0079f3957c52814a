"""What a status page says: which part of a service works, since when, and what happened before. Pure.

An alarm's state changes arrive at least once and in any order. Each carries the time of the change, so an older one
than is known of that alarm, or the same again, says nothing new.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

HISTORY = 100
"""How many changes are remembered, the newest first."""
NEVER = datetime.fromtimestamp(0, UTC)


class Health(StrEnum):
    """How a component does, as people outside are told."""

    OPERATIONAL = "operational"
    DEGRADED = "degraded"
    OUTAGE = "outage"


_BY_SEVERITY = {"critical": Health.OUTAGE, "warning": Health.DEGRADED}
_ORDER = tuple(Health)


@dataclass(frozen=True, kw_only=True)
class AlarmState:
    """What is known of one alarm."""

    raised: bool
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Change:
    """A component's health changed."""

    component: str
    health: Health
    at: datetime

    def to_dict(self) -> dict[str, str]:
        """Return it as JSON has it."""
        return {"component": self.component, "health": self.health.value, "at": written(self.at)}

    @classmethod
    def from_dict(cls, document: Mapping[str, str]) -> Self:
        """Read it again."""
        at = datetime.fromisoformat(document["at"])
        return cls(component=document["component"], health=Health(document["health"]), at=at)


@dataclass(frozen=True, kw_only=True)
class Status:
    """Everything that is known.

    Args:
        alarms: The state of each alarm that was ever heard of.
        history: What changed, the newest first, at most `HISTORY` changes.
    """

    alarms: Mapping[str, AlarmState] = field(default_factory=dict)
    history: Sequence[Change] = ()

    def hear(self, components: Mapping[str, Mapping[str, str]], alarm: str, state: AlarmState) -> "Status":
        """Return what is known after an alarm changed; the same object when that says nothing new.

        Args:
            components: Each component's alarms, and the severity of each.
            alarm: The alarm's name.
            state: Its new state.
        """
        known = self.alarms.get(alarm)
        if known and state.at <= known.at:
            return self
        after = replace(self, alarms={**self.alarms, alarm: state})
        changes = [
            Change(component=name, health=after.health(alarms), at=state.at)
            for name, alarms in components.items()
            if after.health(alarms) is not self.health(alarms)
        ]
        return replace(after, history=(*changes, *self.history)[:HISTORY])

    def health(self, alarms: Mapping[str, str]) -> Health:
        """Return the health of a component that has these alarms: what the worst one that is raised means."""
        raised = [
            _BY_SEVERITY.get(severity, Health.OPERATIONAL)
            for alarm, severity in alarms.items()
            if alarm in self.alarms and self.alarms[alarm].raised
        ]
        return max(raised, key=_ORDER.index, default=Health.OPERATIONAL)

    def to_json(self) -> str:
        """Return it as it is stored; nobody outside sees it, because it names alarms."""
        alarms = {name: {"raised": one.raised, "at": written(one.at)} for name, one in self.alarms.items()}
        return json.dumps({"alarms": alarms, "history": [change.to_dict() for change in self.history]})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read it again."""
        document: dict[str, Any] = json.loads(text)
        return cls(
            alarms={
                name: AlarmState(raised=one["raised"], at=datetime.fromisoformat(one["at"]))
                for name, one in document["alarms"].items()
            },
            history=tuple(Change.from_dict(one) for one in document["history"]),
        )

    def updated(self) -> datetime:
        """Return when anything changed last; 1970 when nothing ever did."""
        return max((change.at for change in self.history), default=NEVER)


def written(moment: datetime) -> str:
    """Write a moment as RFC 3339 has it, in UTC.

    Example:
        >>> written(datetime.fromisoformat("2026-01-02T03:04:05.678+0100"))
        '2026-01-02T02:04:05.678000Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
