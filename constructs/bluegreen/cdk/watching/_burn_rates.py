"""When an error budget is used up too fast: the multi-window, multi-burn-rate alerts of Google's SRE workbook.

A burn rate of 1 uses up the budget exactly at the end of its window. Each pair looks at a long window, so that a moment
does not raise it, and at a short one, a twelfth, so that it ends soon after the trouble does.
"""

from dataclasses import dataclass

from .alert import Severity

MINUTES_A_DAY = 24 * 60
SHORTEST_DAYS = 30
"""Below it, the slowest pair would be raised at a burn rate below 1, by a budget that lasts."""
LONGEST_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class Burn:
    """One pair of windows.

    Args:
        severity: How soon somebody must look.
        budget_percent: The share of the whole budget that is gone when the pair is raised.
        long_minutes: The long window.
        short_minutes: The short one.
        days: How many periods of a day the long window is made of; one period of its own length when 0.
    """

    severity: Severity
    budget_percent: float
    long_minutes: int
    short_minutes: int
    days: int = 0

    def rate(self, window_days: int) -> float:
        """Return the burn rate that the pair is raised above, for a budget of so many days.

        Example:
            >>> [burn.rate(30) for burn in BURNS]
            [14.4, 6.0, 3.0, 1.0]
        """
        return round(self.budget_percent / 100 * window_days * MINUTES_A_DAY / self.long_minutes, 3)

    @property
    def periods(self) -> int:
        """How many periods the long window has.

        CloudWatch's periods are a day at most: three days are three periods above the rate each, which is a little
        stricter than three days above it on average.
        """
        return self.days or 1

    @property
    def long_period_minutes(self) -> int:
        """The length of such a period."""
        return self.long_minutes // self.periods


BURNS = (
    Burn(severity=Severity.CRITICAL, budget_percent=2, long_minutes=60, short_minutes=5),
    Burn(severity=Severity.CRITICAL, budget_percent=5, long_minutes=360, short_minutes=30),
    Burn(severity=Severity.WARNING, budget_percent=10, long_minutes=1440, short_minutes=120),
    Burn(severity=Severity.WARNING, budget_percent=10, long_minutes=4320, short_minutes=360, days=3),
)
