"""The group migrations: what its scenarios look at, in the ledger and in a real database."""

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bluegreen.rehearsal import database
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.rds import Rds
from bluegreen.rehearsal.connection import Answer
from bluegreen.rehearsal.database import Database, DatabaseError
from bluegreen.rehearsal.evidence import Event
from bluegreen.rehearsal.scenarios import SCENARIOS, migration_parts
from bluegreen.rehearsal.scenarios.migration_parts import Ledger, hook_seconds
from bluegreen.rehearsal.scenarios.scenario import Scenario
from bluegreen.rehearsal.stage import DidNotHappenError
from tests.rehearsal.made_up import deploy, evidence

if TYPE_CHECKING:
    from bluegreen.rehearsal.stage import Stage

MIGRATIONS = [scenario for scenario in SCENARIOS if scenario.group == "migrations"]
RESET = Answer(1012.0, 0.1, None, None, "ConnectionResetError: reset by peer")


@pytest.mark.parametrize("scenario", MIGRATIONS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"exit_code": 1, "stack_status": "UPDATE_ROLLBACK_FAILED"}, "failed, expected"),
        ({"answers": [*evidence().answers, RESET]}, "1 of 14851 requests failed"),
        ({"lost": ("/orders/7: 404",)}, "acknowledged writes are lost, such as /orders/7: 404"),
        ({"complaints": ("the lease is held",)}, "the lease is held"),
    ],
)
def test_a_scenario_notices_what_must_not_happen(scenario: Scenario, changed: dict[str, Any], said: str) -> None:
    """None holds with a stack that is stuck, a failed request, a lost order, or something that it saw itself."""
    complaints = scenario.complaints(evidence(**changed))
    assert any(said in complaint for complaint in complaints), complaints


def test_the_group_has_every_way_that_a_migration_ends() -> None:
    """The scenarios are played in an order in which each finds the database where the one before left it."""
    assert [scenario.name for scenario in MIGRATIONS] == [
        "migration-expand",
        "migration-fails",
        "migration-half-done",
        "migration-blocked",
        "migration-breaks-live",
        "runner-killed",
        "two-services-one-database",
        "rollback-after-migration",
        "downgrade",
    ]
    assert all(scenario.reads_back for scenario in MIGRATIONS)


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A real database with one order, found as the scenarios find theirs."""
    folder = tmp_path_factory.mktemp("rds")
    where: dict[str, Any] = {"region": "eu-west-1", "account": "123456789012", "client": {}.get}
    rds = Rds(clock=Clock(60), journal=Journal(lambda: 1.0), folder=folder, **where)
    properties = {"Engine": "postgres", "MasterUsername": "orders", "MasterUserPassword": "it's", "DBName": "shop"}
    record = rds.described(rds.create("orders-prod", properties))
    endpoint = record["Endpoint"]
    found = database.find(
        lambda service: {
            "rds": SimpleNamespace(describe_db_instances=lambda **_: {"DBInstances": [record]}),
            "secretsmanager": secrets(
                {"username": "orders_app", "password": "no", "dbInstanceIdentifier": "orders-prod"},
                {"username": "orders", "password": "no", "dbInstanceIdentifier": "another"},
                {"username": "orders", "password": "it's", "dbInstanceIdentifier": "orders-prod"},
            ),
        }[service],
        "orders-prod",
    )
    assert (found.host, found.port) == (endpoint["Address"], endpoint["Port"])
    found.rows("CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders VALUES (1, NULL), (2, 'gift')")
    yield found
    rds.stop()


def secrets(*documents: dict[str, str]) -> Any:
    pages = [{"SecretList": [{"ARN": str(number)} for number in range(len(documents))]}]
    return SimpleNamespace(
        get_paginator=lambda _: SimpleNamespace(paginate=lambda: pages),
        get_secret_value=lambda SecretId: {"SecretString": json.dumps(documents[int(SecretId)])},  # noqa: N803 - boto3's
    )


def test_a_database_is_asked_as_its_master_user(orders: Database) -> None:
    """Rows come as texts, an absent value as an empty one, and what the database refuses is an error with its words."""
    assert orders.rows("SELECT id, note FROM orders ORDER BY id") == [["1", ""], ["2", "gift"]]
    assert orders.value("SELECT current_user") == "orders"
    assert orders.value("SELECT 1 WHERE false") == ""
    with pytest.raises(DatabaseError, match='shop: ERROR:  relation "bills" does not exist'):
        orders.rows("SELECT * FROM bills")


def test_a_secret_of_the_master_user_is_needed() -> None:
    """Without a secret for the master user of that very instance there is nobody to ask as."""
    found = {"MasterUsername": "orders"}
    clients = {
        "rds": SimpleNamespace(describe_db_instances=lambda **_: {"DBInstances": [found]}),
        "secretsmanager": secrets({"username": "orders_app", "dbInstanceIdentifier": "orders-prod"}),
    }
    with pytest.raises(DatabaseError, match="no secret has the password of orders of orders-prod"):
        database.find(lambda service: clients[service], "orders-prod")


def test_the_catalogue_tells_every_change_of_the_schema(orders: Database) -> None:
    """A column, an index and a constraint more are seen; rows are not."""
    before = orders.catalogue()
    assert [row[2] for row in before if row[0] == "column"] == ["id", "note"]
    orders.rows("INSERT INTO orders VALUES (3, 'card')")
    assert orders.catalogue() == before
    orders.rows("ALTER TABLE orders ADD urgent bool, ADD CONSTRAINT known CHECK (id > 0) NOT VALID")
    orders.rows("CREATE INDEX by_note ON orders (note)")
    added = [row for row in orders.catalogue() if row not in before]
    assert {row[0] for row in added} == {"column", "index", "constraint"}


def test_a_transaction_holds_what_it_read(orders: Database) -> None:
    """While it is held, a change of the table does not get its lock; after its time it gives it free by itself."""
    begun = time.monotonic()
    with orders.held("SELECT count(*) FROM orders", 1.0) as is_held:
        with pytest.raises(DatabaseError, match="lock timeout"):
            orders.rows("SET lock_timeout = '50ms'; ALTER TABLE orders ADD colour text")
        assert is_held()
        orders.rows("ALTER TABLE orders ADD colour text")
        assert time.monotonic() - begun > 0.9


class FakeStage:
    """A stage with a ledger and a journal, and no deploys."""

    stack = "Shop/Prod"

    def __init__(self, items: list[dict[str, Any]] | None = None, journal: list[Event] | None = None) -> None:
        self._items = items or []
        self._journal = journal or []
        self.complaints: list[str] = []

    def client(self, service: str) -> Any:
        resources = [
            {"ResourceType": "AWS::DynamoDB::Table", "PhysicalResourceId": "ledger"},
            {"ResourceType": "AWS::SNS::Topic", "PhysicalResourceId": "releases"},
        ]
        answers: dict[str, dict[str, Any]] = {
            "cloudformation": {"StackName": "Shop-Prod", "StackResourceSummaries": resources},
            "dynamodb": {"TableName": "ledger", "Items": self._items},
        }
        answer = answers[service]

        def paginate(**asked: str) -> list[dict[str, Any]]:
            assert asked.items() <= answer.items()
            return [answer]

        return SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate))

    def events(self, kind: str, **facts: object) -> list[Event]:
        return [event for event in self._journal if event.kind == kind and event.facts.items() >= facts.items()]

    def expect(self, held: object, complaint: str) -> bool:
        if not held:
            self.complaints.append(complaint)
        return bool(held)


def item(sort: str, **document: Any) -> dict[str, Any]:
    return {"pk": {"S": "database#orders-prod"}, "sk": {"S": sort}, "document": {"S": json.dumps(document)}}


def test_the_ledger_is_read_from_its_table() -> None:
    """Lease, state and the run of a release come from DynamoDB itself; a free lease has no holder."""
    lease = {"pk": {"S": "database#orders-prod"}, "sk": {"S": "lease"}, "token": {"N": "4"}}
    stage = FakeStage([lease, item("state#orders", dirty=None), item("run#d-TWO", outcome="migrated")])
    ledger = Ledger(cast("Stage", stage))
    assert (ledger.instance(), ledger.holder(), ledger.state()) == ("orders-prod", "", {"dirty": None})
    assert ledger.run(deploy()) == {"outcome": "migrated"}
    lease["holder"] = {"S": "arn:execution"}
    assert ledger.holder() == "arn:execution"
    with pytest.raises(LookupError, match="the deploy of v2 made 0 deployments"):
        ledger.run(deploy(deployments=()))


def test_a_resource_must_be_the_only_one_of_its_type() -> None:
    """What a stack does not have, or has twice, is no answer to which one is meant."""
    stage = cast("Stage", FakeStage())
    assert migration_parts.physical_id(stage, "AWS::SNS::Topic") == "releases"
    with pytest.raises(LookupError, match="one AWS::SQS::Queue is wanted of Shop/Prod, which has 0"):
        migration_parts.physical_id(stage, "AWS::SQS::Queue")


def test_a_hook_is_timed_from_its_call_to_its_answer() -> None:
    """The step of the very deployment counts, whether it succeeds or fails; one that did not end has no time."""
    step = {"id": "d-TWO", "event": "BeforeInstall"}
    journal = [
        Event(1.0, "", "lifecycle", {**step, "status": "started"}),
        Event(2.0, "", "lifecycle", {**step, "id": "d-ONE", "status": "failed"}),
        Event(4.5, "", "lifecycle", {**step, "status": "succeeded"}),
    ]
    assert hook_seconds(cast("Stage", FakeStage(journal=journal)), deploy()) == 3.5
    with pytest.raises(DidNotHappenError, match="BeforeInstall of d-TWO did not begin and end"):
        hook_seconds(cast("Stage", FakeStage(journal=journal[:2])), deploy())


@pytest.mark.parametrize(
    ("after", "complaints"),
    [
        ([["column", "orders", "id"]], []),
        ([], ["it must leave the schema as it was, but changed: column orders id"]),
        (
            [["column", "orders", "id"], ["index", "by_note", "orders"]],
            ["it must leave the schema as it was, but changed: index by_note orders"],
        ),
    ],
)
def test_a_schema_that_changed_is_told(after: list[list[str]], complaints: list[str]) -> None:
    """What is gone and what is new is complained about by name."""
    stage, found = FakeStage(), SimpleNamespace(catalogue=lambda: after)
    migration_parts.expect_untouched(cast("Stage", stage), cast("Database", found), [["column", "orders", "id"]], "it")
    assert stage.complaints == complaints
