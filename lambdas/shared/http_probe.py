"""One HTTP request to one address, under the name by which the service is known. Never follows a redirect."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bluegreen.release.judgement import HttpResponse

LONGEST_BODY_BYTES = 1 << 20
"""How much of a body is read; the rest is not looked at."""
_HEADERS = {
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "bluegreen-smoke-tests",  # firewalls refuse requests that do not say who sends them
}


@dataclass(frozen=True)
class Endpoint:
    """Where requests go, and under which name.

    Args:
        address: The IP address to connect to.
        port: The port to connect to.
        host: The name for the Host header, SNI and the certificate's check.
        tls: Whether to speak HTTPS; the certificate is always verified.
    """

    address: str
    port: int
    host: str
    tls: bool


class ProbeError(Exception):
    """No answer came; the text says why."""


class _Connection(http.client.HTTPConnection):
    """Connects to an address but verifies and names the host."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        super().__init__(endpoint.host, endpoint.port, timeout=timeout)
        self._endpoint = endpoint
        self._live: socket.socket | None = None

    def connect(self) -> None:
        self.sock = self._live = socket.create_connection((self._endpoint.address, self._endpoint.port), self.timeout)
        if self._endpoint.tls:
            context = ssl.create_default_context()
            # The handshake waits until the socket is known here, so that it can be aborted as well.
            wrapped = context.wrap_socket(self.sock, server_hostname=self._endpoint.host, do_handshake_on_connect=False)
            self.sock = self._live = wrapped
            wrapped.do_handshake()

    def abort(self) -> None:
        """End whatever the connection waits for."""
        # Not `sock`: http.client lets go of it before the body is read.
        if self._live is not None:
            try:
                socket.socket.shutdown(self._live, socket.SHUT_RDWR)  # SSLSocket's own is not for other threads
            except OSError:
                return  # closed meanwhile


def send(
    endpoint: Endpoint, method: str, path: str, *, headers: Mapping[str, str], body: str | None, timeout_seconds: float
) -> HttpResponse:
    """Send one request and read its answer.

    Args:
        endpoint: Where to.
        method: The request's method.
        path: Path and query.
        headers: Headers to send beside Host.
        body: Text to send, as UTF-8.
        timeout_seconds: How long all of it may take, from connecting to the body's last byte.

    Returns:
        The answer, with at most `LONGEST_BODY_BYTES` of its body.

    Raises:
        ProbeError: If no answer came in time, the connection failed, or the certificate was refused.
    """
    started = time.monotonic()
    connection = _Connection(endpoint, timeout_seconds)
    watchdog = threading.Timer(timeout_seconds, connection.abort)  # a socket's timeout starts anew with each byte
    watchdog.daemon = True
    watchdog.start()
    sent = _HEADERS | dict(headers) | {"Host": endpoint.host}
    try:
        connection.request(method, path, body=None if body is None else body.encode(), headers=sent)
        answer = connection.getresponse()
        content = answer.read(LONGEST_BODY_BYTES)
    except (OSError, http.client.HTTPException) as error:
        if time.monotonic() - started >= timeout_seconds:
            raise ProbeError(f"nothing complete within {timeout_seconds:g} s") from error
        raise ProbeError(f"{type(error).__name__}: {error}") from error
    finally:
        watchdog.cancel()
        connection.close()
    milliseconds = round((time.monotonic() - started) * 1000)
    if milliseconds >= timeout_seconds * 1000:
        raise ProbeError(f"nothing complete within {timeout_seconds:g} s")  # the watchdog may have cut the body short
    return HttpResponse(answer.status, _joined(answer.getheaders()), content, milliseconds)


def _joined(headers: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined
