"""Where a dashboard's parts go: rows from the top, each filled from the left. Within CloudWatch's limits."""

from collections.abc import Sequence
from typing import Any

from ._widgets import COLUMNS, Widget

MOST_WIDGETS = 500
MOST_METRICS = 2500
"""Of a dashboard, hidden ones included."""
MOST_METRICS_A_WIDGET = 500

Row = Sequence[Widget]


def place(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Give each widget its place.

    Args:
        rows: The rows from the top, each with its widgets from the left; a row is as high as its highest widget.

    Returns:
        The widgets as CloudWatch's JSON states them.

    Raises:
        ValueError: If a row is wider than the grid, or a limit of CloudWatch is passed.

    Example:
        >>> a, b = (Widget(kind="text", width=12, height=height) for height in (2, 4))
        >>> [(one["x"], one["y"]) for one in place([[a, b], [a]])]
        [(0, 0), (12, 0), (0, 4)]
    """
    placed: list[dict[str, Any]] = []
    y = 0
    for row in filter(None, rows):
        x = 0
        for widget in row:
            placed.append(
                {
                    "type": widget.kind,
                    "x": x,
                    "y": y,
                    "width": widget.width,
                    "height": widget.height,
                    "properties": widget.properties,
                }
            )
            x += widget.width
        if x > COLUMNS:
            titles = ", ".join(str(widget.properties.get("title", widget.kind)) for widget in row)
            raise ValueError(f"a row must be at most {COLUMNS} columns wide, got {x} with {titles}; use two rows")
        y += max(widget.height for widget in row)
    _require_limits(placed)
    return placed


def _require_limits(placed: Sequence[dict[str, Any]]) -> None:
    _require("widgets", len(placed), MOST_WIDGETS)
    counts = [len(widget["properties"].get("metrics", ())) for widget in placed]
    _require("metrics", sum(counts), MOST_METRICS)
    for widget, count in zip(placed, counts, strict=True):
        _require(f"metrics in {widget['properties'].get('title', 'a widget')!r}", count, MOST_METRICS_A_WIDGET)


def _require(what: str, count: int, most: int) -> None:
    if count > most:
        raise ValueError(
            f"a dashboard must have at most {most} {what}, which is CloudWatch's limit, got {count}; make two of it"
        )


def side_by_side(count: int, most: int = 6) -> list[int]:
    """Return how wide each of `count` widgets is so that rows are full; from `most` on, further rows begin.

    Example:
        >>> side_by_side(2), side_by_side(5), side_by_side(7)
        ([12, 12], [5, 5, 5, 5, 4], [4, 4, 4, 4, 4, 4, 24])
    """
    widths: list[int] = []
    for first in range(0, count, most):
        here = min(most, count - first)
        widths += [COLUMNS // here + (number < COLUMNS % here) for number in range(here)]
    return widths


def wrapped(widgets: Sequence[Widget]) -> list[Row]:
    """Fill rows one after another.

    Example:
        >>> [len(row) for row in wrapped([Widget(kind="text", width=8, height=2)] * 4)]
        [3, 1]
    """
    rows: list[list[Widget]] = []
    for widget in widgets:
        if not rows or sum(one.width for one in rows[-1]) + widget.width > COLUMNS:
            rows.append([])
        rows[-1].append(widget)
    return list(rows)
