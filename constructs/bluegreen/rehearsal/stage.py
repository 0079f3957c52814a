"""What a scenario plays on: the stack as its owner has it, the cloud as an operator reaches it, and a steady load."""

import contextlib
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from bluegreen.errors import RehearsalError

from . import production, services
from .commands import Application, Cloud, Commands, stack_name
from .connection import Answer
from .deploy import Deploy
from .evidence import Event, Evidence
from .services import Service
from .traffic import Traffic
from .watcher import Watcher
from .workload import Workload

STEADY_ANSWERS = 200
"""Answered requests after which a load counts as steady."""

AFTER_SECONDS = 2.0
"""How long the load goes on after the last command returned."""

POLL_SECONDS = 0.2
"""Between two looks at what is waited for."""


class DidNotHappenError(RehearsalError):
    """Something that a scenario waits for did not happen in time."""


class Stage(Commands):
    """What one scenario plays on; a context manager that ends the loads, the commands and the faults of the scenario.

    Args:
        application: What is deployed.
        cloud: Where.
        watcher: Follows the cloud's journal.
        folder: Takes the logs of loads.
        anew: Whether deploys synthesize the application when they do not say.
        deploying: Called with the version of each command that begins.
        on_answers: Called with each batch of a load's answers.

    Attributes:
        folder: Where the scenario may write.
        figures: What the scenario measures, by name, with the unit in the name; told in the report.
    """

    def __init__(
        self,
        application: Application,
        cloud: Cloud,
        watcher: Watcher,
        folder: Path,
        *,
        anew: bool = True,
        deploying: Callable[[str], None] = lambda _: None,
        on_answers: Callable[[list[Answer]], None] | None = None,
    ) -> None:
        super().__init__(application, cloud, deploying, anew=anew)
        self._watcher = watcher
        self.folder = folder
        self._on_answers = on_answers
        self._exit = ExitStack()
        self._loads: dict[str, Traffic] = {}
        self._position = watcher.position()
        self._started = time.monotonic()
        self._first_live = application.versions.live
        self._notes: list[Event] = []
        self._complaints: list[str] = []
        self._others: set[str] = set()
        self._watched: frozenset[str] = frozenset()
        self._broken = False
        self.figures: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._exit.callback(self._mend)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, Exception):
            # The next scenario must find the stack at rest. Ctrl-C does not wait.
            for underway in self._underway:
                underway.join()
        self._exit.close()

    # --- The cloud ---------------------------------------------------------------------------------------------------

    @property
    def service(self) -> Service:
        """The only service of the application's stack.

        Raises:
            NoServiceError: If it has none or several.
        """
        return self.service_of()

    def service_of(self, name: str | None = None, *, stack: str | None = None) -> Service:
        """Return a service by its construct's id, or the only one of a stack.

        Raises:
            NoServiceError: If there is none, or no name is given and there are several.
        """
        owner = stack or self.stack
        return services.choose(services.find_services(self.client, stack_name(owner)), name, owner)

    def client(self, service: str) -> Any:
        """Return a boto3 client of the local cloud, such as `client("ecs")`."""
        return self._cloud.client(service)

    def state(self) -> dict[str, Any]:
        """Return what an operator would look at, by part of the cloud."""
        return self._cloud.state()

    def environment(self) -> Mapping[str, str]:
        """Return the variables that point an operator's AWS clients at the local cloud."""
        return self._cloud.environment()

    def inject(self, fault: Mapping[str, Any] | None) -> None:
        """Break something until the scenario's end, or with None mend everything now.

        Args:
            fault: The fault in the cloud's words. Without a `version` or a `family` it hits the candidate.
        """
        self._broken = fault is not None
        whom = {} if fault is None or "family" in fault else {"version": self.candidate}
        self._cloud.inject(None if fault is None else {**whom, **fault})

    def deployments(self, service: Service) -> list[dict[str, Any]]:
        """Return CodeDeploy's deployments of a service, newest first, as GetDeployment tells them."""
        codedeploy = self.client("codedeploy")
        found = codedeploy.list_deployments(
            applicationName=service.application, deploymentGroupName=service.deployment_group
        )
        return [codedeploy.get_deployment(deploymentId=one)["deploymentInfo"] for one in found["deployments"]]

    def deployment(self, deployment_id: str) -> dict[str, Any]:
        """Return one of CodeDeploy's deployments, as GetDeployment tells it."""
        return dict(self.client("codedeploy").get_deployment(deploymentId=deployment_id)["deploymentInfo"])

    # --- What users see ----------------------------------------------------------------------------------------------

    def start_load(
        self, service: Service | None = None, *, name: str = "production", workload: Workload | None = None
    ) -> None:
        """Send a steady load to a service's production listener until the scenario ends, and wait until it arrives.

        Args:
            service: The stack's only one when omitted.
            name: Of the load, for `Evidence.of_load`.
            workload: The application's when omitted.

        Raises:
            RehearsalError: If nothing answers.
        """
        listener = (service or self.service).production_listener
        destination = production.find(self.client, listener, self._cloud.ready.ca)
        log = self.folder / f"load-{name}.log"
        traffic = Traffic(destination, workload or self._application.workload, log, self._on_answers)
        self._exit.callback(traffic.close)
        self._loads[name] = traffic
        traffic.wait_for(STEADY_ANSWERS)

    def answers(self, name: str = "production") -> list[Answer]:
        """Return what became of a load's requests so far."""
        return self._loads[name].answers()

    # --- Time and truth ----------------------------------------------------------------------------------------------

    def wait_until(self, condition: Callable[[], Any], seconds: float, what: str) -> None:
        """Wait until something is so.

        Args:
            condition: Asked again and again.
            seconds: Real seconds that it may take.
            what: A clause for the error: "the old tasks are gone".

        Raises:
            DidNotHappenError: If it is not so in time.
            RehearsalError: As soon as the cloud has died.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise DidNotHappenError(f"waited {seconds:g} s in vain until {what}")
            time.sleep(POLL_SECONDS)
            self._watcher.check()

    def wait(self, seconds: float) -> None:
        """Let real seconds pass.

        Raises:
            RehearsalError: As soon as the cloud has died.
        """
        self._watcher.wait_past(seconds)

    def timed(self, work: Callable[[], object]) -> float:
        """Do something and return the real seconds that it took."""
        begun = time.monotonic()
        work()
        return time.monotonic() - begun

    def events(self, kind: str, since: float = 0.0, **facts: object) -> list[Event]:
        """Return what the journal says of this scenario so far.

        Args:
            kind: Such as lifecycle or alarm.
            since: Only what happened after this `time.monotonic()`.
            facts: What must be among the event's facts.
        """
        return [
            event
            for event in self._watcher.events(self._position)
            if event.kind == kind and event.at >= since and event.facts.items() >= facts.items()
        ]

    def wait_for_event(self, kind: str, seconds: float, since: float = 0.0, **facts: object) -> Event:
        """Wait for an entry of the journal; see `events`.

        Raises:
            DidNotHappenError: If there is none in time.
        """
        shown = ", ".join(f"{name} {value}" for name, value in facts.items())
        self.wait_until(lambda: self.events(kind, since, **facts), seconds, f"a {kind} event has {shown}")
        return self.events(kind, since, **facts)[0]

    def wait_for_red_alarm(self, seconds: float) -> Event:
        """Wait until an alarm is red that a deployment group watches.

        Raises:
            DidNotHappenError: If there is none in time.
        """
        self._look_at_alarms()

        def red() -> list[Event]:
            return [event for event in self.events("alarm", state="ALARM") if event.facts["name"] in self._watched]

        self.wait_until(red, seconds, "an alarm that turns releases back is red")
        return red()[0]

    def also_serves(self, version: str) -> None:
        """Say that users may meet a version that no command of this scenario deployed."""
        self._others.add(version)

    def note(self, text: str) -> None:
        """Write a line into the scenario's timeline."""
        self._notes.append(Event(time.monotonic(), text, "note"))

    def expect(self, held: object, complaint: str) -> bool:
        """Check something while the scenario runs; what is not true is a reason for the scenario not to hold.

        Args:
            held: What must be true.
            complaint: What is wrong when it is not, with what was seen.
        """
        if not held:
            self._complaints.append(complaint)
        return bool(held)

    def expect_outcome(self, deploy: Deploy, outcome: str, said: str = "") -> bool:
        """Check what became of a command, and that the reason given has some words in it."""
        told = f"cdk exit code {deploy.exit_code}, stack {deploy.stack_status}: {deploy.reason or 'no reason'}"
        return self.expect(
            deploy.outcome == outcome,
            f"the deploy of {deploy.version or deploy.stack} {deploy.outcome}, expected {outcome} ({told})",
        ) and self.expect(said in deploy.reason, f"the reason must say {said!r}, got: {deploy.reason}")

    # --- For the rehearsal -------------------------------------------------------------------------------------------

    def begin_play(self) -> None:
        """Begin to count: what happened before is not the scenario's."""
        self._position = self._watcher.position()
        self._started = time.monotonic()
        self._look_at_alarms()

    def finish(self) -> Evidence:
        """Wait for commands under way, let the load go on for a moment, and return all that was seen.

        Raises:
            RehearsalError: If a command or a load did not come to its end.
        """
        for underway in self._underway:
            underway.wait()
        self._watcher.wait_past(AFTER_SECONDS)
        loads = {name: traffic.stop() for name, traffic in self._loads.items()}
        self._look_at_alarms()
        return Evidence(
            live=self._first_live,
            started=self._started,
            ended=time.monotonic(),
            deploys=tuple(self._deploys),
            loads=loads,
            events=sorted([*self._watcher.events(self._position), *self._notes], key=lambda event: event.at),
            versions=self._watcher.versions(),
            others=frozenset(self._others),
            complaints=tuple(self._complaints),
            figures=dict(self.figures),
            lost=tuple(lost for traffic in self._loads.values() for lost in traffic.lost),
            watched=self._watched,
        )

    def _look_at_alarms(self) -> None:
        """Learn which alarms turn releases back; a group that goes with its stack was known before."""
        self._watched |= services.watched_alarms(self._cloud.client("codedeploy"))

    def _mend(self) -> None:
        # A cloud that is gone needs no mending, and has been told of.
        with contextlib.suppress(RehearsalError):
            if self._broken:
                self.inject(None)
