"""The picture of a rehearsal at one moment, made of the cloud's state, its journal and the load. Pure."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .connection import Answer
from .evidence import Event

RECENT = 450
"""How many of the latest answers tell how production is shared now: about a second of load."""

PRODUCTION_PORTS = {443: 0, 80: 1}
"""The ports that users come to, in the order in which they are looked for."""

LATEST = 6
"""How many of the latest events are shown."""

QUIET_KINDS = frozenset({"target"})
"""Kinds of events that come too often to be read as they come."""

STEPS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
"""CodeDeploy's lifecycle of an ECS deployment."""


@dataclass(frozen=True)
class VersionView:
    """Where one version is.

    Args:
        version: Its label.
        role: "live", "candidate" or "leaving".
        running: Tasks that run.
        desired: Tasks that should.
        weight: What the production listener sends it, of 100; None when it sends to no task of this version.
        share: Of production's latest answers, 0-1, as measured.
    """

    version: str
    role: str
    running: int
    desired: int
    weight: int | None
    share: float


@dataclass
class View:
    """What is shown while a scenario runs; fed from several places, each under the display's lock.

    Args:
        live: The version that served when it began.
        candidate: The version that is being deployed.
    """

    live: str
    candidate: str
    requests: int = 0
    failed: int = 0
    step: str = ""
    latest: deque[str] = field(default_factory=lambda: deque(maxlen=LATEST))
    _addresses: dict[str, str] = field(default_factory=dict)
    _recent: deque[str] = field(default_factory=lambda: deque(maxlen=RECENT))
    _task_sets: Sequence[Mapping[str, Any]] = ()
    _weights: Mapping[str, int] = field(default_factory=dict)
    _alarms: Mapping[str, str] = field(default_factory=dict)

    def take_event(self, event: Event) -> None:
        """Learn of something that happened."""
        if event.kind == "task" and event.facts.get("address"):
            self._addresses[event.facts["address"]] = event.facts.get("version", "")
        if event.kind == "lifecycle" and event.facts.get("event") in STEPS:
            self.step = event.facts["event"]
        if event.kind not in QUIET_KINDS:
            self.latest.append(event.what)

    def take_state(self, state: Mapping[str, Any]) -> None:
        """Learn how the cloud stands."""
        services = state.get("ecs", {}).get("services", [])
        self._task_sets = [task_set for service in services for task_set in service.get("taskSets", [])]
        for task in (task for task_set in self._task_sets for task in task_set.get("tasks", [])):
            self._addresses[task["address"]] = task["version"]
        self._weights = production_weights(state.get("load_balancing", {}))
        self._alarms = {alarm["name"]: alarm["state"] for alarm in state.get("cloudwatch", {}).get("alarms", [])}

    def take_answers(self, answers: Iterable[Answer]) -> None:
        """Learn what became of requests."""
        for answer in answers:
            self.requests += 1
            self.failed += answer.failed
            if answer.target is not None:
                self._recent.append(answer.target)

    @property
    def step_number(self) -> int:
        """Which step of the lifecycle this is, from 1; 0 before the first."""
        return STEPS.index(self.step) + 1 if self.step else 0

    @property
    def red_alarms(self) -> list[str]:
        """The names of the alarms that are in ALARM."""
        return sorted(name for name, state in self._alarms.items() if state == "ALARM")

    @property
    def alarm_count(self) -> int:
        """How many alarms there are."""
        return len(self._alarms)

    def versions(self) -> list[VersionView]:
        """Return every version that has tasks or served lately; the live one first, then the candidate."""
        served = Counter(self._addresses.get(address) for address in self._recent)
        running: Counter[str] = Counter()
        desired: Counter[str] = Counter()
        for task_set in self._task_sets:
            running[task_set["version"]] += task_set.get("running", 0)
            desired[task_set["version"]] += task_set.get("desired", 0)
        known = {version for version in (*served, *desired) if version} | {self.live, self.candidate}
        total = sum(served.values()) or 1
        order = {self.live: (0, ""), self.candidate: (1, "")}
        return [
            VersionView(
                version,
                self._role(version),
                running[version],
                desired[version],
                self._weights.get(version),
                served[version] / total,
            )
            for version in sorted(known, key=lambda version: order.get(version, (2, version)))
        ]

    def _role(self, version: str) -> str:
        return {self.live: "live", self.candidate: "candidate"}.get(version, "leaving")


def production_weights(load_balancing: Mapping[str, Any]) -> dict[str, int]:
    """Return what the production listener sends to each version, of 100 in all.

    Args:
        load_balancing: The load balancers' part of the cloud's state.
    """
    forwarding = [
        listener
        for owner in load_balancing.get("load_balancers", [])
        for listener in owner["listeners"]
        if listener["weights"]
    ]
    if not forwarding:
        return {}
    # Without asking CodeDeploy on every look: users come by HTTPS, or by HTTP where there is no certificate.
    listener = min(forwarding, key=lambda one: PRODUCTION_PORTS.get(one["port"], len(PRODUCTION_PORTS)))
    weights = listener["weights"]
    total = sum(weights.values()) or 1
    found: Counter[str] = Counter()
    for group, weight in weights.items():
        targets = load_balancing.get("target_groups", {}).get(group, {}).get("targets", [])
        for version in {target["version"] for target in targets if target.get("version")}:
            found[version] += round(100 * weight / total)
    return dict(found)
