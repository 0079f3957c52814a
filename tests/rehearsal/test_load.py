import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bluegreen.rehearsal import written
from bluegreen.rehearsal.cloud.certificates import Authority
from bluegreen.rehearsal.connection import Answer, Connection, Destination, message
from bluegreen.rehearsal.load import generate
from bluegreen.rehearsal.workload import Request, Workload
from bluegreen.rehearsal.written import Written, read_back

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Bluegreen-Target: 127.77.0.1\r\n\r\nok"


@asynccontextmanager
async def server(
    *scripts: bytes, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, list[asyncio.StreamWriter]]]:
    """Answer the n-th request with the n-th script; one that ends in CLOSE closes the connection after it."""
    connections = []
    remaining = list(scripts)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        try:
            while remaining:
                await reader.readuntil(b"\r\n\r\n")
                script = remaining.pop(0)
                writer.write(script.removesuffix(b"CLOSE"))
                await writer.drain()
                if script.endswith(b"CLOSE"):
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    yield listening.sockets[0].getsockname()[1], connections
    listening.close()
    for writer in connections:
        writer.close()


async def ask(
    port: int, count: int, method: str = "GET", *, host: str = "orders.test", ca: str | None = None
) -> list[Answer]:
    context = ssl.create_default_context(cafile=ca) if ca else None
    connection = Connection(Destination("127.0.0.1", port, host, ca), context)
    request = message(Request(path="/", method=method), host)
    answers = []
    for _ in range(count):
        answers.append(await connection.send(method, request))
        await asyncio.sleep(0.02)  # lets a close that is under way arrive
    connection.close()
    return answers


def run(scripts: list[bytes], count: int, method: str = "GET") -> tuple[list[Answer], int]:
    async def scenario() -> tuple[list[Answer], int]:
        async with server(*scripts) as (port, connections):
            answers = await ask(port, count, method)
            return answers, len(connections)

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("answer", "method"),
    [
        (OK, "GET"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nTrailer: 1\r\n\r\n", "GET"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "GET"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK, "GET"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "GET"),
    ],
)
def test_a_whole_answer_keeps_the_connection(answer: bytes, method: str) -> None:
    """Answers of every framing are read to their end, so that the next request goes over the same connection."""
    answers, connections = run([answer, answer, answer], 3, method)
    assert [one.failed for one in answers] == [False] * 3
    assert connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nokCLOSE",
        b"HTTP/1.1 200 OK\r\n\r\nto the endCLOSE",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nokCLOSE",
    ],
)
def test_an_announced_close_is_no_failure(answer: bytes) -> None:
    """A server may say that it closes; the next request then opens a new connection."""
    answers, connections = run([answer, answer], 2)
    assert [one.failed for one in answers] == [False, False]
    assert connections == 2


def test_an_unannounced_close_fails_the_next_request() -> None:
    """A kept-alive connection that is closed without a word fails the request that is sent on it, and no other."""
    answers, _ = run([OK + b"CLOSE", OK, OK], 3)
    assert [one.failed for one in answers] == [False, True, False]
    assert answers[1].status is None
    assert answers[1].error


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"CLOSE", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshortCLOSE", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabCLOSE", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n", None),
        (b"SSH-2.0-OpenSSH\r\n\r\n", None),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 500),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 503),
    ],
)
def test_what_a_user_would_notice_is_a_failure(answer: bytes, status: int | None) -> None:
    """No answer, half an answer, something else than HTTP, and every 5xx count as failed."""
    (only,), _ = run([answer], 1)
    assert only.failed
    assert only.status == status
    assert bool(only.error) == (status is None)


def test_a_refused_connection_is_a_failure() -> None:
    """Where nobody listens, requests fail; they are neither retried nor forgotten."""
    answers = asyncio.run(ask(1, 2))
    assert [(one.failed, one.status) for one in answers] == [(True, None), (True, None)]


def test_the_target_that_answered_is_recorded() -> None:
    """The address that the load balancer adds to an answer is kept with it."""
    (only,), _ = run([OK], 1)
    assert only.target == "127.77.0.1"


@pytest.mark.parametrize(
    ("host", "trusted", "failed"),
    [("orders.test", True, False), ("other.test", True, True), ("orders.test", False, True)],
)
def test_certificates_are_verified(tmp_path: Path, host: str, trusted: bool, failed: bool) -> None:  # noqa: FBT001 - a table's columns
    """Over TLS an answer counts only when the certificate is from the trusted authority and for the domain."""
    authority, stranger = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue("arn", ["orders.test"]))
    ca = str((authority if trusted else stranger).ca_file)

    async def scenario() -> list[Answer]:
        async with server(OK, tls=context) as (port, _):
            return await ask(port, 1, host=host, ca=ca)

    (only,) = asyncio.run(scenario())
    assert only.failed is failed


def load(seconds: float, workload: Workload, respond: Callable[[bytes], bytes]) -> tuple[list[Answer], int]:
    """Run the generator for a while against a server that answers at once; also say how many connections it took."""
    answers: list[Answer] = []
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"Content-Length: " in head:
                    head += await reader.readexactly(int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]))
                writer.write(respond(head))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def scenario() -> None:
        listening = await asyncio.start_server(handle, "127.0.0.1", 0)
        destination = Destination("127.0.0.1", listening.sockets[0].getsockname()[1], "orders.test", None)
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        await generate(destination, workload, stop, answers.append, Written())
        listening.close()

    asyncio.run(scenario())
    return answers, connections


def test_the_rate_and_the_connections_are_kept() -> None:
    """The load is as many requests a second as asked for, over as many connections as asked for."""
    answers, connections = load(1.0, Workload(per_second=450, connections=16), lambda _: OK)
    assert connections == 16
    assert not [one for one in answers if one.failed]
    assert 400 <= len(answers) <= 467


def test_requests_go_out_as_their_shares_say() -> None:
    """Reads and writes are mixed in the proportion of their shares, and a write carries its JSON."""
    seen: list[bytes] = []

    def respond(request: bytes) -> bytes:
        seen.append(request)
        return OK

    requests = (Request(path="/", share=3), Request(path="/orders", method="POST", body='{"n": 1}', share=1))
    load(0.5, Workload(requests=requests, per_second=200, connections=4), respond)
    writes = [request for request in seen if request.startswith(b"POST /orders HTTP/1.1\r\nHost: orders.test\r\n")]
    assert all(
        request.endswith(b'\r\n\r\n{"n": 1}') and b"Content-Type: application/json" in request for request in writes
    )
    assert len(writes) == pytest.approx(len(seen) / 4, abs=1)


def test_times_are_of_one_clock() -> None:
    """An answer's time is `time.monotonic()`, so that it can be compared with that of other processes."""
    before = time.monotonic()
    (only,), _ = run([OK], 1)
    assert before <= only.sent <= only.sent + only.seconds <= time.monotonic()


def shop(kept: dict[int, bytes], writes: int, *, silent: bool = False) -> tuple[list[Answer], list[str]]:
    """Write so many orders to a server that keeps only those in `kept`, and read back what it acknowledged."""
    answers: list[Answer] = []
    told = Written()
    number = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal number
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"POST"):
                    await reader.readexactly(2)
                    number += 1
                    body, status = b'{"id": %d, "quantity": 1}' % number, b"201"
                elif silent:
                    continue
                else:
                    body = kept.get(int(head.split(b" ")[1].rpartition(b"/")[2]), b"")
                    status = b"200" if body else b"404"
                writer.write(b"HTTP/1.1 %s X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def scenario() -> list[str]:
        listening = await asyncio.start_server(handle, "127.0.0.1", 0)
        destination = Destination("127.0.0.1", listening.sockets[0].getsockname()[1], "orders.test", None)
        request = Request(path="/orders", method="POST", body="{}", confirm="/orders/{id}")
        stop = asyncio.Event()

        def record(answer: Answer) -> None:
            answers.append(answer)
            if len(answers) == writes:
                stop.set()

        await generate(destination, Workload(requests=(request,), connections=1), stop, record, told)
        lost = await read_back(destination, told)
        await asyncio.sleep(0.02)  # lets the server see the connections end
        listening.close()
        return lost

    return answers, asyncio.run(scenario())


def test_writes_that_are_there_are_not_lost() -> None:
    """Every acknowledged write is read where its answer says; there may be more of it by then."""
    answers, lost = shop({1: b'{"quantity": 1, "id": 1}', 2: b'{"id": 2, "quantity": 1, "note": null}'}, 2)
    assert lost == []
    assert [(answer.path, answer.written) for answer in answers] == [("/orders", True)] * 2


def test_a_write_that_is_gone_or_another_one_is_lost() -> None:
    """A write that nobody finds any more, and one that says something else, are told with what was found."""
    _, lost = shop({1: b'{"id": 1, "quantity": 1}', 2: b'{"id": 2, "quantity": 9}'}, 3)
    assert lost == ['/orders/2: 200 {"id": 2, "quantity": 9}', "/orders/3: 404"]


def test_what_is_not_read_back_in_time_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that no longer answers has lost what it acknowledged, and does not hold up the rehearsal."""
    monkeypatch.setattr(written, "READ_BACK_SECONDS", 0.2)
    _, lost = shop({}, 2, silent=True)
    assert lost == ["/orders/1: not read within 0.2 s", "/orders/2: not read within 0.2 s"]
