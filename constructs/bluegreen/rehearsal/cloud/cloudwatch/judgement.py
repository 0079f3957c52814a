"""How an alarm's state follows from its latest data points: m out of n, and the four treatments of missing data.

Written from the CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data" and "Avoiding premature
transitions to alarm state"; the tests hold every row of its two tables.
"""

from collections.abc import Sequence
from enum import StrEnum


class State(StrEnum):
    """An alarm's state."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """How an alarm treats missing data points."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


EXTRA_PERIODS = 2
"""How many periods are looked at beyond the evaluation periods, to make up for missing ones.

AWS gives no figure and says that it depends; the guide's examples look at 5 for 3.
"""


def judge(points: Sequence[bool | None], *, evaluation_periods: int, to_alarm: int, missing: Missing) -> State | None:
    """Judge the latest data points.

    Args:
        points: Oldest first; whether each breaches, None where it is missing. As many as `evaluation_periods` and
            `EXTRA_PERIODS` together.
        evaluation_periods: N: how many points decide.
        to_alarm: M: how many of them must breach.
        missing: How missing points count.

    Returns:
        The state; None when the present one is to stay.

    Example:
        >>> judge([None, None, True, None, None], evaluation_periods=3, to_alarm=3, missing=Missing.NOT_BREACHING)
        <State.OK: 'OK'>
    """
    real = [point for point in points if point is not None]
    fill = max(evaluation_periods - len(real), 0)
    breaching = sum(real[-evaluation_periods:])
    if missing is Missing.BREACHING:
        breaching += fill
    if breaching >= to_alarm:
        return State.ALARM
    decided = fill == 0 or missing in {Missing.BREACHING, Missing.NOT_BREACHING} or not all(real)
    if decided:
        return State.OK
    if missing is Missing.IGNORE:
        return None
    # "Premature": nothing but breaches was seen, and the oldest of them is at least M periods old.
    oldest = next((len(points) - index for index, point in enumerate(points) if point is not None), 0)
    return State.ALARM if oldest >= to_alarm else State.INSUFFICIENT_DATA
