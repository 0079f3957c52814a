import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud import extension
from bluegreen.rehearsal.cloud.acceptance import Acceptance
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.control import Control
from bluegreen.rehearsal.cloud.control_planes import ControlPlanes
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.metrics import MetricName, MetricStore
from bluegreen.rehearsal.cloud.network import Network

ACCEPTANCE = Acceptance(region="eu-west-1", account="123456789012")


def test_network_never_hands_out_an_address_twice() -> None:
    """Task addresses are distinct, also past the first 255."""
    network = Network(first=1)
    addresses = [network.task_address() for _ in range(600)]
    assert len(set(addresses)) == 600
    assert addresses[255:257] == ["127.77.1.0", "127.77.1.1"]


def test_metrics_of_other_dimensions_are_other_metrics() -> None:
    """A sample is found only under its exact dimensions, and only inside the window."""
    store = MetricStore()
    store.record("AWS/X", "Count", {"A": "1", "B": "2"}, 5, at=10)
    exact = MetricName("AWS/X", "Count", frozenset({("A", "1"), ("B", "2")}))
    partial = MetricName("AWS/X", "Count", frozenset({("A", "1")}))
    assert store.between(exact, 10, 11) == [5]
    assert store.between(exact, 0, 10) == []
    assert store.between(partial, 0, 100) == []


def test_metrics_are_forgotten_after_their_retention() -> None:
    """Samples older than the retention make room for new ones."""
    store = MetricStore(retention_seconds=60)
    for at in (0, 100):
        store.record("AWS/X", "Count", {}, 1, at=at)
    assert store.between(MetricName("AWS/X", "Count", frozenset()), 0, 200) == [1]


@given(
    st.lists(st.floats(0, 3600), max_size=40), st.floats(0, 3600), st.one_of(st.floats(0, 3600), st.just(float("inf")))
)
def test_a_window_has_exactly_what_was_seen_in_it(moments: list[float], start: float, end: float) -> None:
    """In whatever order samples come, and whether the window is shorter or longer than what is kept."""
    store, metric = MetricStore(), MetricName("AWS/X", "Count", frozenset())
    for moment in moments:
        store.record("AWS/X", "Count", {}, moment, at=moment)
    assert sorted(store.between(metric, start, end)) == sorted(one for one in moments if start <= one < end)
    assert store.first(metric) == (min(moments) // 60 * 60 if moments else None)


@given(st.integers(0, 3600), st.integers(0, 300))
def test_a_short_window_of_many_samples_has_exactly_its_own(start: int, seconds: int) -> None:
    """A few minutes of a busy hour, wherever in a minute they begin and end, in order."""
    store, metric = MetricStore(), MetricName("AWS/X", "Count", frozenset())
    for moment in range(0, 3600, 7):
        store.record("AWS/X", "Count", {}, moment, at=moment)
    assert store.between(metric, start, start + seconds) == [
        one for one in range(0, 3600, 7) if start <= one < start + seconds
    ]


@pytest.fixture
def control() -> Iterator[Control]:
    faults: list[dict[str, Any]] = []

    def inject(fault: dict[str, Any]) -> None:
        if "fault" not in fault:
            raise ValueError("a fault document needs a fault")
        faults.append(fault)

    journal = Journal(lambda: 42.0)
    journal.record("task", "task started", address="127.77.0.1")
    server = Control(0, snapshots={"ecs": lambda: {"services": []}}, journal=journal, inject=inject)
    server.start()
    yield server
    server.stop()


def fetch(url: str, body: dict[str, Any] | None = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(url, data=data, timeout=5) as response:  # noqa: S310 - loopback
        return json.load(response)


def test_control_shows_state_and_journal(control: Control) -> None:
    """The state has every part's snapshot; the journal goes on from where the reader was."""
    assert fetch(f"{control.url}/state") == {"ecs": {"services": []}}
    page = fetch(f"{control.url}/journal?since=0")
    assert page["next"] == 1
    (entry,) = page["entries"]
    assert 0 <= entry.pop("real") < 60
    assert entry == {
        "at": 42.0,
        "what": "task started",
        "kind": "task",
        "facts": {"address": "127.77.0.1"},
    }
    assert fetch(f"{control.url}/journal?since=1") == {"entries": [], "next": 1}


def test_control_refuses_a_fault_it_does_not_understand(control: Control) -> None:
    """A malformed fault is answered with 400, a known one with 200."""
    assert fetch(f"{control.url}/faults", {"fault": None}) == {}
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        fetch(f"{control.url}/faults", {})
    refused.value.close()


def test_ministack_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown ministack stops the rehearsal before anything runs, with the command that repairs it."""
    monkeypatch.setattr(extension.importlib.metadata, "version", lambda _: "9.9.9")
    with pytest.raises(extension.IncompatibleMinistackError, match=r"must be 1\.5\.33, got 9\.9\.9") as refused:
        extension.install([], [], ACCEPTANCE, ControlPlanes(Clock(), Journal(lambda: 0.0), lambda: None))
    assert refused.value.hint == "pip install ministack==1.5.33"


def test_a_missing_table_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ministack without one of the tables is refused by the table's name."""
    monkeypatch.setattr(extension, "_TABLES", (("ministack.core.router", "NO_SUCH_TABLE"),))
    with pytest.raises(extension.IncompatibleMinistackError, match=r"lacks ministack\.core\.router\.NO_SUCH_TABLE"):
        extension.install([], [], ACCEPTANCE, ControlPlanes(Clock(), Journal(lambda: 0.0), lambda: None))
