import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from bluegreen.rehearsal import local_cloud
from bluegreen.rehearsal.local_cloud import CloudError, LocalCloud, free_ports

PROGRAM = Path(__file__).with_name("fake_cloud.py")


@contextmanager
def cloud(folder: Path, behaviour: str = "works") -> Iterator[LocalCloud]:
    started = LocalCloud(folder, folder, factor=60, command=(sys.executable, str(PROGRAM), behaviour))
    try:
        yield started
    finally:
        started.stop()


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if PROGRAM.name in " ".join(child.cmdline())]


def test_a_cloud_starts_is_asked_and_ends(tmp_path: Path) -> None:
    """The cloud gets its folder, ports and factor; state, journal and faults go over its control port; none is left."""
    with cloud(tmp_path) as running:
        state = running.state()["ecs"]
        assert state["app_dir"] == str(tmp_path)
        assert Path(state["folder"]).is_dir()
        assert state["factor"] == "60"
        assert running.environment()["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{state['port']}"
        running.inject({"fault": "crash-at-start", "version": "v2"})
        running.inject(None)
        entries, position = running.journal(0)
        assert [entry["what"] for entry in entries] == ["fault crash-at-start", "fault None"]
        assert running.journal(position) == ([], 2)
        assert len(children()) == 1
    assert children() == []


def test_an_unknown_fault_is_refused(tmp_path: Path) -> None:
    """What the cloud says against a fault reaches the reader."""
    with cloud(tmp_path) as running, pytest.raises(CloudError, match="unknown fault nonsense"):
        running.inject({"fault": "nonsense"})


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [("fails", "exit code 1: error: no bluegreen.toml in /app"), ("babbles", r"did not start: it said b'Hello")],
)
def test_a_cloud_that_does_not_start_is_an_error(tmp_path: Path, behaviour: str, said: str) -> None:
    """A cloud that ends or says something else instead of being ready is ended, and its last words are told."""
    with pytest.raises(CloudError, match=said) as error, cloud(tmp_path, behaviour):
        pass
    assert "cloud.log" in (error.value.hint or "")
    assert children() == []


def test_a_cloud_that_died_is_told_as_dead(tmp_path: Path) -> None:
    """Asking a cloud that is gone says that it ended, not that a connection was refused."""
    with cloud(tmp_path) as running:
        (child,) = children()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(CloudError, match="ended with exit code -9"):
            running.state()


def test_a_cloud_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left running, even when the cloud ignores that it is told to end."""
    monkeypatch.setattr(local_cloud, "STOP_SECONDS", 0.5)
    with cloud(tmp_path, "stubborn"):
        pass
    assert children() == []


def test_clients_use_the_local_cloud_whatever_the_users_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile that does not exist, or credentials of a real account, are neither needed nor used."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    with cloud(tmp_path) as running:
        client = running.client("ecs")
        assert client.meta.endpoint_url == running.ready.endpoint
        assert client._request_signer._credentials.access_key == "test"


def test_free_ports_differ() -> None:
    """Ports that are asked for together are not the same."""
    assert len(set(free_ports(20))) == 20
