"""What a person reads about a release: one line, short enough for CloudFormation, with all that matters."""

import math

from .candidate import Candidate
from .deployment import Deployment, DeploymentStatus
from .observation import Observation, short

LONGEST_BYTES = 1000
"""CloudFormation takes an answer of 4096 bytes; the message leaves room for the rest of it."""

LONGEST_QUOTE = 450
"""What others said is cut at so many bytes, so that there is room for what we say."""


def given_up(candidate: Candidate, log_group: str | None, *, what: str = "Install") -> str:
    """Say that Install was given up, how many tasks failed, why the newest did, and where it may have said more.

    Args:
        candidate: The candidate's tasks, of which at least one failed.
        log_group: Where their containers write; None when not known.
        what: What was given up.

    Returns:
        One line.

    Example:
        >>> from .candidate import StoppedTask
        >>> pull = StoppedTask(code="TaskFailedToStart", reason="CannotPullContainerError: no such image")
        >>> given_up(Candidate(desired=2, stopped=(pull, pull, pull)), "orders")
        'Install gave up after 3 failed tasks: CannotPullContainerError: no such image'
    """
    return f"{what} gave up after {len(candidate.failed)} failed tasks: {_newest(candidate, log_group)}"


def unhealthy(seen: Observation, whose: str) -> str:
    """Say that tasks did not become healthy in their time, and what is known of why.

    Args:
        seen: What was seen last.
        whose: Which tasks.

    Returns:
        One line.

    Example:
        >>> from .observation import RequestType
        >>> none = Candidate(desired=2)
        >>> seen = Observation(request=RequestType.UPDATE, version="v2", desired="o:2", candidate=none)
        >>> unhealthy(seen, "its tasks")
        'its tasks were not healthy within 15 min; none of them failed: look at the health check and its path'
    """
    late = f"{whose} were not healthy within {math.ceil(seen.start_seconds / 60)} min"
    if seen.candidate and seen.candidate.failed:
        return f"{late}; the newest failed task: {_newest(seen.candidate, seen.log_group)}"
    none = "none of them failed" if seen.candidate else "whether any failed is not known"
    return f"{late}; {none}: look at the health check and its path"


def hook_unanswered(event: str, seconds: int) -> str:
    """Say that a hook did not answer in its time: it crashed, was killed, or cannot reach CodeDeploy.

    Args:
        event: The lifecycle event.
        seconds: How many seconds its function may take.

    Returns:
        One line.
    """
    return (
        f"the hook at {event} did not answer within the {seconds} s that its function may take: look at the function's "
        "log, and whether it can reach CodeDeploy"
    )


def not_created(seen: Observation, why: str) -> str:
    """Say that a service's first tasks failed.

    Args:
        seen: What was seen last.
        why: Why.

    Returns:
        One line.
    """
    return shortened(f"creation with {seen.version} failed: {why}; {seen.desired_tasks} tasks of {short(seen.desired)}")


def refusal_for_alarms(seen: Observation) -> str:
    """Say which alarms forbid a release, and how to release all the same.

    Args:
        seen: What was seen last.

    Returns:
        One line.

    Example:
        >>> from .observation import RequestType
        >>> red = ("orders-errors",)
        >>> seen = Observation(request=RequestType.UPDATE, version="v2", desired="o:2", primary="o:1",
        ...     primary_percent=100, red_alarms=red)
        >>> print(refusal_for_alarms(seen))  # doctest: +NORMALIZE_WHITESPACE
        release of v2 refused: in ALARM: orders-errors; nothing was begun; production: 100 % on o:1; fix the cause and
        deploy again, or, when v2 is the fix, set ignore_red_alarms=IgnoredAlarms(version="v2", reason="…")
    """
    alarms = shortened(", ".join(seen.red_alarms), LONGEST_QUOTE)
    return shortened(
        f"release of {seen.version} refused: in ALARM: {alarms}; nothing was begun; {seen.traffic}; fix the cause and "
        f"deploy again, or, when {seen.version} is the fix, set "
        f'ignore_red_alarms=IgnoredAlarms(version="{seen.version}", reason="…")'
    )


def released(seen: Observation, deployment: Deployment) -> str:
    """Say that a version is released, and which alarms were ignored for it.

    Args:
        seen: What was seen last.
        deployment: The deployment that brought it.

    Returns:
        One line.

    Example:
        >>> from .deployment import DeploymentStatus
        >>> from .observation import RequestType
        >>> seen = Observation(request=RequestType.UPDATE, version="v2", desired="o:2", primary="o:2",
        ...     primary_percent=100, ignored_alarms=("orders-errors",), override="v2 is the fix")
        >>> released(seen, Deployment(id="d-1", status=DeploymentStatus.SUCCEEDED))
        'v2 serves all of production since d-1; released although in ALARM: orders-errors (v2 is the fix)'
    """
    if seen.live == seen.desired:
        text = f"{seen.version} serves all of production since {deployment.id}"
    else:
        text = f"{seen.version} was released by {deployment.id}; since then {seen.traffic}"
    if seen.ignored_alarms:
        text += f"; released although in ALARM: {', '.join(seen.ignored_alarms)} ({seen.override})"
    return shortened(text)


def handed_on(seen: Observation, deployment: Deployment) -> str:
    """Say that CloudFormation need not wait any longer, and where the end will be told.

    Args:
        seen: What was seen last.
        deployment: The deployment that goes on.

    Returns:
        One line.
    """
    ready = deployment.status is DeploymentStatus.READY
    doing = "waits for approval" if ready else "gets its traffic"
    return shortened(
        f"{seen.version} is healthy and tested and {doing}; deployment {deployment.id} goes on after this, and its end "
        f"is published to the notifications topic; {seen.traffic}"
    )


def cancelled(seen: Observation) -> str:
    """Say that a request has begun nothing, because CloudFormation no longer waits for it.

    Args:
        seen: What was seen last.

    Returns:
        One line.
    """
    return f"release of {seen.version} not begun: CloudFormation takes the update back; {seen.traffic}"


def not_restored(seen: Observation) -> str:
    """Say that production does not come to rest on the tasks it belongs to.

    Args:
        seen: What was seen last.

    Returns:
        One line.
    """
    return shortened(
        f"release of {seen.version} failed: its tasks are the service's primary ones, but the production listener's "
        f"default action does not stay on them; {seen.traffic}; find out what writes it, then deploy again"
    )


def refusal(seen: Observation, active: Deployment, seconds: int) -> str:
    """Say that another release is in the way, and which.

    Args:
        seen: What was seen last.
        active: The deployment in the way.
        seconds: How long it was waited for.

    Returns:
        One line.
    """
    doing = "still removes its old tasks" if active.only_waits_to_remove else f"is {active.status}"
    return shortened(
        f"release of {seen.version} refused: deployment {active.id} of {short(active.task_definition)} {doing} after"
        f" {seconds} s; wait for it or stop it, then deploy again; {seen.traffic}"
    )


def unfinished(seen: Observation, seconds: int) -> str:
    """Say that time ran out, and what is still under way.

    Args:
        seen: What was seen last.
        seconds: How long the request has run.

    Returns:
        One line.
    """
    running = seen.rollback or seen.followed or seen.active
    what = f"deployment {running.id} is {running.status}" if running else "no deployment was started"
    if seen.stopped_because:
        what = f"{seen.stopped_because}; {what}"
    return shortened(f"release of {seen.version} did not finish within {seconds} s: {what}; {seen.traffic}")


def shortened(text: str, longest_bytes: int = LONGEST_BYTES) -> str:
    """Return a text on one line, cut at its end to at most so many bytes of UTF-8.

    Example:
        >>> shortened("a very long story", longest_bytes=9)
        'a very…'
    """
    line = " ".join(text.split())
    encoded = line.encode()
    if len(encoded) <= longest_bytes:
        return line
    mark = "…"
    return encoded[: longest_bytes - len(mark.encode())].decode(errors="ignore").rstrip() + mark


def _newest(candidate: Candidate, log_group: str | None) -> str:
    newest = candidate.failed[-1]
    where = f"; log group {log_group}" if log_group and newest.ran else ""
    return f"{shortened(newest.why, LONGEST_QUOTE)}{where}"
