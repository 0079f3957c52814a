"""A task: a loopback address, one process per container, and its targets, from start to the last exit code."""

import socket
import sys
import threading
import time
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.images import Launch, UnknownImageError

from . import environment, task_document
from .platform import Platform
from .state import new_id
from .task_spec import Container, TaskSpec

DEFAULT_STOP_TIMEOUT = 30
LEAST_STOP_SECONDS = 1.0
"""Real seconds a process always has to end, however compressed the time: its own shutdown is not compressed."""

LONGEST_BOOT_SECONDS = 10.0
"""Real seconds a task may take until it listens before its targets are registered all the same.

An application's start is not compressed: counted as running from its first instruction, a start of two seconds would
look like two minutes of failed health checks. On AWS a task is registered as soon as its containers run.
"""

_DRAIN_POLL_SECONDS = 0.1
_LONGEST_DRAIN = 3660
"""A target group's longest deregistration delay in cloud seconds, and a minute."""

PENDING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})
"""The states of a task on its way up; ECS counts them as pending."""

_CRASH = (
    sys.executable,
    "-I",
    "-S",
    "-c",
    "import sys; sys.exit('crash-at-start: an injected fault ended this container')",
)


class Task:
    """One task; its methods are called by one task set's thread, except `stop`, which any thread may call.

    Args:
        spec: What to run.
        arn: Its ARN without the id.
        platform: What to run it on.
    """

    def __init__(self, spec: TaskSpec, arn: str, platform: Platform) -> None:
        self.spec = spec
        self.id = new_id()
        self.arn = f"{arn}/{self.id}"
        self.address = platform.network.task_address()
        self.status = "PROVISIONING"
        self.desired_status = "RUNNING"
        self.stop_code: str | None = None
        self.stopped_reason: str | None = None
        self.containers = [Container(definition) for definition in spec.definition["containerDefinitions"]]
        self.was_healthy = False
        self.created_at = platform.clock.now()
        self.started_at: float | None = None
        self._boot_ends = 0.0
        self.stopping_at: float | None = None
        self.stopped_at: float | None = None
        self._platform = platform
        self._lock = threading.Lock()
        self._stopping: threading.Thread | None = None
        self._hurry = threading.Event()

    @property
    def version(self) -> str:
        """The version of the container that takes the traffic, else of the first one."""
        ports = {(lb["containerName"], lb["containerPort"]) for lb in self.spec.load_balancers}
        serving = [c for c in self.containers if any(c.definition["name"] == name for name, _ in ports)]
        return self._platform.images.version((serving or self.containers)[0].definition["image"])

    @property
    def pids(self) -> list[int]:
        """The ids of its running processes."""
        return [c.process.pid for c in self.containers if c.process is not None and c.exit_code is None]

    def start(self) -> None:
        """Read its secrets, start its processes, register its targets; a failure stops it with ECS's reason.

        Once somebody has stopped it nothing of it starts any more. A container that is not essential and whose image
        nobody knows here is left out: the task does without it.
        """
        if not self._becomes("PENDING"):
            return None
        try:
            declared = [environment.resolve(one.definition, self._platform.client) for one in self.containers]
            launches = [self._launch_of(one) for one in self.containers]
            with self._lock:  # whoever stops it finds either no process or all of them
                if self._stopping is not None:
                    return None
                for container, launch, variables in zip(self.containers, launches, declared, strict=True):
                    if launch is not None:
                        self._launch(container, launch, variables)
                self._boot_ends = time.monotonic() + LONGEST_BOOT_SECONDS
                self.status = "ACTIVATING"
        except environment.SecretUnavailableError as error:
            return self.stop("TaskFailedToStart", f"ResourceInitializationError: {error}")
        except UnknownImageError as error:
            return self.stop("TaskFailedToStart", f"CannotPullContainerError: {error}; {error.hint}")
        except OSError as error:
            return self.stop("TaskFailedToStart", f"CannotStartContainerError: {error}")
        if not self.spec.load_balancers:
            self._activate()
        return None

    def check(self) -> None:
        """Notice containers that ended; the end of an essential one stops the task."""
        for container in self.containers:
            if container.process is not None and container.exit_code is None:
                container.exit_code = container.process.poll()
        if self.desired_status == "RUNNING" and any(c.essential and c.exit_code is not None for c in self.containers):
            self.stop("EssentialContainerExited", "Essential container in task exited")
        elif self.status == "ACTIVATING" and (self._listens() or time.monotonic() > self._boot_ends):
            self._activate()

    def _activate(self) -> None:
        """Register its targets: from now on it runs, and its health counts."""
        try:
            self._register()
        except (ClientError, BotoCoreError) as error:
            self.stop("TaskFailedToStart", f"ResourceInitializationError: unable to register targets: {error}")
            return
        if not self._becomes("RUNNING"):
            self._leave_target_groups()  # it may have left them before it was registered
            return
        self.started_at = self._platform.clock.now()
        self._journal(f"task {self.id[:8]} of {self.spec.owner} ({self.version}) started at {self.address}")

    def _becomes(self, status: str) -> bool:
        """Take the next status on the way up; False when it is on its way down already."""
        with self._lock:
            if self._stopping is not None:
                return False
            self.status = status
            return True

    def _listens(self) -> bool:
        """Whether every target accepts connections."""
        for _, target in self._targets():
            try:
                socket.create_connection((target["Id"], target["Port"]), timeout=1).close()
            except OSError:
                return False
        return True

    def stop(self, code: str, reason: str) -> None:
        """Begin to stop: leave the target groups, drain, SIGTERM, SIGKILL after the stop timeout. Returns at once.

        Args:
            code: ECS's stop code.
            reason: ECS's stopped reason.
        """
        with self._lock:
            if self._stopping is not None:
                return
            self.desired_status = "STOPPED"
            self.stop_code, self.stopped_reason = code, reason
            self.status = "DEACTIVATING"
            self.stopping_at = self._platform.clock.now()
            self._stopping = threading.Thread(target=self._shut_down, name=f"stop-{self.id[:8]}", daemon=True)
            self._stopping.start()

    def kill(self) -> None:
        """Kill its processes without a word to anybody; its task set notices when it next looks."""
        for container in self.containers:
            if container.process is not None:
                container.process.kill()

    def pause(self) -> None:
        """Stop its processes where they are, until `resume`."""
        for container in self.containers:
            if container.process is not None:
                container.process.pause()

    def resume(self) -> None:
        """Let its paused processes go on."""
        for container in self.containers:
            if container.process is not None:
                container.process.resume()

    def hurry(self) -> None:
        """Skip what is left of draining and stopping: the cloud itself ends. Blocks until every process is gone."""
        self._hurry.set()
        self.stop("ServiceSchedulerInitiated", "the local cloud ends")
        assert self._stopping is not None  # noqa: S101 - stop() sets it
        self._stopping.join()

    def describe(self) -> Document:
        """Return the task in ECS's form."""
        return task_document.describe(self, self._platform.images)

    def _launch_of(self, container: Container) -> Launch | None:
        """Return how a container runs here; None when it is left out."""
        definition = container.definition
        ports = [mapping["containerPort"] for mapping in definition.get("portMappings", [])]
        port = self._platform.network.local_port(ports[0]) if ports else None
        if not container.essential and not self._platform.images.knows(definition["image"]):
            family = self.spec.definition["family"]
            self._platform.not_run[family, definition["name"]] = definition["image"]
            return None
        return self._platform.images.launch(
            definition["image"], host=self.address, port=port, command=self.spec.command(definition)
        )

    def _launch(self, container: Container, launch: Launch, declared: dict[str, str]) -> None:
        definition = container.definition
        base = environment.base_environment(self._platform.region, self._platform.environment)
        crashes = self._platform.images.version(definition["image"]) in self._platform.crash_at_start
        crash = crashes and not self.spec.is_one_off
        container.log = self._platform.folder / f"{self.id[:12]}-{definition['name']}.log"
        container.process = self._platform.processes.start(
            _CRASH if crash else launch.command,
            directory=launch.directory,
            # bluegreen.toml gives local defaults; what the task definition declares runs in production, and wins.
            environment={**base, **launch.environment, **declared},
            log=container.log,
        )
        container.end_log = self._platform.logs.follow(container.log, definition, self.id)

    def _targets(self) -> Iterator[tuple[str, Document]]:
        for balancer in self.spec.load_balancers:
            # Where the process really listens: a port below 1024 has moved.
            port = self._platform.network.local_port(balancer["containerPort"])
            yield balancer["targetGroupArn"], {"Id": self.address, "Port": port}

    def _register(self) -> None:
        for group, target in self._targets():
            self._platform.client("elbv2").register_targets(TargetGroupArn=group, Targets=[target])

    def _shut_down(self) -> None:
        self._leave_target_groups()
        self.status = "STOPPING"
        for container in self.containers:
            if container.process is not None:
                container.process.terminate()
        for container in self.containers:
            if container.process is not None:
                container.exit_code = container.process.wait_or_kill(self._stop_seconds(container))
                container.end_log()
        self.stopped_at = self._platform.clock.now()
        self.status = "STOPPED"
        self._journal(f"task {self.id[:8]} of {self.spec.owner} ({self.version}) stopped: {self.stopped_reason}")

    def _stop_seconds(self, container: Container) -> float:
        if self._hurry.is_set():
            return LEAST_STOP_SECONDS
        timeout = container.definition.get("stopTimeout", DEFAULT_STOP_TIMEOUT)
        return max(self._platform.clock.real(timeout), LEAST_STOP_SECONDS)

    def _leave_target_groups(self) -> None:
        if self._hurry.is_set():
            return
        for group, target in self._targets():
            try:
                self._platform.client("elbv2").deregister_targets(TargetGroupArn=group, Targets=[target])
                self._drain(group, target)
            except (ClientError, BotoCoreError):
                continue  # the group is gone, and with it the traffic

    def _drain(self, group: str, target: Document) -> None:
        """Wait while the target group lets requests in flight end; a dead process has none."""
        deadline = time.monotonic() + self._platform.clock.real(_LONGEST_DRAIN)
        while self._runs() and time.monotonic() < deadline and not self._hurry.wait(_DRAIN_POLL_SECONDS):
            health = self._platform.client("elbv2").describe_target_health(TargetGroupArn=group, Targets=[target])
            states = [one["TargetHealth"]["State"] for one in health["TargetHealthDescriptions"]]
            if "draining" not in states:
                return

    def _runs(self) -> bool:
        return any(c.process is not None and c.process.poll() is None for c in self.containers)

    def _journal(self, what: str) -> None:
        codes = {c.definition["name"]: c.exit_code for c in self.containers if c.exit_code is not None}
        if self.spec.is_one_off:
            commands = [self.spec.command(c.definition) for c in self.containers]
            of: Document = {"family": self.spec.definition["family"], "command": commands[0]}
        else:
            of = {"service": self.spec.owner}
        self._platform.journal.record(
            "task", what, task=self.id, version=self.version, address=self.address, exit_codes=codes, **of
        )
