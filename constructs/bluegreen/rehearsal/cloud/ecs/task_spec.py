"""What a task consists of before it runs: its task definition with its overrides, and its containers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.processes import Process


@dataclass(frozen=True)
class TaskSpec:
    """What all tasks of a task set, or of one RunTask, have in common.

    Args:
        group: ECS's task group: `service:NAME`, or `family:NAME` for a one-off task unless RunTask names another.
        started_by: The task set, or what RunTask was told; empty when it was told nothing.
        definition: The task definition, with RunTask's overrides already applied.
        overrides: Those overrides, as they are shown.
    """

    cluster: str
    cluster_arn: str
    group: str
    started_by: str
    definition: Document
    load_balancers: tuple[Document, ...]
    launch_type: str
    platform_version: str
    overrides: Document = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The name of the service, or of the family."""
        return self.group.partition(":")[2] or self.group

    @property
    def is_one_off(self) -> bool:
        """Whether no service keeps it running."""
        return not self.group.startswith("service:")

    def command(self, container: Document) -> list[str]:
        """Return what a container runs in place of its image's own command; nothing for the image's own.

        An entry of bluegreen.toml is an image's entry point and command in one, with this machine's addresses in it. So
        a task definition's `command` alone does not replace it; an entry point does, and so does what RunTask asks for.
        """
        overridden = any(
            one["name"] == container["name"] and one.get("command")
            for one in self.overrides.get("containerOverrides", [])
        )
        entry_point: list[str] = container.get("entryPoint", [])
        return entry_point + container.get("command", []) if entry_point or overridden else []


@dataclass
class Container:
    """One container of a task."""

    definition: Document
    process: Process | None = None
    log: Path | None = None
    exit_code: int | None = None
    end_log: Callable[[], None] = lambda: None

    @property
    def essential(self) -> bool:
        """Whether its end ends the task."""
        return bool(self.definition.get("essential", True))
