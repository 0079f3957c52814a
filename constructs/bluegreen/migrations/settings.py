"""`[migrations]` of bluegreen.toml: where the Alembic project is, and how its env.py is told of a database."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from bluegreen.errors import BluegreenError
from bluegreen.release.migrations.findings import Grade

PLACEHOLDERS = ("host", "port", "database", "user", "password")
"""What may stand in braces in a value of the environment."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_KEYS = {"directory", "ini", "environment", "grades"}
_EXAMPLE = """[migrations]
directory = "."
ini = "alembic.ini"
environment = { DATABASE_URL = "postgresql+psycopg://{user}:{password}@{host}:{port}/{database}" }"""


class SettingsError(BluegreenError):
    """bluegreen.toml does not say how the migrations are checked."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a project's migrations are run for a check.

    Args:
        directory: The working directory, as it is the image's; the ini's path counts from it.
        ini: Alembic's configuration; alembic.ini when the file does not say.
        environment: What env.py reads to connect, with placeholders; nothing when the file does not say.
        grades: Changes to the rules' grades, like `AlembicMigrations(lint=...)`; none when the file does not say.
    """

    directory: Path
    ini: str = "alembic.ini"
    environment: Mapping[str, str] = field(default_factory=dict)
    grades: Mapping[str, Grade] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read them from a bluegreen.toml.

        Args:
            file: Folders in it count from its own.

        Raises:
            SettingsError: If the file or its table `[migrations]` is absent or cannot be used.
        """
        document = _document(file)
        if "migrations" not in document:
            raise SettingsError(f"{file} has no table [migrations]", hint=f"such as\n{_EXAMPLE}")
        try:
            return cls._of(document["migrations"], file.parent)
        except ValueError as error:
            raise SettingsError(f"{file}: {error}", hint="correct the file") from None

    @classmethod
    def _of(cls, table: Any, folder: Path) -> Self:
        if not isinstance(table, dict):
            raise ValueError(f"migrations must be a table, got {table!r}")  # noqa: TRY004 - told like the rest
        if unknown := sorted(table.keys() - _KEYS):
            raise ValueError(f"unknown key {unknown[0]!r} in migrations; allowed are {', '.join(sorted(_KEYS))}")
        directory, ini = table.get("directory", "."), table.get("ini", cls.ini)
        for name, value in (("directory", directory), ("ini", ini)):
            if not isinstance(value, str) or not value:
                raise ValueError(f"migrations.{name} must be a text that is not empty, got {value!r}")
        found = (folder / directory).resolve()
        if not found.is_dir():
            raise ValueError(f"migrations.directory is {directory!r}, but there is no folder {found}")
        environment = _texts(table.get("environment", {}), "migrations.environment")
        for name, value in environment.items():
            for placeholder in _PLACEHOLDER.findall(value):
                if placeholder not in PLACEHOLDERS:
                    allowed = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
                    raise ValueError(
                        f"migrations.environment.{name} has the unknown placeholder {{{placeholder}}};"
                        f" allowed are {allowed}"
                    )
        return cls(directory=found, ini=ini, environment=environment, grades=_grades(table.get("grades", {})))

    def of_checkout(self, file: Path, checkout: Path) -> Self:
        """Return the settings of another checkout of the same project.

        Args:
            file: The bluegreen.toml that these were read from.
            checkout: The other checkout's folder in the place of the file's. Its own file of the same name is read when
                that has a table `[migrations]`; else the same things are looked for in the same places.

        Raises:
            SettingsError: If it has no such folder or its file cannot be used.
        """
        own = checkout / file.name
        if own.is_file() and "migrations" in _document(own):
            return self.read(own)
        directory = checkout.resolve() / self.directory.relative_to(file.parent.resolve())
        if not (directory / self.ini).is_file():
            raise SettingsError(
                f"{checkout} is no checkout of this project: it has neither a {file.name} with [migrations] nor"
                f" {directory / self.ini}",
                hint=f"name the folder that is to the other checkout what {file.parent} is to this one",
            )
        return replace(self, directory=directory)

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return the environment with every placeholder filled in.

        Example:
            >>> Settings(directory=Path("."), environment={"DATABASE_HOST": "{host}"}).filled({"host": "db"})
            {'DATABASE_HOST': 'db'}
        """
        return {
            name: _PLACEHOLDER.sub(lambda match: values[match[1]], value) for name, value in self.environment.items()
        }


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"no {file.name} in {file.parent}", hint=f"write one with\n{_EXAMPLE}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"cannot read {file}: {error}", hint="correct the file") from error


def _texts(table: Any, place: str) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise ValueError(f"{place} must be a table of texts, got {table!r}")
    return dict(table)


def _grades(table: Any) -> dict[str, Grade]:
    try:
        return {rule: Grade(grade) for rule, grade in _texts(table, "migrations.grades").items()}
    except ValueError:
        allowed = ", ".join(Grade)
        raise ValueError(f"migrations.grades must map rules to one of {allowed}, got {table!r}") from None
