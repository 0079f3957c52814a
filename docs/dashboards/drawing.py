"""Draws a dashboard's body as CloudWatch's console would lay it out: each widget in its place on the grid."""

import io
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from .arithmetic import compared_by, lines_of
from .samples import Samples, Values

_COLORS = 256
"""Enough for lines and letters, and a third of the file."""
_COLUMN, _ROW = 0.64, 0.40
"""Inches."""
_MARGIN = 0.07
_TITLE = 0.30
_INK, _PALE, _PAGE = "#16191f", "#687078", "#f2f3f3"
_STATES = {"OK": "#1d8102", "ALARM": "#d13212", "INSUFFICIENT_DATA": "#687078"}
_WITHOUT_DATA = {"notBreaching": "OK", "ignore": "OK", "breaching": "ALARM", "missing": "INSUFFICIENT_DATA"}
_CYCLE = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
_HOURS = {"M": 1, "H": 60, "D": 24 * 60}


_HEADER: dict[str, Any] = {"weight": "bold", "color": _PALE}
_LINE: dict[str, Any] = {"family": "DejaVu Sans Mono", "color": _INK}


@dataclass(frozen=True)
class Sheet:
    """One dashboard being drawn."""

    figure: Figure
    alarms: Mapping[str, Mapping[str, Any]]
    minutes: int

    def samples(self, properties: Mapping[str, Any]) -> Samples:
        """Return the figures of a widget's window and period; of a longer period than the window, some periods."""
        stated = [one[-1].get("period", 0) for one in properties.get("metrics", ()) if isinstance(one[-1], dict)]
        period = max([properties.get("period", 60), *stated]) // 60
        return Samples(max(self.minutes, 3 * period), period)


def draw(body: Mapping[str, Any], alarms: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw a dashboard into a PNG file.

    Args:
        body: Its body.
        alarms: The properties of the alarms that it shows, by ARN.
        path: The file.
    """
    widgets = body["widgets"]
    rows = max(widget["y"] + widget["height"] for widget in widgets)
    size = (24 * _COLUMN + 2 * _MARGIN, rows * _ROW + 0.35)
    figure = Figure(figsize=size, facecolor=_PAGE)
    number, unit = re.findall(r"(\d+)([MHD])", body["start"])[0]
    sheet = Sheet(figure, alarms, int(number) * _HOURS[unit])
    figure.text(0.995, 0.002, "sample data", ha="right", va="bottom", fontsize=9, color=_PALE, style="italic")
    for widget in widgets:
        _WIDGETS[widget["type"]](sheet, _panel(figure, widget, size), widget)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=90, facecolor=_PAGE)
    Image.open(drawn).convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE).save(path, optimize=True)


def _panel(figure: Figure, widget: Mapping[str, Any], size: tuple[float, float]) -> Axes:
    """Return white paper at the widget's place, in inches from its lower left corner."""
    width, height = size
    left = _MARGIN + widget["x"] * _COLUMN + 0.04
    bottom = height - _MARGIN - (widget["y"] + widget["height"]) * _ROW + 0.04
    wide, high = widget["width"] * _COLUMN - 0.08, widget["height"] * _ROW - 0.08
    axes = figure.add_axes((left / width, bottom / height, wide / width, high / height))
    axes.set_xlim(0, wide)
    axes.set_ylim(0, high)
    axes.axis("off")
    axes.add_patch(FancyBboxPatch((0, 0), wide, high, boxstyle="square,pad=0", fc="white", ec="#d5dbdb", lw=0.8))
    if title := widget["properties"].get("title"):
        shown = textwrap.shorten(title, int(wide * 12.5), placeholder="…")
        axes.text(0.12, high - 0.2, shown, fontsize=9.5, color=_INK, weight="bold", va="center")
    return axes


def _draw_text(_: Sheet, panel: Axes, widget: Mapping[str, Any]) -> None:
    wide, high = panel.get_xlim()[1], panel.get_ylim()[1]
    y = high - 0.22
    for line in _paragraphs(widget["properties"]["markdown"]):
        level = len(line) - len(line.lstrip("#"))
        plain = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", re.sub(r"[*`]", "", line.lstrip("# ")))
        for part in textwrap.wrap(plain, int(wide * 12)) or [""]:
            size = {1: 15, 2: 13.5, 3: 11.5}.get(level, 9.5)
            panel.text(0.14, y, part, fontsize=size, weight="bold" if level else "normal", color=_INK, va="center")
            y -= 0.30 if level else 0.205 if part else 0.08


def _paragraphs(markdown: str) -> list[str]:
    """Return Markdown's paragraphs, with an empty line between two: a single line break is none."""
    headings_apart = re.sub(r"(?m)^(#.*)\n", r"\1\n\n", markdown)
    paragraphs = [part.replace("\n", " ") for part in headings_apart.split("\n\n")]
    return [line for number, part in enumerate(paragraphs) for line in ([""] if number > 1 else []) + [part]]


def _draw_metric(sheet: Sheet, panel: Axes, widget: Mapping[str, Any]) -> None:
    if widget["properties"]["view"] == "singleValue":
        _draw_numbers(sheet, panel, widget)
    else:
        _draw_graph(sheet, panel, widget)


def _inside(panel: Axes, left: float, bottom: float, right: float, top: float) -> Axes:
    """Return axes inside a panel, whose margins are given in inches."""
    wide, high = panel.get_xlim()[1], panel.get_ylim()[1]
    place = (left / wide, bottom / high, (wide - left - right) / wide, (high - bottom - top) / high)
    return panel.inset_axes(place)


def _draw_graph(sheet: Sheet, panel: Axes, widget: Mapping[str, Any]) -> None:
    properties = widget["properties"]
    samples = sheet.samples(properties)
    has_right = "right" in properties.get("yAxis", {})
    axes = _inside(panel, 0.52, 0.52, 0.48 if has_right else 0.18, 0.42)
    annotations = properties.get("annotations", {})
    highest = _draw_alarm(sheet, axes, annotations["alarms"][0], samples) if "alarms" in annotations else 0.0
    lines = lines_of(properties.get("metrics", ()), samples)
    other = axes.twinx() if has_right else axes
    base = np.zeros_like(samples.at)
    for number, line in enumerate(lines):
        color = line.color or _CYCLE[number % len(_CYCLE)]
        if properties.get("stacked"):
            top = base + np.nan_to_num(line.values)
            axes.fill_between(samples.at, base, top, color=color, alpha=0.65, lw=0, label=line.label, step="post")
            base = top
            continue
        (other if line.right else axes).plot(samples.at, line.values, color=color, lw=1.4, label=line.label)
        if not line.right:
            highest = max(highest, _largest(line.values))
    for mark in annotations.get("horizontal", ()):
        axes.axhline(mark["value"], color=mark["color"], lw=1.2, ls="--", label=mark["label"])
        highest = max(highest, mark["value"])
    stated = properties.get("yAxis", {}).get("left", {})
    axes.set_ylim(0, stated.get("max") or max(1.18 * highest, 0.01))
    if has_right:
        other.set_ylim(bottom=0)
        _style(other)
        other.set_ylabel(properties["yAxis"]["right"].get("label", ""), fontsize=7.5, color=_PALE, labelpad=2)
    axes.set_ylabel(stated.get("label", ""), fontsize=7.5, color=_PALE, labelpad=2)
    axes.grid(axis="y", color="#eaeded", lw=0.8)
    _style(axes)
    _clock(axes, samples.at)
    _legend(panel, axes, other)


def _draw_alarm(sheet: Sheet, axes: Axes, arn: str, samples: Samples) -> float:
    """Draw what an alarm compares, and its limit; return the highest of both."""
    alarm = sheet.alarms[arn]
    values, limit = compared_by(alarm, samples), float(alarm["Threshold"])
    axes.plot(samples.at, values, color="#1f77b4", lw=1.4, label="worse of blue and green")
    axes.axhline(limit, color="#d13212", lw=1.2, label=f"limit {limit:g}")
    axes.axhspan(limit, 10 * limit + 1, color="#d13212", alpha=0.06, lw=0)
    return max(limit, _largest(values))


def _draw_numbers(sheet: Sheet, panel: Axes, widget: Mapping[str, Any]) -> None:
    properties = widget["properties"]
    samples = sheet.samples(properties)
    lines = lines_of(properties["metrics"], samples)
    wide, high = panel.get_xlim()[1], panel.get_ylim()[1]
    for number, line in enumerate(lines):
        left = 0.14 + number * (wide - 0.2) / len(lines)
        last = line.values[-1]
        shown = "none" if np.isnan(last) else f"{last:.3g}"
        panel.text(left, high - 0.5, line.label, fontsize=9, color=_PALE, va="center")
        panel.text(left, high - 0.86, shown, fontsize=21, color=line.color or _INK, va="center")
        spark = panel.inset_axes((left / wide, 0.08 / high, (wide - 0.3) / len(lines) / wide * 0.92, 0.28 / high))
        spark.plot(samples.at, line.values, color=line.color or _CYCLE[number], lw=1)
        spark.axis("off")


def _draw_alarm_states(sheet: Sheet, panel: Axes, widget: Mapping[str, Any]) -> None:
    arns = widget["properties"]["alarms"]
    wide, high = panel.get_xlim()[1], panel.get_ylim()[1]
    names = [_name(sheet.alarms.get(arn), arn) for arn in arns]
    across = max(1, int(wide // (0.3 + 0.085 * max(map(len, names)))))
    samples = Samples(sheet.minutes, 1)
    states = sorted((_state(sheet.alarms.get(arn), samples), name) for arn, name in zip(arns, names, strict=True))
    step = min(0.32, (high - 0.5) / -(-len(states) // across))
    for number, (state, name) in enumerate(states):
        left = 0.12 + (number % across) * (wide - 0.2) / across
        top = high - 0.42 - (number // across) * step
        panel.add_patch(
            FancyBboxPatch((left, top - step + 0.06), 0.1, step - 0.1, boxstyle="square,pad=0", fc=_STATES[state], lw=0)
        )
        panel.text(
            left + 0.2, top - step / 2 + 0.01, name[: int((wide / across) * 12)], fontsize=8.5, color=_INK, va="center"
        )


def _draw_log(sheet: Sheet, panel: Axes, widget: Mapping[str, Any]) -> None:
    lines = sheet.samples({}).log_lines(widget["properties"]["title"])
    wide, high = panel.get_xlim()[1], panel.get_ylim()[1]
    widths = [max(len(line[column]) for line in lines) + 3 for column in range(len(lines[0]))]
    for number, line in enumerate(lines):
        y = high - 0.52 - 0.27 * number
        if number:
            panel.axhline(y + 0.135, 0.01, 0.99, color="#eaeded", lw=0.8)
        for column, cell in enumerate(line):
            left = 0.14 + sum(widths[:column]) * 0.077
            shown = cell[: max(3, int((wide - left) / 0.074))]
            style = _LINE if number else _HEADER
            panel.text(left, y, shown, fontdict=style, fontsize=8.3, va="center")


def _state(alarm: Mapping[str, Any] | None, samples: Samples) -> str:
    """Judge an alarm by the newest sample; composite alarms, and those of other stacks, are taken to be quiet."""
    if alarm is None or "Threshold" not in alarm:
        return "OK"
    last = compared_by(alarm, samples)[-1]
    if np.isnan(last):
        return _WITHOUT_DATA[alarm.get("TreatMissingData", "missing")]
    over = last > alarm["Threshold"] if alarm["ComparisonOperator"].startswith("Greater") else last < alarm["Threshold"]
    return "ALARM" if over else "OK"


def _name(alarm: Mapping[str, Any] | None, arn: str) -> str:
    return str(alarm["AlarmName"]) if alarm else arn.rpartition(":alarm:")[2]


def _largest(values: Values) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if known.size else 0.0


def _style(axes: Axes) -> None:
    axes.tick_params(labelsize=7.5, colors=_PALE, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_facecolor("none")


def _clock(axes: Axes, at: Values) -> None:
    first, last = at[0], 12 * 60
    ticks = np.linspace(first, last, 4)
    axes.set_xlim(first, last)
    axes.set_xticks(ticks, [f"{int(tick) // 60 % 24:02d}:{int(tick) % 60:02d}" for tick in ticks])


def _legend(panel: Axes, axes: Axes, other: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if other is not axes:
        more = other.get_legend_handles_labels()
        handles, labels = handles + more[0], labels + more[1]
    shown = [textwrap.shorten(label, 34, placeholder="…") for label in labels]
    panel.legend(
        handles,
        shown,
        loc="lower left",
        ncols=4,
        fontsize=7.5,
        frameon=False,
        bbox_to_anchor=(0.0, -0.02),
        handlelength=1.0,
        columnspacing=1.0,
        handletextpad=0.4,
        labelcolor=_INK,
    )


_WIDGETS: Mapping[str, Callable[[Sheet, Axes, Mapping[str, Any]], None]] = {
    "text": _draw_text,
    "metric": _draw_metric,
    "alarm": _draw_alarm_states,
    "log": _draw_log,
}
