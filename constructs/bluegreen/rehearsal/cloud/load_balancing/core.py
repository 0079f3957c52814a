"""What all of Elastic Load Balancing's operations share: the records, the data plane, health checks and host counts."""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from bluegreen.rehearsal.cloud.api import ApiError, Document
from bluegreen.rehearsal.cloud.certificates import Authority
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.data_plane import DataPlane
from bluegreen.rehearsal.cloud.haproxy import HaproxyError
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.metrics import MetricStore
from bluegreen.rehearsal.cloud.network import Network

from . import faults, topology
from .access_log import NAMESPACE, AccessLog
from .health import Finding, Probe, judge
from .records import Listener, LoadBalancer, Records, Rule, State, Target, TargetGroup

TICK_SECONDS = 10
"""Cloud time between two samples of the host counts, and between two looks for ended deregistrations."""

_LEAST_TICK_SECONDS = 0.05
_USED = {State.INITIAL, State.HEALTHY, State.UNHEALTHY}


class Core:
    """The records and everything that follows from them.

    Starts HAProxy at once. All public methods are safe to call from any thread.

    Args:
        clock: The cloud's clock.
        metrics: Receives the samples of AWS/ApplicationELB.
        journal: Receives traffic shifts, changes of health, and the data plane's end, should it fail.
        client: Makes boto3 clients of the local cloud, by service name.
        region: The region in ARNs.
        account: The account in ARNs.
        folder: Where HAProxy's files are written, in a folder of their own.
        network: Hands out the load balancers' addresses.
        authority: Finds the certificates that listeners name.
        version_of: Returns the version that runs at a target's address, None when nobody knows; it must not wait for
            load balancing, which holds its lock while it asks.

    Raises:
        HaproxyError: If HAProxy cannot be started.
    """

    botocore_name: ClassVar[str] = "elbv2"

    def __init__(
        self,
        *,
        clock: Clock,
        metrics: MetricStore,
        journal: Journal,
        client: Callable[[str], Any],
        region: str,
        account: str,
        folder: Path,
        network: Network,
        authority: Authority,
        version_of: Callable[[str], str | None],
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._journal = journal
        self._client = client
        self._arn_prefix = f"arn:aws:elasticloadbalancing:{region}:{account}:"
        self._region = region
        self._network = network
        self._authority = authority
        self._version_of = version_of
        self._records = Records()
        self._lock = threading.RLock()
        self._fault: faults.Fault | None = None
        self._probes: dict[int, Probe] = {}
        self._names: dict[str, str] = {}
        self._healthy: dict[str, int] = {}
        self._route_number = 0
        self._stopping = threading.Event()
        log = AccessLog(clock, metrics, self._names, self._healthy)
        own = folder / "load-balancing"
        own.mkdir(parents=True)
        self._data_plane = DataPlane(own, lambda line: log.read(line, time.time()))
        self._data_plane.start()
        self._ticker = threading.Thread(target=self._run, name="load-balancing", daemon=True)
        self._ticker.start()

    def stop(self) -> None:
        """End HAProxy, the health checks and the sampling."""
        self._stopping.set()
        self._ticker.join()
        with self._lock:
            probes = list(self._probes.values())
            self._probes.clear()
            for probe in probes:
                probe.stop()
        for probe in probes:
            probe.join()
        self._data_plane.stop()

    def inject(self, fault: Document) -> None:
        """Put a fault in force in place of any other, for targets that are there and those that come.

        Args:
            fault: See `faults.parse`.

        Raises:
            ValueError: If the document is no fault of the data plane's.
        """
        parsed = faults.parse(fault)
        with self._lock:
            self._fault = parsed
            self._apply()

    # --- for the operations -----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _changing(self, undo: Callable[[], object] = lambda: None) -> Iterator[Records]:
        """Change the records, then make traffic and health checks follow.

        Args:
            undo: Takes the change back when the data plane cannot follow it, as when an address is taken.
        """
        with self._lock:
            yield self._records
            try:
                self._follow()
            except HaproxyError as error:
                undo()
                self._follow()
                raise ApiError("InternalFailure", f"the local data plane refused: {error}", status=500) from error

    def _arn(self, kind: str) -> str:
        return f"{self._arn_prefix}{kind}/{uuid.uuid4().hex[:16]}"

    def _new_route_number(self) -> int:
        self._route_number += 1
        return self._route_number

    def _load_balancer(self, arn: str) -> LoadBalancer:
        try:
            return self._records.load_balancers[arn]
        except KeyError:
            raise ApiError("LoadBalancerNotFound", f"Load balancer '{arn}' not found") from None

    def _target_group(self, arn: str) -> TargetGroup:
        try:
            return self._records.target_groups[arn]
        except KeyError:
            raise ApiError("TargetGroupNotFound", f"Target groups '{arn}' not found") from None

    def _listener(self, arn: str) -> tuple[LoadBalancer, Listener]:
        for owner, listener in self._records.listeners():
            if listener.arn == arn:
                return owner, listener
        raise ApiError("ListenerNotFound", f"Listener '{arn}' not found")

    def _rule(self, arn: str) -> tuple[LoadBalancer, Listener, Rule]:
        for owner, listener in self._records.listeners():
            for rule in listener.in_order():
                if rule.arn == arn:
                    return owner, listener, rule
        raise ApiError("RuleNotFound", f"Rule '{arn}' not found")

    # --- what follows from the records ------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Bring health checks and traffic in line with the records."""
        for group in self._records.target_groups.values():
            used = bool(self._records.users(group.arn))
            for target in group.targets.values():
                self._check_or_not(group, target, used=used)
        registered = {id(t) for group in self._records.target_groups.values() for t in group.targets.values()}
        for gone in self._probes.keys() - registered:
            self._probes.pop(gone).stop()
        self._names.update({listener.frontend: owner.full_name for owner, listener in self._records.listeners()})
        self._names.update({group.backend: group.full_name for group in self._records.target_groups.values()})
        self._apply()

    def _check_or_not(self, group: TargetGroup, target: Target, *, used: bool) -> None:
        """Check a target's health exactly while a load balancer uses its group and it is not draining."""
        if used and target.state is State.UNUSED:
            target.state, target.passed, target.failed = State.INITIAL, 0, 0
            target.reason, target.description = "Elb.InitialHealthChecking", "Initial health checks in progress"
        elif not used and target.state in _USED:
            fresh = Target(target.address, target.port)
            target.state, target.reason, target.description = fresh.state, fresh.reason, fresh.description
        if target.state in _USED and id(target) not in self._probes:
            self._probes[id(target)] = Probe(group, target, self._clock, self._report)
        elif target.state not in _USED and id(target) in self._probes:
            self._probes.pop(id(target)).stop()

    def _report(self, group: TargetGroup, target: Target, finding: Finding) -> None:
        """Take in what a health check found, unless the target left meanwhile."""
        with self._lock:
            if self._stopping.is_set() or id(target) not in self._probes or target.state not in _USED:
                return
            if judge(target, finding, group.settings):
                self._journal.record(
                    "target",
                    f"target {target.name} of {group.name} is {target.state}",
                    target_group=group.name,
                    target=target.name,
                    state=str(target.state),
                    reason=target.reason,
                    description=target.description,
                )
                self._apply()

    def _apply(self) -> None:
        self._data_plane.apply(
            topology.configuration(self._records, certificate_file=self._certificate_file, effects=self._effects())
        )

    def _effects(self) -> Any:
        if self._fault is None:
            return {}
        listeners = [(listener.frontend, listener.port) for _, listener in self._records.listeners()]
        versions = {
            target.name: self._version_of(target.address)
            for group in self._records.target_groups.values()
            for target in group.targets.values()
        }
        return faults.effects(self._fault, listeners, versions)

    def _certificate_file(self, arn: str) -> Path:
        file = self._authority.file(arn)
        if file is None:
            raise ApiError("CertificateNotFound", f"Certificate '{arn}' not found")
        return file

    # --- as time passes ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = max(self._clock.real(TICK_SECONDS), _LEAST_TICK_SECONDS)
        while not self._stopping.wait(pause):
            try:
                self._tick()
            except HaproxyError as error:
                # Whoever watches the rehearsal must learn why traffic stands still.
                self._journal.record("data-plane", f"the data plane failed: {error}", hint=error.hint)
                return

    def _tick(self) -> None:
        """Sample the host counts, and forget targets whose deregistration has ended."""
        with self._lock:
            now = self._clock.now()
            for group in self._records.target_groups.values():
                self._forget_drained(group, now)
                self._sample(group, now)
            if self._fault is not None:
                self._apply()  # a version may have become known since its target was registered

    def _forget_drained(self, group: TargetGroup, now: float) -> None:
        for target in [t for t in group.targets.values() if t.drains_until is not None and t.drains_until <= now]:
            self._data_plane.cut(group.backend, target.name)
            del group.targets[target.key]

    def _sample(self, group: TargetGroup, now: float) -> None:
        states = [target.state for target in group.targets.values()]
        if not states:
            return
        self._healthy[group.backend] = states.count(State.HEALTHY)
        counts = {"HealthyHostCount": State.HEALTHY, "UnHealthyHostCount": State.UNHEALTHY}
        for user in self._records.users(group.arn):
            dimensions = {"LoadBalancer": user.full_name, "TargetGroup": group.full_name}
            for name, state in counts.items():
                self._metrics.record(NAMESPACE, name, dimensions, states.count(state), now)
