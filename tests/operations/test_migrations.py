import io
from dataclasses import replace

import pytest

from bluegreen.operations.aws import OperationError
from bluegreen.operations.migrations import LONGEST_RUN_SECONDS, Migrations, taken_back
from bluegreen.operations.stack import resources
from bluegreen.release.migrations.ledger import Mode, Record
from tests.operations.deployed import ADDS_NOTE, CALLER, MIGRATED, PLANNED, Deployed, FakeTime, refusal

BILLS = ("Custom::Migrations", "prod-bills-migrations")


def found(deployed: Deployed, service: str | None = None) -> str:
    return Migrations.of(resources(deployed, "Prod"), "Prod", service, deployed).function


def test_the_only_service_of_a_stack_needs_no_name() -> None:
    """The function is the physical id of the stack's Custom::Migrations."""
    assert found(Deployed()) == "prod-orders-migrations"


@pytest.mark.parametrize("service", ["Bills", "bills", "BillsMigrations"])
def test_one_of_several_services_is_named_by_how_its_logical_id_begins(service: str) -> None:
    """Small and capital letters are the same."""
    deployed = Deployed()
    deployed.resources["Prod"]["BillsMigrations"] = BILLS
    assert found(deployed, service) == "prod-bills-migrations"


def test_migrations_in_a_nested_stack_are_found() -> None:
    """A nested stack's resources belong to the stack that the user deployed."""
    deployed = Deployed()
    deployed.resources["Prod"] = {"Part": ("AWS::CloudFormation::Stack", "arn:part")}
    deployed.resources["arn:part"] = {"BillsMigrations": BILLS}
    assert found(deployed) == "prod-bills-migrations"


@pytest.mark.parametrize(
    ("changed", "service", "said"),
    [
        ({"BillsMigrations": BILLS}, None, "several services: BillsMigrations, OrdersMigrationsResource1A2B"),
        ({"OrdersMigrations2": BILLS}, "orders", "several services: OrdersMigrations2, OrdersMigrationsResource1A2B"),
        ({}, "billing", "no migrations of a service 'billing'; it has OrdersMigrationsResource1A2B"),
        ({"OrdersMigrationsResource1A2B": ("AWS::SQS::Queue", "q")}, None, "the stack 'Prod' has no migrations"),
    ],
)
def test_what_does_not_name_one_service_is_refused_with_those_that_there_are(
    changed: dict[str, tuple[str, str]], service: str | None, said: str
) -> None:
    """Nothing is guessed: several, none, and an unknown name are errors that list what the stack has."""
    deployed = Deployed()
    deployed.resources["Prod"] |= changed
    with pytest.raises(OperationError, match=said):
        found(deployed, service)


def test_a_stack_that_does_not_exist_is_told() -> None:
    """CloudFormation's validation error becomes a line that names the stack."""
    with pytest.raises(OperationError, match="there is no stack 'Dev' in this account and region"):
        resources(Deployed(), "Dev")


def test_another_refusal_of_cloudformation_is_not_taken_for_a_missing_stack() -> None:
    """Only the error that says so means that a stack does not exist."""
    deployed = Deployed()
    deployed.answers["cloudformation.list_stack_resources"] = refusal("AccessDenied", "no", "ListStackResources")
    with pytest.raises(OperationError, match="AWS denies ListStackResources"):
        resources(deployed, "Prod")


def test_a_run_is_started_in_the_callers_name() -> None:
    """Who did it by hand stands in the record."""
    deployed = Deployed()
    assert Migrations("f", deployed).start(Mode.DOWNGRADE, "a1") == "downgrade-1"
    assert deployed.asked == [{"step": "start", "mode": "downgrade", "to": "a1", "by": CALLER}]


def test_a_run_is_followed_until_it_has_ended() -> None:
    """Each look is shown, and the record of the end is returned."""
    shown: list[Record] = []
    ended = Migrations("f", Deployed(), FakeTime()).follow("run-1", shown.append)
    assert ended == replace(MIGRATED, id="run-1")
    assert [one.outcome for one in shown] == ["running", "migrated"]


def test_pauses_grow_and_end() -> None:
    """A run that never ends is looked at less and less often, at most every 15 s, and not for ever."""
    deployed, time = Deployed(), FakeTime()
    deployed.ends["run"] = replace(MIGRATED, ended=None)
    with pytest.raises(OperationError, match="run run-1 did not end within 60 min"):
        Migrations("f", deployed, time).follow("run-1", lambda _: None)
    assert time.slept[:3] == [1.0, 1.5, 2.25]
    assert time.slept == sorted(time.slept)
    assert max(time.slept) == 15
    assert LONGEST_RUN_SECONDS <= time.now() < LONGEST_RUN_SECONDS + 15


def test_what_the_function_raises_is_told() -> None:
    """An error of the function is its message, not a document."""
    deployed = Deployed()
    deployed.answers["lambda.invoke"] = lambda **_: {
        "FunctionError": "Unhandled",
        "Payload": io.BytesIO(b'{"errorMessage": "to must be given", "errorType": "ValueError"}'),
    }
    with pytest.raises(OperationError, match="the function f refuses: to must be given"):
        Migrations("f", deployed).status()


FIRST = replace(MIGRATED, before=(), after=("a1",), revisions=(ADDS_NOTE | {"revision": "a1"},))


@pytest.mark.parametrize(
    ("runs", "to", "taken"),
    [
        ((MIGRATED, FIRST), "a1", ["b2"]),
        ((MIGRATED, FIRST), "base", ["b2", "a1"]),
        ((PLANNED, MIGRATED, FIRST), "a1", ["b2"]),
        ((replace(MIGRATED, revisions=(ADDS_NOTE, ADDS_NOTE | {"revision": "c3"})), FIRST), "b2", ["c3"]),
        ((MIGRATED, FIRST), "b2", []),
        ((MIGRATED, FIRST), "unknown", None),
        ((replace(MIGRATED, mode=Mode.DOWNGRADE), MIGRATED, FIRST), "a1", None),
    ],
)
def test_what_a_downgrade_takes_back_is_read_from_the_runs(
    runs: tuple[Record, ...], to: str, taken: list[str] | None
) -> None:
    """Newest first, from runs that migrated; None where the runs do not tell."""
    told = taken_back(runs, to)
    assert (None if told is None else [one["revision"] for one in told]) == taken
