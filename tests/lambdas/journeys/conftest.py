"""The real orders application on a real database, and a server that misbehaves."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from examples.orders.tests.conftest import database_environment, serve_orders  # noqa: F401 - a fixture


@pytest.fixture(scope="session")
def orders_url(database_environment: dict[str, str]) -> Iterator[str]:  # noqa: F811 - the fixture's name
    """The URL of the orders application."""
    with serve_orders(database_environment) as client:
        yield str(client.base_url).rstrip("/")


class Stub(ThreadingHTTPServer):
    """Answers as told, by method and path, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, Any]] = {}
        self.seen: list[tuple[str, dict[str, str], str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Stub

    def _answer(self) -> None:
        asked = f"{self.command} {self.path}"
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.seen.append((asked, dict(self.headers), body))
        status, document = self.server.answers.get(asked, (404, {}))
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A server to be told how to misbehave."""
    server = Stub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def environment() -> Callable[..., dict[str, str]]:
    """Makes the environment of a canary from its URL and steps, as the construct writes it."""

    def make(url: str, *steps: Any) -> dict[str, str]:
        return {
            "BLUEGREEN_URL": url,
            "BLUEGREEN_JOURNEY": json.dumps([step.to_dict() for step in steps]),
            "BLUEGREEN_CANARY": "orders-buys",
        }

    return make
