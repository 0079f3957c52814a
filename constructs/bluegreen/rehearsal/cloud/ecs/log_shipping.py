"""Copies what containers print to CloudWatch Logs, best effort: a log group that is absent never stops a task."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.rehearsal.cloud.api import Document

_INTERVAL = 0.5
_LINES_PER_CALL = 5_000
_BYTES_PER_ROUND = 800_000  # a call may carry 1 MiB
_LONGEST_FLUSH = 5.0
"""Real seconds that the end of a container may wait for its last lines to be copied."""


@dataclass
class _Stream:
    path: Path
    group: str
    name: str
    position: int = 0
    created: bool = False
    ended: bool = False
    shipped: threading.Event = field(default_factory=threading.Event)


class LogShipper:
    """One thread that follows every container's log file.

    Args:
        client: Makes boto3 clients.
        now: The cloud's time, which stamps the lines.
    """

    def __init__(self, client: Callable[[str], Any], now: Callable[[], float]) -> None:
        self._client = client
        self._now = now
        self._streams: list[_Stream] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ecs-logs", daemon=True)
        self._thread.start()

    def follow(self, path: Path, container: Document, task_id: str) -> Callable[[], None]:
        """Start to copy a file; return what to call when nothing more will be written to it.

        That call returns when the last line is in the log, so that whoever sees the task stopped can read it there.

        Args:
            path: The file.
            container: The container definition; without the `awslogs` driver nothing is copied.
            task_id: The task, part of the stream's name.
        """
        configuration = container.get("logConfiguration", {})
        options = configuration.get("options", {})
        if configuration.get("logDriver") != "awslogs" or "awslogs-group" not in options:
            return lambda: None
        parts = (options.get("awslogs-stream-prefix"), container["name"], task_id)
        stream = _Stream(path, options["awslogs-group"], "/".join(part for part in parts if part))
        with self._lock:
            self._streams.append(stream)

        def end() -> None:
            stream.ended = True
            self._wake.set()
            stream.shipped.wait(_LONGEST_FLUSH)

        return end

    def stop(self) -> None:
        """Copy what is there once more, then end."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            self._wake.wait(_INTERVAL)
            self._wake.clear()
            stopping = self._stop.is_set()
            with self._lock:
                streams = list(self._streams)
            for stream in streams:
                ended = stream.ended  # read before the file: what is written later belongs to a later round
                while self._copy(stream) and ended:
                    pass  # what is left may be more than a round takes
                if ended:
                    stream.shipped.set()
                    with self._lock:
                        self._streams.remove(stream)

    def _copy(self, stream: _Stream) -> bool:
        """Copy new whole lines; return whether there were any."""
        lines = list(self._new_lines(stream))
        if not lines:
            return False
        # CloudWatch Logs refuses events of the future, and the cloud's clock runs ahead of the real one.
        stamp = int(min(self._now(), time.time()) * 1000)
        events = [{"timestamp": stamp, "message": line} for line in lines]
        try:
            logs = self._client("logs")
            if not stream.created:
                stream.created = self._create(logs, stream)
            for start in range(0, len(events), _LINES_PER_CALL):
                batch = events[start : start + _LINES_PER_CALL]
                logs.put_log_events(logGroupName=stream.group, logStreamName=stream.name, logEvents=batch)
        except (ClientError, BotoCoreError):
            # The file still has every line; ECS's default mode also drops what it cannot deliver.
            return True
        return True

    @staticmethod
    def _create(logs: Any, stream: _Stream) -> bool:
        try:
            logs.create_log_stream(logGroupName=stream.group, logStreamName=stream.name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
        return True

    @staticmethod
    def _new_lines(stream: _Stream) -> Iterator[str]:
        try:
            with stream.path.open("rb") as file:
                file.seek(stream.position)
                data = file.read(_BYTES_PER_ROUND)
        except OSError:
            return
        if not stream.ended:
            data = data[: data.rfind(b"\n") + 1]
        stream.position += len(data)
        for line in data.decode(errors="replace").splitlines():
            if line.strip():
                yield line
