"""A rehearsal against a made-up world: a real load over real HTTP, and a cloud and a cdk that do as a test says."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bluegreen.rehearsal import parts, production, services, stage
from bluegreen.rehearsal import rehearsal as module
from bluegreen.rehearsal.assembly_edits import Edit
from bluegreen.rehearsal.cdk_cli import MissingPartError
from bluegreen.rehearsal.connection import Answer, Destination
from bluegreen.rehearsal.evidence import Event
from bluegreen.rehearsal.local_cloud import CloudError
from bluegreen.rehearsal.rehearsal import Rehearsal, Result, Settings
from bluegreen.rehearsal.scenarios.scenario import Scenario
from bluegreen.rehearsal.scratch import Scratch
from bluegreen.rehearsal.services import Service
from bluegreen.rehearsal.workload import Request, Workload
from tests.rehearsal.made_up import BY_NAME

GOOD, ROLLED_BACK, STUCK = (0, "UPDATE_COMPLETE"), (1, "UPDATE_ROLLBACK_COMPLETE"), (1, "UPDATE_ROLLBACK_FAILED")


SERVICE = Service(
    name="Orders",
    cluster="shop",
    service="orders",
    application="orders",
    deployment_group="release",
    production_listener="arn:production",
    test_listener="arn:test",
    target_groups=("blue", "green"),
)

WATCHED = "Orders-ErrorRate"


class World:
    """One address that answers for whichever version is live, and what became of it."""

    def __init__(self, outcomes: Sequence[tuple[int, str]]) -> None:
        self.live = "v1"
        self.status = "CREATE_COMPLETE"
        self.deployed: list[str] = []
        self.faults: list[Mapping[str, Any] | None] = []
        self.red = [[WATCHED, "Slo-Burns"]] * 2
        self.ended: list[str] = []
        self.dead = False
        self.entries: list[dict[str, Any]] = []
        self.updates = 0
        self._outcomes = iter(outcomes)
        for number in range(1, 9):
            self.tell("task", address=f"127.77.0.{number}", version=f"v{number}")

    def tell(self, kind: str, **facts: str) -> None:
        self.entries.append({"real": time.monotonic(), "what": f"{kind} {facts}", "kind": kind, "facts": facts})

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": self.status}]}

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        number = {"StackId": "arn", "EventId": str(self.updates)}
        begun = {"LogicalResourceId": "ProdStack", "PhysicalResourceId": "arn", "ResourceStatus": "UPDATE_IN_PROGRESS"}
        reason = {"ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "failed at AfterAllowTestTraffic"}
        failed = {"LogicalResourceId": "Release", "PhysicalResourceId": "release", **reason}
        happened = [failed, begun] if "ROLLBACK" in self.status else [begun]
        return [{"StackEvents": [number | event for event in happened]}]

    def list_deployments(self) -> dict[str, Any]:
        return {"deployments": [f"d-{number}" for number in range(self.updates)]}

    def deploy(self, version: str) -> int:
        self.deployed.append(version)
        if version == "v1" and not self.updates:
            return 0
        code, self.status = next(self._outcomes)
        self.updates += 1
        if code == 0:
            self.live = version
        else:
            self.tell("lifecycle", event="AfterAllowTestTraffic", status="failed")
        time.sleep(0.2)  # the load runs meanwhile
        return code


def handler(world: World) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("x-bluegreen-target", f"127.77.0.{world.live[1:]}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


class FakeCloud:
    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.log = folder / "cloud.log"
        self.ready = SimpleNamespace(ca="/ca.pem", region="eu-west-1")

    def environment(self) -> dict[str, str]:
        return {}

    def journal(self, since: int) -> tuple[list[dict[str, Any]], int]:
        if self.world.dead:
            raise CloudError("the local cloud ended with exit code 1")
        entries = self.world.entries[since:]
        return entries, since + len(entries)

    def state(self) -> dict[str, Any]:
        return {}

    def inject(self, fault: Mapping[str, Any] | None) -> None:
        self.world.faults.append(fault)

    def stop(self) -> None:
        self.world.ended.append("cloud")

    def client(self, service: str) -> Any:
        world = self.world

        def described(**request: list[str]) -> dict[str, Any]:
            return {"deploymentsInfo": [{"deploymentId": one, "creator": "user"} for one in request["deploymentIds"]]}

        return {
            "sts": SimpleNamespace(get_caller_identity=lambda: {"Account": "123456789012"}),
            "cloudwatch": SimpleNamespace(
                describe_alarms=lambda **request: {
                    "MetricAlarms": [
                        {"AlarmName": name}
                        for name in (world.red.pop() if world.red else [])
                        if name in request["AlarmNames"]
                    ]
                }
            ),
            "cloudformation": SimpleNamespace(describe_stacks=world.describe_stacks, get_paginator=lambda _: world),
            "codedeploy": SimpleNamespace(
                list_deployments=world.list_deployments,
                batch_get_deployments=described,
                list_applications=lambda: {"applications": ["Orders"]},
                list_deployment_groups=lambda **_: {"deploymentGroups": ["Orders"]},
                get_deployment_group=lambda **_: {
                    "deploymentGroupInfo": {"alarmConfiguration": {"alarms": [{"name": WATCHED}]}}
                },
            ),
        }[service]


class FakeCdk:
    def __init__(self, world: World, folder: Path, app: str) -> None:
        self.world = world
        self.app = app
        self.log = folder / "cdk.log"
        self.log.write_text("Error: no such thing\n")

    def bootstrap(self, account: str, region: str) -> None:
        self.world.deployed.append(f"bootstrap {account} {region}")

    def deploy(self, stack: str, context: Mapping[str, str], edit: Edit | None) -> tuple[int, Path]:
        assert stack == ("EstateStack" if self.app == "estate" else "ProdStack")
        assert edit is None
        return self.world.deploy(context["version"]), self.log

    def stop(self) -> None:
        self.world.ended.append("cdk")


class Told:
    """A show that only remembers."""

    def __init__(self) -> None:
        self.ends: list[Result] = []
        self.begun: list[tuple[str, str]] = []
        self.deployed: list[str] = []

    def say(self, text: str) -> None: ...
    def event(self, event: Event) -> None: ...
    def state(self, state: Mapping[str, Any]) -> None: ...
    def answers(self, answers: Sequence[Answer]) -> None: ...
    def begin(self, scenario: Scenario, live: str) -> None:
        self.begun.append((scenario.name, live))

    def deploying(self, version: str) -> None:
        self.deployed.append(version)

    def end(self, result: Result) -> None:
        self.ends.append(result)


Start = Callable[[World], Rehearsal]


@pytest.fixture
def show() -> Told:
    return Told()


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, show: Told) -> Iterator[Start]:
    servers: list[ThreadingHTTPServer] = []

    def prepare(world: World) -> Rehearsal:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler(world))
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        destination = Destination("127.0.0.1", server.server_port, "orders.test", None)
        monkeypatch.setattr(module, "LocalCloud", lambda *_, **__: FakeCloud(world, tmp_path))
        monkeypatch.setattr(module, "CdkCli", lambda app, *_: FakeCdk(world, tmp_path, app.name))
        monkeypatch.setattr(production, "find", lambda *_: destination)
        monkeypatch.setattr(services, "find_services", lambda *_: [SERVICE])
        monkeypatch.setattr(stage, "AFTER_SECONDS", 0.2)
        (tmp_path / "estate").mkdir(exist_ok=True)
        settings = Settings(app_folder=tmp_path, stack="ProdStack", applications={"estate": tmp_path / "estate"})
        workload = Workload(requests=(Request(path="/", confirm="/{id}"),))
        return Rehearsal(settings, workload, tmp_path, show)

    yield prepare
    for server in servers:
        server.shutdown()
        server.server_close()


def test_each_scenario_begins_where_the_last_one_ended(start: Start, show: Told) -> None:
    """After a release the candidate is live, after a rollback the old version still is; no version comes twice."""
    world = World([GOOD, ROLLED_BACK, GOOD])
    names = ["release", "rejected-by-smoke-test", "release"]
    with start(world) as rehearsal:
        rehearsal.deploy_first()
        results = rehearsal.play_all([BY_NAME[name] for name in names])
    assert world.deployed == ["bootstrap 123456789012 eu-west-1", "v1", "v2", "v3", "v4"]
    assert show.begun == [("release", "v1"), ("rejected-by-smoke-test", "v2"), ("release", "v2")]
    assert show.deployed == ["v1", "v2", "v3", "v4"]
    assert [complaint for result in results for complaint in result.complaints] == []
    assert show.ends == results


def test_faults_hit_the_candidate_and_are_taken_back(start: Start) -> None:
    """A scenario's fault names the version that it deploys, and is gone before the next scenario."""
    world = World([ROLLED_BACK])
    with start(world) as rehearsal:
        rehearsal.deploy_first()
        rehearsal.play_all([BY_NAME["crash-at-start"]])
    assert world.faults == [{"fault": "crash-at-start", "version": "v2"}, None]


def test_a_scenario_waits_for_the_alarms_of_the_one_before(start: Start) -> None:
    """A scenario begins only when no alarm that a release watches is red any more."""
    world = World([GOOD])
    with start(world) as rehearsal:
        rehearsal.deploy_first()
        rehearsal.play_all([BY_NAME["release"]])
    assert world.red == []


def test_an_alarm_that_no_release_watches_is_not_waited_for(start: Start) -> None:
    """An objective that was missed may stay red for days; the next scenario begins all the same."""
    world = World([GOOD])
    world.red = [["Slo-Burns"]] * 2
    with start(world) as rehearsal:
        rehearsal.deploy_first()
        rehearsal.play_all([BY_NAME["release"]])
    assert len(world.red) == 1


@pytest.mark.parametrize("reads_back", [True, False])
def test_writes_are_read_back_where_a_scenario_wants_it(start: Start, reads_back: bool) -> None:  # noqa: FBT001 - a table's column
    """Only then acknowledged writes are counted; these acknowledge nothing that could be found, and so are lost."""
    world = World([GOOD])
    with start(world) as rehearsal:
        rehearsal.deploy_first()
        (result,) = rehearsal.play_all([replace(BY_NAME["release"], reads_back=reads_back)])
    assert result.evidence is not None
    assert bool(result.evidence.written) is reads_back
    assert len(result.evidence.lost) == result.evidence.written
    assert result.held is not reads_back


def test_a_stuck_stack_ends_the_rehearsal(start: Start) -> None:
    """When a scenario leaves the stack where no release can begin, the rest are told as not run."""
    world = World([STUCK])
    with start(world) as rehearsal:
        rehearsal.deploy_first()
        first, second = rehearsal.play_all([BY_NAME["release"], BY_NAME["crash-at-start"]])
    assert not first.held
    assert "UPDATE_ROLLBACK_FAILED" in first.complaints[0]
    assert second.complaints == ["not run: release left the stack where no release can begin"]


def test_a_production_that_went_back_afterwards_ends_the_rehearsal(start: Start) -> None:
    """When an alarm takes production back after the command succeeded, the next one cannot know what is live."""
    world = World([GOOD])

    def play(played: stage.Stage) -> None:
        played.deploy(played.next_version())
        world.tell("alarm", name=WATCHED, state="ALARM")
        world.live = "v1"

    with start(world) as rehearsal:
        rehearsal.deploy_first()
        _, second = rehearsal.play_all([replace(BY_NAME["release"], play=play), BY_NAME["crash-at-start"]])
    assert second.complaints == ["not run: release left production on another version than the stack names"]
    assert world.deployed[-1] == "v2"


def test_another_application_is_deployed_by_its_own_scenario(start: Start, show: Told) -> None:
    """It begins with nothing deployed and without a load, has its own cdk, and does not care how others were left."""
    estate = Scenario(
        name="estate",
        summary="another application",
        group="safety",
        expected="succeeded",
        application="estate",
        stack="EstateStack",
        fewest_per_second=0,
        synthesizes=True,
    )
    world = World([STUCK, GOOD])
    with start(world) as rehearsal:
        rehearsal.deploy_first()
        _, result = rehearsal.play_all([BY_NAME["release"], estate])
    assert show.begun == [("release", "v1"), ("estate", "")]
    assert result.complaints == []
    assert result.evidence is not None
    assert result.evidence.loads == {}


def test_a_cloud_that_dies_is_told_with_the_scenario(start: Start) -> None:
    """The death of the cloud while a scenario runs is why that scenario did not hold."""
    world = World([GOOD])
    with start(world) as rehearsal:
        rehearsal.deploy_first()
        world.dead = True
        (result,) = rehearsal.play_all([BY_NAME["release"]])
    assert "the local cloud ended with exit code 1" in result.complaints[0]
    assert result.evidence is None


def test_a_first_version_that_cannot_be_deployed_is_an_error(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a first version there is nothing to rehearse: the error has the stack's status and the reason."""
    world = World([])
    monkeypatch.setattr(World, "deploy", lambda *_: 1)
    world.status = "ROLLBACK_COMPLETE"
    with start(world) as rehearsal, pytest.raises(module.DeployError) as error:
        rehearsal.deploy_first()
    assert str(error.value) == (
        "ProdStack could not be deployed at v1 (cdk exit code 1, stack ROLLBACK_COMPLETE): Error: no such thing"
    )


def test_a_stack_that_never_was_is_an_error_too(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """When synthesis already fails, the line of cdk's output that tells why is repeated."""
    world = World([])

    def absent(*_: object, **__: str) -> None:
        raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, "DescribeStacks")

    monkeypatch.setattr(World, "deploy", lambda *_: 1)
    monkeypatch.setattr(World, "describe_stacks", absent)
    with start(world) as rehearsal, pytest.raises(module.DeployError, match=r"stack absent.*no such thing"):
        rehearsal.deploy_first()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, CloudError("broken")])
def test_whatever_happens_everything_is_ended(start: Start, error: Any) -> None:
    """On Ctrl-C, on SIGTERM and on an error, the commands of all applications, then the cloud, are ended."""
    world = World([])
    with pytest.raises(BaseException), start(world):  # noqa: B017, PT011 - which of three is the table's
        raise error
    assert world.ended == ["cdk", "cdk", "cloud"]


def test_a_start_that_fails_leaves_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """When cdk is missing once the cloud runs, the cloud is ended."""
    world = World([])
    rehearsal = start(world)

    def missing(*_: object) -> None:
        raise CloudError("no cdk")

    monkeypatch.setattr(module, "CdkCli", missing)
    with pytest.raises(CloudError), rehearsal:
        pass
    assert world.ended == ["cloud"]


@pytest.mark.parametrize(
    ("error", "keep", "kept"),
    [(None, False, False), (None, True, True), (CloudError("x"), False, True), (KeyboardInterrupt(), False, False)],
)
def test_the_folder_is_kept_when_somebody_will_look_inside(
    error: BaseException | None,
    keep: bool,  # noqa: FBT001 - a table's column
    kept: bool,  # noqa: FBT001 - likewise
) -> None:
    """Logs stay after an error or a scenario that did not hold, and go otherwise."""
    told: list[Path] = []
    scratch = Scratch(told.append)
    try:
        with scratch:
            folder = scratch.folder
            if keep:
                scratch.keep()
            if error:
                raise error
    except type(error or RuntimeError()):
        pass
    assert folder.exists() == kept
    assert told == ([folder] if kept else [])
    if kept:
        folder.rmdir()


def test_another_system_than_linux_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a loopback address for each task there is no rehearsal, and that is said before anything starts."""
    monkeypatch.setattr(parts.sys, "platform", "darwin")
    with pytest.raises(MissingPartError, match=r"needs Linux, .* got darwin"):
        parts.check_parts(tmp_path)
