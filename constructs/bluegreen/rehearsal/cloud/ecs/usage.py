"""CPU and memory of tasks as AWS/ECS metrics: measured on local processes, in percent of what the task is given."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

from .platform import Platform
from .task_definitions import units
from .tasks import Task

SAMPLE_SECONDS = 60
"""Cloud seconds between samples, as ECS reports them."""

_FULL = 100.0
_UNITS_PER_CPU = 1024
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """What a task's processes have used: CPU seconds since they started, and bytes of memory now."""

    cpu_seconds: float
    memory_bytes: int


def cpu_percent(before: Reading, after: Reading, real_seconds: float, cpu_units: int) -> float:
    """Return the CPU used between two readings, in percent of the task's units, at most 100.

    Fargate gives a task no more than its units; a local process may use more, which reads as 100.

    Example:
        >>> cpu_percent(Reading(1.0, 0), Reading(1.1, 0), real_seconds=1, cpu_units=512)
        20.0
    """
    used = (after.cpu_seconds - before.cpu_seconds) / real_seconds
    return round(min(_FULL, max(0.0, used * _UNITS_PER_CPU / cpu_units * _FULL)), 6)


def memory_percent(reading: Reading, memory_mib: int) -> float:
    """Return the memory in use, in percent of the task's, at most 100."""
    return min(_FULL, reading.memory_bytes / (memory_mib * _MIB) * _FULL)


class UsageSampler:
    """One thread that measures every running task.

    Args:
        platform: Where the samples go.
        tasks: Returns the tasks there are.
    """

    def __init__(self, platform: Platform, tasks: Callable[[], Iterable[Task]]) -> None:
        self._platform = platform
        self._tasks = tasks
        self._before: dict[str, tuple[float, Reading]] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ecs-usage", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join()

    def sample(self) -> None:
        """Record one sample of each metric for each running task that was there at the last one."""
        now, real_now = self._platform.clock.now(), time.monotonic()
        seen: dict[str, tuple[float, Reading]] = {}
        for task in self._tasks():
            if task.status != "RUNNING":
                continue
            reading = _read(task.pids)
            seen[task.id] = real_now, reading
            if task.id in self._before:
                since, before = self._before[task.id]
                cpu = cpu_percent(before, reading, real_now - since, units(task.spec.definition["cpu"]))
                self._record(task, now, cpu, memory_percent(reading, units(task.spec.definition["memory"])))
        self._before = seen

    def _record(self, task: Task, now: float, cpu: float, memory: float) -> None:
        dimensions = {"ClusterName": task.spec.cluster, "ServiceName": task.spec.owner}
        self._platform.metrics.record("AWS/ECS", "CPUUtilization", dimensions, cpu, now)
        self._platform.metrics.record("AWS/ECS", "MemoryUtilization", dimensions, memory, now)

    def _run(self) -> None:
        while not self._platform.clock.wait(SAMPLE_SECONDS, self._end):
            self.sample()


def _read(pids: Iterable[int]) -> Reading:
    """Add up the processes and their children; one that just ended counts as nothing."""
    cpu_seconds, memory = 0.0, 0
    for pid in pids:
        try:
            root = psutil.Process(pid)
            family = [root, *root.children(recursive=True)]
        except psutil.Error:
            continue
        for process in family:
            try:
                times = process.cpu_times()
                cpu_seconds += times.user + times.system
                memory += process.memory_info().rss
            except psutil.Error:
                continue
    return Reading(cpu_seconds, memory)
