"""What becomes of a schema whose release fails after its migration."""

from collections.abc import Callable
from typing import Any

import pytest

from bluegreen.release.migrations.ledger import downgrade_id
from bluegreen.release.migrations.result import Outcome, Result
from tests.lambdas.migrations.world import (
    DEFINITION,
    Machine,
    MigrationWorld,
    call,
    hook,
    migrated,
    planned,
    report,
    taken_back,
)


def tell(deployment: str, state: str) -> None:
    """CodeDeploy's event."""
    detail = {"deploymentId": deployment, "state": state, "application": "orders", "deploymentGroup": "orders"}
    call(
        {"source": "aws.codedeploy", "detail-type": "CodeDeploy Deployment State-change Notification", "detail": detail}
    )


def becomes(world: MigrationWorld) -> Any:
    return world.document("run#d-1")["release"]


@pytest.fixture
def failed(world: MigrationWorld, release: Callable[..., Machine]) -> MigrationWorld:
    """A release that migrated from a1 to b2 and failed; its rollback d-2 has begun."""
    world.runner = lambda command: planned("b2") if command[0] == "plan" else migrated("b2")
    release()
    world.deployments["d-1"] = {
        "status": "Failed",
        "creator": "user",
        "rollbackInfo": {"rollbackDeploymentId": "d-2"},
    }
    world.deployments["d-2"] = {
        "status": "InProgress",
        "creator": "codeDeployRollback",
        "rollbackInfo": {"rollbackTriggeringDeploymentId": "d-1"},
    }
    return world


@pytest.mark.parametrize("state", ["FAILURE", "STOP"])
def test_the_schema_is_kept_and_told_once(failed: MigrationWorld, state: str) -> None:
    """By default nothing is taken back; the owner hears it once, however often the events come."""
    for _ in range(2):
        tell("d-1", state)
    tell("d-2", "SUCCESS")
    assert becomes(failed) == "kept"
    assert failed.published() == ["orders: the release of v2 failed; its schema stays at b2"]
    (said,) = failed.aws.called("sns.publish")
    assert "the version before works with it" in said["Message"]
    assert len(failed.executions) == 1


def test_a_downgrade_begins_when_the_rollback_has_succeeded(
    failed: MigrationWorld, configure: Callable[..., None]
) -> None:
    """Not before, once only, from the recorded image; then the record and the owner are told."""
    configure(after_failure="downgrade")
    tell("d-1", "FAILURE")
    assert becomes(failed) == "awaits-rollback"
    assert len(failed.executions) == 1
    for _ in range(2):
        tell("d-2", "SUCCESS")
        tell("d-1", "FAILURE")
    assert becomes(failed) == "downgrading"
    run = downgrade_id("d-1")
    assert set(failed.executions) == {failed.execution("d-1"), failed.execution(run)}
    failed.runner = lambda _: taken_back("b2", to="a1")
    assert Machine(failed, run).run() == "done"
    assert failed.commands[-1][:3] == ["downgrade", "--to", "a1"]
    assert failed.definitions[-1] == f"{DEFINITION[:-1]}8"
    assert becomes(failed) == "downgraded"
    assert failed.published() == ["orders: the release of v2 failed; its schema is back at a1"]
    assert failed.document("state")["compatible_with"] == ["a1"]


def test_a_downgrade_that_fails_is_told(failed: MigrationWorld, configure: Callable[..., None]) -> None:
    """The schema stays, the record says so, and the owner hears it."""
    configure(after_failure="downgrade")
    tell("d-2", "SUCCESS")
    run = downgrade_id("d-1")
    failed.runner = lambda _: Result(
        command="downgrade",
        outcome=Outcome.REFUSED,
        before=("b2",),
        after=("b2",),
        heads=("b2",),
        message="3 rows would be lost",
    )
    assert Machine(failed, run).run() == "failed"
    assert becomes(failed) == "downgrade-failed"
    assert failed.published() == ["orders: the release of v2 failed; its schema could NOT be taken back"]


def test_what_cannot_be_taken_back_is_kept(
    world: MigrationWorld, release: Callable[..., Machine], configure: Callable[..., None]
) -> None:
    """A revision that is not reversible stays, and the owner hears which."""
    configure(after_failure="downgrade")
    plan = planned("b2")
    hard = Result(
        command="run",
        outcome=Outcome.MIGRATED,
        before=("a1",),
        after=("b2",),
        heads=("b2",),
        revisions=(report("b2", transactional=False),),
    )
    hard = Result.from_dict({**hard.__dict__, "revisions": [{**hard.revisions[0].__dict__, "reversible": False}]})
    world.runner = lambda command: plan if command[0] == "plan" else hard
    release()
    world.deployments["d-1"]["status"] = "Failed"
    tell("d-1", "FAILURE")
    assert becomes(world) == "kept"
    assert "not reversible: b2" in world.aws.called("sns.publish")[0]["Message"]


def test_a_release_that_failed_without_migrating_is_nobodys_business(
    world: MigrationWorld, release: Callable[..., Machine]
) -> None:
    """Nothing is recorded and nothing is published when there was nothing to migrate, or no run at all."""
    release()
    tell("d-1", "FAILURE")
    tell("d-77", "FAILURE")
    assert becomes(world) is None
    assert world.published() == []


def test_a_release_that_was_stopped_while_it_migrated_is_looked_after(world: MigrationWorld) -> None:
    """The event came before the run had ended, so the run itself looks at its end."""
    world.aws.answers["codedeploy.put_lifecycle_event_hook_execution_status"] = {}

    def stops(command: list[str]) -> Result:
        if command[0] == "plan":
            return planned("b2")
        world.deployments["d-1"]["status"] = "Stopped"
        tell("d-1", "STOP")
        return migrated("b2")

    world.runner = stops
    hook()
    assert Machine(world, "d-1").run() == "done"
    assert becomes(world) == "kept"
    assert len(world.published()) == 1


def test_a_topic_that_refuses_stops_nothing(
    failed: MigrationWorld, refusal: Callable[..., Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record says the same as the notice; without a topic nothing is published."""
    failed.aws.answers["sns.publish"] = refusal("AuthorizationErrorException")
    tell("d-1", "FAILURE")
    assert becomes(failed) == "kept"
    monkeypatch.setenv("BLUEGREEN_NOTIFICATIONS", "")
    tell("d-1", "FAILURE")
    assert len(failed.published()) == 1
