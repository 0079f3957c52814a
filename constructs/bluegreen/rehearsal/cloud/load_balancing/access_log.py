"""From HAProxy's access log to the metrics of AWS/ApplicationELB, one request at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.metrics import MetricStore

NAMESPACE = "AWS/ApplicationELB"

_FIELDS = 8


@dataclass(frozen=True)
class Request:
    """A finished request.

    Args:
        finished: Real time, in seconds since the epoch.
        frontend: The data plane's name of the listener.
        backend: Its name of the target group; the frontend's when none was chosen.
        server: The target; None when none was chosen.
        status: What the client received; 0 when it left before any answer.
        response_seconds: How long the target took to begin its answer; None when it never did.
        refused: Whether the connection to the target failed.
    """

    finished: float
    frontend: str
    backend: str
    server: str | None
    status: int
    response_seconds: float | None
    refused: bool


def parse(line: str) -> Request | None:
    """Read a line in `haproxy_config.LOG_FORMAT`; None when it is one of HAProxy's own messages.

    Example:
        >>> parse("1795247308232 l b 127.77.0.2:80 500 1 -- 30").response_seconds
        0.031
    """
    fields = line.split(" ")
    if len(fields) != _FIELDS or not fields[0].isdecimal():
        return None
    finished, frontend, backend, server, status, response, termination, delay = fields
    answered = int(response) >= 0
    # HAProxy's time ends where the target's answer arrives; a delay that we inject comes after and belongs to it.
    milliseconds = int(response) + (int(delay) if delay.isdecimal() else 0)
    return Request(
        finished=int(finished) / 1000,
        frontend=frontend,
        backend=backend,
        server=None if server == "<NOSRV>" else server,
        status=max(int(status), 0),
        response_seconds=milliseconds / 1000 if answered else None,
        refused=termination[:2] in {"SC", "sC"},
    )


def measure(request: Request) -> tuple[dict[str, float], dict[str, float]]:
    """Return what a request adds to the metrics of its target group, and to its load balancer's own answers.

    The first are recorded for the target group and for the load balancer, the second for the load balancer alone.
    """
    target: dict[str, float] = {}
    own: dict[str, float] = {}
    if request.server is not None:
        target["RequestCount"] = 1
    if request.refused:
        target["TargetConnectionErrorCount"] = 1
    kind = request.status // 100
    if request.response_seconds is not None:
        target["TargetResponseTime"] = request.response_seconds
        if kind in {2, 3, 4, 5}:
            target[f"HTTPCode_Target_{kind}XX_Count"] = 1
    elif kind in {3, 4, 5}:
        own[f"HTTPCode_ELB_{kind}XX_Count"] = 1
    return target, own


class AccessLog:
    """Records each request in the metric store, at the cloud time when it finished.

    Args:
        clock: Turns real time into cloud time.
        metrics: Where samples go.
        names: The full names of load balancers by frontend, and of target groups by backend, kept by their owner.
        healthy: How many targets of each backend are healthy, kept by their owner; one that is absent has one.
    """

    def __init__(
        self,
        clock: Clock,
        metrics: MetricStore,
        names: Mapping[str, str],
        healthy: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._names = names
        self._healthy = healthy

    def read(self, line: str, real_now: float) -> None:
        """Take in one line of the log, at real time `real_now` in seconds since the epoch."""
        request = parse(line)
        load_balancer = self._names.get(request.frontend) if request else None
        if request is None or load_balancer is None:
            return
        # A line may have waited; it counts when its request ended.
        at = self._clock.now() - (real_now - request.finished) * self._clock.rate
        target, own = measure(request)
        target_group = self._names.get(request.backend)
        for name, value in target.items():
            if target_group is not None:
                dimensions = {"LoadBalancer": load_balancer, "TargetGroup": target_group}
                self._metrics.record(NAMESPACE, name, dimensions, value, at)
            self._metrics.record(NAMESPACE, name, {"LoadBalancer": load_balancer}, value, at)
        if target_group is not None and "RequestCount" in target:
            # Its sum is, in spite of the name, the average over the group's targets: each request is a share of one.
            share = 1 / max(1, self._healthy.get(request.backend, 1))
            for more in ({}, {"LoadBalancer": load_balancer}):
                dimensions = {"TargetGroup": target_group, **more}
                self._metrics.record(NAMESPACE, "RequestCountPerTarget", dimensions, share, at)
        for name, value in own.items():
            self._metrics.record(NAMESPACE, name, {"LoadBalancer": load_balancer}, value, at)
