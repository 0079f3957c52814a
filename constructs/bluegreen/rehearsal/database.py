"""A database of the local cloud, as somebody with psql and the master user's password reaches it."""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bluegreen.errors import RehearsalError

from .cloud.postgres import programs

NEWEST = 18
"""The PostgreSQL whose psql is used: it speaks to older servers too."""

CATALOGUE = """
SELECT 'column', table_schema || '.' || table_name, column_name, data_type, is_nullable, coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'bluegreen')
UNION ALL SELECT 'index', indexrelid::regclass::text, indrelid::regclass::text, indisvalid::text, '', ''
  FROM pg_index WHERE indrelid::regclass::text NOT LIKE 'pg\\_%' AND indrelid::regclass::text NOT LIKE 'bluegreen.%'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated::text, ''
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
ORDER BY 1, 2, 3"""
"""Every column, index and constraint of the application."""


class DatabaseError(RehearsalError):
    """The database refused a statement of the scenario."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database.

    Args:
        host: Its address.
        port: Its port.
        name: Its name.
        user: Who asks.
        password: That user's.
    """

    host: str
    port: int
    name: str
    user: str
    password: str

    def rows(self, statement: str) -> list[list[str]]:
        """Return what a statement yields, every value as text.

        Raises:
            DatabaseError: If the database refuses it.
        """
        done = subprocess.run(
            [*self._command(), "--command", statement],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DatabaseError(f"{self.name}: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def value(self, statement: str) -> str:
        """Return the first value that a statement yields; empty when it yields none.

        Raises:
            DatabaseError: If the database refuses it.
        """
        rows = self.rows(statement)
        return rows[0][0] if rows else ""

    def revision(self) -> str:
        """Return Alembic's revision of the schema."""
        return self.value("SELECT version_num FROM alembic_version")

    def catalogue(self) -> list[list[str]]:
        """Return every column, index and constraint of the application."""
        return self.rows(CATALOGUE)

    @contextmanager
    def held(self, statement: str, seconds: float) -> Iterator[Callable[[], bool]]:
        """Have a transaction stay open for so many real seconds after its only statement.

        Args:
            statement: Yields one row.
            seconds: How long.

        Yields:
            Whether it is still open.
        """
        transaction = ("BEGIN", statement, f"SELECT pg_sleep({seconds})", "COMMIT")
        statements = [argument for one in transaction for argument in ("--command", one)]
        with subprocess.Popen(
            [*self._command(), *statements], env=self._environment(), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None  # noqa: S101 - tells the type checker what PIPE means
            process.stdout.readline()  # BEGIN's answer, then the row: from then on it holds what it read
            process.stdout.readline()
            threading.Thread(target=process.stdout.read, daemon=True).start()
            try:
                yield lambda: process.poll() is None
            finally:
                process.terminate()

    def _command(self) -> list[str]:
        where = ("--host", self.host, "--port", str(self.port), "--username", self.user, "--dbname", self.name)
        how = ("--no-psqlrc", "--no-align", "--tuples-only", "--field-separator", "\t", "--set", "ON_ERROR_STOP=1")
        return [str(programs(NEWEST) / "psql"), *how, *where]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PGPASSWORD": self.password, "PGAPPNAME": "rehearsal"}


def find(client: Callable[[str], Any], instance: str) -> Database:
    """Return the database of an RDS instance, reached as its master user.

    Args:
        client: Makes a boto3 client of the local cloud for a service.
        instance: The instance's identifier.

    Raises:
        DatabaseError: If no secret has the master user's password.
    """
    (found,) = client("rds").describe_db_instances(DBInstanceIdentifier=instance)["DBInstances"]
    login = _master_login(client("secretsmanager"), found, instance)
    return Database(
        host=found["Endpoint"]["Address"],
        port=found["Endpoint"]["Port"],
        name=found["DBName"],
        user=login["username"],
        password=login["password"],
    )


def _master_login(secrets: Any, found: Mapping[str, Any], instance: str) -> dict[str, Any]:
    """Return the master user's login: RDS's own secret, or one that was attached to the instance."""

    def read(arn: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
        return document

    if kept := found.get("MasterUserSecret"):
        return read(kept["SecretArn"])
    for page in secrets.get_paginator("list_secrets").paginate():
        for document in (read(secret["ARN"]) for secret in page["SecretList"]):
            if (document.get("dbInstanceIdentifier"), document.get("username")) == (instance, found["MasterUsername"]):
                return document
    raise DatabaseError(f"no secret has the password of {found['MasterUsername']} of {instance}")
