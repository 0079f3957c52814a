"""What goes wrong around a migration: silence, refusals, lost executions, duplicates. Every run is answered once."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from bluegreen.release.migrations.findings import Phase
from bluegreen.release.migrations.result import Outcome, Result, RevisionReport
from tests.lambdas.migrations.world import (
    DEFINITION,
    LOG_GROUP,
    MACHINE,
    PUT_ANSWER,
    START,
    Machine,
    MigrationWorld,
    call,
    error,
    hook,
    migrated,
    planned,
)


def plan_then(run: Result | None) -> Callable[[list[str]], Result | None]:
    return lambda command: planned("b2") if command[0] == "plan" else run


def begun(world: MigrationWorld, deployment: str = "d-1") -> Machine:
    world.deployments.setdefault(deployment, {"status": "InProgress", "creator": "user"})
    hook(deployment)
    return Machine(world, deployment)


def lost(world: MigrationWorld, name: str, status: str = "ABORTED") -> dict[str, Any]:
    """The execution is lost, and EventBridge tells so."""
    arn = world.execution(name)
    world.executions[arn]["status"] = status
    return {"source": "aws.states", "detail": {"executionArn": arn, "stateMachineArn": MACHINE, "status": status}}


def test_a_runner_that_tells_nothing_fails_the_release_and_names_its_log(world: MigrationWorld) -> None:
    """After a minute of looking, the message has the exit code, the log group and the stream; the state is dirty."""
    world.runner = plan_then(None)
    machine = begun(world)
    assert machine.run() == "failed"
    message = world.document("run#d-1")["message"]
    assert message.startswith("the runner of run ended without a result (exit code 0, Essential container in task")
    assert message.endswith(f"see log group {LOG_GROUP} stream migrations/migrations/2")
    assert machine.waits.count(2) == 30
    assert world.document("state")["dirty"] == "d-1 ended without a result while it migrated; the next run looks first"


def test_a_log_that_comes_late_is_waited_for(world: MigrationWorld) -> None:
    """The result counts also when its line arrives seconds after the task has ended."""
    machine = begun(world)
    assert machine.take() == "run-task"
    task = world.begin_task(DEFINITION, ["plan"])
    machine.state["progress"]["task"] = world.end_task(task, planned())
    late = world.logs.pop("migrations/migrations/1")
    assert machine.advance() == "wait"
    world.logs["migrations/migrations/1"] = late
    assert machine.take() == "done"


def test_a_failed_task_is_read_from_the_errors_cause(world: MigrationWorld) -> None:
    """Step Functions tells a task that exited with 1 as an error, whose cause is the task."""
    machine = begun(world)
    machine.take()
    failed = Result(command="plan", outcome=Outcome.FAILED, message="no such host")
    task = world.end_task(world.begin_task(DEFINITION, ["plan"]), failed, code=1)
    machine.state["progress"]["error"] = {"Error": "States.TaskFailed", "Cause": json.dumps(task)}
    assert machine.advance() == "failed"
    assert "no such host" in world.document("run#d-1")["message"]


def test_a_task_that_took_too_long_is_stopped_and_still_read(world: MigrationWorld) -> None:
    """Step Functions does not name the task it gave up: it is found, waited for, and its result counts."""
    machine = begun(world)
    machine.take()
    task = world.begin_task(DEFINITION, ["plan"])
    machine.state["progress"]["error"] = {"Error": "States.Timeout"}
    assert machine.advance() == "wait"
    assert task["desiredStatus"] == "STOPPED"
    world.end_task(task, planned())
    assert machine.take() == "done"


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("ECS.AccessDeniedException", "not allowed to pass the role"),
        ("ECS.AmazonECSException", "Capacity is unavailable at this time"),
        ("ECS.ClientException", "ECS was unable to assume the role"),
        ("ECS.InvalidParameterException", "No Container Instances were found in your cluster"),
    ],
)
def test_a_task_that_never_was_is_told(world: MigrationWorld, name: str, cause: str) -> None:
    """When ECS refuses to run the task once more, its refusal is the reason."""
    machine = begun(world)
    refusal = {"Error": name, "Cause": cause}
    machine.take()
    machine.state["progress"]["error"] = refusal
    assert [machine.advance(), machine.take()] == ["wait", "run-task"]
    machine.state["progress"]["error"] = refusal
    assert machine.advance() == "failed"
    assert world.document("run#d-1")["message"] == (
        f"the task of plan never started, so nothing was done: {name}: {cause}"
    )


UNKNOWN_ROLE = "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/new'"


def fail_to_start(machine: Machine, times: int = 1) -> None:
    """ECS cannot start the task that the state machine asks for."""
    for _ in range(times):
        while machine.next != "run-task":
            machine.take()
        machine.state["progress"]["error"] = machine.world.fail_to_start(UNKNOWN_ROLE)
        machine.advance()


def creation(world: MigrationWorld) -> Machine:
    answered = dict.fromkeys(("ResponseURL", "StackId", "LogicalResourceId"), "x")
    call({"RequestType": "Create", "RequestId": "r-1", **answered})
    return Machine(world, "create-r-1")


def test_a_plan_whose_task_could_not_start_is_tried_once_more(world: MigrationWorld) -> None:
    """A role that AWS does not know everywhere yet costs half a minute, not the release."""
    world.runner = plan_then(migrated("b2"))
    machine = begun(world)
    fail_to_start(machine)
    assert (machine.next, machine.state["wait_seconds"]) == ("wait", 30)
    assert machine.run() == "done"
    assert [command[0] for command in world.commands] == ["plan", "run"]


def test_a_first_migration_whose_task_could_not_start_is_tried_once_more(
    world: MigrationWorld, answers: list[tuple[str, str, str]]
) -> None:
    """The role of a new stack is as new as its task: the creation goes on as if nothing had been."""
    world.runner = lambda _: migrated("b2", before=(), command="create")
    machine = creation(world)
    fail_to_start(machine)
    assert machine.run() == "done"
    assert [command[0] for command in world.commands] == ["create"]
    assert [status for status, *_ in answers] == ["SUCCESS"]


def test_a_task_that_could_not_start_twice_fails_with_ecss_reason(world: MigrationWorld) -> None:
    """There is no third try, and no minute is spent on a log that cannot be."""
    machine = begun(world)
    fail_to_start(machine, times=2)
    assert machine.next == "failed"
    assert world.document("run#d-1")["message"] == (
        f"the task of plan never started, so nothing was done: {UNKNOWN_ROLE}, States.TaskFailed"
    )
    assert world.answers == [("d-1", "Failed")]
    assert 2 not in machine.waits


def test_a_migration_that_could_not_start_is_tried_once_more(world: MigrationWorld) -> None:
    """Nothing of it has run for certain: the same revisions run from the same image, and each task has its own try."""
    world.runner = plan_then(migrated("b2"))
    machine = begun(world)
    fail_to_start(machine)
    while world.commands == [] or machine.next != "run-task":
        machine.take()
    fail_to_start(machine)
    assert machine.run() == "done"
    assert [command[0] for command in world.commands] == ["plan", "run"]
    assert world.document("state")["dirty"] is None


def test_a_migration_that_could_not_start_twice_leaves_the_ledger_as_it_was(world: MigrationWorld) -> None:
    """The state is clean, and what a contraction was to break still works."""
    report = RevisionReport(revision="b2", phase=Phase.CONTRACT)
    world.runner = lambda _: dataclasses.replace(planned("b2"), revisions=(report,))
    machine = begun(world)
    while world.commands == [] or machine.next != "run-task":
        machine.take()
    assert world.document("state")["compatible_with"] == ["b2"]
    fail_to_start(machine, times=2)
    assert machine.next == "failed"
    state = world.document("state")
    assert (state["revisions"], state["compatible_with"], state["dirty"]) == (["a1"], ["a1"], None)


def test_a_migration_that_may_have_started_is_never_tried_again(world: MigrationWorld) -> None:
    """Once ECS names a time of its start, the task may have changed the database: the run fails and is dirty."""
    world.runner = plan_then(migrated("b2"))
    machine = begun(world)
    while world.commands == [] or machine.next != "run-task":
        machine.take()
    error = world.fail_to_start("Task failed to start")
    error["Cause"] = json.dumps(json.loads(error["Cause"]) | {"StartedAt": 1_700_000_000_000})
    machine.state["progress"]["error"] = error
    assert machine.advance() == "wait"
    assert machine.run() == "failed"
    assert [command[0] for command in world.commands] == ["plan"]
    assert world.document("state")["dirty"] is not None


def test_a_task_that_could_not_start_is_not_tried_again_when_time_is_up(world: MigrationWorld) -> None:
    """A second try must fit into the deadline."""
    machine = begun(world)
    machine.take()
    world.now = 1145
    fail_to_start(machine)
    assert machine.next == "failed"
    assert "never started" in world.document("run#d-1")["message"]


def test_a_run_that_did_not_reach_the_database_leaves_the_ledger_as_it_was(world: MigrationWorld) -> None:
    """It says nothing of where the schema is: the way back to the image before stays open."""
    world.runner = plan_then(migrated("b2"))
    begun(world).run()
    unreached = Result(command="run", outcome=Outcome.FAILED, heads=("c3",), message="cannot connect to the database")
    world.runner = lambda command: planned("c3", before=("b2",)) if command[0] == "plan" else unreached
    assert begun(world, "d-2").run() == "failed"
    state = world.document("state")
    assert (state["revisions"], state["dirty"]) == (["b2"], None)
    assert state["compatible_with"] == ["a1", "b2", "c3"]


def test_the_hook_called_twice_begins_one_run(world: MigrationWorld) -> None:
    """While it runs the second call hands over as well; when it has ended the second call has its verdict."""
    machine = begun(world)
    assert hook()["status"] == "InProgress"
    assert len(world.aws.called("stepfunctions.start_execution")) == 2
    machine.run()
    assert hook()["status"] == "Succeeded"
    assert len(world.executions) == 1
    assert world.answers == [("d-1", "Succeeded")]


def test_an_execution_that_cannot_be_started_fails_the_release_at_once(world: MigrationWorld) -> None:
    """The hook answers Failed itself, and the record says why."""
    world.aws.answers["stepfunctions.start_execution"] = error("StateMachineDoesNotExist")
    assert hook()["status"] == "Failed"
    assert world.answers == [("d-1", "Failed")]
    assert "StateMachineDoesNotExist" in world.document("run#d-1")["message"]


def test_an_execution_that_began_all_the_same_does_nothing(world: MigrationWorld) -> None:
    """When the start was refused but happened, the execution sees that its run is over."""
    start = world.aws.answers["stepfunctions.start_execution"]

    def starts_and_fails(**parameters: Any) -> None:
        start(**parameters)
        raise error("StateMachineDeleting")

    world.aws.answers["stepfunctions.start_execution"] = starts_and_fails
    assert hook()["status"] == "Failed"
    assert Machine(world, "d-1").run() == "failed"
    assert world.commands == []
    assert world.answers == [("d-1", "Failed")]


def test_a_lost_answer_of_a_step_changes_nothing(world: MigrationWorld) -> None:
    """Step Functions may call a step again with the same input; the run ends as if it had not."""
    world.runner = plan_then(migrated("b2"))
    machine = begun(world)
    for _ in range(2000):
        if machine.next in {"done", "failed"}:
            break
        before, then = dict(machine.state), machine.next
        machine.take()
        if then == "advance" and machine.next != "done":
            machine.state = before
            machine.advance()
    assert machine.next == "done"
    assert [command[0] for command in world.commands] == ["plan", "run"]
    assert world.answers == [("d-1", "Succeeded")]


@pytest.mark.parametrize("trouble", [error("ThrottlingException"), ConnectTimeoutError(endpoint_url="x")])
@pytest.mark.parametrize("operation", ["dynamodb.get_item", "ecs.list_tasks", "codedeploy.get_deployment"])
def test_an_aws_that_refuses_for_a_while_is_waited_for(
    world: MigrationWorld, operation: str, trouble: Exception
) -> None:
    """Throttling and lost connections do not fail a release."""
    world.runner = plan_then(migrated("b2"))
    machine = begun(world)
    fine = world.aws.answers[operation]
    world.aws.answers[operation] = trouble
    for _ in range(5):
        assert machine.take() == "wait"
    world.aws.answers[operation] = fine
    assert machine.run() == "done"


def test_an_aws_that_refuses_for_good_fails_the_release(world: MigrationWorld) -> None:
    """After four minutes the run is given up: told, recorded, and the lease let go."""
    machine = begun(world)
    world.aws.answers["ecs.list_tasks"] = error("ThrottlingException")
    for _ in range(50):
        machine.take()
    world.aws.answers["ecs.list_tasks"] = {"taskArns": []}
    assert machine.run() == "failed"
    assert world.answers == [("d-1", "Failed")]
    assert "could not be followed to its end" in world.document("run#d-1")["message"]


def test_an_answer_that_is_not_heard_is_told_again(world: MigrationWorld) -> None:
    """A throttled answer is tried again by the next step, and the verdict does not change."""
    heard = world.aws.answers[PUT_ANSWER]
    world.runner = plan_then(migrated("b2"))
    machine = begun(world)
    world.aws.answers[PUT_ANSWER] = error("ThrottlingException")
    for _ in range(12):
        machine.take()
    assert world.document("run#d-1")["passed"] is True
    world.aws.answers[PUT_ANSWER] = heard
    assert machine.run() == "done"
    assert world.answers == [("d-1", "Succeeded")]


def test_settling_after_success_tells_success_again(world: MigrationWorld) -> None:
    """What has ended stays as it ended, whoever settles it."""
    machine = begun(world)
    machine.run()
    record = world.document("run#d-1")
    machine.settle("States.Timeout", "late")
    call(lost(world, "d-1", "FAILED"))
    assert world.document("run#d-1") == record
    assert world.answers == [("d-1", "Succeeded")]


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_lost_execution_is_answered_by_the_backstop(world: MigrationWorld, status: str) -> None:
    """EventBridge's event is enough to fail the release, whose record then says what happened."""
    begun(world).take()
    call(lost(world, "d-1", status))
    assert world.answers == [("d-1", "Failed")]
    assert f"the execution is {status}" in world.document("run#d-1")["message"]
    lease = world.item("lease")
    assert lease is not None
    assert "holder" not in lease


def test_a_task_that_outlives_its_run_is_stopped_before_the_next_one_begins(world: MigrationWorld) -> None:
    """The lease of a dead run is taken only when its task has ended, and under a newer token."""
    world.runner = plan_then(migrated("b2"))
    machine = begun(world)
    while machine.next != "run-task" or world.commands == []:
        machine.take()
    zombie = world.begin_task(DEFINITION, ["run"])
    call(lost(world, "d-1"))
    lease = world.item("lease")
    assert lease is not None
    assert lease["holder"] == {"S": machine.arn}
    assert zombie["desiredStatus"] == "STOPPED"
    token = world.token()
    other = begun(world, "d-2")
    assert [other.take() for _ in range(3)] == ["wait", "wait", "wait"]
    zombie["lastStatus"] = "STOPPED"
    assert other.run() == "done"
    assert world.token() > token
    assert world.commands[-1][1:3] == ["--token", str(world.token())]
    assert world.answers == [("d-1", "Failed"), ("d-2", "Succeeded")]


def test_a_run_lost_while_it_migrated_leaves_the_state_dirty(world: MigrationWorld) -> None:
    """Nobody knows where the database is; the ledger says so until the next run has looked."""
    world.runner = plan_then(migrated("b2"))
    machine = begun(world)
    while machine.next != "run-task" or world.commands == []:
        machine.take()
    call(lost(world, "d-1"))
    assert world.document("state")["dirty"] is not None
    world.runner = lambda _: planned(before=("b2",))
    assert begun(world, "d-2").run() == "done"
    assert world.document("state")["dirty"] is None
    assert world.document("state")["compatible_with"] == ["a1", "b2"]


def test_two_runs_wait_for_each_other(world: MigrationWorld) -> None:
    """The second one waits while the first works, then goes on by itself."""
    first, second = begun(world), begun(world, "d-2")
    first.take()
    assert [second.take() for _ in range(3)] == ["wait", "wait", "wait"]
    first.run()
    assert second.run() == "done"
    assert world.answers == [("d-1", "Succeeded"), ("d-2", "Succeeded")]


def test_waiting_for_the_lease_ends_at_the_deadline(world: MigrationWorld) -> None:
    """The release fails and the message names who holds the database."""
    first, second = begun(world), begun(world, "d-2")
    first.take()
    assert second.run() == "failed"
    assert 1200 <= world.now < 1220
    message = world.document("run#d-2")["message"]
    assert message.startswith(f"nothing was begun: {first.arn} still worked on the database after 1200 s")


def test_another_machines_lease_is_taken_when_it_has_expired(world: MigrationWorld) -> None:
    """A neighbour's execution cannot be asked; its lease says itself when it is over."""
    machine = begun(world)
    item = {"holder": {"S": "theirs"}, "machine": {"S": "their machine"}, "token": {"N": "4"}}
    key = {"pk": {"S": "database#orders-db"}, "sk": {"S": "lease"}}
    expires = {"expires": {"N": str(int(world.time().timestamp()) + 60)}}
    world.dynamo.call("PutItem", TableName="release-ledger", Item=key | item | expires)
    assert machine.take() == "wait"
    assert machine.run() == "done"
    assert world.token() >= START + 60
    assert 60 <= world.now < 90


def test_a_lease_that_was_taken_over_keeps_the_run_from_migrating(world: MigrationWorld) -> None:
    """Just before it begins, a run looks whether the database is still its own."""
    world.runner = plan_then(migrated("b2"))
    machine = begun(world)
    machine.take()
    key = {"pk": {"S": "database#orders-db"}, "sk": {"S": "lease"}}
    taken = {"holder": {"S": "theirs"}, "machine": {"S": "m"}, "token": {"N": "9"}, "expires": {"N": "1"}}
    world.dynamo.call("PutItem", TableName="release-ledger", Item=key | taken)
    assert machine.run() == "failed"
    assert [command[0] for command in world.commands] == ["plan"]
    assert world.document("run#d-1")["outcome"] == "fenced-off"


def test_a_late_clock_does_not_fail_what_was_migrated(world: MigrationWorld) -> None:
    """Once the runner has told its success, nothing but recording and answering follows."""

    def slow(command: list[str]) -> Result:
        if command[0] == "plan":
            return planned("b2")
        world.now += 5000
        return migrated("b2")

    world.runner = slow
    assert begun(world).run() == "done"
    assert world.answers == [("d-1", "Succeeded")]


def test_messages_fit_into_what_carries_them(world: MigrationWorld) -> None:
    """A database's very long words are cut, so that CodeDeploy's and CloudFormation's messages hold the rest."""
    world.runner = plan_then(
        Result(command="run", outcome=Outcome.FAILED, before=("a1",), after=("a1",), message="x" * 100_000)
    )
    begun(world).run()
    assert len(world.document("run#d-1")["message"].encode()) <= 1400


@pytest.mark.usefixtures("world")
def test_an_event_that_is_none_is_refused() -> None:
    """The error says what came."""
    with pytest.raises(ValueError, match="an event has a step, a RequestType or a DeploymentId, got x"):
        call({"x": 1})
    with pytest.raises(ValueError, match=r"an event's source is aws\.states or aws\.codedeploy, got aws\.s3"):
        call({"source": "aws.s3", "detail": {}})
