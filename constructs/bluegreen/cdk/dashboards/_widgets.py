"""The parts of a dashboard, each with its size on the grid and the properties that CloudWatch's JSON gives it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bluegreen.cdk._arns import OWN

from ._series import Series

COLUMNS = 24
"""How wide CloudWatch's grid is."""
MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class Widget:
    """One part of a dashboard.

    Args:
        kind: CloudWatch's type: "text", "metric", "alarm" or "log".
        width: Columns, 1-24.
        height: Rows, 1-1000.
        properties: What CloudWatch's JSON says for this type.
    """

    kind: str
    width: int
    height: int
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A horizontal line across a graph, such as a limit or a target.

    Args:
        value: Where, in the graph's unit.
        label: What it means.
        color: Its colour, as "#rrggbb".
    """

    value: float
    label: str
    color: str = "#d13212"


def text(markdown: str, *, width: int = COLUMNS, height: int = 2) -> Widget:
    """Return words, as Markdown."""
    return Widget(kind="text", width=width, height=height, properties={"markdown": markdown})


def linked(address: str) -> str:
    """Return an address in Markdown: a link if a browser can follow it, else a path to look up in the repository.

    Example:
        >>> linked("docs/runbooks.md#slow"), linked("https://wiki.example.com/runbooks#slow")
        ('`docs/runbooks.md#slow`', '[runbook](https://wiki.example.com/runbooks#slow)')
    """
    return f"[runbook]({address})" if address.startswith("https://") else f"`{address}`"


def graph(
    title: str,
    series: Sequence[Series],
    *,
    width: int = 8,
    height: int = 6,
    unit: str = "",
    right_unit: str = "",
    high: float | None = None,
    stacked: bool = False,
    lines: Sequence[Line] = (),
    period_seconds: int = MINUTE,
    region: str = OWN.region,
) -> Widget:
    """Return a graph over time, from 0 up.

    Args:
        title: What it shows, with its unit.
        series: What it draws; at least one must be visible.
        width: Columns.
        height: Rows.
        unit: What the axis says.
        right_unit: What the axis of series with `yAxis="right"` says; there is none when omitted.
        high: The axis's top; as high as needed when omitted.
        stacked: Whether the areas under the lines are piled up.
        lines: Limits and targets.
        period_seconds: The length of a period.
        region: Whose metrics these are; the stack's region when omitted.

    Returns:
        The graph.
    """
    axis: dict[str, Any] = {"min": 0, "showUnits": False}
    axis |= {"label": unit} if unit else {}
    axis |= {} if high is None else {"max": high}
    axes = {"left": axis}
    if right_unit:
        axes["right"] = {"min": 0, "showUnits": False, "label": right_unit}
    properties: dict[str, Any] = {
        "title": title,
        "view": "timeSeries",
        "stacked": stacked,
        "region": region,
        "period": period_seconds,
        "metrics": list(series),
        "yAxis": axes,
    }
    if lines:
        horizontal = [{"value": line.value, "label": line.label, "color": line.color} for line in lines]
        properties["annotations"] = {"horizontal": horizontal}
    return Widget(kind="metric", width=width, height=height, properties=properties)


def number(
    title: str, series: Sequence[Series], *, width: int = 6, height: int = 4, period_seconds: int = MINUTE
) -> Widget:
    """Return the newest value of each series, large, with its recent course behind it."""
    properties = {
        "title": title,
        "view": "singleValue",
        "sparkline": True,
        "region": OWN.region,
        "period": period_seconds,
        "metrics": list(series),
    }
    return Widget(kind="metric", width=width, height=height, properties=properties)


def alarm_states(title: str, alarm_arns: Sequence[str], *, width: int = 8, height: int = 4) -> Widget:
    """Return the state of each alarm, the red ones first."""
    properties = {"title": title, "alarms": list(alarm_arns), "sortBy": "stateUpdatedTimestamp"}
    return Widget(kind="alarm", width=width, height=height, properties=properties)


def alarm_graph(title: str, alarm_arn: str, *, width: int = 6, height: int = 5) -> Widget:
    """Return what one alarm compares, with its limit."""
    properties = {
        "title": title,
        "view": "timeSeries",
        "stacked": False,
        "region": OWN.region,
        "annotations": {"alarms": [alarm_arn]},
        "yAxis": {"left": {"min": 0}},
    }
    return Widget(kind="metric", width=width, height=height, properties=properties)


def log_table(title: str, log_groups: Sequence[str], query: str, *, width: int = 12, height: int = 7) -> Widget:
    """Return the answer of a Logs Insights query as a table.

    Args:
        title: What it shows.
        log_groups: The names of the log groups, 1-50.
        query: The query, without its sources.
        width: Columns.
        height: Rows.

    Returns:
        The table.
    """
    sources = " | ".join(f"SOURCE '{name}'" for name in log_groups)
    properties = {"title": title, "view": "table", "region": OWN.region, "query": f"{sources} | {query}"}
    return Widget(kind="log", width=width, height=height, properties=properties)
