"""The load generator: steady requests over kept-alive connections, and every failure told.

A process of its own (`python -m bluegreen.rehearsal.load`), so that nothing else makes it late. It reads one JSON line
from standard input that says what to send where, then writes batches of answers to standard output until its input is
closed.

It never retries. A request fails when no whole answer comes (a reset, a refusal, a timeout) or when the status is 500
or more; a kept-alive connection that the server closes unannounced fails the request sent on it. Told to, it reads back
at the end what the service acknowledged to have written.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable

from .connection import Answer, Connection, Destination, message, tls_context
from .workload import Request, Workload, in_turn
from .written import SUCCESS, Written, read_back

FLUSH_SECONDS = 0.2
BACKLOG_SECONDS = 1.0
"""How far a connection may fall behind its plan before what it missed is given up; the achieved rate then tells."""

READ_BACK = b"read back\n"
"""What is written to the generator before its input is closed, when it shall read back what was written."""


async def generate(
    destination: Destination,
    workload: Workload,
    stop: asyncio.Event,
    record: Callable[[Answer], None],
    written: Written,
) -> None:
    """Send the workload until `stop` is set, then wait for the answers still due.

    Args:
        destination: Where it goes.
        workload: What is sent.
        stop: Ends it.
        record: Called with each answer.
        written: Takes what the service acknowledges.
    """
    context = tls_context(destination)
    turns = in_turn(workload.requests)
    messages = {request: message(request, destination.host) for request in workload.requests}
    gap = workload.connections / workload.per_second
    start = time.monotonic()

    async def one(number: int) -> None:
        connection = Connection(destination, context)
        due = start + gap * number / workload.connections
        while not stop.is_set():
            late = time.monotonic() - due
            if late < 0:
                await asyncio.sleep(-late)
                continue
            request = next(turns)
            answer = (await connection.send(request.method, messages[request]))._replace(path=request.path)
            if request.confirm and answer.status in SUCCESS:
                written.remember(request.confirm, connection.body)
                answer = answer._replace(written=True)
            record(answer)
            due += gap if late < BACKLOG_SECONDS else late
        connection.close()

    async with asyncio.TaskGroup() as group:
        for number in range(workload.connections):
            group.create_task(one(number))


async def _main() -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    document = json.loads(await orders.readline())
    workload = Workload(
        requests=tuple(Request(**entry) for entry in document["requests"]),
        per_second=document["per_second"],
        connections=document["connections"],
    )
    stop = asyncio.Event()
    answers: list[Answer] = []

    async def until_told() -> bytes:
        told = await orders.read()
        stop.set()
        return told

    destination, written = Destination(**document["destination"]), Written()
    told = asyncio.create_task(until_told())
    work = asyncio.create_task(generate(destination, workload, stop, answers.append, written))
    while answers or not work.done():
        await asyncio.wait([work], timeout=FLUSH_SECONDS)
        batch, answers[:] = list(answers), []
        sys.stdout.write(json.dumps(batch) + "\n")
        sys.stdout.flush()
    await work
    if await told == READ_BACK:
        sys.stdout.write(json.dumps({"lost": await read_back(destination, written)}) + "\n")


if __name__ == "__main__":
    asyncio.run(_main())
