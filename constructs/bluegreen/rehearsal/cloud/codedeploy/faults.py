"""Faults of CodeDeploy itself: hooks that are lost or invoked twice, and a rollback that is named late."""

from dataclasses import dataclass

from bluegreen.rehearsal.cloud.api import Document

from .lifecycle import HOOKABLE

HOOK_LOST = "hook-lost"
HOOK_TWICE = "hook-twice"
ROLLBACK_LATE = "rollback-late"
KINDS = frozenset({HOOK_LOST, HOOK_TWICE, ROLLBACK_LATE})

LONGEST_DELAY_SECONDS = 3600
"""How late a rollback may be named, in cloud time."""


@dataclass(frozen=True)
class Fault:
    """A fault in force.

    Args:
        kind: One of `KINDS`; empty when all is well.
        event: The lifecycle event whose hook it hits; None hits every hook.
        seconds: How long after its end, in cloud time, a failed deployment names its rollback; for rollback-late only.
    """

    kind: str
    event: str | None = None
    seconds: float = 0.0


NO_FAULT = Fault("")
"""All is well."""


def parse(document: Document) -> Fault:
    """Read a fault document; `{"fault": null}` means that all is well again.

    Args:
        document: `fault`; for both faults of hooks optionally the `event` whose hook is hit, every hook's when omitted;
            for rollback-late the `seconds`, above 0 up to 3600.

    Raises:
        ValueError: If the document is none of these.
    """
    kind, event = document.get("fault"), document.get("event")
    if kind is None:
        return NO_FAULT
    if kind not in KINDS:
        raise ValueError(f"fault must be one of {', '.join(sorted(KINDS))} or null, got {kind!r}")
    if kind == ROLLBACK_LATE:
        seconds = document.get("seconds")
        if not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST_DELAY_SECONDS:
            raise ValueError(f"seconds must be above 0 and at most {LONGEST_DELAY_SECONDS}, got {seconds!r}")
        return Fault(kind, seconds=float(seconds))
    if event is not None and event not in HOOKABLE:
        raise ValueError(f"event must be one of {', '.join(HOOKABLE)}, got {event!r}")
    return Fault(kind, event)


def invocations(fault: Fault, event: str) -> int:
    """Return how often the hook of a lifecycle event is really invoked.

    A lost one is never run: CodeDeploy's invocation was accepted, and what should have run died before its first line.

    Example:
        >>> invocations(NO_FAULT, "AfterInstall"), invocations(Fault(HOOK_TWICE), "AfterInstall")
        (1, 2)
        >>> invocations(Fault(HOOK_LOST, "BeforeInstall"), "AfterInstall")
        1
    """
    if fault.event not in {None, event}:
        return 1
    return {HOOK_LOST: 0, HOOK_TWICE: 2}.get(fault.kind, 1)


def naming_delay(fault: Fault) -> float:
    """Return how long after its end a failed deployment does not name its rollback; 0 names it as soon as it exists."""
    return fault.seconds if fault.kind == ROLLBACK_LATE else 0.0
