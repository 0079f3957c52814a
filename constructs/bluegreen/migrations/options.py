"""What a command of the runner is told: its options, and whom it makes roles for."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bluegreen.release.migrations.findings import Grade

OWNER_ROLE = "BLUEGREEN_OWNER_ROLE"
APPLICATION_USER = "BLUEGREEN_APPLICATION_USER"
APPLICATION_PASSWORD = "BLUEGREEN_APPLICATION_PASSWORD"  # noqa: S105 - the variable's name


@dataclass(frozen=True)
class Clock:
    """Where a run gets its time and its chance from: real ones when omitted.

    Args:
        now: Seconds that only grow.
        sleep: Waits for so many seconds.
        chance: A number from 0 to 1.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a command is told.

    Args:
        token: The fencing token; 0 by hand, without a ledger.
        lock_timeout_ms: The longest that a statement waits for a lock, and so the longest that it makes others wait.
        deadline_seconds: When to give up, from the start of the command.
        contract: Whether the release is declared a contract release.
        grades: Changes of the gate's grades, by rule.
        owner_role: The NOLOGIN role that owns all objects; None for whoever logs in.
        application_user: The login role that may only use rows; None to make none.
        application_password: Its password.
        clock: Where time comes from.
    """

    token: int = 0
    lock_timeout_ms: int = 500
    deadline_seconds: float = 1200
    contract: bool = False
    grades: Mapping[str, Grade] = field(default_factory=dict)
    owner_role: str | None = None
    application_user: str | None = None
    application_password: str | None = field(default=None, repr=False)
    clock: Clock = field(default_factory=Clock)
