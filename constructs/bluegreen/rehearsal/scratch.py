"""A folder that lives as long as somebody will want to look inside."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Self


class Scratch:
    """A folder for one rehearsal, as a context manager: removed at the end unless somebody will want to look inside.

    An error that ends the rehearsal keeps it; Ctrl-C does not.

    Args:
        kept: Called with the folder when it is kept.
    """

    def __init__(self, kept: Callable[[Path], None]) -> None:
        self._kept = kept
        self._keep = False

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="bluegreen-"))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._keep or (kind is not None and issubclass(kind, Exception)):
            self._kept(self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self) -> None:
        """Keep the folder."""
        self._keep = True
