"""Group migrations: revisions that run, fail, stop half-way and wait, while orders are placed and read."""

import time

from bluegreen.rehearsal.database import Database
from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .checks import both_served, candidate_never_served, ends_on_candidate, ends_on_released, none_failed, told
from .migration_parts import (
    GROUP,
    REVISIONS,
    RUNNER,
    STEP,
    Ledger,
    bring_to,
    database_of,
    expect_untouched,
    hook_seconds,
    wait_for_hook,
)
from .scenario import Scenario

HELD_SECONDS = 30.0
"""How long somebody's transaction holds the table, in real time."""

LOOKED_BEFORE_SECONDS = 5.0
"""How long before that transaction ends somebody looks whether the revision still waits."""

LOCK_TIMEOUT = 0.5
SLOWEST_READ = 1.2 * LOCK_TIMEOUT
"""What a reader may wait for, behind a revision that waits for its lock."""

LOCK_CONNECTIONS = 96
"""Of the load: an order that waits holds a connection, and the others must not wait for it."""

SAME_NOTE = "UPDATE orders SET note = 'gift' WHERE id IN (SELECT id FROM orders ORDER BY id LIMIT 2)"
NO_NOTE = "UPDATE orders SET note = NULL WHERE note = 'gift'"


def _expand(stage: Stage) -> None:
    """Release a version with nothing pending, then one that adds a column."""
    nothing = stage.deploy()
    stage.expect_outcome(nothing, Outcome.SUCCEEDED)
    # A figure and no expectation: how long a process takes to start depends on what else the machine does.
    stage.figures["hook_seconds_with_nothing_pending"] = hook_seconds(stage, nothing)

    expanded = stage.deploy("adds-note")
    stage.expect_outcome(expanded, Outcome.SUCCEEDED)
    stage.figures["hook_seconds"] = hook_seconds(stage, expanded)
    run = Ledger(stage).run(expanded)
    stage.expect(run["outcome"] == "migrated", f"the ledger must say that it migrated, got {run['outcome']}")
    stage.expect((run["restore_point"] or {}).get("snapshot"), "the ledger must name the snapshot before it, got none")
    stage.expect("@sha256:" in run["image"], f"the image must be pinned by its digest, got {run['image']}")
    columns = [row[2] for row in database_of(stage).catalogue() if row[0] == "column"]
    stage.expect("note" in columns, f"orders must have a column note, got {', '.join(columns)}")


def _fails(stage: Stage) -> None:
    """Release a version whose revision fails at its second statement."""
    found = bring_to(stage, "adds-note")
    before = found.catalogue()
    stage.expect_outcome(stage.deploy("fails"), Outcome.ROLLED_BACK, "1002")
    expect_untouched(stage, found, before, "a revision that failed")
    stage.expect(found.revision() == REVISIONS["adds-note"], f"the database is at {found.revision()}")
    holder = Ledger(stage).holder()
    stage.expect(not holder, f"the lease must be free, but {holder} holds it")


def _half_done(stage: Stage) -> None:
    """Build a unique index while two orders share a note, repair them, and deploy again."""
    found = bring_to(stage, "adds-note")
    found.rows(SAME_NOTE)
    stage.expect_outcome(stage.deploy("half-done"), Outcome.ROLLED_BACK, "1003")
    dirty = Ledger(stage).state()["dirty"]
    stage.expect(dirty, "the ledger must say what is half done, got nothing")
    stage.note(f"the ledger says: {dirty}")

    found.rows(NO_NOTE)
    stage.expect_outcome(stage.deploy("half-done"), Outcome.SUCCEEDED)
    valid = found.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_orders_note'::regclass")
    stage.expect(valid == "t", f"the index must be there and valid, got {valid or 'none'}")
    stage.expect(Ledger(stage).state()["dirty"] is None, "the ledger must say that nothing is half done any more")


def _blocked(stage: Stage) -> None:
    """Add a column while somebody's transaction has read the table and stays open."""
    found = bring_to(stage, "half-done")
    begun = time.monotonic()
    release = stage.begin("adds-flag")
    wait_for_hook(stage, 60, begun)
    since = time.monotonic()
    with found.held("SELECT count(*) FROM orders", HELD_SECONDS) as is_held:
        stage.wait(HELD_SECONDS - LOOKED_BEFORE_SECONDS)
        reached = found.revision()  # before the transaction ends: right after it the revision may be through
        stage.expect(is_held(), "the transaction ended before anybody looked, so nothing is proven")
        stage.expect(reached != REVISIONS["adds-flag"], "the revision must wait for the transaction, but was through")
        stage.wait_until(lambda: not is_held(), 2 * HELD_SECONDS, "the transaction has ended")
        until = time.monotonic()
    deploy = release.wait()
    stage.expect_outcome(deploy, Outcome.SUCCEEDED)
    (revision,) = Ledger(stage).run(deploy)["revisions"]
    stage.figures["attempts"] = revision["attempts"]
    stage.expect(
        revision["attempts"] > 1, f"the revision must be tried again and again, got {revision['attempts']} tries"
    )
    during = [answer for answer in stage.answers() if since <= answer.sent <= until]
    reads = [answer.seconds for answer in during if answer.path.startswith("/orders") and not answer.written]
    stage.figures["slowest_read_seconds"] = slowest = max(reads, default=float("inf"))
    stage.figures["slowest_write_seconds"] = max((one.seconds for one in during if one.written), default=0.0)
    # What touches no table is as late as the machine is: it tells a reader of a failure whether a lock was to blame.
    late = max((one.seconds for one in during if not one.path.startswith("/orders")), default=0.0)
    stage.figures["slowest_request_without_database_seconds"] = late
    stage.expect(
        slowest <= SLOWEST_READ, f"a reader of orders waited {slowest:.3f} s, at most {SLOWEST_READ:.3f} s are allowed"
    )


def _breaks_live(stage: Stage) -> None:
    """Release a version that drops a column that the live one uses, then one that renames one."""
    found = bring_to(stage, "adds-flag")
    before = found.catalogue()
    for version, rule in {"drops-customer": "ban-drop-column", "renames-product": "renaming-column"}.items():
        deploy = stage.deploy(version)
        stage.expect_outcome(deploy, Outcome.ROLLED_BACK, rule)
        run = Ledger(stage).run(deploy)
        stage.expect(run["outcome"] == "refused", f"{version} must be refused by the gate, got {run['outcome']}")
        expect_untouched(stage, found, before, version)


def _runner_killed(stage: Stage) -> None:
    """Kill the runner's task in the middle of a revision, then deploy again."""
    found = bring_to(stage, "adds-flag")
    begun = time.monotonic()
    release = stage.begin("slow-backfill")
    wait_for_hook(stage, 60, begun)
    stage.wait_until(lambda: any(changes for _, changes in _runners(found)), 60, "the revision has changed rows")
    stage.wait(2.0)
    stage.inject({"fault": "task-killed", "family": family(stage)})
    killed = time.monotonic()
    stage.expect_outcome(release.wait(), Outcome.ROLLED_BACK, "without a result")
    stage.figures["refused_after_seconds"] = time.monotonic() - killed

    left = [query for query, _ in _runners(found)]
    stage.expect(not left, f"no session of the dead runner may be left, got {'; '.join(left)}")
    touched = found.value("SELECT count(*) FROM orders WHERE urgent IS NOT NULL")
    stage.expect(touched == "0", f"no row may be changed by a revision that was killed, got {touched}")
    holder = Ledger(stage).holder()
    stage.expect(not holder, f"the lease must be free, but {holder} holds it")

    orders = int(found.value("SELECT count(*) FROM orders"))
    stage.expect_outcome(stage.deploy("slow-backfill"), Outcome.SUCCEEDED)
    changed = int(found.value("SELECT count(*) FROM orders WHERE NOT urgent"))
    stage.expect(changed >= orders, f"all {orders} orders of before must be changed now, got {changed}")


def _runners(found: Database) -> list[tuple[str, bool]]:
    """Return the query of each session of a runner, and whether it has changed something that is not committed."""
    rows = found.rows("SELECT application_name, backend_xid IS NOT NULL, query FROM pg_stat_activity")
    return [(row[2], row[1] == "t") for row in rows if row[0].startswith(RUNNER)]


def family(stage: Stage) -> str:
    """Return the family of the migrations' task definition."""
    return str(Ledger(stage).state()["task_definition"].rpartition("/")[2].partition(":")[0])


RUN = (
    Scenario(
        name="migration-expand",
        summary="a release adds a column under load; one before it finds nothing to do",
        group=GROUP,
        reads_back=True,
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, both_served, ends_on_candidate),
        play=_expand,
    ),
    Scenario(
        name="migration-fails",
        summary="a revision fails at its second statement: the database is untouched, the release refused",
        group=GROUP,
        reads_back=True,
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed, candidate_never_served, ends_on_released, told("disconut")),
        play=_fails,
    ),
    Scenario(
        name="migration-half-done",
        summary="an index built concurrently fails and is left invalid: it is noticed, and repaired by the next deploy",
        group=GROUP,
        reads_back=True,
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, ends_on_candidate, told("ix_orders_note")),
        play=_half_done,
    ),
    Scenario(
        name="migration-blocked",
        summary="somebody's transaction holds the table for 30 s: the revision waits, and no reader waits for it long",
        group=GROUP,
        reads_back=True,
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, ends_on_candidate),
        play=_blocked,
        connections=LOCK_CONNECTIONS,
    ),
    Scenario(
        name="migration-breaks-live",
        summary="a column that the live version uses is dropped, another one renamed: both are refused before they run",
        group=GROUP,
        reads_back=True,
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed, ends_on_released, candidate_never_served, told(STEP)),
        play=_breaks_live,
    ),
    Scenario(
        name="runner-killed",
        summary="the migration's task is killed in mid-revision: nothing is committed, and the next deploy works",
        group=GROUP,
        reads_back=True,
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, ends_on_candidate),
        play=_runner_killed,
    ),
)
