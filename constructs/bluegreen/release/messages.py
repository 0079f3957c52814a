"""What a person reads when a release failed: one line, short enough for CloudFormation, with all that matters."""

from .candidate import Candidate
from .deployment import Deployment
from .observation import Observation, short

LONGEST_BYTES = 1000
"""CloudFormation takes an answer of 4096 bytes; the message leaves room for the rest of it."""

_LONGEST_QUOTE = 450


def failure(seen: Observation, deployment: Deployment) -> str:
    """Say where a followed deployment failed, why, where to read more, and where the traffic is now.

    Args:
        seen: What was seen last.
        deployment: The deployment that failed.

    Returns:
        One line of at most `LONGEST_BYTES`.

    Example:
        >>> from .deployment import DeploymentStatus, Step, StepStatus
        >>> from .observation import RequestType
        >>> seen = Observation(
        ...     request=RequestType.UPDATE, version="v2", desired="o:2", primary="o:1", primary_percent=100
        ... )
        >>> install = Step("Install", StepStatus.FAILED)
        >>> failed = Deployment(id="d-1", status=DeploymentStatus.FAILED, steps=(install,), error_code="TIMEOUT")
        >>> failure(seen, failed)
        'release of v2 failed at Install (TIMEOUT); deployment d-1, not rolled back; production: 100 % on o:1'
    """
    parts = [f"release of {seen.version} {_what_happened(seen, deployment)}"]
    if seen.hook is not None and seen.hook.log_group:
        parts.append(f"log group {seen.hook.log_group}")
    parts.append(f"deployment {deployment.id}, {_rolled_back(seen)}" if deployment.ended_badly else deployment.id)
    parts.append(seen.traffic)
    return shortened("; ".join(parts))


def given_up(candidate: Candidate, log_group: str | None) -> str:
    """Say that Install was given up, how many tasks failed, why the newest did, and where it may have said more.

    Args:
        candidate: The candidate's tasks, of which at least one failed.
        log_group: Where their containers write; None when not known.

    Returns:
        One line.

    Example:
        >>> from .candidate import StoppedTask
        >>> pull = StoppedTask(code="TaskFailedToStart", reason="CannotPullContainerError: no such image")
        >>> given_up(Candidate(desired=2, stopped=(pull, pull, pull)), "orders")
        'Install gave up after 3 failed tasks: CannotPullContainerError: no such image'
    """
    newest = candidate.failed[-1]
    where = f"; log group {log_group}" if log_group and newest.ran else ""
    return f"Install gave up after {len(candidate.failed)} failed tasks: {shortened(newest.why, _LONGEST_QUOTE)}{where}"


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


def _what_happened(seen: Observation, deployment: Deployment) -> str:
    if seen.stopped_because and not deployment.alarms:
        return f"failed: {seen.stopped_because}"  # CodeDeploy knows only MANUAL_STOP
    step = deployment.failed_step
    where = f" at {step}" if step else ""
    code = f" ({deployment.error_code})" if deployment.error_code else ""
    verb = "failed" if deployment.ended_badly else "did not reach production"
    return f"{verb}{where}{code}{_cause(seen, deployment)}"


def _cause(seen: Observation, deployment: Deployment) -> str:
    if deployment.alarms:
        noun = "alarm" if len(deployment.alarms) == 1 else "alarms"
        return shortened(f": {noun} {', '.join(deployment.alarms)}", _LONGEST_QUOTE)
    if seen.hook is not None:
        said = f" said: {seen.hook.said}" if seen.hook.said else " gave no reason"
        return shortened(f": hook {seen.hook.function}{said}", _LONGEST_QUOTE)
    return shortened(f": {deployment.error_message}", _LONGEST_QUOTE) if deployment.error_message else ""


def _rolled_back(seen: Observation) -> str:
    if seen.rollback is None:
        return "not rolled back"
    if seen.rollback.ended_badly:
        code = f" ({seen.rollback.error_code})" if seen.rollback.error_code else ""
        return f"whose rollback {seen.rollback.id} failed too{code}"
    return f"rolled back by {seen.rollback.id}"
