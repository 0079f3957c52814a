"""One alarm: what was put, its state, and how the API describes it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bluegreen.rehearsal.cloud.api import Document

from .definition import MINUTE, Watch
from .judgement import Missing, State, judge
from .rule import Rule
from .suppression import Suppressor

_ACTIONS = {
    State.ALARM: "AlarmActions",
    State.OK: "OKActions",
    State.INSUFFICIENT_DATA: "InsufficientDataActions",
}

SCALING = "arn:aws:autoscaling:"
"""How the ARN of a scaling policy begins; an action on one is repeated for as long as the alarm stays red."""

_TREATED_AS = {Missing.BREACHING: "[Breaching]", Missing.NOT_BREACHING: "[NonBreaching]"}


@dataclass(frozen=True)
class Verdict:
    """What an evaluation found."""

    state: State
    reason: str
    data: Document


@dataclass
class Alarm:
    """A metric alarm or a composite alarm (it has a rule).

    Args:
        arn: Its ARN.
        request: The request that put it.
        configured_at: When it was put, in cloud time.
        watch: What a metric alarm watches; None for one that is never judged.
        rule: When a composite alarm is red.
        suppressor: What keeps a composite alarm quiet.
    """

    arn: str
    request: Document
    configured_at: float
    watch: Watch | None = None
    rule: Rule | None = None
    suppressor: Suppressor | None = None
    state: State = State.INSUFFICIENT_DATA
    reason: str = "Unchecked: Initial alarm creation"
    reason_data: Document = field(default_factory=dict)
    updated_at: float = 0.0
    transitioned_at: float = 0.0
    set_by_hand_at: float = 0.0
    acted_at: float = 0.0
    left_alarm_at: float | None = None
    told: State = State.INSUFFICIENT_DATA
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.updated_at = self.transitioned_at = self.configured_at

    @property
    def name(self) -> str:
        """Its name."""
        name: str = self.request["AlarmName"]
        return name

    @property
    def type(self) -> str:
        """MetricAlarm or CompositeAlarm."""
        return "CompositeAlarm" if self.rule else "MetricAlarm"

    @property
    def actions(self) -> Sequence[str]:
        """What is to be done on entering the present state; nothing while actions are disabled."""
        if not self.request.get("ActionsEnabled", True):
            return ()
        actions: Sequence[str] = self.request.get(_ACTIONS[self.state], ())
        return actions

    @property
    def scales(self) -> bool:
        """Whether it is a scaling policy's alarm."""
        return any(action.startswith(SCALING) for action in self.request.get(_ACTIONS[State.ALARM], ()))

    def scales_again(self, now: float) -> bool:
        """Tell whether it is red, scales, and has not asked for it in this minute yet."""
        return self.state is State.ALARM and self.scales and now // MINUTE > self.acted_at // MINUTE

    def document(self) -> Document:
        """Describe it as DescribeAlarms does."""
        document = {key: value for key, value in self.request.items() if key != "Tags"}
        return document | {
            "AlarmArn": self.arn,
            "ActionsEnabled": self.request.get("ActionsEnabled", True),
            **{name: self.request.get(name, []) for name in _ACTIONS.values()},
            "AlarmConfigurationUpdatedTimestamp": self.configured_at,
            "StateValue": self.state.value,
            "StateReason": self.reason,
            "StateReasonData": json.dumps(self.reason_data),
            "StateUpdatedTimestamp": self.updated_at,
            "StateTransitionedTimestamp": self.transitioned_at,
        }


def verdict(watch: Watch, points: Sequence[float | None], end: float) -> Verdict | None:
    """Judge an alarm's data points.

    Args:
        watch: What the alarm watches.
        points: Its latest data points, oldest first, None where one is missing.
        end: When the newest of them ends, in cloud time.

    Returns:
        The state and why; None when the present state is to stay.
    """
    breaches = [None if value is None else watch.breaches(value) for value in points]
    state = judge(breaches, evaluation_periods=watch.evaluation_periods, to_alarm=watch.to_alarm, missing=watch.missing)
    if state is None:
        return None
    starts = [end - watch.period * back for back in range(len(points), 0, -1)]
    known = [(start, value) for start, value in zip(starts, points, strict=True) if value is not None]
    recent = known[-watch.evaluation_periods :]
    data = {
        "version": "1.0",
        "period": watch.period,
        "threshold": watch.threshold,
        "recentDatapoints": [value for _, value in recent],
        "evaluatedDatapoints": [{"timestamp": _iso(start), "value": value} for start, value in reversed(recent)],
    }
    return Verdict(state, _reason(watch, state, recent), data)


def _reason(watch: Watch, state: State, recent: Sequence[tuple[float, float]]) -> str:
    """Say in AWS's words why the state is what it is."""
    missing = watch.evaluation_periods - len(recent)
    if state is State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {missing} {_plural('datapoint', missing)} unknown."
    if not recent:
        return (
            f"Threshold Crossed: no datapoints were received for {_plural_of(missing, 'period')} and {missing} missing "
            f"{_plural('datapoint', missing)} treated as {_TREATED_AS.get(watch.missing, '[Missing]')}."
        )
    telling = [(start, value) for start, value in recent if watch.breaches(value) == (state is State.ALARM)] or recent
    listed = ", ".join(f"{value} ({datetime.fromtimestamp(start, UTC):%d/%m/%y %H:%M:%S})" for start, value in telling)
    verb = ("was" if len(telling) == 1 else "were") + ("" if state is State.ALARM else " not")
    change = "OK -> ALARM" if state is State.ALARM else "ALARM -> OK"
    needed = watch.to_alarm if state is State.ALARM else watch.evaluation_periods - watch.to_alarm + 1
    return (
        f"Threshold Crossed: {len(telling)} out of the last {_plural_of(len(recent), 'datapoint')} [{listed}] {verb} "
        f"{watch.relation} the threshold ({watch.threshold}) "
        f"(minimum {_plural_of(needed, 'datapoint')} for {change} transition)."
    )


def _plural(noun: str, count: int) -> str:
    return f"{noun} was" if count == 1 else f"{noun}s were"


def _plural_of(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
