"""A release's migration, from the hook's call to its answer."""

from collections.abc import Callable

import pytest

from bluegreen.release.migrations.findings import Finding, Grade
from bluegreen.release.migrations.result import Outcome, Result
from tests.lambdas.migrations.world import (
    DEFINITION,
    DIGEST,
    START,
    Machine,
    MigrationWorld,
    hook,
    migrated,
    planned,
    report,
)


def plan_then(run: Result | None, plan: Result | None = None) -> Callable[[list[str]], Result | None]:
    """An image whose plan has b2 pending, and whose run tells this."""
    return lambda command: (plan or planned("b2")) if command[0] == "plan" else run


def test_nothing_pending_lets_the_release_go_on(world: MigrationWorld, release: Callable[..., Machine]) -> None:
    """A plan that finds nothing is answered Succeeded after one task, and no snapshot is made."""
    assert release().next == "done"
    assert world.answers == [("d-1", "Succeeded")]
    assert [command[0] for command in world.commands] == ["plan"]
    assert world.snapshots == {}
    record = world.document("run#d-1")
    assert (record["outcome"], record["passed"]) == ("nothing-pending", True)
    assert record["message"] == "nothing is pending; the database is at a1"
    assert record["ended"] is not None


def test_pending_revisions_run_after_the_snapshot_from_the_pinned_image(
    world: MigrationWorld, release: Callable[..., Machine]
) -> None:
    """The run waits for the snapshot, uses the digest that was planned with, and carries the lease's token."""
    world.runner = plan_then(migrated("b2"))
    assert release().next == "done"
    assert world.answers == [("d-1", "Succeeded")]
    plan, run = world.commands
    assert plan[:1] == ["plan"]
    assert "--token" not in plan
    assert run[:3] == ["run", "--token", str(world.token())]
    assert world.snapshots == {"bluegreen-orders-db-d-1": "available"}
    assert world.definitions == [DEFINITION, f"{DEFINITION[:-1]}8"]
    (pinned,) = world.registered
    assert pinned["containerDefinitions"][0]["image"] == f"repo/orders@{DIGEST}"
    record = world.document("run#d-1")
    assert record["restore_point"]["snapshot"] == "bluegreen-orders-db-d-1"
    assert (record["image"], record["task_definition"]) == (f"repo/orders@{DIGEST}", f"{DEFINITION[:-1]}8")
    assert (record["before"], record["after"]) == (["a1"], ["b2"])
    state = world.document("state")
    assert (state["revisions"], state["dirty"], state["run"]) == (["b2"], None, "d-1")
    assert state["compatible_with"] == ["a1", "b2"]


def test_an_image_that_names_its_digest_runs_as_it_is(world: MigrationWorld, release: Callable[..., Machine]) -> None:
    """No copy of the task definition is made when it is pinned already."""
    world.aws.answers["ecs.describe_task_definition"] = {"taskDefinition": world.definition(f"repo/orders@{DIGEST}")}
    world.runner = plan_then(migrated("b2"))
    release()
    assert world.registered == []
    assert world.definitions == [DEFINITION, DEFINITION]


def test_the_lease_is_free_afterwards_and_its_token_grows(
    world: MigrationWorld, release: Callable[..., Machine]
) -> None:
    """Every run takes the lease under a new token, the time at least, and lets it go."""
    token = START - 1
    for number in (1, 2):
        release(f"d-{number}")
        lease = world.item("lease")
        assert lease is not None
        assert "holder" not in lease
        assert world.token() > token
        token = world.token()


FAILURES = {
    "refused": Result(
        command="plan",
        outcome=Outcome.REFUSED,
        before=("a1",),
        revisions=(
            report(
                "b2",
                findings=(
                    Finding(
                        rule="ban-drop-column",
                        grade=Grade.CONTRACT,
                        revision="b2",
                        statement="ALTER TABLE orders DROP COLUMN note",
                        breaks="the live version reads it",
                        rewrite="drop it in a later release",
                    ),
                ),
            ),
        ),
    ),
    "ahead": Result(command="plan", outcome=Outcome.AHEAD, before=("c3",), after=("c3",), heads=("a1",)),
    "failed": Result(command="plan", outcome=Outcome.FAILED, message="could not connect"),
}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "refused",
            "refused before it ran: b2: ban-drop-column: ALTER TABLE orders DROP COLUMN note: the live version",
        ),
        ("ahead", "the database is ahead at c3, which this image (a1) does not know; the ledger does not know"),
        ("failed", "plan failed: could not connect; the database is as it was"),
    ],
)
def test_a_plan_that_does_not_pass_fails_the_release(
    world: MigrationWorld, release: Callable[..., Machine], name: str, said: str
) -> None:
    """The hook answers Failed with the reason; nothing but the plan ran, and no snapshot was made."""
    world.runner = lambda _: FAILURES[name]
    assert release().next == "failed"
    assert world.answers == [("d-1", "Failed")]
    assert len(world.commands) == 1
    assert world.snapshots == {}
    assert world.document("run#d-1")["message"].startswith(said)
    assert "at base" not in world.document("run#d-1")["message"]


@pytest.mark.parametrize(
    ("outcome", "dirty", "told"),
    [
        (Outcome.FAILED, None, "run failed at revision b2: boom; the database is as it was, at a1"),
        (Outcome.DIRTY, "run failed", "run failed at revision b2: boom; the database is half-way"),
        (Outcome.FENCED_OFF, None, "run failed at revision b2: boom; another run has taken the database"),
    ],
)
def test_a_run_that_fails_says_where_and_why(
    world: MigrationWorld, release: Callable[..., Machine], outcome: Outcome, dirty: str | None, told: str
) -> None:
    """The release fails with the revision and the database's words; only half-way work leaves the state dirty."""
    failed = Result(
        command="run",
        outcome=outcome,
        before=("a1",),
        after=("a1",),
        heads=("b2",),
        failed_revision="b2",
        message="boom",
    )
    world.runner = plan_then(failed)
    assert release().next == "failed"
    assert world.answers == [("d-1", "Failed")]
    assert world.document("run#d-1")["message"].startswith(told)
    assert (world.document("state")["dirty"] or "").startswith(dirty or "")
    assert bool(world.document("state")["dirty"]) is bool(dirty)


def test_a_failed_snapshot_never_migrates(world: MigrationWorld, release: Callable[..., Machine]) -> None:
    """Without its restore point nothing runs but the plan."""
    world.snapshot_becomes = "failed"
    world.runner = plan_then(migrated("b2"))
    assert release().next == "failed"
    assert [command[0] for command in world.commands] == ["plan"]
    assert world.document("run#d-1")["message"] == (
        "nothing was migrated, because there is no restore point: snapshot bluegreen-orders-db-d-1 is failed"
    )


def test_a_snapshot_that_does_not_come_ends_at_the_deadline(
    world: MigrationWorld, release: Callable[..., Machine]
) -> None:
    """The wait is bounded by the deadline, and nothing is migrated."""
    world.snapshot_becomes = "creating"
    world.runner = plan_then(migrated("b2"))
    assert release().next == "failed"
    assert len(world.commands) == 1
    assert 1200 <= world.now < 1300
    assert "the snapshot backup was not there within 1200 s" in world.document("run#d-1")["message"]


@pytest.mark.parametrize(("latest", "end"), [(0, "done"), (-301, "failed"), (None, "failed")])
def test_a_point_in_time_must_be_near(
    world: MigrationWorld,
    release: Callable[..., Machine],
    configure: Callable[..., None],
    latest: float | None,
    end: str,
) -> None:
    """A database that can be restored to within five minutes may be migrated; one without backups may not."""
    configure(backup="pitr", deadline_seconds=300)
    world.latest_restorable = latest
    world.runner = plan_then(migrated("b2"))
    assert release().next == end
    assert world.snapshots == {}
    assert bool((world.document("run#d-1")["restore_point"] or {}).get("restorable_until")) is (end == "done")


def test_an_older_image_is_let_back_when_the_ledger_knows_it(
    world: MigrationWorld, release: Callable[..., Machine]
) -> None:
    """After an expansion, the image before it finds the database ahead and passes without doing anything."""
    world.runner = plan_then(migrated("b2"))
    release("d-1")
    world.runner = lambda _: Result(command="plan", outcome=Outcome.AHEAD, before=("b2",), heads=("a1",))
    assert release("d-2").next == "done"
    assert world.answers[-1] == ("d-2", "Succeeded")
    assert world.document("run#d-2")["outcome"] == "ahead"
    assert world.document("state")["run"] == "d-1"


@pytest.mark.parametrize(
    ("history", "status", "said"),
    [("orders", "Succeeded", "works with this image"), ("bills", "Failed", "the ledger does not know this database")],
)
def test_what_fits_is_known_of_one_history_alone(
    world: MigrationWorld,
    release: Callable[..., Machine],
    configure: Callable[..., None],
    *,
    history: str,
    status: str,
    said: str,
) -> None:
    """Services that share a history share what works with it; another one in the same instance knows nothing of it."""
    configure(history="orders")
    world.runner = plan_then(migrated("b2"))
    release()
    configure(history=history)
    world.runner = lambda _: Result(command="plan", outcome=Outcome.AHEAD, before=("b2",), heads=("a1",))
    release("d-2")
    assert world.answers[-1] == ("d-2", status)
    assert said in world.document("run#d-2")["message"]


def test_a_rollback_is_not_held_up(world: MigrationWorld) -> None:
    """The deployment that takes a release back is answered at once, and no execution begins."""
    world.deployments["d-9"] = {"status": "InProgress", "creator": "codeDeployRollback"}
    assert hook("d-9")["status"] == "Succeeded"
    assert world.executions == {}


def test_a_deployment_that_is_over_migrates_nothing(world: MigrationWorld, release: Callable[..., Machine]) -> None:
    """A release that was stopped while its snapshot was made ends without running its migration."""

    def stops(command: list[str]) -> Result:
        world.deployments["d-1"]["status"] = "Stopped"
        return planned("b2") if command[0] == "plan" else migrated("b2")

    world.runner = stops
    assert release().next == "failed"
    assert [command[0] for command in world.commands] == ["plan"]
    assert world.document("run#d-1")["outcome"] == "not-begun"
