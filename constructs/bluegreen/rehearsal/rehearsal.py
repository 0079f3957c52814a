"""Plays scenarios: one local cloud, the stack deployed to it by the real cdk, and load while versions change."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self

from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.errors import RehearsalError

from .cdk_cli import CdkCli
from .commands import Application, Versions
from .connection import Answer
from .deploy import Outcome
from .evidence import Event, Evidence
from .left_out import LeftOut
from .local_cloud import CloudError, LocalCloud
from .scenarios.scenario import Scenario
from .services import watched_alarms
from .stage import Stage
from .watcher import Watcher
from .workload import Workload

SETTLE_SECONDS = 120.0
"""How long the alarms of one scenario may take to go quiet before the next."""


class DeployError(RehearsalError):
    """The stack could not be brought to where a scenario can begin."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is rehearsed, and how.

    Args:
        app_folder: Holds cdk.json and bluegreen.toml.
        stack: The stack's name in the application.
        context: Context values for the application instead of those that its bluegreen.toml gives.
        factor: Cloud seconds per real second, at least 1.
        applications: The folders of the project's further applications that scenarios will deploy, by name.
    """

    app_folder: Path
    stack: str
    context: Mapping[str, str] = field(default_factory=dict)
    factor: float = 60.0
    applications: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one scenario ended.

    Args:
        scenario: What was played.
        complaints: What did not hold; empty when all did.
        evidence: None when the scenario did not run to its end.
        wall_seconds: Real time from preparing to the last answer.
    """

    scenario: Scenario
    complaints: Sequence[str]
    evidence: Evidence | None = None
    wall_seconds: float = 0.0

    @property
    def held(self) -> bool:
        """Whether everything that the scenario expects was seen."""
        return not self.complaints


class Show(Protocol):
    """Where a rehearsal tells what it does. Called from several threads."""

    def say(self, text: str) -> None:
        """Tell a step outside the scenarios."""

    def begin(self, scenario: Scenario, live: str) -> None:
        """Tell that a scenario begins."""

    def deploying(self, version: str) -> None:
        """Tell that a command begins; the version is empty where it has none."""

    def event(self, event: Event) -> None:
        """Tell something that happened in the cloud."""

    def state(self, state: Mapping[str, Any]) -> None:
        """Take the cloud's present state."""

    def answers(self, answers: Sequence[Answer]) -> None:
        """Take answers of the steady load."""

    def end(self, result: Result) -> None:
        """Tell how a scenario ended."""


class Rehearsal:
    """A local cloud with the stack's first version live, ready to play scenarios.

    Use it as a context manager: leaving it ends everything that it started.

    Args:
        settings: What is rehearsed.
        workload: The steady load.
        folder: Takes logs and all that the cloud writes.
        show: Where progress is told.

    Raises:
        RehearsalError: If the cloud does not start.
    """

    def __init__(self, settings: Settings, workload: Workload, folder: Path, show: Show) -> None:
        self._settings = settings
        self._workload = workload
        self._folder = folder
        self._show = show
        self._exit = ExitStack()
        self._commands: dict[str, CdkCli] = {}
        self._versions = Versions()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def deploy_first(self) -> None:
        """Bootstrap the cloud and deploy the first version, as for a new account.

        Raises:
            RehearsalError: If that fails, with CloudFormation's reason.
        """
        self._show.say("bootstrapping the local cloud")
        account = self.cloud.client("sts").get_caller_identity()["Account"]
        application = self._application("", self._settings.stack)
        application.cdk.bootstrap(account, self.cloud.ready.region)
        version = application.versions.next()
        self._show.say(f"deploying {application.stack} at {version}")
        with self._stage(application) as stage:
            deploy = stage.deploy(version)
        self._watcher.check()
        if deploy.exit_code:
            raise DeployError(
                f"{application.stack} could not be deployed at {version} "
                f"(cdk exit code {deploy.exit_code}, stack {deploy.stack_status}): {deploy.reason}",
                hint=f"see {deploy.log}",
            )

    def play_all(self, scenarios: Sequence[Scenario]) -> list[Result]:
        """Play scenarios in turn; when one leaves the stack where the next cannot begin, the rest are not run.

        That holds for scenarios of the application that is rehearsed: the others begin with stacks of their own.
        """
        results: list[Result] = []
        stuck = ""
        for scenario in scenarios:
            if stuck and not scenario.application:
                result = Result(scenario=scenario, complaints=[f"not run: {stuck}"])
            else:
                result = self._play_or_tell(scenario)
                if not scenario.application and (why := _stuck(result.evidence)):
                    stuck = f"{scenario.name} left {why}"
            results.append(result)
            self._show.end(result)
        return results

    def left_out(self) -> LeftOut:
        """Say what of the stacks was not played so far; nothing when the cloud has died, for then nothing held."""
        try:
            return LeftOut.of(self.cloud.state())
        except CloudError:
            return LeftOut()

    def _start(self) -> None:
        self._show.say("starting the local cloud")
        factor = self._settings.factor
        self.cloud = LocalCloud(self._settings.app_folder, self._folder, factor=factor)
        self._exit.callback(self.cloud.stop)
        # Made now, so that what is missing is told before a scenario begins.
        folders = {"": self._settings.app_folder, **self._settings.applications}
        for name, folder in folders.items():
            own = self._folder / name
            own.mkdir(exist_ok=True)
            cdk = CdkCli(folder, own, self.cloud.environment(), {} if name else self._settings.context)
            self._exit.callback(cdk.stop)
            self._commands[name] = cdk
        self._watcher = Watcher(self.cloud, on_event=self._show.event, on_state=self._show.state)
        self._watcher.start()
        self._exit.callback(self._watcher.stop)

    def _application(self, name: str, stack: str) -> Application:
        """Return an application as its scenarios find it: the rehearsed one as it was left, the others as new."""
        if name:
            workload = Workload.load(self._settings.applications[name] / "bluegreen.toml")
            return Application(cdk=self._commands[name], stack=stack, workload=workload)
        return Application(cdk=self._commands[""], stack=stack, workload=self._workload, versions=self._versions)

    def _stage(self, application: Application, *, anew: bool = True) -> Stage:
        return Stage(
            application,
            self.cloud,
            self._watcher,
            self._folder,
            anew=anew,
            deploying=self._show.deploying,
            on_answers=self._show.answers,
        )

    def _play_or_tell(self, scenario: Scenario) -> Result:
        """Play one scenario; an error of the rehearsal itself becomes a scenario that did not hold."""
        begun = time.monotonic()
        try:
            evidence = self._play(scenario)
        except (RehearsalError, ClientError, BotoCoreError) as error:
            hint = f" ({error.hint})" if isinstance(error, RehearsalError) and error.hint else ""
            return Result(scenario=scenario, complaints=[f"{error}{hint}"], wall_seconds=time.monotonic() - begun)
        return Result(
            scenario=scenario,
            complaints=scenario.complaints(evidence),
            evidence=evidence,
            wall_seconds=evidence.ended - begun,
        )

    def _play(self, scenario: Scenario) -> Evidence:
        self._settle()
        application = self._application(scenario.application, scenario.stack or self._settings.stack)
        self._show.begin(scenario, application.versions.live)
        with self._stage(application, anew=scenario.synthesizes) as stage:
            if not scenario.application and scenario.fewest_per_second:
                stage.start_load(workload=self._load_of(scenario))
            stage.begin_play()
            scenario.run(stage)
            return stage.finish()

    def _load_of(self, scenario: Scenario) -> Workload:
        """Return the application's load as a scenario wants it."""
        load = self._workload if scenario.reads_back else self._workload.without_confirming()
        return replace(load, connections=scenario.connections or load.connections)

    def _settle(self) -> None:
        """Wait until none of the alarms that turn releases back is red: it would block the next one, and rightly so.

        Others may stay red for long: whoever watches an objective over days has seen the scenario before.
        """
        cloudwatch = self.cloud.client("cloudwatch")
        deadline = time.monotonic() + SETTLE_SECONDS
        while names := watched_alarms(self.cloud.client("codedeploy")):
            described = cloudwatch.describe_alarms(
                AlarmNames=sorted(names), StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
            )
            kinds = ("MetricAlarms", "CompositeAlarms")
            red = [alarm["AlarmName"] for kind in kinds for alarm in described.get(kind, [])]
            if not red:
                return
            if time.monotonic() > deadline:
                raise DeployError(
                    f"still in ALARM {SETTLE_SECONDS:g} s after the scenario before: {', '.join(red)}",
                    hint=f"see {self.cloud.log}",
                )
            self._watcher.wait_past(0.5)


def _stuck(evidence: Evidence | None) -> str:
    """Return where a scenario left the stack when no other can begin there; empty when it can."""
    if evidence is None or evidence.outcome == Outcome.FAILED:
        return "the stack where no release can begin"
    return "production on another version than the stack names" if evidence.turned_afterwards else ""
