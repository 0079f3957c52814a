"""How long a release may take at worst, and whether CloudFormation's hour holds it."""

import math
from collections.abc import Mapping

from .rollout import Rollout

LONGEST_RELEASE_MINUTES = 53
"""CloudFormation waits 60 minutes for a custom resource; the rest is for turning a release back and saying so."""

LONGEST_HANDED_ON_MINUTES = 5 * 24 * 60
"""For how long a release is followed that CloudFormation no longer waits for: five days."""


def worst_case_minutes(rollout: Rollout, hook_seconds: Mapping[str, int], start_seconds: int) -> int:
    """Add up what a release may take at worst, in minutes rounded up.

    Keeping the previous version does not count, because the release is over by then.

    Args:
        rollout: How traffic moves; its wait for approval counts in full.
        hook_seconds: For each lifecycle event with a hook, how many seconds its function may take.
        start_seconds: For how many seconds the candidate's tasks may take to become healthy.

    Returns:
        The minutes.

    Example:
        >>> worst_case_minutes(Rollout.canary(10, 15), {"AfterInstall": 90, "AfterAllowTraffic": 60}, 900)
        33
    """
    return math.ceil((start_seconds + sum(hook_seconds.values())) / 60) + rollout.longest_minutes


def fits(rollout: Rollout, hook_seconds: Mapping[str, int], start_seconds: int) -> bool:
    """Return whether CloudFormation's hour holds the release; one that does not fit is handed on.

    Args:
        rollout: See `worst_case_minutes`.
        hook_seconds: See `worst_case_minutes`.
        start_seconds: See `worst_case_minutes`.

    Returns:
        Whether it fits.

    Example:
        >>> fits(Rollout.canary(10, 15), {}, 900), fits(Rollout.canary(10, 15, approval_wait_minutes=60), {}, 900)
        (True, False)
    """
    return worst_case_minutes(rollout, hook_seconds, start_seconds) <= LONGEST_RELEASE_MINUTES


def added_up(rollout: Rollout, hook_seconds: Mapping[str, int], start_seconds: int) -> str:
    """Say what the worst case is made of.

    Args:
        rollout: See `worst_case_minutes`.
        hook_seconds: See `worst_case_minutes`.
        start_seconds: See `worst_case_minutes`.

    Returns:
        The sum in words.

    Example:
        >>> added_up(Rollout.linear(10, 5, approval_wait_minutes=30), {"AfterInstall": 90}, 900)
        'start of the tasks 15 min + hooks 1.5 min + approval 30 min + traffic shift 45 min, at worst 92 min'
    """
    parts = {
        "start of the tasks": start_seconds / 60,
        "hooks": sum(hook_seconds.values()) / 60,
        "approval": rollout.approval_wait_minutes or 0,
        "traffic shift": rollout.schedule[-1][0],
    }
    terms = " + ".join(f"{name} {round(minutes, 1):g} min" for name, minutes in parts.items() if minutes)
    return f"{terms or 'nothing'}, at worst {worst_case_minutes(rollout, hook_seconds, start_seconds)} min"
