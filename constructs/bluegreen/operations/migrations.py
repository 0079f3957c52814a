"""The migrations of a deployed service, through the function that a release also goes through.

An operator's role needs cloudformation:ListStackResources on the stack and lambda:InvokeFunction on the function; for a
restore plan also rds:DescribeDBInstances, rds:DescribeDBSnapshots and ecs:DescribeServices. Nobody needs the database.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from bluegreen.release.migrations.lease import Lease
from bluegreen.release.migrations.ledger import Mode, Record, State, position
from bluegreen.release.migrations.result import Outcome

from .aws import Clients, OperationError, errors_told
from .functions import ask
from .stack import Resource
from .waiting import Time, wait_for_end

RESOURCE_TYPE = "Custom::Migrations"

LONGEST_RUN_SECONDS = 60 * 60
"""A run may take less than 55 minutes, which is all that CodeDeploy waits for a hook."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """What the ledger holds of a service's database.

    Args:
        service: The service's name.
        database: The database instance's identifier.
        state: Where the schema is; None when no run has looked at it yet.
        lease: Who may migrate it; None when nobody ever has.
        runs: The newest records, newest first; those of other services with the same database are among them.
    """

    service: str
    database: str
    state: State | None
    lease: Lease | None
    runs: tuple[Record, ...]

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what the function answers."""
        state, lease = document["state"], document["lease"]
        return cls(
            service=document["service"],
            database=document["database"],
            state=State.from_dict(state) if state else None,
            lease=Lease(**lease) if lease else None,
            runs=tuple(Record.from_dict(one) for one in document["runs"]),
        )


class Migrations:
    """The migrations of one service.

    Args:
        function: The name of the function that runs them.
        clients: AWS.
        clock: Where time comes from; the machine's when omitted.
    """

    def __init__(self, function: str, clients: Clients, clock: Time | None = None) -> None:
        self.function = function
        self._clients = clients
        self._clock = clock

    @classmethod
    def of(cls, found: Sequence[Resource], stack: str, service: str | None, clients: Clients) -> Self:
        """Return the migrations of a stack's service.

        Args:
            found: The stack's resources.
            stack: The stack's name.
            service: How the logical id of its `Custom::Migrations` begins; may be None when the stack has one.
            clients: AWS.

        Raises:
            OperationError: If the stack has none, or several and the service does not tell which.
        """
        return cls(_choose([one for one in found if one.type == RESOURCE_TYPE], stack, service), clients)

    def status(self) -> Status:
        """Return what the ledger holds.

        Raises:
            OperationError: If AWS or the function refuses.
        """
        return Status.from_dict(self._ask({"step": "status"}))

    def start(self, mode: Mode, to: str | None = None) -> str:
        """Start a run in the caller's name, and return its id.

        Args:
            mode: plan, run or downgrade.
            to: The revision to go back to; for downgrade alone.

        Raises:
            OperationError: If AWS or the function refuses.
        """
        with errors_told():
            by = self._clients("sts").get_caller_identity()["Arn"]
        return str(self._ask({"step": "start", "mode": mode, "to": to, "by": by})["run"])

    def record(self, run: str) -> Record:
        """Return what the ledger holds of a run; a run is recorded before it begins.

        Raises:
            OperationError: If there is no such run, or AWS or the function refuses.
        """
        return Record.from_dict(self._ask({"step": "run", "id": run}))

    def follow(self, run: str, show: Callable[[Record], None]) -> Record:
        """Wait until a run has ended, and return its record.

        Args:
            run: Its id.
            show: Is given the record each time that it was looked at.

        Raises:
            OperationError: If the run did not end in its time, or AWS or the function refuses.
        """
        record = wait_for_end(lambda: self.record(run), show, seconds=LONGEST_RUN_SECONDS, clock=self._clock)
        if not record.ended:
            raise OperationError(
                f"run {run} did not end within {LONGEST_RUN_SECONDS // 60} min",
                hint="`bluegreen migrations status` shows what it does; no other run begins while it has the lease",
            )
        return record

    def _ask(self, event: Mapping[str, Any]) -> Any:
        return ask(self._clients, self.function, event)


def taken_back(runs: Sequence[Record], to: str) -> tuple[Mapping[str, Any], ...] | None:
    """Return the revisions that a downgrade would take back, as far as the ledger knows.

    Args:
        runs: Records, newest first.
        to: The revision to go back to.

    Returns:
        The revisions as the records have them, newest first; None when the records do not lead there.
    """
    found: list[Mapping[str, Any]] = []
    for run in runs:
        if run.outcome != Outcome.MIGRATED:
            continue
        if run.mode is Mode.DOWNGRADE:
            return None  # what the runs before it brought is gone already
        for revision in reversed(run.revisions):
            if revision["revision"] == to:
                return tuple(found)
            found.append(revision)
        if to == position(run.before):
            return tuple(found)
    return None


def _choose(found: Sequence[Resource], stack: str, service: str | None) -> str:
    if not found:
        raise OperationError(
            f"the stack {stack!r} has no migrations",
            hint="name the stack of a service whose hooks have AlembicMigrations with --stack",
        )
    chosen = [one for one in found if service is None or one.logical_id.lower().startswith(service.lower())]
    if len(chosen) == 1:
        return chosen[0].physical_id
    names = ", ".join(sorted(one.logical_id for one in found))
    if not chosen:
        raise OperationError(f"the stack {stack!r} has no migrations of a service {service!r}; it has {names}")
    raise OperationError(
        f"the stack {stack!r} has migrations of several services: {names}",
        hint="name one with --service: the beginning of its name suffices",
    )
