"""Evaluates every alarm again and again, in a thread of its own."""

import logging
import threading
import time

from bluegreen.rehearsal.cloud.clock import Clock

from .alarm import Alarm, Verdict, verdict
from .book import AlarmBook
from .definition import Watch
from .judgement import State
from .reading import MetricReader, window_end

TICK_SECONDS = 10
"""How often, in cloud time, alarms are looked at."""

RECHECK_SECONDS = 40
"""For how long after a period's end it is judged again, because samples reach the store a little late."""

_SHORTEST_REAL_TICK = 0.05
"""Keeps a very fast clock from using up the processor."""

_log = logging.getLogger(__name__)


class Evaluator:
    """Judges alarms by their metrics, then composite alarms by those.

    Args:
        book: The alarms.
        reader: Reads their data points.
        clock: Cloud time.
    """

    def __init__(self, book: AlarmBook, reader: MetricReader, clock: Clock) -> None:
        self._book = book
        self._reader = reader
        self._clock = clock
        self._judged: dict[str, tuple[Watch, float, float]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cloudwatch", daemon=True)

    def start(self) -> None:
        """Begin to evaluate."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the present round is over."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def evaluate_all(self) -> None:
        """Judge every alarm that is due, once."""
        now = self._clock.now()
        alarms = self._book.all()
        for alarm in alarms:
            if alarm.watch and self._is_due(alarm.name, alarm.watch, now):
                self._judge_metric(alarm, alarm.watch, now)
        composites = [alarm for alarm in alarms if alarm.rule]
        # A composite may depend on another: as many rounds as there are composites reach the last of a chain, and a
        # cycle, which AWS stops evaluating too, cannot hold the loop.
        for _ in composites:
            for alarm in composites:
                self._judge_composite(alarm)
        for alarm in composites:
            self._book.act_unless_suppressed(alarm)

    def _run(self) -> None:
        while not self._clock.control_planes.wait(self._stop):
            started = time.monotonic()
            try:
                self.evaluate_all()
            except Exception:  # noqa: BLE001 - one failed round must not end all evaluation
                _log.exception("alarms could not be evaluated")
            due = TICK_SECONDS - self._clock.now() % TICK_SECONDS
            spent = time.monotonic() - started
            least = max(_SHORTEST_REAL_TICK, spent) * self._clock.rate
            self._clock.wait(max(due, least), self._stop)

    def _is_due(self, name: str, watch: Watch, now: float) -> bool:
        """Whether there is a new period to judge, or late samples may have reached the one that was judged last."""
        end = window_end(watch.period, now)
        judged_watch, judged_end, judged_at = self._judged.get(name, (None, 0.0, 0.0))
        due = judged_watch is not watch or end > judged_end or judged_at < end + RECHECK_SECONDS
        self._judged[name] = (watch, end, now)
        return due

    def _judge_metric(self, alarm: Alarm, watch: Watch, now: float) -> None:
        end = window_end(watch.period, now)
        if alarm.set_by_hand_at >= end:
            return  # a state set by hand lasts until the next comparison
        if watch.samples_needed and self._reader.sample_count(watch, end) < watch.samples_needed:
            return
        found = verdict(watch, self._reader.points(watch, end, now), end)
        if found is not None:
            self._book.found(alarm, found)

    def _judge_composite(self, alarm: Alarm) -> None:
        if alarm.rule is None:
            return
        states = self._book.states()
        state = State.ALARM if alarm.rule.holds(states) else State.OK
        seen = ", ".join(f"{name} is {states[name]}" for name in sorted(alarm.rule.children) if name in states)
        self._book.found(alarm, Verdict(state, f"rule {alarm.request['AlarmRule']}: {seen}", {}))
