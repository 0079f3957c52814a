"""The times of day and week at which RDS and ElastiCache back up and maintain."""

import re

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES
_SHORTEST_MINUTES = 30
_TIME = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_DAILY = re.compile(rf"{_TIME}-{_TIME}")
_WEEKLY = re.compile(rf"({'|'.join(_DAYS)}):{_TIME}-({'|'.join(_DAYS)}):{_TIME}")


def require_windows(backup: str, maintenance: str, *, shortest_minutes: int = _SHORTEST_MINUTES) -> None:
    """Refuse windows that AWS would refuse in the middle of a deployment.

    Args:
        backup: The daily one, such as "02:00-02:30", in UTC.
        maintenance: The weekly one, such as "sun:03:00-sun:04:00", in UTC.
        shortest_minutes: How long each must be at least, in minutes.

    Raises:
        ValueError: If a window is misspelt or too short, or the two overlap.
    """
    daily, weekly = _DAILY.fullmatch(backup), _WEEKLY.fullmatch(maintenance)
    if daily is None:
        raise ValueError(f'backup_window must be a time of day in UTC such as "02:00-02:30", got {backup!r}')
    if weekly is None:
        raise ValueError(
            f'maintenance_window must be a time of the week in UTC such as "sun:03:00-sun:04:00", got {maintenance!r}'
        )
    start, end = (_minutes(*daily.group(first, first + 1)) for first in (1, 3))
    opens, closes = (
        _DAYS.index(weekly.group(first)) * _DAY_MINUTES + _minutes(*weekly.group(first + 1, first + 2))
        for first in (1, 4)
    )
    lengths = {
        "backup_window": (backup, (end - start) % _DAY_MINUTES),
        "maintenance_window": (maintenance, (closes - opens) % _WEEK_MINUTES),
    }
    for name, (given, minutes) in lengths.items():
        if minutes < shortest_minutes:
            raise ValueError(f"{name} must be at least {shortest_minutes} minutes long, got {given!r}")
    backup_minutes = lengths["backup_window"][1]
    # The backup comes every day: does one begin while maintenance goes on, or maintenance begin during one?
    if (start - opens) % _DAY_MINUTES < (closes - opens) % _WEEK_MINUTES or (
        opens - start
    ) % _DAY_MINUTES < backup_minutes:
        raise ValueError(
            f"backup_window and maintenance_window must not overlap, got {backup!r} and {maintenance!r}; "
            "move one of them"
        )


def _minutes(hours: str, minutes: str) -> int:
    return 60 * int(hours) + int(minutes)
