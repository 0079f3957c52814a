"""Everything that `bluegreen drill` says of one disaster."""

from collections.abc import Sequence
from dataclasses import dataclass

from .aws import Clients, errors_told
from .drill import Drill
from .drill_checks import CHECKS, OBJECTIVES, Check, Verdict
from .drill_estate import look
from .drill_scenarios import DISASTERS, RUNBOOK
from .restore import services_of
from .restore_steps import Step
from .stack import Resource


@dataclass(frozen=True, kw_only=True)
class DrillPlan:
    """A disaster, whether the stack is ready for it, and what to do.

    Args:
        disaster: Its name.
        title: What has happened.
        database: The live instance's identifier.
        recovery_time_seconds: RTO.
        recovery_point_seconds: RPO.
        checks: Whether the stack is ready.
        by_itself: What happens before anybody acts.
        steps: What a person does, in order.
        runbook: Where more is written.
    """

    disaster: str
    title: str
    database: str
    recovery_time_seconds: int
    recovery_point_seconds: int
    checks: tuple[Check, ...]
    by_itself: tuple[str, ...]
    steps: tuple[Step, ...]
    runbook: str

    @property
    def ready(self) -> bool:
        """Whether no check is bad; what could not be read is not held against the stack."""
        return all(check.verdict is not Verdict.BAD for check in self.checks)


def plan_drill(disaster: str, stack: str, found: Sequence[Resource], drill: Drill, clients: Clients) -> DrillPlan:
    """Look at what there is to recover with, and return the steps of a disaster.

    Args:
        disaster: One of `DISASTERS`.
        stack: The stack's name.
        found: Its resources.
        drill: Its drill.
        clients: AWS.

    Raises:
        OperationError: If AWS refuses what cannot be done without.
    """
    chosen = next(one for one in DISASTERS if one.name == disaster)
    recoveries = drill.recoveries()
    with errors_told():
        services = services_of(clients, found)
    estate = look(recoveries.database, recoveries.records, services, clients)
    return DrillPlan(
        disaster=disaster,
        title=chosen.title,
        database=recoveries.database,
        recovery_time_seconds=OBJECTIVES.recovery_time_seconds,
        recovery_point_seconds=OBJECTIVES.recovery_point_seconds,
        checks=tuple(check(estate) for check in CHECKS[disaster]),
        by_itself=chosen.by_itself,
        steps=chosen.steps(estate, stack),
        runbook=f"{RUNBOOK}#{disaster}",
    )
