"""An operator's commands against the function itself: the two agree on every word."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bluegreen.operations.aws import OperationError
from bluegreen.operations.migrations import Migrations, taken_back
from bluegreen.operations.restore import plan_restore
from bluegreen.release.migrations.ledger import Mode
from bluegreen.release.migrations.result import Result
from tests.lambdas.migrations.world import Machine, MigrationWorld, call, migrated, planned

ANN = "arn:aws:iam::111122223333:user/ann"


class Operator:
    """Somebody at a terminal: Lambda calls the function, and the executions go on while the operator waits."""

    def __init__(self, world: MigrationWorld) -> None:
        self.world = world
        self.machines: dict[str, Machine] = {}
        self.migrations = Migrations("orders-migrations-function", self.client, self)

    def client(self, service: str) -> Any:
        if service == "lambda":
            return SimpleNamespace(invoke=self._invoke)
        if service == "sts":
            return SimpleNamespace(get_caller_identity=lambda: {"Arn": ANN})
        return self.world.aws.client(service)

    def _invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - AWS's names
        assert FunctionName == self.migrations.function
        try:
            return {"Payload": io.BytesIO(json.dumps(call(json.loads(Payload))).encode())}
        except Exception as problem:  # noqa: BLE001 - as Lambda does
            told = {"errorMessage": str(problem), "errorType": type(problem).__name__}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(told).encode())}

    def now(self) -> float:
        return self.world.now

    def sleep(self, seconds: float) -> None:
        """Let every execution take a step."""
        self.world.now += seconds
        for arn in self.world.executions:
            name = arn.rpartition(":")[2]
            machine = self.machines.setdefault(name, Machine(self.world, name))
            if machine.next not in {"done", "failed"}:
                machine.take()

    def play(self, mode: Mode, to: str | None = None) -> Any:
        return self.migrations.follow(self.migrations.start(mode, to), lambda _: None)


@pytest.fixture
def operator(world: MigrationWorld) -> Operator:
    return Operator(world)


def image(run: Result | None = None, downgrade: Result | None = None) -> Callable[[list[str]], Result | None]:
    """An image with b2 pending."""
    told = {"plan": planned("b2"), "run": run, "downgrade": downgrade}
    return lambda command: told[command[0]]


def test_a_ledger_that_knows_nothing_is_told(operator: Operator) -> None:
    """Before the first run there is neither a state nor a lease nor a record."""
    status = operator.migrations.status()
    assert (status.database, status.state, status.lease, status.runs) == ("orders-db", None, None, ())


def test_a_plan_by_hand_shows_what_is_pending_and_changes_nothing(operator: Operator) -> None:
    """It ends after the plan, in the name of whoever asked."""
    operator.world.runner = image()
    record = operator.play(Mode.PLAN)
    assert (record.outcome, record.passed, record.by) == ("pending", True, ANN)
    assert [one["revision"] for one in record.revisions] == ["b2"]
    assert [command[0] for command in operator.world.commands] == ["plan"]
    assert operator.world.snapshots == {}


def test_a_run_by_hand_is_protected_and_recorded_as_a_release_is(operator: Operator) -> None:
    """The same snapshot, lease and record; and what it did can be planned back."""
    operator.world.runner = image(run=migrated("b2"))
    record = operator.play(Mode.RUN)
    assert (record.outcome, record.before, record.after) == ("migrated", ("a1",), ("b2",))
    status = operator.migrations.status()
    assert status.state is not None
    assert status.lease is not None
    assert (status.state.revisions, status.lease.holder) == (("b2",), None)
    assert [one.id for one in status.runs] == [record.id]
    assert [one["revision"] for one in taken_back(status.runs, "a1") or ()] == ["b2"]


def test_a_downgrade_by_hand_runs_from_the_recorded_image(operator: Operator) -> None:
    """It goes to the named revision, from what the ledger says brought the schema there."""
    operator.world.runner = image(run=migrated("b2"), downgrade=migrated("a1", before=("b2",), command="downgrade"))
    operator.play(Mode.RUN)
    record = operator.play(Mode.DOWNGRADE, "a1")
    assert (record.outcome, record.after) == ("migrated", ("a1",))
    command = operator.world.commands[-1]
    assert command[command.index("--to") + 1] == "a1"
    assert operator.world.definitions[-1] == operator.world.definitions[-2]


def test_a_downgrade_of_an_unknown_database_is_refused(operator: Operator) -> None:
    """The function's words reach the operator."""
    with pytest.raises(OperationError, match="refuses: the ledger knows no run that a downgrade could run from"):
        operator.migrations.start(Mode.DOWNGRADE, "a1")


def test_an_unknown_run_is_refused(operator: Operator) -> None:
    """The ledger's database is named."""
    with pytest.raises(OperationError, match="the ledger of orders-db knows no run d-9"):
        operator.migrations.record("d-9")


def test_a_restore_is_planned_from_what_a_run_recorded(operator: Operator) -> None:
    """The snapshot of the record is what the plan restores from."""
    operator.world.runner = image(run=migrated("b2"))
    record = operator.play(Mode.RUN)
    plan = plan_restore(operator.migrations.status(), None, (), operator.client)
    assert plan.run == record.id
    (snapshot,) = operator.world.snapshots
    assert any(snapshot in command for step in plan.steps for command in step.commands)
    assert datetime.fromisoformat(plan.restores_to) < datetime.now(UTC)
