"""What a scenario is: something to play, what is broken meanwhile, and what must then be seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.rehearsal.evidence import Evidence
from bluegreen.rehearsal.stage import Stage

from .checks import FEWEST_PER_SECOND, Check, none_lost, steady


def one_release(stage: Stage, fault: Mapping[str, Any] | None = None) -> None:
    """Deploy the next version, with a fault of it from the start."""
    version = stage.next_version()
    if fault is not None:
        stage.inject(fault)
    stage.deploy(version)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Something that happens to a service, and what its users must not notice of it.

    Args:
        name: What `--scenario` takes.
        summary: One line for people.
        group: What `--group` takes.
        expected: The outcome of its last command; see `Outcome`.
        checks: What else must hold.
        fault: What is broken while one release runs, in the cloud's words, without the version: that is the candidate.
        play: What happens. One release when omitted.
        application: Another application of the project, which the scenario deploys itself, load and all; the one that
            is rehearsed, already deployed and under load, when omitted.
        stack: That application's stack.
        synthesizes: Whether each deploy synthesizes the application, as its owner's does. Otherwise that is done once
            for all versions, and only the version's name differs, which saves most of a deploy's time.
        connections: What the load holds open instead of what bluegreen.toml says, for answers that take long.
        reads_back: Whether every write that the load was told is done is read back at the end. That takes a second for
            each three hundred, so only where data may be lost.
        fewest_per_second: What each load must reach; less where several services share the machine. 0 needs no load.
    """

    name: str
    summary: str
    group: str
    expected: str
    checks: tuple[Check, ...] = ()
    fault: Mapping[str, Any] | None = None
    play: Callable[[Stage], None] | None = None
    application: str = ""
    stack: str = ""
    synthesizes: bool = False
    connections: int = 0
    reads_back: bool = False
    fewest_per_second: int = FEWEST_PER_SECOND

    def run(self, stage: Stage) -> None:
        """Play it."""
        if self.play is None:
            one_release(stage, self.fault)
        else:
            self.play(stage)

    def complaints(self, evidence: Evidence) -> list[str]:
        """Return everything that does not hold; an empty list when the scenario held."""
        load = (steady(self.fewest_per_second),) if self.fewest_per_second else ()
        found = [check(evidence) for check in (*load, none_lost, self._outcome, *self.checks)]
        return [*(complaint for complaint in found if complaint is not None), *evidence.complaints]

    def _outcome(self, evidence: Evidence) -> str | None:
        if evidence.outcome == self.expected:
            return None
        if not evidence.deploys:
            return f"nothing was deployed, expected {self.expected}"
        last = evidence.deploys[-1]
        said = f": {last.reason}" if last.reason else ""
        if late := evidence.turned_afterwards:
            said += f'; "{late.what}" came when the rollout was over, and took production back afterwards'
        return (
            f"the release {last.outcome}, expected {self.expected} "
            f"(cdk exit code {last.exit_code}, stack {last.stack_status}){said}"
        )
