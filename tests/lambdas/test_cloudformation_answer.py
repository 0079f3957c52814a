"""The answer to CloudFormation, given to a real HTTP server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

import cloudformation_answer
from cloudformation_answer import AnswerError


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_PUT(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.seen.append((dict(self.headers), json.loads(self.rfile.read(length))))
        status = self.server.statuses.pop(0)
        if status:
            self.send_response(status)
            self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(HTTPServer):
    """Answers with the next of its statuses; 0 is no answer at all."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.statuses: list[int] = []


@pytest.fixture
def server() -> Iterator[Server]:
    """Takes answers for as long as the test lasts."""
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def send(server: Server, pauses: list[float]) -> None:
    request = {
        "ResponseURL": f"http://127.0.0.1:{server.server_port}/answer?signature=secret",
        "StackId": "s",
        "RequestId": "r",
        "LogicalResourceId": "l",
    }
    cloudformation_answer.send(
        request, "FAILED", "why", "shop/orders", attributes={"ProductionBlue": 100}, sleep=pauses.append
    )


@pytest.mark.parametrize("before", [[], [503], [500, 0, 429 + 100]])
def test_the_answer_gets_through(server: Server, before: list[int]) -> None:
    """After server errors and broken connections the answer is given again, as CloudFormation wants it."""
    server.statuses = [*before, 200]
    pauses: list[float] = []
    send(server, pauses)
    headers, body = server.seen[-1]
    assert body == {
        "Status": "FAILED",
        "Reason": "why",
        "PhysicalResourceId": "shop/orders",
        "StackId": "s",
        "RequestId": "r",
        "LogicalResourceId": "l",
        "Data": {"ProductionBlue": 100},
    }
    assert not headers.get("Content-Type")
    assert len(pauses) == len(before)
    assert all(0 <= pause <= 4 for pause in pauses)


def test_a_refused_answer_is_not_repeated(server: Server) -> None:
    """An address that has expired stays expired."""
    server.statuses = [403]
    with pytest.raises(AnswerError, match="HTTP 403") as raised:
        send(server, [])
    assert raised.value.final
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [503, 0])
def test_trying_ends(server: Server, status: int) -> None:
    """After six attempts it is an error, which does not show the signed address."""
    server.statuses = [status] * 9
    pauses: list[float] = []
    with pytest.raises(AnswerError) as raised:
        send(server, pauses)
    assert not raised.value.final
    assert (len(server.seen), len(pauses)) == (6, 5)
    assert "signature" not in str(raised.value)
