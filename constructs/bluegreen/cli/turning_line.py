"""A line that shows that something goes on."""

from typing import Self

from rich.console import Console


class TurningLine:
    """A turning line on a terminal; elsewhere a line when something changes. A context manager that puts it away.

    Args:
        title: What goes on.
    """

    def __init__(self, title: str) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._title = title
        self._told = ""
        self._turning = self._console.status(f"{title}: started") if self._console.is_terminal else None

    def __enter__(self) -> Self:
        if self._turning:
            self._turning.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def tell(self, text: str) -> None:
        """Show how far it is."""
        if text == self._told:
            return
        self._told = text
        if self._turning:
            self._turning.update(f"{self._title}: {text}")
        else:
            self._console.print(f"{self._title}: {text}", markup=False)

    def close(self) -> None:
        """Put the line away; may be called twice."""
        if self._turning:
            self._turning.stop()
