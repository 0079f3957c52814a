"""Finds out what a failed hook said: CodeDeploy keeps only that it failed, the reason is in the hook's log."""

import logging

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
from bluegreen.release.deployment import Deployment
from bluegreen.release.hook_log import filter_pattern, reason_in
from bluegreen.release.observation import HookReport
from release_request import ReleaseRequest

_log = logging.getLogger("release")

_MOST_PAGES = 5
_EARLIER_MILLISECONDS = 3600 * 1000
_NOT_THE_HOOK = {"ALARM_ACTIVE", "MANUAL_STOP"}


def report(request: ReleaseRequest, failed: Deployment, now: float) -> HookReport | None:
    """Return what is known of the hook at which a deployment failed.

    Args:
        request: What the stack asked for.
        failed: The deployment.
        now: The time in seconds since the epoch; the log is read back for an hour.

    Returns:
        The report, without a quotation when the log could not be read; None when it was no hook that failed.
    """
    step = failed.failed_step
    if step is None or step not in request.appspec.hooks or failed.error_code in _NOT_THE_HOOK:
        return None
    log_group = request.hook_log_groups.get(step)
    function = request.appspec.hooks[step].split(":function:")[-1].partition(":")[0]
    said = _said(log_group, failed.id, now) if log_group else None
    return HookReport(function, log_group=log_group, said=said)


def _said(log_group: str, deployment_id: str, now: float) -> str | None:
    """Read the last verdict; a failure to do so must not hide the failure that is being reported."""
    query = {
        "logGroupName": log_group,
        "filterPattern": filter_pattern(deployment_id),
        "startTime": int(now * 1000) - _EARLIER_MILLISECONDS,
    }
    last = None
    try:
        for _ in range(_MOST_PAGES):
            answer = aws_clients.client("logs").filter_log_events(**query)
            for event in answer.get("events", []):
                last = reason_in(event.get("message", ""), deployment_id) or last
            if not answer.get("nextToken"):
                break
            query["nextToken"] = answer["nextToken"]
    except (ClientError, BotoCoreError) as error:
        _log.warning("cannot read the hook's log", extra={"log_group": log_group, "error": aws_clients.describe(error)})
    return last
