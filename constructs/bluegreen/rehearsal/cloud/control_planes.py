"""Faults of the AWS APIs themselves: they are down for a while, or they throttle their callers."""

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .api import ApiError, Document
from .clock import Clock
from .journal import Journal

if TYPE_CHECKING:
    import threading

RESTART = "control-plane-restart"
THROTTLED = "api-throttled"
FAULTS = frozenset({RESTART, THROTTLED})
"""The faults that are played here."""

LONGEST_RESTART_SECONDS = 3600

OWN_CLIENTS = "bluegreen-local-cloud"
"""What the services' own clients add to their user agent: what AWS does inside counts against nobody's rate."""

_THROTTLING = {
    "application-autoscaling": "ThrottlingException",
    "codedeploy": "ThrottlingException",
    "ecs": "ThrottlingException",
    "elbv2": "Throttling",
}
"""Each throttled service's error code; the query protocol has its own."""


class ControlPlanes:
    """The endpoint's door: it decides which requests are served at all.

    Args:
        clock: The cloud's time, and the gate that every control plane waits at.
        journal: Where the end of a restart is told.
        kill_functions: Ends every function that runs at that moment.
        draw: Returns a random number from 0 up to 1.
    """

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        kill_functions: Callable[[], None],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.clock = clock
        self.journal = journal
        self._kill_functions = kill_functions
        self._draw = draw
        self._throttled_share = 0.0
        self._back: threading.Event | None = None

    def inject(self, fault: Document) -> None:
        """Inject or clear a fault.

        Args:
            fault: `{"fault": "control-plane-restart", "seconds": 120}`: for so long in cloud time, 1 to 3600, no API
                answers, functions that run are killed, and no control plane does anything; tasks, traffic and databases
                go on. `{"fault": "api-throttled", "share": 0.3}`: that share of the calls of CodeDeploy, ECS, Elastic
                Load Balancing and Application Auto Scaling, above 0 up to 1, is throttled until the fault is cleared.
                `{"fault": null}` ends both.

        Raises:
            ValueError: If the seconds or the share are missing or out of range.
        """
        match fault:
            case {"fault": None}:
                self._throttled_share = 0.0
                self._come_back()
            case {"fault": str(kind), "seconds": int(seconds)} if kind == RESTART and (
                1 <= seconds <= LONGEST_RESTART_SECONDS
            ):
                self._go_down(seconds)
            case {"fault": str(kind), "share": int() | float() as share} if kind == THROTTLED and 0 < share <= 1:
                self._throttled_share = share
            case {"fault": str(kind)} if kind == RESTART:
                raise ValueError(f"{RESTART} needs seconds of 1-{LONGEST_RESTART_SECONDS}, got {fault.get('seconds')}")
            case {"fault": str(kind)} if kind == THROTTLED:
                raise ValueError(f"{THROTTLED} needs a share above 0 up to 1, got {fault.get('share')}")

    def refusal(self, botocore_name: str, headers: Mapping[str, str]) -> ApiError | None:
        """Return the error that a request is answered with instead of being served; None to serve it.

        Args:
            botocore_name: The service.
            headers: The request's headers, with lower-case names.
        """
        code = _THROTTLING.get(botocore_name)
        if code is None or OWN_CLIENTS in headers.get("user-agent", "") or self._draw() >= self._throttled_share:
            return None
        return ApiError(code, "Rate exceeded")

    def stop(self) -> None:
        """Let everything that waits go on, so that it can end."""
        if self._back is not None:
            self._back.set()
        self.clock.control_planes.open()

    def _go_down(self, seconds: float) -> None:
        if self._back is not None:
            self._back.set()
        self.clock.control_planes.close()
        self._kill_functions()
        self._back = self.clock.call_later(seconds, self._come_back)

    def _come_back(self) -> None:
        if not self.clock.control_planes.is_open:
            self.clock.control_planes.open()
            self.journal.record("fault", "the control planes are back")
