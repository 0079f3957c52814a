"""What a function tells the state machine that drives it."""

from dataclasses import dataclass
from typing import Any

TASK_GRACE_SECONDS = 120
"""How much longer than its command a one-off task may take: to start, to load the image, to stop."""


@dataclass(frozen=True)
class Next:
    """What the state machine does next.

    Args:
        what: wait, run-task, done or failed.
        wait_seconds: How long to wait.
        task: The task to run.
    """

    what: str
    wait_seconds: int = 1
    task: dict[str, Any] | None = None
