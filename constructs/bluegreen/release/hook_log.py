"""The one log line in which a hook says its verdict, and how to find it again: CodeDeploy itself keeps no reason."""

import json

_MARK = "hook verdict"


def verdict_line(deployment_id: str, status: str, reason: str) -> str:
    """Return the line to log.

    Example:
        >>> verdict_line("d-1", "Failed", "GET /health: status: expected 200, got 503")
        'hook verdict for d-1: Failed: GET /health: status: expected 200, got 503'
    """
    return f"{_MARK} for {deployment_id}: {status}: {reason}"


def filter_pattern(deployment_id: str) -> str:
    """Return the CloudWatch Logs filter pattern that finds the lines of a deployment."""
    return f'"{_MARK} for {deployment_id}"'


def reason_in(logged: str, deployment_id: str) -> str | None:
    """Read the reason from a logged line, be it plain text or Lambda's JSON format.

    Args:
        logged: The line as CloudWatch Logs holds it.
        deployment_id: The deployment it must be about.

    Returns:
        The reason; None when the line is not a failed verdict about this deployment.

    Example:
        >>> reason_in('{"level": "ERROR", "message": "hook verdict for d-1: Failed: too slow"}', "d-1")
        'too slow'
    """
    try:
        document = json.loads(logged)
        text = document["message"] if isinstance(document, dict) else logged
    except (ValueError, KeyError):
        text = logged
    _, found, reason = str(text).partition(verdict_line(deployment_id, "Failed", ""))
    return reason.strip() if found else None
