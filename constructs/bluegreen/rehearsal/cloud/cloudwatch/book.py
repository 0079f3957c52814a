"""All alarms, their changes of state and their history; safe to use from several threads."""

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.rehearsal.cloud.api import ApiError, Document
from bluegreen.rehearsal.cloud.journal import Journal

from .alarm import SCALING, Alarm, Verdict
from .announcer import state_of
from .judgement import State

MOST_HISTORY = 10_000
"""How many history items are kept."""

Act = Callable[[Alarm, State, Sequence[str]], None]
"""Performs the actions of an alarm that has just changed from the given state."""


@dataclass(frozen=True)
class HistoryItem:
    """One entry of an alarm's history."""

    name: str
    alarm_type: str
    at: float
    kind: str
    summary: str
    data: str = "{}"

    def document(self) -> Document:
        """Describe it as DescribeAlarmHistory does."""
        return {
            "AlarmName": self.name,
            "AlarmType": self.alarm_type,
            "Timestamp": self.at,
            "HistoryItemType": self.kind,
            "HistorySummary": self.summary,
            "HistoryData": self.data,
        }


class AlarmBook:
    """Every alarm by name.

    Args:
        now: Tells cloud time.
        journal: Where changes of state are told.
        act: Performs actions; called without the book being locked.
        announce: Told of each change, with the state before; called while the book is locked, so that the changes come
            in order.
    """

    def __init__(
        self,
        now: Callable[[], float],
        journal: Journal,
        act: Act,
        announce: Callable[[Alarm, Document], None] = lambda *_: None,
    ) -> None:
        self._now = now
        self._journal = journal
        self._act = act
        self._announce = announce
        self._alarms: dict[str, Alarm] = {}
        self._history: deque[HistoryItem] = deque(maxlen=MOST_HISTORY)
        self._lock = threading.RLock()

    def all(self) -> list[Alarm]:
        """Return every alarm, ordered by name."""
        with self._lock:
            return [self._alarms[name] for name in sorted(self._alarms)]

    def get(self, name: str) -> Alarm:
        """Return an alarm.

        Raises:
            ApiError: If there is none of that name.
        """
        with self._lock:
            if name not in self._alarms:
                raise ApiError("ResourceNotFound", f"there is no alarm {name}", status=404)
            return self._alarms[name]

    def by_arn(self, arn: str) -> Alarm:
        """Return the alarm of an ARN.

        Raises:
            ApiError: If there is none.
        """
        return self.get(arn.rpartition(":alarm:")[2])

    def states(self) -> Mapping[str, State]:
        """Return the state of every alarm."""
        with self._lock:
            return {name: alarm.state for name, alarm in self._alarms.items()}

    def put(self, alarm: Alarm) -> None:
        """Add an alarm or replace its configuration; an alarm that exists keeps its state, as on AWS.

        Raises:
            ApiError: If the name belongs to an alarm of the other type, or a rule names an alarm that does not exist.
        """
        with self._lock:
            old = self._alarms.get(alarm.name)
            if old and old.type != alarm.type:
                raise ApiError("ValidationError", f"{alarm.name} is a {old.type} already; choose another name")
            unknown = sorted(alarm.rule.children - self._alarms.keys()) if alarm.rule else []
            if alarm.suppressor and alarm.suppressor.name not in self._alarms:
                raise ApiError("ValidationError", f"the suppressor {alarm.suppressor.name} does not exist")
            if unknown:
                raise ApiError("ValidationError", f"the rule names alarms that do not exist: {', '.join(unknown)}")
            if old:
                alarm.state, alarm.reason, alarm.reason_data = old.state, old.reason, old.reason_data
                alarm.updated_at, alarm.transitioned_at = old.updated_at, old.transitioned_at
                alarm.tags, alarm.left_alarm_at, alarm.told = old.tags, old.left_alarm_at, old.told
            self._alarms[alarm.name] = alarm
            done = "updated" if old else "created"
            self._remember(alarm, "ConfigurationUpdate", f'Alarm "{alarm.name}" {done}')

    def delete(self, names: Sequence[str]) -> None:
        """Delete alarms; names that are not there are passed over.

        Raises:
            ApiError: If a composite alarm that stays depends on one of them; then none is deleted.
        """
        with self._lock:
            for alarm in self._alarms.values():
                needed = alarm.rule.children & set(names) if alarm.rule and alarm.name not in names else frozenset()
                if needed:
                    raise ApiError(
                        "ValidationError",
                        f"cannot delete {', '.join(sorted(needed))}: composite alarm {alarm.name} depends on it",
                    )
            for name in names:
                if alarm_gone := self._alarms.pop(name, None):
                    self._remember(alarm_gone, "ConfigurationUpdate", f'Alarm "{name}" deleted')

    def found(self, alarm: Alarm, verdict: Verdict) -> None:
        """Take over what an evaluation or SetAlarmState found; on a change of state tell it and perform the actions.

        Scaling is asked for again every minute in which the alarm is still red. What a scaling policy's alarm finds is
        not told: its low alarm is red whenever little goes on, and says nothing of the service's health.
        """
        with self._lock:
            if self._alarms.get(alarm.name) is not alarm:
                return  # deleted or replaced while it was being evaluated
            before, now = alarm.state, self._now()
            changed = verdict.state is not before
            if not changed and not alarm.scales_again(now):
                return
            former = state_of(alarm)
            alarm.state, alarm.reason, alarm.reason_data = verdict.state, verdict.reason, verdict.data
            alarm.updated_at = alarm.acted_at = now
            actions = [action for action in alarm.actions if changed or action.startswith(SCALING)]
            if alarm.suppressor:
                actions = []  # `act_unless_suppressed` decides
            if changed:
                alarm.transitioned_at = now
                if before is State.ALARM:
                    alarm.left_alarm_at = now
                self._remember_change(alarm, before, actions)
                self._announce(alarm, former)
        if changed and not alarm.scales:
            facts = {"name": alarm.name, "state": str(alarm.state), "reason": alarm.reason}
            self._journal.record("alarm", f"alarm {alarm.name} is {alarm.state}", **facts)
        if actions:
            self._act(alarm, before, actions)

    def act_unless_suppressed(self, alarm: Alarm) -> None:
        """Perform the actions of a composite alarm that has a suppressor, once it may and its state is not told yet."""
        with self._lock:
            if alarm.suppressor is None or alarm.state is alarm.told:
                return
            if self._alarms.get(alarm.name) is not alarm or alarm.suppressor.name not in self._alarms:
                return
            by = self._alarms[alarm.suppressor.name]
            changed_at, left_at = alarm.transitioned_at, by.left_alarm_at
            if not alarm.suppressor.lets_act(changed_at=changed_at, state=by.state, left_at=left_at, now=self._now()):
                return
            before, alarm.told = alarm.told, alarm.state
            actions = list(alarm.actions)
            for action in actions:
                self._remember(alarm, "Action", f"action {action} taken on {alarm.state}")
        if actions:
            self._act(alarm, before, actions)

    def enable_actions(self, names: Sequence[str], *, enabled: bool) -> None:
        """Let alarms perform their actions, or not."""
        with self._lock:
            for name in names:
                if alarm := self._alarms.get(name):
                    alarm.request = alarm.request | {"ActionsEnabled": enabled}

    def history(self) -> list[HistoryItem]:
        """Return every history item, oldest first."""
        with self._lock:
            return list(self._history)

    def _remember_change(self, alarm: Alarm, before: State, actions: Sequence[str]) -> None:
        data = {
            "oldState": {"stateValue": before},
            "newState": {"stateValue": alarm.state, "stateReason": alarm.reason},
        }
        self._remember(alarm, "StateUpdate", f"Alarm updated from {before} to {alarm.state}", data)
        for action in actions:
            self._remember(alarm, "Action", f"action {action} taken on {alarm.state}")

    def _remember(self, alarm: Alarm, kind: str, summary: str, data: Mapping[str, Any] | None = None) -> None:
        self._history.append(
            HistoryItem(alarm.name, alarm.type, self._now(), kind, summary, json.dumps(data or {}, default=str))
        )
