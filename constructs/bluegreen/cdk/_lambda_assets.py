"""The zips of Lambda functions: a handler's own files, what all of them share, and the domain."""

import atexit
import hashlib
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aws_cdk import aws_lambda as lambda_

_PACKAGE = Path(__file__).parent.parent
_SHARED = "shared"
"""The folder of `lambdas/` that goes into every zip."""
_SAME_FOR_ALL_TIME = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip can hold."""
_READABLE = (stat.S_IFREG | 0o644) << 16
"""Whatever the mode of the sources: Lambda runs a function as a user of its own."""


@dataclass(frozen=True)
class Zip:
    """The code of a function family.

    Args:
        path: The file, which lives until the process ends.
        digest: What is in it, apart from how it is compressed.
    """

    path: Path
    digest: str


def lambda_code(name: str) -> lambda_.Code:
    """Return the code of the function family `name`.

    Args:
        name: A folder of `lambdas/`.

    Returns:
        An asset whose hash depends on the shipped files alone: the same from a checkout and from an installed wheel.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    packed = zipped(name)
    return lambda_.Code.from_asset(str(packed.path), asset_hash=packed.digest)


@cache
def zipped(name: str, inside: str = "") -> Zip:
    """Put a function family, the shared modules and the domain into one zip.

    One file, so that the CDK has one to copy instead of a hundred, and nothing to zip when it deploys. Cached, so that
    it is written once, however many functions use it.

    Args:
        name: A folder of `lambdas/`.
        inside: The folder of the zip that everything goes into; its root when omitted.
    """
    digest = hashlib.sha256()
    folder = Path(tempfile.mkdtemp(prefix="bluegreen-lambda-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for place, content in sorted(_files(name).items()):
            entry = zipfile.ZipInfo(f"{inside}/{place}" if inside else place, _SAME_FOR_ALL_TIME)
            entry.external_attr = _READABLE
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
            digest.update(f"{entry.filename} {len(content)}\n".encode())
            digest.update(content)
    return Zip(folder / f"{name}.zip", digest.hexdigest())


def _files(name: str) -> Mapping[str, bytes]:
    files = {"bluegreen/__init__.py": b"", **_domain()}
    for source in (_SHARED, name):
        files |= dict(_modules(_source(source)))
    return files


@cache
def _domain() -> Mapping[str, bytes]:
    return {f"bluegreen/release/{place}": content for place, content in _modules(_PACKAGE / "release")}


def _modules(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a folder's modules: nothing else is shipped."""
    for path in folder.rglob("*.py"):
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def _source(name: str) -> Path:
    """Find the folder where the wheel carries it, else where the checkout has it."""
    candidates = (_PACKAGE / "_lambdas" / name, _PACKAGE.parent.parent / "lambdas" / name)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    places = " or ".join(str(candidate) for candidate in candidates)
    raise FileNotFoundError(f"no Lambda sources at {places}; reinstall bluegreen")
