"""Windows for backups and maintenance."""

import pytest

from bluegreen.cdk.data._windows import require_windows


@pytest.mark.parametrize(
    ("backup", "maintenance"),
    [
        ("02:00-02:30", "sun:03:00-sun:04:00"),
        ("02:00-03:00", "sun:03:00-sun:03:30"),
        ("23:45-00:15", "mon:00:15-mon:00:45"),
        ("03:30-04:00", "sat:23:00-sun:01:00"),
    ],
)
def test_accepts_windows_apart(backup: str, maintenance: str) -> None:
    """Windows that touch but do not overlap are fine, over midnight and over the week's end too."""
    require_windows(backup, maintenance)


@pytest.mark.parametrize(
    ("backup", "maintenance", "message"),
    [
        ("2:00-2:30", "sun:03:00-sun:04:00", "backup_window must be a time of day in UTC"),
        ("24:00-24:30", "sun:03:00-sun:04:00", "backup_window must be a time of day in UTC"),
        ("02:00-02:30", "sunday:03:00-sunday:04:00", "maintenance_window must be a time of the week in UTC"),
        ("02:00-02:29", "sun:03:00-sun:04:00", "backup_window must be at least 30 minutes long, got '02:00-02:29'"),
        ("02:00-02:30", "sun:03:00-sun:03:00", "maintenance_window must be at least 30 minutes long"),
        ("03:30-04:00", "sun:03:00-sun:04:00", "backup_window and maintenance_window must not overlap"),
        ("02:45-03:15", "sun:03:00-sun:04:00", "backup_window and maintenance_window must not overlap"),
        ("23:45-00:30", "mon:00:15-mon:01:00", "backup_window and maintenance_window must not overlap"),
        ("12:00-12:30", "sat:23:00-mon:01:00", "backup_window and maintenance_window must not overlap"),
        ("22:00-23:00", "sun:22:30-sun:23:30", "backup_window and maintenance_window must not overlap"),
    ],
)
def test_refuses_windows_that_rds_refuses(backup: str, maintenance: str, message: str) -> None:
    """Misspelt, short and overlapping windows are refused with what was got."""
    with pytest.raises(ValueError, match=f"^{message}"):
        require_windows(backup, maintenance)


def test_elasticache_wants_an_hour() -> None:
    """The shortest window is a matter of the service."""
    with pytest.raises(ValueError, match=r"^backup_window must be at least 60 minutes long"):
        require_windows("02:00-02:30", "sun:03:00-sun:04:00", shortest_minutes=60)
