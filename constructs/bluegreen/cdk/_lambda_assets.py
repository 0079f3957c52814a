"""The folders that become Lambda functions: a handler's own files, what all of them share, and the domain."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from aws_cdk import aws_lambda as lambda_

_PACKAGE = Path(__file__).parent.parent
_SHARED = "shared"
"""The folder of `lambdas/` that goes into every zip."""
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", "README.md")


def lambda_code(name: str) -> lambda_.Code:
    """Return the code of the function family `name`.

    Args:
        name: A folder of `lambdas/`.

    Returns:
        An asset whose hash depends on the shipped files alone: the same from a checkout and from an installed wheel.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    return lambda_.Code.from_asset(str(staged(name)))


@cache
def staged(name: str, inside: str = "") -> Path:
    """Copy a function family, the shared modules and the domain into one folder, which lives until the process ends.

    Cached, so that the CDK sees one source folder, and fingerprints it once, however many functions use it.

    Args:
        name: A folder of `lambdas/`.
        inside: The folder of the zip that everything goes into; its root when omitted.

    Returns:
        The folder that becomes the zip.
    """
    root = Path(tempfile.mkdtemp(prefix="bluegreen-lambda-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    folder = root / inside
    for source in (_SHARED, name):
        shutil.copytree(_source(source), folder, ignore=_NOT_SHIPPED, dirs_exist_ok=True)
    shutil.copytree(_PACKAGE / "release", folder / "bluegreen" / "release", ignore=_NOT_SHIPPED)
    (folder / "bluegreen" / "__init__.py").touch()
    return root


def _source(name: str) -> Path:
    """Find the folder where the wheel carries it, else where the checkout has it."""
    candidates = (_PACKAGE / "_lambdas" / name, _PACKAGE.parent.parent / "lambdas" / name)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    places = " or ".join(str(candidate) for candidate in candidates)
    raise FileNotFoundError(f"no Lambda sources at {places}; reinstall bluegreen")
