"""Waits for a deployment while noticing everything that ends it early: a stop, a red alarm, its group's deletion."""

import threading
from collections.abc import Callable

from bluegreen.rehearsal.cloud.clock import Clock

from . import halts
from .aws import ActionError, Aws
from .deployment import Deployment, Halt
from .registry import Registry

POLL_SECONDS = 10
"""How often, in cloud time, alarms and task sets are looked at."""

_SHORTEST_REAL_POLL = 0.1
"""Keeps a very fast clock from flooding the other services with questions."""


class HaltedError(Exception):
    """The deployment has to end badly."""

    def __init__(self, halt: Halt) -> None:
        super().__init__(halt.message)
        self.halt = halt


class CloudStopsError(Exception):
    """The local cloud is being stopped: the thread has to end, the deployment stays as it is."""


class Watch:
    """Waits on behalf of one deployment.

    Args:
        deployment: The deployment.
        registry: The state.
        aws: Tells the alarms' states.
        clock: Cloud time.
        stopping: Set when the cloud stops.
    """

    def __init__(
        self, deployment: Deployment, registry: Registry, aws: Aws, clock: Clock, stopping: threading.Event
    ) -> None:
        self._deployment = deployment
        self._registry = registry
        self._aws = aws
        self._clock = clock
        self._stopping = stopping
        self._poll_seconds = max(POLL_SECONDS, _SHORTEST_REAL_POLL * clock.factor)
        self._next_alarm_poll = 0.0

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Wait for cloud time to pass or for something to become true.

        Args:
            seconds: How long at most, in cloud time.
            until: What is waited for; looked at often.

        Returns:
            Whether it became true.

        Raises:
            HaltedError: If the deployment has to end.
            CloudStopsError: If the cloud stops.
        """
        deadline = self._clock.now() + seconds
        while True:
            self._deployment.awake.clear()
            self.check()
            if until():
                return True
            remaining = deadline - self._clock.now()
            if remaining <= 0:
                return False
            self._clock.wait(min(self._poll_seconds, remaining), self._deployment.awake)

    def pause(self, seconds: float) -> None:
        """Let cloud time pass without looking at anything.

        Raises:
            CloudStopsError: If the cloud stops.
        """
        if self._clock.wait(seconds, self._stopping):
            raise CloudStopsError

    def check(self) -> None:
        """Raise when the deployment has to end or the cloud stops; hold on while the control planes are down."""
        self._clock.control_planes.wait(self._stopping)
        if self._stopping.is_set():
            raise CloudStopsError
        with self._registry.lock:
            gone = self._registry.of_deployment(self._deployment) is None
            stop_request = self._deployment.stop_request
        if gone:
            raise HaltedError(halts.group_missing())
        if stop_request:
            raise HaltedError(halts.stopped(stop_request))
        if self._clock.now() >= self._next_alarm_poll:
            self._next_alarm_poll = self._clock.now() + self._poll_seconds
            self._check_alarms()

    def _check_alarms(self) -> None:
        settings = self._deployment.settings
        try:
            states = self._aws.alarm_states()
        except ActionError as error:
            self._alarms_unreadable(str(error))
            return
        red = [name for name in settings.alarms if states.get(name) == "ALARM"]
        if red:
            raise HaltedError(halts.alarms_active(red))
        missing = [name for name in settings.alarms if name not in states]
        if missing:
            self._alarms_unreadable(f"there is no alarm {', '.join(missing)}")

    def _alarms_unreadable(self, reason: str) -> None:
        if not self._deployment.settings.ignore_poll_failure:
            raise HaltedError(halts.alarms_unreadable(reason))
