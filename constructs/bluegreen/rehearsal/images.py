"""`bluegreen.toml`: how a container image is run as a local process, so that any application can be rehearsed."""

import hashlib
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bluegreen.errors import RehearsalError

from .applications import read_applications

PLACEHOLDERS = ("python", "host", "port", "version")
"""What may stand in braces in a command or an environment value."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_RUN_KEYS = {"command", "directory", "environment"}
_EXAMPLE = '[images.NAME]\ncommand = ["{python}", "-m", "uvicorn", "app:app", "--host", "{host}", "--port", "{port}"]'


class ImagesFileError(RehearsalError):
    """bluegreen.toml is absent or does not say how to run an image."""


class UnknownImageError(RehearsalError):
    """A container's image has no entry in bluegreen.toml."""


@dataclass(frozen=True)
class Launch:
    """How to start one container as a process: arguments, working directory, and local environment defaults."""

    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]


@dataclass(frozen=True)
class _Run:
    """One table of the file, and the tables of its versions."""

    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]
    versions: Mapping[str, "_Run"] = field(default_factory=dict)


def split_image(image: str) -> tuple[str, str]:
    """Return an image's name (last path segment of the repository) and version (tag, else digest, else "latest").

    Example:
        >>> split_image("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/orders:v2")
        ('orders', 'v2')
        >>> split_image("localhost:5000/orders@sha256:0f1e")
        ('orders', 'sha256:0f1e')
    """
    repository, _, digest = image.partition("@")
    name, _, tag = repository.rpartition("/")[2].partition(":")
    return name, tag or digest or "latest"


class Images:
    """The images that can be run locally.

    Args:
        runs: By image name.
        path: The file they came from, for messages.
    """

    def __init__(self, runs: Mapping[str, _Run], path: Path) -> None:
        self._runs = runs
        self._path = path
        self._tags: dict[str, str] = {}

    @classmethod
    def load(cls, path: Path) -> "Images":
        """Read a bluegreen.toml, and those of the further applications that it names, and check all of it.

        Args:
            path: The file. Relative directories in it count from its folder.

        Returns:
            The images.

        Raises:
            ImagesFileError: If the file is absent, is no TOML, has an unknown key or placeholder, or names a directory
                or a command that does not exist.
        """
        return cls(_read(path), path)

    def digest(self, image: str) -> str:
        """Return the digest that an image is pulled as; from then on it may be named by it.

        Example:
            >>> images = Images({}, Path("bluegreen.toml"))
            >>> images.version("shop/orders@" + images.digest("shop/orders:v2"))
            'v2'
        """
        if "@" in image:
            return image.partition("@")[2]
        name, tag = split_image(image)
        digest = f"sha256:{hashlib.sha256(f'{name}:{tag}'.encode()).hexdigest()}"
        self._tags[digest] = tag
        return digest

    def version(self, image: str) -> str:
        """Return an image's version: its tag, also when it is named by the digest that was told for that tag."""
        version = split_image(image)[1]
        return self._tags.get(version, version)

    def knows(self, image: str) -> bool:
        """Whether the file says how an image runs here."""
        return split_image(image)[0] in self._runs

    def launch(self, image: str, *, host: str, port: int | None, command: Sequence[str] = ()) -> Launch:
        """Say how to run a container.

        Args:
            image: The container's image, with registry and tag or digest as in the task definition.
            host: The task's own address.
            port: The container's port; None when it maps none.
            command: What to run instead of the entry's command, in its directory and environment. `python` as its first
                word stands for the interpreter that runs the rehearsal. Omitted, the entry's command.

        Returns:
            The command, the directory and the environment, with every placeholder of the entry filled in.

        Raises:
            UnknownImageError: If the file has no entry for the image, or its entry needs a port and there is none.
        """
        name, version = split_image(image)[0], self.version(image)
        run = self._runs.get(name)
        if run is None:
            known = ", ".join(sorted(self._runs)) or "none"
            raise UnknownImageError(
                f"{self._path} has no entry for image {name!r} (of {image}), only: {known}",
                hint=f"add a table [images.{name}] to {self._path}",
            )
        run = run.versions.get(version, run)
        values = {"python": sys.executable, "host": host, "version": version}
        if port is not None:
            values["port"] = str(port)

        def fill(text: str) -> str:
            return _PLACEHOLDER.sub(lambda match: values[match[1]], text)

        try:
            arguments = _local(command) if command else tuple(fill(argument) for argument in run.command)
            environment = {key: fill(value) for key, value in run.environment.items()}
        except KeyError:
            raise UnknownImageError(
                f"{self._path} uses {{port}} for image {name!r}, but its container maps no port",
                hint="add a port mapping to the container, or take {port} out",
            ) from None
        return Launch(arguments, run.directory, environment)


def _local(command: Sequence[str]) -> tuple[str, ...]:
    """Return a container's own command with this machine's interpreter in place of the image's."""
    return (sys.executable if command[0] == "python" else command[0], *command[1:])


def _read(path: Path) -> dict[str, _Run]:
    """Read the images of a file and of the further applications that it names."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ImagesFileError(
            f"no {path.name} in {path.parent}", hint=f"write one that says how each image runs locally:\n{_EXAMPLE}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ImagesFileError(f"cannot read {path}: {error}", hint="correct the file") from error
    runs = _Reader(path).images(document)
    for folder in read_applications(path).values():
        others = _read(folder / path.name)
        if twice := sorted(runs.keys() & others.keys()):
            raise ImagesFileError(
                f"{folder / path.name}: image {twice[0]!r} has an entry in {path} as well",
                hint="give the images of one project different names",
            )
        runs |= others
    return runs


class _Reader:
    """Turns the parsed file into runs, with the place in the file in every error."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def images(self, document: Mapping[str, Any]) -> dict[str, _Run]:
        self._keys(
            document, {"applications", "cdk", "images", "load", "migrations"}, "the file"
        )  # others are read elsewhere
        images = self._table(document.get("images", {}), "images")
        return {
            name: self._image(self._table(table, f"images.{name}"), f"images.{name}") for name, table in images.items()
        }

    def _image(self, table: Mapping[str, Any], place: str) -> _Run:
        self._keys(table, _RUN_KEYS | {"versions"}, place)
        base = self._run(table, place, None)
        versions = {
            version: self._run(
                self._table(override, f"{place}.versions.{version}"), f"{place}.versions.{version}", base
            )
            for version, override in self._table(table.get("versions", {}), f"{place}.versions").items()
        }
        return _Run(base.command, base.directory, base.environment, versions)

    def _run(self, table: Mapping[str, Any], place: str, base: _Run | None) -> _Run:
        if base is not None:
            self._keys(table, _RUN_KEYS, place)
        command = self._command(table["command"], place) if "command" in table or base is None else base.command
        directory = self._directory(table, place, base)
        environment = dict(base.environment) if base else {}
        environment |= self._environment(table.get("environment", {}), place)
        self._must_exist(command[0], directory, place)
        return _Run(command, directory, environment)

    def _command(self, command: Any, place: str) -> tuple[str, ...]:
        if not isinstance(command, list) or not command or not all(isinstance(part, str) and part for part in command):
            raise self._error(f"{place}.command must be a list of texts that is not empty, got {command!r}")
        for part in command:
            self._placeholders(part, f"{place}.command")
        return tuple(command)

    def _environment(self, environment: Any, place: str) -> dict[str, str]:
        found = self._table(environment, f"{place}.environment")
        for name, value in found.items():
            if not isinstance(value, str):
                raise self._error(f"{place}.environment.{name} must be a text, got {value!r}", hint="put it in quotes")
            self._placeholders(value, f"{place}.environment.{name}")
        return dict(found)

    def _directory(self, table: Mapping[str, Any], place: str, base: _Run | None) -> Path:
        if "directory" not in table and base is not None:
            return base.directory
        named = table.get("directory", ".")
        if not isinstance(named, str):
            raise self._error(f"{place}.directory must be a text, got {named!r}")
        directory = (self._path.parent / named).resolve()
        if not directory.is_dir():
            raise self._error(f"{place}.directory is {named!r}, but there is no folder {directory}")
        return directory

    def _must_exist(self, program: str, directory: Path, place: str) -> None:
        program = program.replace("{python}", sys.executable)
        found = os.access(directory / program, os.X_OK) if "/" in program else shutil.which(program) is not None
        if not found:
            where = str(directory) if "/" in program else "the PATH"
            raise self._error(
                f"{place}.command starts with {program!r}, which is no program in {where}",
                hint="install it, or name a program that exists; {python} stands for the running interpreter",
            )

    def _placeholders(self, text: str, place: str) -> None:
        for name in _PLACEHOLDER.findall(text):
            if name not in PLACEHOLDERS:
                allowed = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
                raise self._error(f"{place} has the unknown placeholder {{{name}}}; allowed are {allowed}")

    def _keys(self, table: Mapping[str, Any], allowed: set[str], place: str) -> None:
        for key in table:
            if key not in allowed:
                raise self._error(f"unknown key {key!r} in {place}; allowed are {', '.join(sorted(allowed))}")
        if "command" in allowed and "versions" in allowed and "command" not in table:
            raise self._error(f"{place} has no command", hint=f"such as\n{_EXAMPLE}")

    def _table(self, value: Any, place: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self._error(f"{place} must be a table, got {value!r}")
        return value

    def _error(self, message: str, hint: str = "correct the file") -> ImagesFileError:
        return ImagesFileError(f"{self._path}: {message}", hint=hint)
