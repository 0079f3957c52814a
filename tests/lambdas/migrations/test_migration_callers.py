"""The migration function's other callers: CloudFormation, and an operator."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from bluegreen.release.migrations.ledger import NOT_BEGUN, State
from bluegreen.release.migrations.result import Outcome, Result
from tests.lambdas.migrations.world import (
    DEFINITION,
    Machine,
    MigrationWorld,
    call,
    hook,
    migrated,
    planned,
    taken_back,
)

FUNCTION = "orders-migrations-function"


def request(kind: str) -> dict[str, Any]:
    made = {
        "RequestType": kind,
        "RequestId": "r-1",
        "StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/1",
        "ResourceType": "Custom::Migrations",
        "LogicalResourceId": "Migrations",
        "ResponseURL": "http://127.0.0.1:1/answer",
        "ResourceProperties": {"ServiceToken": "arn"},
    }
    return made if kind == "Create" else made | {"PhysicalResourceId": FUNCTION}


def test_a_creation_migrates_before_the_first_tasks(world: MigrationWorld, answers: list[tuple[str, str, str]]) -> None:
    """One task creates the schema, without plan and snapshot; then CloudFormation is answered."""
    world.runner = lambda _: migrated("a1", "b2", before=(), command="create")
    call(request("Create"))
    assert answers == []
    assert Machine(world, "create-r-1").run() == "done"
    assert answers == [("SUCCESS", "migrated from base to b2", FUNCTION)]
    (command,) = world.commands
    assert command[:3] == ["create", "--token", str(world.token())]
    assert world.snapshots == {}
    state = world.document("state")
    assert (state["revisions"], state["task_definition"]) == (["b2"], DEFINITION)


def test_a_creation_that_fails_fails_the_stack(world: MigrationWorld, answers: list[tuple[str, str, str]]) -> None:
    """CloudFormation hears the runner's reason."""
    world.runner = lambda _: Result(command="create", outcome=Outcome.REFUSED, message="there are tables already")
    call(request("Create"))
    assert Machine(world, "create-r-1").run() == "failed"
    assert answers == [("FAILED", "refused before it ran: there are tables already", FUNCTION)]


def create(world: MigrationWorld) -> Machine:
    call(request("Create"))
    machine = Machine(world, "create-r-1")
    machine.run()
    return machine


def test_a_creation_beside_running_tasks_is_left_to_the_release(
    world: MigrationWorld, answers: list[tuple[str, str, str]]
) -> None:
    """Migrations that are added to a running service change nothing until a release has passed its gates."""
    world.service_tasks = 3
    assert create(world).next == "done"
    left = "left to the next release: 3 tasks of orders already run on this database's schema"
    assert answers == [("SUCCESS", left, FUNCTION)]
    assert world.document("run#create-r-1")["outcome"] == NOT_BEGUN
    assert (world.commands, world.item("lease"), world.item("state")) == ([], None, None)


def test_a_service_without_running_tasks_is_created_for(
    world: MigrationWorld, answers: list[tuple[str, str, str]]
) -> None:
    """ECS may know the service already, at none of its tasks: then the schema has to be there before the first."""
    world.service_tasks = 0
    world.runner = lambda _: migrated("b2", before=(), command="create")
    assert create(world).next == "done"
    assert [command[0] for command in world.commands] == ["create"]
    assert len(answers) == 1


def creating(plan: Result) -> Result:
    return dataclasses.replace(plan, command="create")


def test_a_creation_that_meets_an_older_schema_goes_the_way_of_a_release(
    world: MigrationWorld, answers: list[tuple[str, str, str]]
) -> None:
    """What is pending on a database that Alembic knows runs after a snapshot, from the image that told so."""
    world.runner = lambda command: (
        creating(planned("b2", "c3")) if command[0] == "create" else migrated("b2", "c3", command="run")
    )
    assert create(world).next == "done"
    assert answers == [("SUCCESS", "migrated from a1 to c3", FUNCTION)]
    first, second = world.commands
    token = ["--token", str(world.token())]
    assert (first[:3], second[:3]) == (["create", *token], ["run", *token])
    assert world.snapshots == {"bluegreen-orders-db-create-r-1": "available"}
    assert world.definitions == [DEFINITION, f"{DEFINITION[:-1]}8"]
    record = world.document("run#create-r-1")
    assert record["restore_point"]["snapshot"] == "bluegreen-orders-db-create-r-1"
    assert (record["before"], record["after"]) == (["a1"], ["c3"])
    assert world.document("state")["compatible_with"] == ["a1", "b2", "c3"]


def test_a_creation_without_a_restore_point_leaves_an_older_schema_as_it_is(
    world: MigrationWorld, answers: list[tuple[str, str, str]]
) -> None:
    """There are rows in it: without their snapshot nothing but the look at it runs."""
    world.snapshot_becomes = "failed"
    world.runner = lambda _: creating(planned("b2"))
    assert create(world).next == "failed"
    assert [command[0] for command in world.commands] == ["create"]
    assert answers[0][0] == "FAILED"


def test_a_creation_at_the_images_heads_is_written_down(
    world: MigrationWorld, answers: list[tuple[str, str, str]]
) -> None:
    """A service that is made again with nothing pending starts, and the new ledger knows where the database is."""
    world.runner = lambda _: creating(planned())
    assert create(world).next == "done"
    assert answers == [("SUCCESS", "nothing is pending; the database is at a1", FUNCTION)]
    assert world.document("state")["compatible_with"] == ["a1"]


def test_a_creation_that_the_gate_refuses_changes_nothing(
    world: MigrationWorld, answers: list[tuple[str, str, str]]
) -> None:
    """The refused revisions are in the record, and never among what the schema works with."""
    refused = dataclasses.replace(planned("b2"), outcome=Outcome.REFUSED, message="revision b2 is declared contract")
    world.runner = lambda _: creating(refused)
    assert create(world).next == "failed"
    assert answers == [("FAILED", "refused before it ran: revision b2 is declared contract", FUNCTION)]
    assert (world.document("state")["revisions"], world.document("state")["compatible_with"]) == (["a1"], ["a1"])


AHEAD = Result(command="create", outcome=Outcome.AHEAD, before=("b2",), after=("b2",), heads=("a1",))


def test_an_older_image_is_created_only_where_the_ledger_calls_it_compatible(
    world: MigrationWorld, release: Callable[..., Machine], answers: list[tuple[str, str, str]]
) -> None:
    """With a ledger that outlived the service it is as in a release: after an expansion, the image before fits."""
    world.runner = lambda command: planned("b2") if command[0] == "plan" else migrated("b2")
    release()
    world.runner = lambda _: AHEAD
    assert create(world).next == "done"
    assert answers[0][0] == "SUCCESS"
    assert world.document("state")["run"] == "d-1"


def test_an_older_image_is_not_created_with_a_new_ledger(
    world: MigrationWorld, answers: list[tuple[str, str, str]]
) -> None:
    """Nobody knows that it fits; the message says what to do without a ledger."""
    world.runner = lambda _: AHEAD
    assert create(world).next == "failed"
    ((status, reason, _),) = answers
    assert status == "FAILED"
    assert "the ledger does not know this database" in reason
    assert reason.endswith(
        "release an image that has that revision, or take the schema back first: with the image that "
        "has it: alembic downgrade a1"
    )
    assert world.item("state") is None


def test_a_creation_that_comes_twice_is_begun_once(world: MigrationWorld, answers: list[tuple[str, str, str]]) -> None:
    """A second delivery changes nothing while it runs, and is answered as it ended afterwards."""
    world.runner = lambda _: migrated("b2", before=(), command="create")
    call(request("Create"))
    call(request("Create"))
    assert len(world.executions) == 1
    Machine(world, "create-r-1").run()
    call(request("Create"))
    assert [status for status, *_ in answers] == ["SUCCESS", "SUCCESS"]
    assert len(world.commands) == 1


def test_a_creation_that_cannot_begin_fails_at_once(world: MigrationWorld, answers: list[tuple[str, str, str]]) -> None:
    """CloudFormation never waits for an execution that does not exist."""
    world.dynamo.refuses = "ResourceNotFoundException"
    call(request("Create"))
    ((status, reason, _),) = answers
    assert status == "FAILED"
    assert "ResourceNotFoundException" in reason


@pytest.mark.parametrize("kind", ["Update", "Delete"])
def test_updates_and_deletions_are_answered_at_once(
    world: MigrationWorld, answers: list[tuple[str, str, str]], kind: str
) -> None:
    """Releases migrate; an update or a deletion of the stack does not."""
    call(request(kind))
    assert answers == [("SUCCESS", "nothing to do", FUNCTION)]
    assert world.executions == {}


def start(mode: str, to: str | None = None) -> str:
    run: str = call({"step": "start", "mode": mode, "to": to, "by": "alice"})["run"]
    return run


def test_a_plan_by_hand_ends_after_the_plan(world: MigrationWorld) -> None:
    """It tells what is pending, changes nothing, and answers nobody."""
    world.runner = lambda _: planned("b2", "c3")
    run = start("plan")
    assert run.startswith("plan-")
    assert Machine(world, run).run() == "done"
    record = call({"step": "run", "id": run})
    assert (record["outcome"], record["by"], record["mode"]) == ("pending", "alice", "plan")
    assert record["message"] == "2 pending from a1 to c3: b2, c3"
    assert [one["revision"] for one in record["revisions"]] == ["b2", "c3"]
    assert [command[0] for command in world.commands] == ["plan"]
    assert world.item("state") is None
    assert world.answers == []


def test_a_run_by_hand_goes_the_way_of_a_release(world: MigrationWorld) -> None:
    """Plan, snapshot, run; only the answer is missing."""
    world.runner = lambda command: planned("b2") if command[0] == "plan" else migrated("b2")
    run = start("run")
    assert Machine(world, run).run() == "done"
    assert [command[0] for command in world.commands] == ["plan", "run"]
    assert list(world.snapshots) == [f"bluegreen-orders-db-{run}"]
    assert world.answers == []


def test_a_downgrade_by_hand_runs_from_the_recorded_image(
    world: MigrationWorld, release: Callable[..., Machine]
) -> None:
    """Where the last run began, from what that run ran from, after a snapshot; the older position fits again."""
    world.runner = lambda command: planned("b2") if command[0] == "plan" else migrated("b2")
    release()
    world.runner = lambda _: taken_back("b2", to="a1")
    run = start("downgrade")
    assert Machine(world, run).run() == "done"
    assert world.commands[-1][:5] == ["downgrade", "--to", "a1", "--token", str(world.token())]
    assert world.definitions[-1] == f"{DEFINITION[:-1]}8"
    assert world.document("state")["revisions"] == ["a1"]
    assert f"bluegreen-orders-db-{run}" in world.snapshots


def test_a_downgrade_that_the_ledger_knows_nothing_for_is_refused(world: MigrationWorld) -> None:
    """Nothing is begun, and the error says why."""
    with pytest.raises(ValueError, match="the ledger knows no run that a downgrade could run from"):
        start("downgrade")
    assert world.executions == {}


@pytest.mark.parametrize("mode", ["create", "restore"])
@pytest.mark.usefixtures("world")
def test_other_modes_are_refused(mode: str) -> None:
    """Nobody creates by hand, and nothing else exists."""
    with pytest.raises(ValueError, match=mode):
        start(mode)


def test_a_run_that_is_not_known_is_told(world: MigrationWorld) -> None:
    """The error names the run and the database."""
    with pytest.raises(LookupError, match="the ledger of orders-db knows no run d-7"):
        call({"step": "run", "id": "d-7"})
    assert world.executions == {}


def test_the_status_of_an_unknown_database_is_empty(world: MigrationWorld) -> None:
    """Before the first run there is no state, no lease and no record."""
    assert call({"step": "status"}) == {
        "service": "orders",
        "database": "orders-db",
        "state": None,
        "lease": None,
        "runs": [],
    }
    assert world.executions == {}


def test_the_status_has_the_newest_twenty_runs_first(world: MigrationWorld, release: Callable[..., Machine]) -> None:
    """However many runs there were, the newest come first, and the state is the ledger's."""
    for number in range(1, 23):
        release(f"d-{number}")
        world.now += 60
    status = call({"step": "status"})
    assert [one["id"] for one in status["runs"]] == [f"d-{number}" for number in range(22, 2, -1)]
    assert State.from_dict(status["state"]).revisions == ("a1",)
    assert status["lease"]["token"] == world.token()
    assert status["lease"]["holder"] is None


def test_a_ledger_that_refuses_fails_the_release_at_once(world: MigrationWorld) -> None:
    """Without the record nothing is begun."""
    world.dynamo.refuses = "ResourceNotFoundException"
    assert hook()["status"] == "Failed"
    assert world.executions == {}
