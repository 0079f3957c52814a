"""Who may take the lease on a database: every case."""

import itertools

import pytest

from bluegreen.release.migrations.lease import Lease, StopTasks, Take, WaitForLease, decide, is_in_doubt

ME, MACHINE, NOW = "e-me", "m-me", 1000.5
FREE = Lease(token=7)
MINE = Lease(token=7, holder=ME, machine=MACHINE, expires=NOW + 1)
SIBLINGS = Lease(token=7, holder="e-other", machine=MACHINE, expires=NOW - 1)
NEIGHBOURS = Lease(token=7, holder="e-theirs", machine="m-theirs", expires=NOW + 1)
EXPIRED = Lease(token=7, holder="e-theirs", machine="m-theirs", expires=NOW)


@pytest.mark.parametrize(
    ("lease", "holder_runs", "free"),
    [
        (None, True, True),
        (FREE, True, True),
        (MINE, True, True),
        (SIBLINGS, True, False),
        (SIBLINGS, False, True),
        (NEIGHBOURS, True, False),
        (EXPIRED, True, True),
    ],
    ids=["never held", "free", "mine", "sibling runs", "sibling is dead", "neighbour runs", "neighbour expired"],
)
@pytest.mark.parametrize(("tasks", "stopping"), [(0, 0), (1, 0), (2, 1), (1, 1)])
def test_the_lease_is_taken_only_when_nobody_can_be_at_work(
    *, lease: Lease | None, holder_runs: bool, free: bool, tasks: int, stopping: int
) -> None:
    """A living holder is waited for, a dead one's tasks are stopped and waited for, and then the token is the time."""
    decision = decide(lease, me=ME, machine=MACHINE, now=NOW, holder_runs=holder_runs, tasks=tasks, stopping=stopping)
    if not free:
        assert lease is not None
        assert decision == WaitForLease(str(lease.holder))
    elif tasks > stopping:
        assert decision == StopTasks()
    elif tasks:
        assert isinstance(decision, WaitForLease)
    else:
        assert decision == Take(1000)


@pytest.mark.parametrize(("known", "now", "token"), [(7, 5, 8), (999, 999.9, 1000), (7, 2**33, 2**33), (None, 0, 1)])
def test_a_token_is_the_time_or_the_next_number(known: int | None, now: float, token: int) -> None:
    """Two takings within a second differ, a clock that is behind takes nothing back, and no token is 0."""
    lease = None if known is None else Lease(token=known)
    assert decide(lease, me=ME, machine=MACHINE, now=now, holder_runs=False, tasks=0) == Take(token)


def test_a_new_ledgers_token_is_greater_than_all_of_the_one_before() -> None:
    """A ledger that is made anew knows no token, but the fence in the database does: an hour of takings is behind."""
    lease = None
    for moment in range(1_800_000_000, 1_800_003_600, 5):
        taken = decide(lease, me=ME, machine=MACHINE, now=moment, holder_runs=False, tasks=0)
        assert isinstance(taken, Take)
        lease = Lease(token=taken.token)
    anew = decide(None, me=ME, machine=MACHINE, now=1_800_003_600, holder_runs=False, tasks=0)
    assert isinstance(anew, Take)
    assert lease is not None
    assert anew.token > lease.token


def test_a_token_never_shrinks() -> None:
    """Whatever the ledger says, what is taken is newer than what was there."""
    for lease, runs, now in itertools.product((FREE, MINE, SIBLINGS, NEIGHBOURS, EXPIRED), (True, False), (0, 1e9)):
        decision = decide(lease, me=ME, machine=MACHINE, now=now, holder_runs=runs, tasks=0)
        assert not isinstance(decision, Take) or decision.token > lease.token


@pytest.mark.parametrize(
    ("lease", "asked"),
    [(None, False), (FREE, False), (MINE, False), (SIBLINGS, True), (NEIGHBOURS, False), (EXPIRED, False)],
)
def test_only_a_sibling_is_asked_whether_it_runs(*, lease: Lease | None, asked: bool) -> None:
    """The function may describe the executions of its own state machine alone."""
    assert is_in_doubt(lease, me=ME, machine=MACHINE) is asked
