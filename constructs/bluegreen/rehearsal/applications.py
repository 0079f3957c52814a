"""Further applications of a project: `[applications]` in bluegreen.toml, each with a cdk.json of its own."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from bluegreen.errors import RehearsalError

_EXAMPLE = '[applications]\nestate = "examples/estate"'


class ApplicationsError(RehearsalError):
    """The table of applications of bluegreen.toml cannot be used."""


def read_applications(file: Path) -> Mapping[str, Path]:
    """Return the folders of the applications that a bluegreen.toml names beside its own, by name; none without a table.

    They are deployed to the same local cloud, by the scenarios that are about them.

    Args:
        file: The bluegreen.toml. Folders in it count from its own.

    Raises:
        ApplicationsError: If the table holds anything but names and folders that exist.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return {}  # the reader of images tells what is wrong with the file
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ApplicationsError(f"cannot read {file}: {error}", hint="correct the file") from error
    table = document.get("applications", {})
    if not isinstance(table, dict) or not all(isinstance(folder, str) for folder in table.values()):
        raise ApplicationsError(
            f"applications in {file} must be a table of names and folders, got {table!r}", hint=f"such as\n{_EXAMPLE}"
        )
    folders = {name: (file.parent / folder).resolve() for name, folder in table.items()}
    for name, folder in folders.items():
        if not (folder / "cdk.json").exists():
            raise ApplicationsError(
                f"applications.{name} in {file} is {table[name]!r}, but there is no cdk.json in {folder}",
                hint="name the folder of a CDK application",
            )
    return folders
