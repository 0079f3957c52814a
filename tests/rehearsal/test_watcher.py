import threading
from typing import Any

import pytest

from bluegreen.rehearsal.evidence import Event
from bluegreen.rehearsal.local_cloud import CloudError
from bluegreen.rehearsal.watcher import Timekeeper, Watcher


def test_the_clouds_time_becomes_this_processs() -> None:
    """The entry that came soonest sets the clock; differences between entries are exact."""
    time = Timekeeper()
    time.received(real=10.0, now=50.3)  # 0.3 s late
    time.received(real=11.0, now=51.02)  # 0.02 s late
    time.received(real=12.0, now=52.1)
    assert time.here(10.0) == pytest.approx(50.02)
    assert time.here(12.0) - time.here(10.0) == pytest.approx(2.0)


class Cloud:
    """A cloud whose journal grows by one entry a look, and which dies after some looks."""

    def __init__(self, dies_after: int) -> None:
        self.looks = 0
        self._dies_after = dies_after

    def journal(self, since: int) -> tuple[list[dict[str, Any]], int]:
        self.looks += 1
        if self.looks > self._dies_after:
            raise CloudError("the local cloud ended with exit code 1")
        facts = {"address": f"127.77.0.{since}", "version": "v1"}
        return [{"real": 1.0 * since, "what": f"entry {since}", "kind": "task", "facts": facts}], since + 1

    def state(self) -> dict[str, Any]:
        return {"looks": self.looks}


def test_every_entry_is_seen_once_and_in_order() -> None:
    """Events are told as they come, kept, and can be asked for from any position on; the versions are known."""
    told: list[str] = []
    enough = threading.Event()

    def hear(event: Event) -> None:
        told.append(event.what)
        if len(told) == 3:
            enough.set()

    states: list[Any] = []
    watcher = Watcher(Cloud(dies_after=100), on_event=hear, on_state=states.append)
    watcher.start()
    assert enough.wait(10)
    watcher.stop()
    count = watcher.position()
    assert told == [f"entry {number}" for number in range(count)]
    assert [event.what for event in watcher.events(since=1)] == told[1:]
    assert watcher.versions() == {f"127.77.0.{number}": "v1" for number in range(count)}
    assert states
    watcher.check()


def test_the_death_of_the_cloud_is_told() -> None:
    """A cloud that ends while it is watched is an error for whoever asks, not a silent end of the journal."""
    cloud = Cloud(dies_after=1)
    watcher = Watcher(cloud, on_event=lambda _: None, on_state=lambda _: None)
    watcher.start()
    with pytest.raises(CloudError, match="exit code 1"):
        watcher.wait_past(5)
