"""Made-up figures of a service on a working day, for the pictures: always the same, and consistent with each other.

A release to green has ended two hours ago; another one, to blue, gives its candidate 10 % since a few minutes, and the
candidate is somewhat slower than the live version.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .figures import FIGURES, LOG_LINES

Values = NDArray[np.float64]
NOW = 12 * 60
"""The minute of the day at which the pictures are taken."""
_FIRST_RELEASE = (NOW - 130, NOW - 115)
_SECOND_RELEASE = NOW - 14
_LATENCY = {"p50": 0.041, "p95": 0.236, "p99": 0.468}
"""Seconds."""


class Samples:
    """The figures of one window.

    Args:
        minutes: The window's length, which ends at noon.
        period_minutes: The length of a period.
    """

    def __init__(self, minutes: int, period_minutes: int) -> None:
        self.at: Values = np.arange(NOW - minutes, NOW + 1, period_minutes, dtype=float)
        self._period = period_minutes

    def of(self, name: str, dimensions: Mapping[str, str], stat: str) -> Values:
        """Return the values of a metric.

        Args:
            name: Its name.
            dimensions: Its dimensions; of target groups, the one with "Green" in its name is green.
            stat: Its statistic.

        Returns:
            A value for each period; NaN where nothing is reported, or nothing is known.
        """
        if "TargetGroup" in dimensions:
            return self._of_group(name, stat, green="Green" in dimensions["TargetGroup"])
        if name in {"RunningTaskCount", "DesiredTaskCount"}:
            under_way = self._is_candidate(green=True) | self._is_candidate(green=False)
            return np.where(under_way, 6.0, 3.0)
        level, swing = FIGURES.get((name, stat)) or FIGURES.get((name, ""), (np.nan, 0.0))
        scale = self._period if stat == "Sum" else 1
        return scale * level * (1 + swing * self._course(f"{name}{stat}{sorted(dimensions.values())}"))

    def log_lines(self, title: str) -> list[tuple[str, ...]]:
        """Return the lines of a log table: its header, and what is below it."""
        return LOG_LINES.get(title, [("@timestamp", "@message")])

    def _of_group(self, name: str, stat: str, *, green: bool) -> Values:
        share = self._share_of_green() if green else 1 - self._share_of_green()
        candidate = self._is_candidate(green=green)
        silent = np.where(share > 0, 1.0, np.nan)
        noise = silent * (1 + 0.06 * self._noise(f"{name}{stat}{green}"))
        requests = share * self._period * 1800 * (1 + 0.35 * self._course("requests")) * noise
        failing, slower = np.where(candidate, 0.0035, 0.0006), np.where(candidate, 1.28, 1.0)
        if name == "TargetResponseTime" and stat in _LATENCY:
            return _LATENCY[stat] * slower * (1 + 0.08 * self._course("slower")) * noise
        if stat.startswith("PR"):  # the percentage of answers that were quick enough
            return (100 - 0.4 * slower) * silent
        found = {
            "RequestCount": requests,
            "TargetResponseTime": requests,  # how many samples there are
            "HTTPCode_Target_5XX_Count": requests * failing,
            "HealthyHostCount": np.where(share > 0, 3.0, 0.0),
            "UnHealthyHostCount": np.zeros_like(self.at),
        }
        return found.get(name, np.full_like(self.at, np.nan))

    def _share_of_green(self) -> Values:
        begins, ends = _FIRST_RELEASE
        conditions = [self.at < begins, self.at < ends, self.at < _SECOND_RELEASE]
        return np.select(conditions, [0.0, 0.1, 1.0], 0.9)

    def _is_candidate(self, *, green: bool) -> NDArray[np.bool_]:
        begins, ends = _FIRST_RELEASE
        if self._period > NOW:
            return np.zeros_like(self.at, dtype=bool)  # a few minutes of a long period
        return (self.at >= begins) & (self.at < ends) if green else self.at >= _SECOND_RELEASE

    def _course(self, name: str) -> Values:
        """Return the course of a day, -1 to 1, with some noise of its own."""
        day = np.sin((self.at - 6 * 60) / (12 * 60) * np.pi)
        return np.asarray(0.85 * day + 0.15 * self._noise(name))

    def _noise(self, name: str) -> Values:
        seed = sum(position * ord(letter) for position, letter in enumerate(name, 1))
        rough = np.random.default_rng(seed).normal(size=self.at.size)
        return np.convolve(rough, [0.25, 0.5, 0.25], mode="same")
