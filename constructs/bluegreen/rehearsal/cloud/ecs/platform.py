"""What running a task takes: the machine's side of ECS, handed to whatever starts tasks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.metrics import MetricStore
from bluegreen.rehearsal.cloud.network import Network
from bluegreen.rehearsal.cloud.processes import Processes
from bluegreen.rehearsal.images import Images

from .log_shipping import LogShipper


@dataclass
class Platform:
    """The machine that tasks run on.

    Args:
        folder: Where the containers' output goes, one file each.
        environment: What the platform adds to every container.
        crash_at_start: Versions whose containers end with exit code 1 right after they start: an injected fault.
        not_run: The image of each container that was left out, by the family and the container's name.
    """

    clock: Clock
    metrics: MetricStore
    journal: Journal
    client: Callable[[str], Any]
    network: Network
    images: Images
    processes: Processes
    logs: LogShipper
    folder: Path
    region: str
    account: str
    environment: Mapping[str, str]
    crash_at_start: frozenset[str] = field(default_factory=frozenset)
    not_run: dict[tuple[str, str], str] = field(default_factory=dict)
