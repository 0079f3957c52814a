"""What a scenario plays on, against a made-up cloud and a cdk that does as a test says."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bluegreen.rehearsal import stage as module
from bluegreen.rehearsal.assembly_edits import ANY_VERSION, Edit
from bluegreen.rehearsal.cdk_cli import CdkError
from bluegreen.rehearsal.commands import Application, Versions
from bluegreen.rehearsal.evidence import Event
from bluegreen.rehearsal.local_cloud import Ready
from bluegreen.rehearsal.stage import DidNotHappenError, Stage
from bluegreen.rehearsal.workload import Workload

FAILED = {"ResourceType": "Custom::Release", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "refused"}


class World:
    """A stack that takes every deploy unless a test says otherwise, and all that was asked of it."""

    ready = Ready("", "", "/ca.pem")

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.faults: list[Mapping[str, Any] | None] = []
        self.code = 0
        self.status = "UPDATE_COMPLETE"
        self.events: list[dict[str, Any]] = []
        self.deployments: list[dict[str, str]] = [{"deploymentId": "d-OLD", "creator": "user"}]
        self.journal: list[Event] = []
        self.happens: Callable[[], None] = lambda: None

    # --- as cdk

    def deploy(self, stack: str, context: Mapping[str, str], edit: Edit | None) -> tuple[int, Path]:
        self.asked.append(("deploy", stack, dict(context), edit))
        self.happens()
        return self.code, Path("cdk.log")

    def destroy(self, stack: str, context: Mapping[str, str]) -> tuple[int, Path]:
        self.asked.append(("destroy", stack, dict(context)))
        self.status = "absent"
        return 0, Path("cdk.log")

    def stack_changes(self, *details: dict[str, Any]) -> None:
        of_stack = {"LogicalResourceId": "Shop", "PhysicalResourceId": "arn", "StackId": "arn"}
        of_resource = {"LogicalResourceId": "Release", "PhysicalResourceId": "release", "StackId": "arn"}
        for event in ({**of_stack, "ResourceStatus": "UPDATE_IN_PROGRESS"}, *({**of_resource, **d} for d in details)):
            self.events.insert(0, {"EventId": str(len(self.events)), **event})

    def released(self, *creators: str) -> None:
        self.stack_changes()
        self.deployments += [
            {"deploymentId": f"d-{len(self.deployments) + n}", "creator": creator} for n, creator in enumerate(creators)
        ]

    # --- as the cloud

    def inject(self, fault: Mapping[str, Any] | None) -> None:
        self.faults.append(fault)

    def state(self) -> dict[str, Any]:
        return {}

    def environment(self) -> Mapping[str, str]:
        return {}

    def client(self, service: str) -> Any:
        world = self
        return {
            "cloudformation": SimpleNamespace(
                describe_stacks=lambda **_: {"Stacks": [{"StackStatus": world.status}]},
                get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [{"StackEvents": list(world.events)}]),
            ),
            "codedeploy": SimpleNamespace(
                list_deployments=lambda: {"deployments": [one["deploymentId"] for one in world.deployments]},
                batch_get_deployments=lambda **_: {"deploymentsInfo": world.deployments},
                list_applications=lambda: {"applications": ["orders"]},
                list_deployment_groups=lambda **_: {"deploymentGroups": ["release"]},
                get_deployment_group=lambda **_: {"deploymentGroupInfo": {"alarmConfiguration": {"alarms": WATCHED}}},
            ),
        }[service]


WATCHED = [{"name": "orders-error-rate"}]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def stage(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.001)
    watcher: Any = SimpleNamespace(
        position=lambda: 0,
        events=lambda _: world.journal,
        versions=dict,
        wait_past=lambda _: None,
        check=lambda: None,
    )
    cdk: Any = world
    versions = Versions(live="v1", number=1, released=["v1"])
    application = Application(cdk=cdk, stack="Shop", workload=Workload(), versions=versions)
    return Stage(application, world, watcher, tmp_path)


def test_a_deploy_tells_what_it_did_and_nothing_else(stage: Stage, world: World) -> None:
    """Its deployments are those that somebody started meanwhile; the stack's version is live from then on."""
    world.happens = lambda: world.released("user", "codeDeployRollback")
    deploy = stage.deploy()
    assert (deploy.version, deploy.outcome, deploy.deployments) == ("v2", "succeeded", ("d-1",))
    assert world.asked == [("deploy", "Shop", {"version": "v2"}, None)]
    assert (stage.live, stage.released) == ("v2", ["v1", "v2"])


def test_a_fault_hits_the_candidate_unless_it_says_whom(stage: Stage, world: World) -> None:
    """A fault without a version hits the version that was named last; one of a family of tasks hits no version."""
    stage.next_version()
    stage.inject({"fault": "crash-at-start"})
    stage.inject({"fault": "task-killed", "family": "migrations"})
    assert world.faults == [
        {"version": "v2", "fault": "crash-at-start"},
        {"fault": "task-killed", "family": "migrations"},
    ]


def test_an_unchanged_deploy_has_no_reason_from_before(stage: Stage, world: World, tmp_path: Path) -> None:
    """When CloudFormation did nothing, an older failure is not this command's; what cdk said is."""
    world.stack_changes(FAILED)
    assert stage.deploy("v1").outcome == "unchanged"
    (tmp_path / "cdk.log").write_text("Error: no VPC\n")
    world.code = 1
    world.deploy = lambda *_: (1, tmp_path / "cdk.log")  # type: ignore[method-assign]
    refused = stage.deploy()
    assert (refused.outcome, refused.reason, refused.failed_type) == ("refused", "Error: no VPC", "")
    assert stage.live == "v1"


def test_a_refusal_is_told_with_its_reason(stage: Stage, world: World) -> None:
    """The first failure of this update is the reason, and its type says who refused."""
    world.code, world.status = 1, "UPDATE_ROLLBACK_COMPLETE"
    world.happens = lambda: world.stack_changes(FAILED)
    refused = stage.deploy()
    assert (refused.outcome, refused.reason) == ("refused", "Release: refused")
    assert stage.expect_outcome(refused, "refused", "Release")
    assert not stage.expect_outcome(refused, "refused", "alarm")
    assert not stage.expect_outcome(refused, "succeeded")
    complaints = stage.finish().complaints
    assert complaints[0] == "the reason must say 'alarm', got: Release: refused"
    assert complaints[1].startswith("the deploy of v2 refused, expected succeeded (cdk exit code 1, stack UPDATE_ROLL")


def test_context_edits_and_stacks_go_to_the_command(stage: Stage, world: World) -> None:
    """A scenario of another application says its own context and stack; then no version is made up."""

    def edit(_: object) -> None: ...

    stage.deploy(context={"orders": "v7"}, stack="Prod/Shop", edit=edit)
    stage.destroy()
    assert world.asked == [("deploy", "Prod/Shop", {"orders": "v7"}, edit), ("destroy", "Shop", {"version": "v1"})]


def test_a_deploy_may_use_what_was_synthesized_for_any_version(stage: Stage, world: World) -> None:
    """With an edit, or when the scenario does not ask for more, the version is written into it; else cdk gets it."""

    def edit(_: object) -> None: ...

    stage.deploy(edit=edit)
    stage.deploy(anew=False)
    stage.deploy(anew=True)
    (_, _, first, wrapped), (_, _, second, renamed), (_, _, third, none) = world.asked
    assert first == second == {"version": ANY_VERSION}
    assert third == {"version": "v4"}
    assert wrapped not in (None, edit)
    assert renamed is not None
    assert none is None
    assert stage.released == ["v1", "v2", "v3", "v4"]


def test_a_scenario_goes_on_while_a_command_runs(stage: Stage, world: World) -> None:
    """A command in the background is over when it has returned, and is among the evidence at the end."""
    waiting = [True]

    def happens() -> None:
        while waiting[0]:
            time.sleep(0.001)
        world.released("user")

    world.happens = happens
    underway = stage.begin()
    assert not underway.over
    waiting.clear()
    waiting.append(False)
    (deploy,) = stage.finish().deploys
    assert underway.over
    assert deploy == underway.wait()


def test_a_command_that_could_not_be_run_is_an_error(stage: Stage, world: World) -> None:
    """What went wrong with a command in the background is raised where it is waited for."""

    def hangs() -> None:
        raise CdkError("cdk deploy did not end")

    world.happens = hangs
    underway = stage.begin()
    with pytest.raises(CdkError):
        underway.wait()
    with pytest.raises(CdkError):
        stage.finish()


def test_a_fault_hits_the_candidate_unless_it_says_otherwise(stage: Stage, world: World) -> None:
    """Faults that were injected are taken back at the end, and only then."""
    with stage:
        stage.next_version()
        stage.inject({"fault": "missing-on-test"})
        stage.inject({"fault": "task-killed", "version": "v1"})
    assert world.faults == [
        {"fault": "missing-on-test", "version": "v2"},
        {"fault": "task-killed", "version": "v1"},
        None,
    ]
    with stage:
        pass
    assert world.faults[3:] == []


def test_waiting_ends(stage: Stage, world: World) -> None:
    """What does not happen in time is an error that says what was waited for; an event that came is returned."""
    with pytest.raises(DidNotHappenError, match=r"waited 0.01 s in vain until the tasks are gone"):
        stage.wait_until(lambda: False, 0.01, "the tasks are gone")
    with pytest.raises(DidNotHappenError, match="until a lifecycle event has event Install, status failed"):
        stage.wait_for_event("lifecycle", 0.01, event="Install", status="failed")
    world.journal = [Event(1.0, "early", "alarm", {"n": 1}), Event(3.0, "late", "alarm", {"n": 1})]
    assert stage.wait_for_event("alarm", 0.01, since=2.0, n=1).what == "late"


def test_the_evidence_is_what_was_seen(stage: Stage) -> None:
    """Figures, notes, complaints and versions that were met besides are handed on as they are."""
    stage.figures["seconds"] = 1.5
    stage.note("halfway")
    stage.also_serves("v0")
    stage.expect(held=True, complaint="fine")
    stage.expect(held=False, complaint="not fine")
    evidence = stage.finish()
    assert evidence.figures == {"seconds": 1.5}
    assert evidence.others == {"v0"}
    assert evidence.complaints == ("not fine",)
    assert evidence.watched == {"orders-error-rate"}
    assert [event.what for event in evidence.events] == ["halfway"]
    assert (evidence.live, evidence.candidate, evidence.released, evidence.outcome) == ("v1", "v1", "v1", "recovered")
