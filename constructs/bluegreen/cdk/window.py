"""How long something must be wrong before an alarm fires."""

from dataclasses import dataclass

_LONGEST_MINUTES = 24 * 60


@dataclass(frozen=True, kw_only=True)
class Window:
    """So many of so many periods.

    Args:
        datapoints_to_alarm: How many periods must be over the limit, 1-`evaluation_periods`.
        evaluation_periods: How many of the last periods are looked at, at least 1; together a day at most.
        period_minutes: The length of a period, 1-60 minutes. A longer one has more requests to judge by, which a
            quiet service needs.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> Window(datapoints_to_alarm=3, evaluation_periods=5).detection_minutes
        3
    """

    datapoints_to_alarm: int
    evaluation_periods: int
    period_minutes: int = 1

    def __post_init__(self) -> None:
        _require("period_minutes", self.period_minutes, 60)
        _require("evaluation_periods", self.evaluation_periods, _LONGEST_MINUTES // self.period_minutes)
        _require("datapoints_to_alarm", self.datapoints_to_alarm, self.evaluation_periods)

    @property
    def detection_minutes(self) -> int:
        """How long something must be wrong until the alarm can fire.

        CloudWatch looks every minute at periods that end with it, so the newest one is over the limit after a minute.
        """
        return (self.datapoints_to_alarm - 1) * self.period_minutes + 1


def _require(name: str, value: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= high:
        raise ValueError(f"{name} must be 1-{high}, got {value!r}")
