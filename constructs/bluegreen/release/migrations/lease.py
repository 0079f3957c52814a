"""Who may migrate a database: one execution at a time, by a lease with a token that only grows."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The lease on a database.

    Args:
        token: Grows with every taking; the runner's fence in the database compares it.
        holder: The execution that holds it; None when it is free.
        machine: That execution's state machine.
        expires: When its holder is certainly over, in seconds since the epoch.
    """

    token: int
    holder: str | None = None
    machine: str = ""
    expires: float = 0


@dataclass(frozen=True)
class Take:
    """Take it, under this token."""

    token: int


@dataclass(frozen=True)
class StopTasks:
    """Stop what a dead run left running, and look again."""


@dataclass(frozen=True)
class WaitForLease:
    """Somebody else works on the database, or a stopped task has not ended yet."""

    holder: str


LeaseDecision = Take | StopTasks | WaitForLease


def is_in_doubt(lease: Lease | None, *, me: str, machine: str) -> bool:
    """Return whether the holder is another execution of the same state machine, which can be asked whether it runs."""
    return lease is not None and lease.holder not in {None, me} and lease.machine == machine


def decide(
    lease: Lease | None, *, me: str, machine: str, now: float, holder_runs: bool, tasks: int, stopping: int = 0
) -> LeaseDecision:
    """Decide whether to take the lease.

    Nobody takes it while a task of the service's own migrations is alive, whoever left it: the fence in the database
    would keep a second one harmless, but the first would be cut off in the middle of its work.

    A token is no count but the time, or one more than the last: the fence stays in the database when a ledger is lost
    or made anew with its stack, and the tokens of the new one must be greater than those that the fence knows.

    Args:
        lease: What the ledger says; None when nobody has ever held it.
        me: The execution that asks.
        machine: Its state machine.
        now: The time in seconds since the epoch.
        holder_runs: Whether the holder still runs; true when it belongs to another machine and cannot be asked.
        tasks: How many tasks of this service's migrations are alive.
        stopping: How many of them were told to stop.

    Returns:
        One thing to do.

    Example:
        >>> decide(None, me="e-1", machine="m", now=0, holder_runs=False, tasks=0)
        Take(token=1)
        >>> decide(Lease(token=4), me="e-1", machine="m", now=1_800_000_000.5, holder_runs=False, tasks=0)
        Take(token=1800000000)
        >>> held = Lease(token=4, holder="e-0", machine="other", expires=60)
        >>> decide(held, me="e-1", machine="m", now=59, holder_runs=True, tasks=0)
        WaitForLease(holder='e-0')
        >>> decide(held, me="e-1", machine="m", now=60, holder_runs=True, tasks=0)
        Take(token=60)
    """
    others = lease is not None and lease.holder not in {None, me}
    if lease is not None and others and _is_alive(lease, machine, now, holder_runs=holder_runs):
        return WaitForLease(lease.holder or "")
    if tasks > stopping:
        return StopTasks()
    if tasks:
        return WaitForLease("a task that is being stopped")
    return Take(max(int(now), 1 if lease is None else lease.token + 1))


def _is_alive(lease: Lease, machine: str, now: float, *, holder_runs: bool) -> bool:
    return holder_runs if lease.machine == machine else now < lease.expires
