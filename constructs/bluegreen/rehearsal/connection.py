"""One kept-alive HTTP/1.1 connection of the load generator, and what became of each request on it."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from typing import NamedTuple

from .workload import Request

TARGET_HEADER = "x-bluegreen-target"
"""Added by the local load balancer: the address of the task that answered."""

TIMEOUT_SECONDS = 10.0
"""A request without a whole answer by then has failed."""

SERVER_ERROR = 500
WITHOUT_BODY = (204, 304)


class Answer(NamedTuple):
    """What became of one request.

    Args:
        sent: `time.monotonic()` when it was sent.
        seconds: How long it took.
        status: The HTTP status; None when no whole answer came.
        target: The address of the task that answered; None when the load balancer itself did, or nobody.
        error: Why no whole answer came.
        path: What was asked for.
        written: Whether it acknowledges a write that can be read back.
    """

    sent: float
    seconds: float
    status: int | None
    target: str | None = None
    error: str | None = None
    path: str = ""
    written: bool = False

    @property
    def failed(self) -> bool:
        """Whether a user would have noticed: no answer, or one that blames the server."""
        return self.status is None or self.status >= SERVER_ERROR


@dataclass(frozen=True)
class Destination:
    """Where the load goes.

    Args:
        address: What is connected to.
        port: On that address.
        host: For the Host header, and for TLS the name that the certificate must be for.
        ca_file: The authority that must have signed the certificate; None sends plain HTTP.
    """

    address: str
    port: int
    host: str
    ca_file: str | None


class Connection:
    """One kept-alive HTTP/1.1 connection, opened when first needed.

    Attributes:
        body: That of the last whole answer.
    """

    def __init__(self, destination: Destination, context: ssl.SSLContext | None) -> None:
        self._destination = destination
        self._context = context
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.body = b""

    async def send(self, method: str, message: bytes) -> Answer:
        """Send one request and wait for its whole answer."""
        sent = time.monotonic()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                if self._streams is None:
                    self._streams = await self._open()
                reader, writer = self._streams
                writer.write(message)
                status, headers = await read_head(reader)
                keep, self.body = await read_body(reader, method, status, headers)
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError) as error:
            self.close()
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            return Answer(sent, time.monotonic() - sent, None, None, reason)
        if not keep:
            self.close()
        return Answer(sent, time.monotonic() - sent, status, headers.get(TARGET_HEADER))

    def close(self) -> None:
        """Close the connection, if it is open."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        to = self._destination
        name = to.host if self._context else None
        return await asyncio.open_connection(to.address, to.port, ssl=self._context, server_hostname=name)


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Read a status line and headers, names in lower case; interim (1xx) answers are skipped.

    Raises:
        EOFError: If the connection ends before.
        ValueError: If what comes is not HTTP/1.
    """
    while True:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        protocol, _, rest = first.partition(" ")
        if not protocol.startswith("HTTP/1.") or not rest[:3].isdecimal():
            raise ValueError(f"not an HTTP/1 answer: {first[:80]!r}")
        status = int(rest[:3])
        if status >= 200:  # noqa: PLR2004 - the first final status
            break
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.lower()] = value.strip()
    if protocol == "HTTP/1.0":
        headers.setdefault("connection", "close")
    return status, headers


async def read_body(
    reader: asyncio.StreamReader, method: str, status: int, headers: dict[str, str]
) -> tuple[bool, bytes]:
    """Say whether the connection can be used again once the body is read to its end, and return the body.

    Raises:
        EOFError: If the connection ends before the body does.
        ValueError: If its length or a chunk's is no number.
    """
    keep = headers.get("connection", "").lower() != "close"
    if method == "HEAD" or status in WITHOUT_BODY:
        return keep, b""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        while (await reader.readuntil(b"\r\n")) != b"\r\n":
            pass
        return keep, body
    if "content-length" in headers:
        return keep, await reader.readexactly(int(headers["content-length"]))
    return False, await reader.read()


def message(request: Request, host: str) -> bytes:
    """Return a request as it goes over the wire."""
    body = (request.body or "").encode()
    head = f"{request.method} {request.path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bluegreen-rehearsal\r\n"
    if request.body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def tls_context(destination: Destination) -> ssl.SSLContext | None:
    """Return what verifies the destination's certificate; None for plain HTTP."""
    return ssl.create_default_context(cafile=destination.ca_file) if destination.ca_file else None
