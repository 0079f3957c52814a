import threading
from collections.abc import Callable

import pytest

from bluegreen.rehearsal.cloud.clock import Clock


class RealTime:
    """Real time that passes only when somebody waits; what is planned for a moment happens at it."""

    def __init__(self) -> None:
        self.at = 0.0
        self.plans: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> float:
        return self.at

    def plan(self, at: float, action: Callable[[], object]) -> None:
        self.plans.append((at, action))

    def pass_by(self, seconds: float) -> None:
        end = self.at + seconds
        while due := sorted((plan for plan in self.plans if plan[0] <= end), key=lambda plan: plan[0]):
            self.plans.remove(due[0])
            self.at = max(self.at, due[0][0])
            due[0][1]()
        self.at = end


class Never(threading.Event):
    """An event that nobody sets; waiting for it lets the time pass."""

    def __init__(self, time: RealTime) -> None:
        super().__init__()
        self._time = time

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self._time.pass_by(timeout)
        return False


@pytest.fixture
def time() -> RealTime:
    return RealTime()


def test_clock_turns_cloud_seconds_into_real_ones() -> None:
    """With a factor of 60 a cloud minute lasts a real second."""
    assert Clock(60).real(60) == 1


def test_clock_never_runs_slower_than_real_time() -> None:
    """A factor below 1 is refused with the value."""
    with pytest.raises(ValueError, match=r"at least 1, got 0\.5"):
        Clock(0.5)


def test_time_runs_at_the_factor_but_for_what_is_not_compressed(time: RealTime) -> None:
    """A real second is a cloud minute, and a cloud second while time is not compressed; it never jumps."""
    clock = Clock(60, time.now)
    start = clock.now()
    time.pass_by(1)
    assert clock.now() - start == pytest.approx(60)
    with clock.uncompressed():
        assert clock.now() - start == pytest.approx(60)
        time.pass_by(5)
        assert clock.now() - start == pytest.approx(65)
    assert clock.now() - start == pytest.approx(65)
    time.pass_by(1)
    assert clock.now() - start == pytest.approx(125)


def test_time_is_compressed_again_when_the_last_one_is_done(time: RealTime) -> None:
    """Two one-off tasks that overlap count as one."""
    clock = Clock(60, time.now)
    first, second = clock.uncompressed(), clock.uncompressed()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert clock.rate == 1
    second.__exit__(None, None, None)
    assert clock.rate == 60


@pytest.mark.parametrize(
    ("begins", "ends", "real"),
    [
        (None, None, 2),  # never uncompressed: 120 s at 60
        (0, 1000, 120),  # all the time
        (1, 31, 31.5),  # 60 s at 60, 30 s at 1, and the last 30 s at 60
        (-1, 60, 61),  # already at the beginning: 60 s at 1, 60 s at 60
    ],
)
def test_a_wait_ends_at_its_moment_of_cloud_time(
    time: RealTime, begins: float | None, ends: float | None, real: float
) -> None:
    """A wait of 120 s lasts 120 s of the cloud's, however often the rate changes meanwhile."""
    clock = Clock(60, time.now)
    uncompressed = clock.uncompressed()
    if begins is not None and ends is not None:
        time.plan(begins, uncompressed.__enter__)
        time.plan(ends, lambda: uncompressed.__exit__(None, None, None))
    time.pass_by(0)
    started = clock.now()
    assert clock.wait(120, Never(time)) is False
    # A look every 50 ms: that late a wait may learn that time is compressed again.
    assert time.at == pytest.approx(real, abs=0.06)
    assert 120 <= clock.now() - started + 1e-6 <= 120 + 0.06 * 60


def test_a_wait_ends_as_soon_as_it_is_stopped(time: RealTime) -> None:
    """What was set before counts at once, also for a wait of nothing."""
    stop = threading.Event()
    stop.set()
    assert Clock(60, time.now).wait(3600, stop) is True
    assert Clock(60, time.now).wait(0, stop) is True
    assert Clock(60, time.now).wait(0, threading.Event()) is False


def test_what_is_called_later_is_called_unless_it_is_cancelled() -> None:
    """The action runs once its moment has come; a cancelled one never does."""
    clock = Clock(3600)
    called, never = threading.Event(), threading.Event()
    clock.call_later(3600, never.set).set()
    clock.call_later(60, called.set)
    assert called.wait(10)
    assert not never.is_set()
