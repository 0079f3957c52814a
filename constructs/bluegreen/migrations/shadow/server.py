"""The scratch PostgreSQL server of a shadow run, spoken to through psql, so that no driver has to be guessed."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from bluegreen.errors import BluegreenError

DATABASE = "shadow"
"""The only database that a project ever connects to: what its env.py keeps of the environment stays true."""

_SECONDS = 60


class ShadowError(BluegreenError):
    """The shadow run cannot be made, so nothing is known of the migrations."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where the server is, and who may do what there.

    Args:
        psql: The program.
        host: The address it listens on.
        port: The port.
        admin: The superuser; makes copies and event triggers.
        admin_password: The superuser's.
        user: Whom the migrations run as: no superuser, as on RDS.
        password: The user's.
    """

    psql: str
    host: str
    port: int
    admin: str
    admin_password: str = field(repr=False)
    user: str
    password: str = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(**document)

    def placeholders(self) -> dict[str, str]:
        """Return what stands for the braces in the environment of bluegreen.toml."""
        return {
            "host": self.host,
            "port": str(self.port),
            "database": DATABASE,
            "user": self.user,
            "password": self.password,
        }

    def sql(self, statements: str, database: str = DATABASE) -> str:
        """Run statements as the superuser and return what they print, without headers.

        Raises:
            ShadowError: If one fails.
        """
        where = ("-h", self.host, "-p", str(self.port), "-U", self.admin, "-d", database)
        run = subprocess.run(
            [self.psql, *where, "--no-psqlrc", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
            input=statements,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "PGPASSWORD": self.admin_password, "PGCLIENTENCODING": "UTF8"},
        )
        if run.returncode != 0:
            raise ShadowError(f"the shadow database refuses: {run.stderr.strip()[-500:]}")
        return run.stdout

    def keep(self, name: str) -> None:
        """Keep the database as it is now under a name, in place of what was kept under it."""
        self._end_sessions()
        self.sql(f"DROP DATABASE IF EXISTS {name};\nCREATE DATABASE {name} TEMPLATE {DATABASE};\n", "postgres")

    def bring_back(self, name: str) -> None:
        """Make the database what was kept under a name; that stays kept."""
        self.sql(
            f"DROP DATABASE {DATABASE} WITH (FORCE);\n"
            f'CREATE DATABASE {DATABASE} TEMPLATE {name} OWNER "{self.user}";\n',
            "postgres",
        )

    def _end_sessions(self) -> None:
        """A template must not be in use; a project may keep connections in a pool."""
        ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{DATABASE}'"  # noqa: S608 - ours
        self.sql(ended, "postgres")
