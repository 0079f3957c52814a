"""Takes deployments through their lifecycle, each in a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from bluegreen.rehearsal.cloud import functions
from bluegreen.rehearsal.cloud.clock import Clock

from . import faults, halts
from .announcer import Announcer
from .aws import ActionError, Aws
from .deployment import Deployment, Halt, Status, describe_task_sets
from .lifecycle import EVENTS
from .registry import HookExecution, Registry
from .rollback import roll_back, wants_rollback
from .routing import schedule
from .watch import CloudStopsError, HaltedError, Watch

CREATED_SECONDS = 2
"""How long a deployment is only created before it begins."""

INSTALL_SECONDS = 3600
"""How long the replacement task set may take to become steady."""

HOOK_SECONDS = 3600
"""How long a hook may take to answer."""

ROLLBACK_DELAY_SECONDS = 5
"""How long after a failure its rollback exists: the failed deployment does not know the rollback's id at once."""

MINUTE = 60

_log = logging.getLogger(__name__)


class Engine:
    """Runs deployments until they end or the cloud stops.

    Args:
        registry: The state, which the API changes too.
        clock: Cloud time.
        client: Makes boto3 clients.
        announcer: Tells of every step.
    """

    def __init__(self, registry: Registry, clock: Clock, client: Callable[[str], Any], announcer: Announcer) -> None:
        self._registry = registry
        self._clock = clock
        self._client = client
        self._announcer = announcer
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, deployment: Deployment) -> None:
        """Run a deployment that the registry has taken up."""
        aws = Aws(self._client, deployment.settings)
        watch = Watch(deployment, self._registry, aws, self._clock, self._stopping)
        run = Run(
            deployment, aws=aws, watch=watch, registry=self._registry, clock=self._clock, announcer=self._announcer
        )
        thread = threading.Thread(target=run.go, name=f"codedeploy {deployment.id}", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def stop(self) -> None:
        """Let every deployment go, wherever it is; returns when their threads have ended."""
        self._stopping.set()
        with self._registry.lock:
            deployments = list(self._registry.deployments.values())
        for deployment in deployments:
            deployment.awake.set()
        for thread in self._threads:
            thread.join(timeout=10)


class Run:
    """One deployment on its way.

    Args:
        deployment: The deployment.
        aws: The services it works on.
        watch: Waits, and notices what ends it early.
        registry: The state.
        clock: Cloud time.
        announcer: Tells of every step.
    """

    def __init__(
        self, deployment: Deployment, *, aws: Aws, watch: Watch, registry: Registry, clock: Clock, announcer: Announcer
    ) -> None:
        self._deployment = deployment
        self._aws = aws
        self._watch = watch
        self._registry = registry
        self._clock = clock
        self._announcer = announcer
        self._steps: dict[str, Callable[[], None]] = {
            "Install": self._install,
            "AllowTestTraffic": self._allow_test_traffic,
            "AllowTraffic": self._allow_traffic,
        }

    def go(self) -> None:
        """Run the deployment to its end, with its rollback if there is one."""
        try:
            self._deploy()
        except CloudStopsError:
            return
        except HaltedError as halted:
            self._end_badly(halted.halt)
        except ActionError as error:
            self._end_badly(halts.refused(error))
        except Exception as error:  # noqa: BLE001 - whatever broke, production must be given back
            _log.exception("deployment %s", self._deployment.id)
            self._end_badly(halts.broken(error))

    def _deploy(self) -> None:
        self._watch.pause(CREATED_SECONDS)
        with self._registry.lock:
            self._deployment.status, self._deployment.started_at = Status.IN_PROGRESS, self._clock.now()
        self._announcer.announce(self._deployment, "started")
        for event in EVENTS:
            self._watch.check()
            if event == "BeforeAllowTraffic":
                self._wait_until_ready()
            self._pass(event)
        self._remove_original()
        with self._registry.lock:
            self._deployment.status, self._deployment.ended_at = Status.SUCCEEDED, self._clock.now()
            group = self._registry.of_deployment(self._deployment)
            if group:
                group.last_successful = self._deployment
            self._registry.release(self._deployment)
        self._announcer.announce(self._deployment, "succeeded")

    # --- The lifecycle -----------------------------------------------------------------------------------------------

    def _pass(self, event: str) -> None:
        """Take the deployment through one event."""
        with self._registry.lock:
            self._deployment.lifecycle.start(event, self._clock.now())
        self._announcer.tell_event(self._deployment, event, "started")
        step = self._steps.get(event)
        if step:
            step()
        elif event in self._deployment.appspec.hooks:
            self._run_hook(event, self._deployment.appspec.hooks[event])
        with self._registry.lock:
            self._deployment.lifecycle.succeed(event, self._clock.now())
        self._announcer.tell_event(self._deployment, event, "succeeded")

    def _run_hook(self, event: str, function: str) -> None:
        with self._registry.lock:
            execution_id, execution = self._registry.new_hook(self._deployment, event)
        try:
            for _ in range(faults.invocations(self._registry.fault, event)):
                self._aws.invoke_hook(function, self._deployment.id, execution_id)
            began = time.monotonic()
            answered = self._watch.wait(HOOK_SECONDS, until=lambda: self._answered(event, function, execution, began))
        except ActionError as error:
            raise HaltedError(halts.hook_not_invoked(event, function, error)) from error
        finally:
            with self._registry.lock:
                execution.over = True
        if not answered:
            raise HaltedError(halts.hook_silent(event, function, HOOK_SECONDS))
        if execution.answer != "Succeeded":
            raise HaltedError(halts.hook_failed(event, function))

    def _answered(self, event: str, function: str, execution: HookExecution, began: float) -> bool:
        """Look whether a hook has answered, and let its run count in real seconds.

        No factor compresses a function's code, so in cloud time it would seem to run for minutes, and whoever gives it
        one would give it up. The event therefore seems to have started later, the longer its function runs.
        """
        if execution.answer is None and functions.runs(function):
            with self._registry.lock:
                event_under_way = self._deployment.lifecycle.events[event]
                event_under_way.started_at = self._clock.now() - (time.monotonic() - began)
        return execution.answer is not None

    def _install(self) -> None:
        original = self._aws.original()
        weights = self._aws.production_weights()
        if original.live_group not in weights:
            raise ActionError("ELASTIC_LOAD_BALANCING_INVALID", self._aws.not_behind_listener())
        with self._registry.lock:
            self._deployment.original, self._deployment.weights = original, weights
        # AWS does not state what becomes of weights that are wrong when a deployment begins. Here they stay wrong until
        # traffic is shifted, so that nobody counts on a deployment to mend them.
        if original.idle_group not in weights:
            self._shift_to(0)
        # What a deployment left behind that was not rolled back must not share the idle group.
        self._aws.delete_task_sets(keep=original.task_set)
        replacement = self._aws.create_replacement(original, self._deployment.appspec, self._deployment.id)
        with self._registry.lock:
            self._deployment.replacement = replacement
        if not self._watch.wait(INSTALL_SECONDS, until=lambda: self._aws.is_steady(replacement)):
            raise HaltedError(halts.install_timeout(INSTALL_SECONDS // MINUTE))
        self._look()

    def _allow_test_traffic(self) -> None:
        original = self._deployment.original
        if original:
            self._aws.route_test({original.live_group: 0, original.idle_group: 100})

    def _wait_until_ready(self) -> None:
        """Wait to be continued before production traffic moves, if the group asks for it."""
        minutes = self._deployment.settings.ready_wait_minutes
        if minutes is None:
            return
        with self._registry.lock:
            self._deployment.status = Status.READY
        self._announcer.announce(self._deployment, "is ready, waiting to be continued")
        if not self._watch.wait(minutes * MINUTE, until=lambda: self._deployment.continue_ready):
            raise HaltedError(halts.never_continued(minutes))
        with self._registry.lock:
            self._deployment.status = Status.IN_PROGRESS
        self._announcer.tell(self._deployment, "was continued")

    def _allow_traffic(self) -> None:
        for shift in schedule(self._deployment.routing):
            self._watch.wait(shift.wait_minutes * MINUTE)
            self._shift_to(shift.percent)
        if self._deployment.replacement:
            self._aws.make_primary(self._deployment.replacement)
        self._look()

    def _shift_to(self, percent: int) -> None:
        """Send a share of production traffic to the replacement's target group."""
        original = self._deployment.original
        if original:
            weights = {original.live_group: 100 - percent, original.idle_group: percent}
            self._aws.route_production(weights)
            with self._registry.lock:
                self._deployment.weights = weights

    def _remove_original(self) -> None:
        """Keep the original task set for as long as the group says, still watching, then delete it."""
        with self._registry.lock:
            self._deployment.termination_wait_started = True
        minutes = self._deployment.settings.termination_wait_minutes
        self._announcer.tell(self._deployment, f"keeps the original tasks for {minutes} min")
        self._watch.wait(minutes * MINUTE, until=lambda: self._deployment.continue_termination)
        if self._deployment.replacement:
            self._aws.delete_task_sets(keep=self._deployment.replacement)
        self._look()

    # --- The end -----------------------------------------------------------------------------------------------------

    def _end_badly(self, halt: Halt) -> None:
        with self._registry.lock:
            failed = self._deployment.lifecycle.fail(self._clock.now())
            self._deployment.status, self._deployment.halt = halt.status, halt
            self._deployment.ended_at = self._clock.now()
            group_gone = self._registry.of_deployment(self._deployment) is None
        if failed:
            self._announcer.tell_event(self._deployment, failed, "failed")
        self._announcer.announce(self._deployment, f"{halt.status.lower()}: {halt.message}", code=halt.code)
        try:
            if wants_rollback(self._deployment, halt) and not group_gone:
                self._watch.pause(ROLLBACK_DELAY_SECONDS)
                roll_back(
                    self._deployment,
                    aws=self._aws,
                    watch=self._watch,
                    registry=self._registry,
                    clock=self._clock,
                    announcer=self._announcer,
                )
        except CloudStopsError:
            return
        finally:
            self._look()
            with self._registry.lock:
                self._registry.release(self._deployment)

    def _look(self) -> None:
        """Remember the task sets as they are now, for whoever asks when they are gone."""
        try:
            found = describe_task_sets(self._deployment, self._aws.task_sets())
        except ActionError:
            return
        with self._registry.lock:
            self._deployment.task_sets = found
