"""Progress for people: a live picture on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .connection import Answer
from .evidence import Event
from .rehearsal import Result
from .report import render_timeline
from .scenarios.scenario import Scenario
from .view import QUIET_KINDS, STEPS, VersionView, View

BAR = 20


class Display:
    """Tells what a rehearsal does: on a terminal a picture and then a timeline, elsewhere line by line as it happens.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._view: View | None = None
        self._title = ""
        self._begun = time.monotonic()
        self._live: Live | None = None

    def say(self, text: str) -> None:
        """Tell a step outside the scenarios."""
        self._line(Text(text))

    def begin(self, scenario: Scenario, live: str) -> None:
        """Begin a scenario's picture."""
        with self._lock:
            self._view = View(live, live)
            self._title = scenario.name
            self._begun = time.monotonic()
        self._console.print()
        begins = f" ({live} is live)" if live else ""
        self._line(Text.assemble((scenario.name, "bold"), f": {scenario.summary}{begins}"))
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._picture, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()

    def deploying(self, version: str) -> None:
        """Tell that a command begins."""
        with self._lock:
            if self._view is None:
                return  # the first version, told already
            self._view.candidate = version or self._view.candidate
        self._line(Text(f"cdk deploy of {version}" if version else "cdk deploy"))

    def event(self, event: Event) -> None:
        """Tell something that happened in the cloud."""
        with self._lock:
            if self._view is not None:
                self._view.take_event(event)
        if event.kind not in QUIET_KINDS and not self._console.is_terminal:
            self._line(Text(event.what), event.at)

    def state(self, state: Mapping[str, Any]) -> None:
        """Take the cloud's present state."""
        with self._lock:
            if self._view is not None:
                self._view.take_state(state)

    def answers(self, answers: Sequence[Answer]) -> None:
        """Take answers of the steady load."""
        with self._lock:
            if self._view is not None:
                self._view.take_answers(answers)

    def end(self, result: Result) -> None:
        """Put the picture away and tell how the scenario ended."""
        self.close()
        if result.evidence is not None and self._console.is_terminal:
            self._console.print(render_timeline(result.evidence), highlight=False)
        word = ("held", "bold green") if result.held else ("did NOT hold", "bold red")
        self._line(Text.assemble((result.scenario.name, "bold"), " ", word))
        for complaint in result.complaints:
            self._line(Text(f"  {complaint}"))

    def close(self) -> None:
        """Put the picture away; may be called twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _line(self, text: Text, at: float | None = None) -> None:
        seconds = max(0.0, (time.monotonic() if at is None else at) - self._begun)
        self._console.print(
            Text.assemble((f"{seconds:7.1f} s  ", "dim"), text),
            highlight=False,
            soft_wrap=not self._console.is_terminal,
        )

    def _picture(self) -> RenderableType:
        with self._lock:
            return picture(self._view, self._title) if self._view is not None else Text()


def picture(view: View, title: str) -> RenderableType:
    """Return the present as a panel: the step, where each version is, the alarms and the requests."""
    versions = Table.grid(padding=(0, 2))
    for version in view.versions():
        versions.add_row(*_version(version))
    failed = Text(f"{view.failed:,} failed", style="bold red" if view.failed else "green")
    requests = Text.assemble(f"{view.requests:,} requests, ", failed)
    return Panel(
        Group(_step(view), versions, _alarms(view), requests, Text(), _latest(view)),
        title=title,
        title_align="left",
        border_style="dim",
    )


def _step(view: View) -> Text:
    if not view.step:
        return Text("no deployment yet", style="dim")
    done = "━" * view.step_number + "╌" * (len(STEPS) - view.step_number)
    return Text.assemble((f"{done} ", "cyan"), f"step {view.step_number}/{len(STEPS)} ", (view.step, "bold"))


def _latest(view: View) -> Text:
    return Text("\n".join(view.latest), style="dim", no_wrap=True, overflow="ellipsis")


def _version(version: VersionView) -> tuple[Text, Text, Text, Text]:
    full = round(version.share * BAR)
    bar = Text.assemble(("█" * full, "blue" if version.role == "live" else "green"), ("░" * (BAR - full), "dim"))
    return (
        Text.assemble((version.version, "bold"), f" {version.role}"),
        Text(f"{version.running} of {version.desired} tasks"),
        bar,
        Text(f"weight {'-' if version.weight is None else version.weight}, answers {version.share:.0%}"),
    )


def _alarms(view: View) -> Text:
    if not view.alarm_count:
        return Text("no alarms", style="dim")
    if not view.red_alarms:
        return Text(f"{view.alarm_count} alarms, all quiet")
    return Text.assemble((f"ALARM: {', '.join(view.red_alarms)}", "bold red"), f" (of {view.alarm_count} alarms)")
