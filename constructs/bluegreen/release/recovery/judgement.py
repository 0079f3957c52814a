"""Is what was restored the database that was lost? Pure: everything that was seen comes in."""

from collections.abc import Iterator
from dataclasses import dataclass

from .inspection import Inspection
from .objectives import Objectives


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one recovery came to.

    Args:
        live: The live database when the recovery began.
        restored: The restored one, once it could be reached.
        recovery_seconds: From the beginning of the recovery until `restored` was read.
        point_seconds: How much older than that beginning the recovery point is.
    """

    live: Inspection
    restored: Inspection
    recovery_seconds: float
    point_seconds: float

    @property
    def reached_point_seconds(self) -> float:
        """How long a stretch of data is missing: by the recovery point's age, or by the rows when those say more.

        The newest row of the live database was read when the recovery began, so what the restored one lacks behind it
        was written before the loss.
        """
        return max(0.0, self.point_seconds, *(behind for _, behind in self._behind()))

    def _behind(self) -> Iterator[tuple[str, float]]:
        for name, newest in self.live.newest.items():
            restored = self.restored.newest.get(name)
            if newest is not None and restored is not None:
                yield name, newest - restored


def problems(seen: Seen, objectives: Objectives) -> tuple[str, ...]:
    """Return everything that is not as it must be; nothing when the recovery succeeded.

    Args:
        seen: What it came to.
        objectives: What it must reach.

    Example:
        >>> orders = Inspection(rows={"orders": 100})
        >>> seen = Seen(live=orders, restored=Inspection(rows={"orders": 94}), recovery_seconds=900, point_seconds=200)
        >>> problems(seen, Objectives())
        ('orders has 94 rows of 100, at least 95 % are required',)
    """
    if seen.live.error:
        return (f"the live database could not be read: {seen.live.error}",)
    if seen.restored.error:
        return (f"the restored database could not be read: {seen.restored.error}",)
    return (*_of_tables(seen, objectives), *_of_time(seen, objectives))


def _of_tables(seen: Seen, objectives: Objectives) -> Iterator[str]:
    live, restored = seen.live, seen.restored
    if not live.rows and not objectives.least_rows:
        yield "the live database has no table that could be counted; name some that the check's user may read"
    if live.revisions and not restored.revisions:
        yield f"Alembic's revision is missing, the live database is at {', '.join(live.revisions)}"
    for table, rows in live.rows.items():
        found = restored.rows.get(table)
        if found is None:
            yield f"the table {table} is missing"
        elif 100 * found < objectives.least_percent * rows:
            yield f"{table} has {found} rows of {rows}, at least {objectives.least_percent} % are required"
    for table, least in objectives.least_rows.items():
        if restored.rows.get(table, 0) < least:
            yield f"{table} has {restored.rows.get(table, 0)} rows, at least {least} are required"
    for name, newest in live.newest.items():
        if newest is not None and restored.newest.get(name) is None:
            yield f"{name} has no value, the live database has"


def _of_time(seen: Seen, objectives: Objectives) -> Iterator[str]:
    time, point = objectives.recovery_time_seconds, objectives.recovery_point_seconds
    if seen.recovery_seconds > time:
        yield f"it took {seen.recovery_seconds:.0f} s, the objective (RTO) is {time} s"
    if seen.reached_point_seconds > point:
        yield f"{seen.reached_point_seconds:.0f} s of data are missing, the objective (RPO) is {point} s"
