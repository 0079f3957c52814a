"""The local cloud as seen from the rehearsal: a process to start, to talk to and to end."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bluegreen.errors import RehearsalError

from . import children

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
CALL_SECONDS = 10.0
ATTEMPTS = 10
"""Of one call to AWS: a scenario may have three in ten throttled, and what is looked at must not fail by that."""
DYING_SECONDS = 1.0
"""Between the last answer of a cloud that dies and its end."""


class CloudError(RehearsalError):
    """The local cloud did not start, died, or refused what it was asked."""


@dataclass(frozen=True)
class Ready:
    """What the cloud says when it is up.

    Args:
        endpoint: Where the AWS APIs are.
        control: Where state, journal and faults are.
        ca: The certificate of the authority that signs the local certificates.
        region: The only region.
    """

    endpoint: str
    control: str
    ca: str
    region: str = "us-east-1"


class LocalCloud:
    """A running local cloud.

    Args:
        app_folder: Holds the CDK application and its bluegreen.toml.
        folder: Where the cloud may write.
        factor: Cloud seconds per real second.
        command: What starts it; the cloud of this package when omitted.
    """

    def __init__(self, app_folder: Path, folder: Path, *, factor: float, command: tuple[str, ...] = ()) -> None:
        self.log = folder / "cloud.log"
        port, control_port = free_ports(2)
        arguments = {
            "--folder": folder / "cloud",
            "--port": port,
            "--control-port": control_port,
            "--app-dir": app_folder,
            "--factor": f"{factor:g}",
        }
        (folder / "cloud").mkdir()
        with self.log.open("wb") as log:
            self._process = children.start(
                [
                    *(command or (sys.executable, "-m", "bluegreen.rehearsal.cloud")),
                    *(str(part) for pair in arguments.items() for part in pair),
                ],
                errors=log,
            )
        try:
            self.ready = self._await_ready()
        except BaseException:
            self.stop()
            raise

    def environment(self) -> dict[str, str]:
        """Return the variables that point AWS clients at this cloud."""
        return {
            "AWS_ENDPOINT_URL": self.ready.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.ready.region,
            "AWS_DEFAULT_REGION": self.ready.region,
        }

    def client(self, service: str) -> Any:
        """Return a boto3 client of this cloud, whatever the user's own AWS settings are."""
        import boto3  # noqa: PLC0415 - 0.3 s that `bluegreen rehearse --list` need not wait
        from botocore.config import Config  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415

        nobodys: Any = (None, None, None, None)
        nowhere: Any = (None, None, os.devnull, None)
        files = {"config_file": nowhere, "credentials_file": nowhere}
        session: Any = boto3.Session(botocore_session=Session(session_vars={"profile": nobodys, **files}))
        return session.client(
            service,
            endpoint_url=self.ready.endpoint,
            region_name=self.ready.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - no secret
            config=Config(proxies={}, retries={"mode": "standard", "total_max_attempts": ATTEMPTS}),
        )

    def state(self) -> dict[str, Any]:
        """Return what an operator would look at, by part of the cloud.

        Raises:
            CloudError: If the cloud does not answer.
        """
        state: dict[str, Any] = self._call("/state")
        return state

    def journal(self, since: int) -> tuple[list[dict[str, Any]], int]:
        """Return what happened from position `since` on, and the position to ask from next.

        Raises:
            CloudError: If the cloud does not answer.
        """
        answer = self._call(f"/journal?since={since}")
        return answer["entries"], answer["next"]

    def inject(self, fault: Mapping[str, Any] | None) -> None:
        """Break something, or with None mend what is broken.

        Raises:
            CloudError: If the cloud does not know the fault, or does not answer.
        """
        self._call("/faults", {"fault": None} if fault is None else dict(fault))

    def check_running(self) -> None:
        """Raise if the cloud has ended.

        Raises:
            CloudError: With its exit code and where its log is.
        """
        code = self._process.poll()
        if code is not None:
            raise CloudError(
                f"the local cloud ended with exit code {code}{_last_line(self.log)}", hint=f"see {self.log}"
            )

    def stop(self) -> None:
        """End the cloud and all that runs in it; may be called twice."""
        children.end(self._process, STOP_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _await_ready(self) -> Ready:
        """Read the line that the cloud prints when it is up."""
        assert self._process.stdout is not None  # noqa: S101 - it was started with a pipe
        timer = threading.Timer(READY_SECONDS, self._process.kill)
        timer.daemon = True
        timer.start()
        line = self._process.stdout.readline()
        timer.cancel()
        try:
            said = json.loads(line)
            return Ready(**{name: said[name] for name in Ready.__annotations__ if name in said})
        except (ValueError, KeyError, TypeError):
            how = f"it said {line!r}"
            if not line:
                self._let_die()
                how = f"it ended with exit code {self._process.poll()}"
            children.end(self._process, STOP_SECONDS)
            raise CloudError(
                f"the local cloud did not start: {how}{_last_line(self.log)}", hint=f"see {self.log}"
            ) from None

    def _let_die(self) -> None:
        """Wait a moment for a process that seems to be ending, so that its exit code can be told."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(DYING_SECONDS)

    def _call(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.ready.control}{path}", data)  # noqa: S310 - loopback, made by the cloud
        try:
            with _OPENER.open(request, timeout=CALL_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode(errors="replace")
            raise CloudError(f"the local cloud refused {path} with {error.code}: {said}") from error
        except OSError as error:
            self._let_die()
            self.check_running()
            raise CloudError(f"the local cloud does not answer at {self.ready.control}: {error}") from error


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Goes to loopback directly, whatever proxy the environment names."""


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _last_line(log: Path) -> str:
    """Return what a process said last, as the end of a sentence."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f": {lines[-1].strip()}" if lines else ""
