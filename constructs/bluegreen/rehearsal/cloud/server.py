"""Runs ministack, extended by our services, inside this process until it is told to stop."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

from .acceptance import Acceptance
from .api import ResourceType, Service
from .control_planes import ControlPlanes


def prepare_environment(*, port: int, region: str, account: str, factor: float, folder: Path, ca_file: Path) -> None:
    """Set what ministack reads from its environment at import; Lambda processes inherit it.

    Args:
        port: The port of the AWS endpoint on 127.0.0.1.
        region: The only region.
        account: The account's number.
        factor: Cloud seconds per real second: Step Functions' waits shrink by it.
        folder: Where ministack may write.
        ca_file: The local authority's certificate, which clients are to trust.
    """
    os.environ.update(
        {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": account,
            "MINISTACK_REGION": region,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "SFN_WAIT_SCALE": str(1 / factor),
            "LAMBDA_EXECUTOR": "local",
            "IOT_MTLS_ENABLED": "0",  # else ministack listens on every interface
            "LOG_LEVEL": "WARNING",
            "TMPDIR": str(folder),
            "SSL_CERT_FILE": str(ca_file),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
    )
    # Whoever starts the cloud may have a profile or a proxy: nothing here is to ask either.
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        os.environ.pop(name, None)


def serve(
    port: int,
    services: Iterable[Service],
    resource_types: Iterable[ResourceType],
    acceptance: Acceptance,
    control_planes: ControlPlanes,
    *,
    ready: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve the AWS endpoint on 127.0.0.1 until SIGTERM or SIGINT.

    Args:
        port: Where to listen.
        services: Registered in place of, or beside, ministack's own.
        resource_types: Likewise, for CloudFormation.
        acceptance: Takes the types that nobody emulates.
        control_planes: Which requests are served at all; the cloud's time and its journal.
        ready: Called once, when the endpoint answers.
        stopping: Called once, before the endpoint stops answering: what ends may still need it.

    Raises:
        IncompatibleMinistackError: If the installed ministack cannot be extended.
    """
    # ministack reads its environment at import, so it is imported only after prepare_environment.
    from hypercorn.asyncio import serve as hypercorn_serve  # noqa: PLC0415

    from .door import DoorConfig, closing  # noqa: PLC0415
    from .extension import install  # noqa: PLC0415

    install(services, resource_types, acceptance, control_planes)
    from ministack.app import app  # noqa: PLC0415

    gate = control_planes.clock.control_planes
    config = DoorConfig(gate)
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)

        async def told_to_stop() -> None:
            await stop.wait()
            await asyncio.to_thread(stopping)

        server = asyncio.create_task(hypercorn_serve(closing(app, gate), config, shutdown_trigger=told_to_stop))
        await _answers(port, server)
        ready()
        await server

    # Not asyncio.run: it would wait for every worker thread, and an execution of ministack's may wait for hours.
    asyncio.new_event_loop().run_until_complete(run())


async def _answers(port: int, server: "asyncio.Task[None]") -> None:
    """Wait until the endpoint accepts connections, or raise what ended the server."""
    while True:
        if server.done():
            await server
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        return
