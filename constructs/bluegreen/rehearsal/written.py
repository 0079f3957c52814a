"""Writes that the service acknowledged: remembered by the load, and read back when it ends."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from .connection import Connection, Destination, message, tls_context
from .workload import FIELD, Request, fields

READ_BACK_SECONDS = 60.0
"""What is not read back by then counts as lost."""

READ_BACK_CONNECTIONS = 8
READ_BACK_ATTEMPTS = 3
READ_BACK_PAUSE_SECONDS = 0.5

SUCCESS = range(200, 300)


class Write(NamedTuple):
    """One acknowledged write.

    Args:
        path: Where it can be read.
        acknowledged: What the service answered to it.
    """

    path: str
    acknowledged: dict[str, Any]

    def is_in(self, body: bytes) -> bool:
        """Whether what is read now still says all that was acknowledged; it may say more.

        Example:
            >>> Write("/orders/1", {"id": 1}).is_in(b'{"id": 1, "note": null}')
            True
            >>> Write("/orders/1", {"id": 1}).is_in(b'{"id": 2}')
            False
        """
        read = _object(body)
        return read is not None and self.acknowledged.items() <= read.items()


class Written:
    """Remembers writes in their order; iterating yields them.

    Attributes:
        unreadable: The acknowledgements that do not say where to read the write.
    """

    def __init__(self) -> None:
        self._writes: list[Write] = []
        self.unreadable: list[str] = []

    def remember(self, confirm: str, acknowledgement: bytes) -> None:
        """Take down a write.

        Args:
            confirm: Where it can be read, with fields of the acknowledgement in braces.
            acknowledgement: The body of the answer, a JSON object.

        Example:
            >>> written = Written()
            >>> written.remember("/orders/{id}", b'{"id": 7, "quantity": 1}')
            >>> [write.path for write in written]
            ['/orders/7']
            >>> written.remember("/orders/{id}", b"thanks")
            >>> written.unreadable
            ['thanks']
        """
        said = _object(acknowledgement)
        if said is None or any(name not in said for name in fields(confirm)):
            self.unreadable.append(acknowledgement.decode(errors="replace")[:100])
            return
        self._writes.append(Write(FIELD.sub(lambda match: str(said[match[1]]), confirm), said))

    def __iter__(self) -> Iterator[Write]:
        return iter(self._writes)


async def read_back(destination: Destination, written: Written) -> list[str]:
    """Read every acknowledged write, and return what is lost: where it should be, and what was found there instead."""
    context = tls_context(destination)
    pending = enumerate(written)
    found: dict[int, str | None] = {}

    async def one() -> None:
        connection = Connection(destination, context)
        try:
            for number, write in pending:
                found[number] = await _instead(connection, write, destination.host)
        finally:
            connection.close()

    workers = [asyncio.create_task(one()) for _ in range(READ_BACK_CONNECTIONS)]
    _, late = await asyncio.wait(workers, timeout=READ_BACK_SECONDS)
    for worker in late:
        worker.cancel()
    never = f"not read within {READ_BACK_SECONDS:g} s"
    read = [(write.path, found.get(number, never)) for number, write in enumerate(written)]
    unreadable = [f"nowhere: acknowledged with {said!r}" for said in written.unreadable]
    return unreadable + [f"{path}: {instead}" for path, instead in read if instead]


async def _instead(connection: Connection, write: Write, host: str) -> str | None:
    """Return what is read instead of a write; None when it is there."""
    request = message(Request(path=write.path), host)
    for attempt in range(READ_BACK_ATTEMPTS):
        await asyncio.sleep(READ_BACK_PAUSE_SECONDS if attempt else 0)
        answer = await connection.send("GET", request)
        if not answer.failed:
            break
    if answer.status in SUCCESS and write.is_in(connection.body):
        return None
    return answer.error or f"{answer.status} {connection.body.decode(errors='replace')[:100]}".strip()


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
