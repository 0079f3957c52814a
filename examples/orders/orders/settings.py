"""What the service reads from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import URL


class SettingsError(Exception):
    """The environment lacks a variable or holds one that cannot be used."""


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the database is and who connects to it.

    Args:
        host: A host name, an address, or the folder of a Unix socket.
        port: 1-65535.
        name: The database.
        user: Who connects.
        password: Never shown by `repr`, because settings end up in logs; SQLAlchemy hides it in the URL likewise.
    """

    host: str
    port: int
    name: str
    user: str
    password: str

    def __repr__(self) -> str:
        return f"DatabaseSettings({self.user}@{self.host}:{self.port}/{self.name})"

    @property
    def url(self) -> URL:
        """The address for SQLAlchemy; special characters in a generated password need no care this way."""
        return URL.create("postgresql+psycopg", self.user, self.password, self.host, self.port, self.name)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "DatabaseSettings":
        """Read DATABASE_HOST, DATABASE_PORT, DATABASE_NAME, DATABASE_USER and DATABASE_PASSWORD.

        Args:
            environment: The process's own when omitted.

        Raises:
            SettingsError: If one is missing or empty, or the port is not a number of 1-65535.

        Example:
            >>> DatabaseSettings.from_environment(
            ...     {"DATABASE_HOST": "db", "DATABASE_PORT": "5432", "DATABASE_NAME": "orders",
            ...      "DATABASE_USER": "orders", "DATABASE_PASSWORD": "secret"})
            DatabaseSettings(orders@db:5432/orders)
        """
        names = [f"DATABASE_{field}" for field in ("HOST", "PORT", "NAME", "USER", "PASSWORD")]
        missing = [name for name in names if not environment.get(name)]
        if missing:
            raise SettingsError(f"missing in the environment: {', '.join(missing)}; set them to reach the database")
        host, port, name, user, password = (environment[name] for name in names)
        if not port.isdecimal() or not 1 <= int(port) <= 65535:  # noqa: PLR2004 - the highest TCP port
            raise SettingsError(f"DATABASE_PORT must be 1-65535, got {port!r}")
        return cls(host, int(port), name, user, password)
