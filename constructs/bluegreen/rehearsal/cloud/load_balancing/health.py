"""Health checks: what one check found, what a target's state becomes, and the thread that goes on checking."""

import http.client
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.clock import Clock

from .records import State, Target, TargetGroup

LEAST_TIMEOUT_SECONDS = 1.0
"""A check's real timeout is never shorter. Targets answer in real time, on a machine that is busy rehearsing: a timeout
shrunk with the clock would call a healthy target dead."""

LEAST_INTERVAL_SECONDS = 0.05
"""Real time between checks is never shorter, whatever the clock's factor: checks must not become load."""


@dataclass(frozen=True)
class Finding:
    """What one check found; `reason` and `description` are AWS's, and empty when it passed."""

    passed: bool
    reason: str = ""
    description: str = ""


PASSED = Finding(passed=True)


def check(target: Target, settings: Document, timeout: float) -> Finding:
    """Send one health check, on a connection of its own.

    Args:
        target: Whom to ask.
        settings: The target group's.
        timeout: Real seconds.
    """
    port = target.port if settings["HealthCheckPort"] == "traffic-port" else int(settings["HealthCheckPort"])
    connection = _connect(target.address, port, timeout, tls=settings["HealthCheckProtocol"] == "HTTPS")
    try:
        headers = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}
        connection.request("GET", settings["HealthCheckPath"], headers=headers)
        status = connection.getresponse().status
    except TimeoutError:
        return Finding(passed=False, reason="Target.Timeout", description="Request timed out")
    except (OSError, http.client.HTTPException):
        return Finding(passed=False, reason="Target.FailedHealthChecks", description="Health checks failed")
    finally:
        connection.close()
    if matches(status, settings["Matcher"]["HttpCode"]):
        return PASSED
    return Finding(
        passed=False,
        reason="Target.ResponseCodeMismatch",
        description=f"Health checks failed with these codes: [{status}]",
    )


def _connect(address: str, port: int, timeout: float, *, tls: bool) -> http.client.HTTPConnection:
    if not tls:
        return http.client.HTTPConnection(address, port, timeout=timeout)
    context = ssl.create_default_context()
    # A load balancer does not check who its targets are.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(address, port, timeout=timeout, context=context)


def matches(status: int, matcher: str) -> bool:
    """Tell whether a status is one of those that a matcher names.

    Example:
        >>> matches(204, "200-299"), matches(204, "200,202")
        (True, False)
    """
    for part in matcher.split(","):
        first, _, last = part.partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False


def judge(target: Target, finding: Finding, settings: Document) -> bool:
    """Count a finding and change the target's state when a threshold is reached.

    A new target is healthy after one passed check; one that was unhealthy needs the healthy threshold.

    Returns:
        Whether the state changed.
    """
    before = target.state
    target.passed, target.failed = (target.passed + 1, 0) if finding.passed else (0, target.failed + 1)
    if finding.passed and (before is State.INITIAL or target.passed >= settings["HealthyThresholdCount"]):
        target.state, target.reason, target.description = State.HEALTHY, "", ""
    elif not finding.passed and target.failed >= settings["UnhealthyThresholdCount"]:
        target.state, target.reason, target.description = State.UNHEALTHY, finding.reason, finding.description
    return target.state is not before


class Probe:
    """Checks one target again and again, from its registration to its deregistration.

    Args:
        group: The target's group; its settings are read anew for each check.
        target: Whom to check.
        clock: The interval is cloud time.
        report: Called with each finding, on the probe's thread.
    """

    def __init__(
        self, group: TargetGroup, target: Target, clock: Clock, report: Callable[[TargetGroup, Target, Finding], None]
    ) -> None:
        self._group = group
        self._target = target
        self._clock = clock
        self._report = report
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"health {target.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Check no more; a check under way is reported nowhere."""
        self._stop.set()

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            settings = self._group.settings
            timeout = max(self._clock.real(settings["HealthCheckTimeoutSeconds"]), LEAST_TIMEOUT_SECONDS)
            finding = check(self._target, settings, timeout)
            if self._stop.is_set():
                return
            self._report(self._group, self._target, finding)
            interval = self._clock.real(settings["HealthCheckIntervalSeconds"])
            self._stop.wait(max(interval, LEAST_INTERVAL_SECONDS))
