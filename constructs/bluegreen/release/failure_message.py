"""What a person reads when a deployment failed: where, why, where to read more, and where the traffic is now."""

from .deployment import Deployment, DeploymentStatus
from .messages import LONGEST_QUOTE, shortened
from .observation import Observation, WaitFor

_APPROVAL_SEEN_LATE = 120
"""By how many seconds the first look at a wait for approval may come after its beginning."""


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


def _what_happened(seen: Observation, deployment: Deployment) -> str:
    if seen.stopped_because and not deployment.alarms:
        return f"failed: {seen.stopped_because}"  # CodeDeploy knows only MANUAL_STOP
    if not_approved := _not_approved(seen, deployment):
        return not_approved
    step = deployment.failed_step
    where = f" at {step}" if step else ""
    code = f" ({deployment.error_code})" if deployment.error_code else ""
    verb = "failed" if deployment.ended_badly else "did not reach production"
    return f"{verb}{where}{code}{_cause(seen, deployment)}"


def _not_approved(seen: Observation, deployment: Deployment) -> str | None:
    """CodeDeploy tells a wait that ran out and a refusal alike by the status Stopped; the time waited tells which."""
    waits = seen.approval_minutes is not None and WaitFor.APPROVAL in seen.waited
    if not waits or deployment.shifts or deployment.status is not DeploymentStatus.STOPPED or deployment.alarms:
        return None
    whole = 60 * (seen.approval_minutes or 0)
    if seen.waited_for(WaitFor.APPROVAL) >= whole - min(whole // 2, _APPROVAL_SEEN_LATE):
        return f"ended: nobody continued it within {seen.approval_minutes} min"
    return "ended: it was refused while it waited for approval"


def _cause(seen: Observation, deployment: Deployment) -> str:
    if deployment.alarms:
        noun = "alarm" if len(deployment.alarms) == 1 else "alarms"
        return shortened(f": {noun} {', '.join(deployment.alarms)}", LONGEST_QUOTE)
    if seen.hook is not None:
        said = f" said: {seen.hook.said}" if seen.hook.said else " gave no reason"
        return shortened(f": hook {seen.hook.function}{said}", LONGEST_QUOTE)
    return shortened(f": {deployment.error_message}", LONGEST_QUOTE) if deployment.error_message else ""


def _rolled_back(seen: Observation) -> str:
    if seen.rollback is None:
        return "not rolled back"
    if seen.rollback.ended_badly:
        code = f" ({seen.rollback.error_code})" if seen.rollback.error_code else ""
        return f"whose rollback {seen.rollback.id} failed too{code}"
    return f"rolled back by {seen.rollback.id}"
