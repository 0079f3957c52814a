"""The cloud's own process, as the rehearsal starts it."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

TOML = '[images.web]\ncommand = ["{python}", "-m", "http.server", "-b", "{host}", "{port}"]\n'


def start(folder: Path, toml: str) -> "subprocess.Popen[str]":
    (folder / "bluegreen.toml").write_text(toml)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["--folder", str(folder / "cloud"), "--port", str(port), "--app-dir", str(folder)]
    command = [sys.executable, "-m", "bluegreen.rehearsal.cloud", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = start(tmp_path, TOML)
    yield process
    process.kill()
    process.communicate()


def fetch(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url, data=data, timeout=10) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def test_the_cloud_starts_listens_on_loopback_only_and_ends_with_everything(cloud: "subprocess.Popen[str]") -> None:
    """It says where it is, shows every part, listens on loopback alone, and leaves no process behind."""
    assert cloud.stdout is not None
    ready = json.loads(cloud.stdout.readline())
    assert Path(ready["ca"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert set(fetch(f"{ready['control']}/state")) == {
        *("ecs", "load_balancing", "cloudwatch", "codedeploy", "rds", "accepted")
    }
    family = [psutil.Process(cloud.pid), *psutil.Process(cloud.pid).children(recursive=True)]
    assert len(family) > 1  # HAProxy at least
    heard = {c.laddr.ip for one in family for c in one.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert heard
    assert all(address.startswith("127.") for address in heard)
    cloud.send_signal(signal.SIGTERM)
    assert cloud.wait(10) == 0
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_faults_are_known_or_refused(cloud: "subprocess.Popen[str]") -> None:
    """Each fault goes to the part that plays it and into the journal; an unknown one is refused by its name."""
    assert cloud.stdout is not None
    control = json.loads(cloud.stdout.readline())["control"]
    for fault in ({"fault": "crash-at-start", "version": "v2"}, {"fault": "errors-after-shift", "version": "v2"}):
        fetch(f"{control}/faults", fault)
    fetch(f"{control}/faults", {"fault": None})
    told = [entry["what"] for entry in fetch(f"{control}/journal")["entries"] if entry["kind"] == "fault"]
    assert told == ["crash-at-start is injected", "errors-after-shift is injected", "faults are cleared"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(f"{control}/faults", {"fault": "rain"})
    with refused.value as answer:
        assert "got 'rain'" in answer.read().decode()


def test_a_broken_file_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """What is wrong with bluegreen.toml is said in one line, without a traceback."""
    process = start(tmp_path, "[images.web]\ncommand = 1")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "images.web.command" in errors
    assert "Traceback" not in errors
