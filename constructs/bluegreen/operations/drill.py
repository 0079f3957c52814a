"""The recovery drill of a deployed stack, through the function that also serves its schedule.

An operator's role needs cloudformation:ListStackResources on the stack and lambda:InvokeFunction on the function; for
the checks also what `drill_checks` reads. Nobody needs the database.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from bluegreen.release.recovery.record import RecoveryRecord

from .aws import Clients, OperationError, errors_told
from .functions import ask
from .stack import Resource
from .waiting import Time, wait_for_end

LONGEST_DRILL_SECONDS = 4 * 3600
_FUNCTION = re.compile(r"DrillFunction[0-9A-F]{8}$")


@dataclass(frozen=True, kw_only=True)
class Recoveries:
    """What the ledger holds of a database's recoveries.

    Args:
        database: The live instance's identifier.
        records: The recoveries, newest first.
    """

    database: str
    records: tuple[RecoveryRecord, ...]


class Drill:
    """The drill of one database.

    Args:
        function: The name of the function that runs it.
        clients: AWS.
        clock: Where time comes from; the machine's when omitted.
    """

    def __init__(self, function: str, clients: Clients, clock: Time | None = None) -> None:
        self.function = function
        self._clients = clients
        self._clock = clock

    @classmethod
    def of(cls, found: Sequence[Resource], stack: str, clients: Clients, clock: Time | None = None) -> Self:
        """Return the drill of a stack.

        Args:
            found: The stack's resources.
            stack: The stack's name.
            clients: AWS.
            clock: Where time comes from; the machine's when omitted.

        Raises:
            OperationError: If the stack has none, or several.
        """
        drills = [one for one in found if one.type == "AWS::Lambda::Function" and _FUNCTION.search(one.logical_id)]
        if len(drills) != 1:
            names = ", ".join(sorted(one.logical_id for one in drills))
            raise OperationError(
                f"the stack {stack!r} must have one recovery drill, it has {names or 'none'}",
                hint="name the stack that defines a RecoveryDrill with --stack",
            )
        return cls(drills[0].physical_id, clients, clock)

    def recoveries(self) -> Recoveries:
        """Return what the ledger holds.

        Raises:
            OperationError: If AWS or the function refuses.
        """
        told = self._ask(step="status")
        return Recoveries(
            database=told["database"], records=tuple(RecoveryRecord.from_dict(one) for one in told["recoveries"])
        )

    def start(self) -> str:
        """Start a recovery in the caller's name, and return its id.

        Raises:
            OperationError: If AWS or the function refuses.
        """
        with errors_told():
            by = self._clients("sts").get_caller_identity()["Arn"]
        return str(self._ask(step="start", by=by)["id"])

    def record(self, recovery: str) -> RecoveryRecord:
        """Return what the ledger holds of a recovery; it is recorded before it begins.

        Raises:
            OperationError: If there is no such recovery, or AWS or the function refuses.
        """
        return RecoveryRecord.from_dict(self._ask(step="recovery", id=recovery))

    def follow(self, recovery: str, show: Callable[[RecoveryRecord], None]) -> RecoveryRecord:
        """Wait until a recovery has ended and is cleaned up, and return its record.

        Args:
            recovery: Its id.
            show: Is given the record each time that it was looked at.

        Raises:
            OperationError: If it did not end in its time, or AWS or the function refuses.
        """
        seconds = LONGEST_DRILL_SECONDS
        record = wait_for_end(lambda: self.record(recovery), show, seconds=seconds, clock=self._clock)
        if not record.ended:
            raise OperationError(
                f"the drill {recovery} did not end within {seconds // 3600} h",
                hint=f"delete the instance {record.instance} by hand, and look into the log of {self.function}",
            )
        return record

    def _ask(self, **event: Any) -> Any:
        return ask(self._clients, self.function, event)
