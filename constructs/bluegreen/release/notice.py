"""What the owner of a service reads when CloudFormation no longer listens: one subject, one short text."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LONGEST_SUBJECT = 99
"""SNS takes ASCII subjects of fewer than 100 characters, without line breaks."""


@dataclass(frozen=True)
class Notice:
    """One notification.

    Args:
        subject: At most `LONGEST_SUBJECT` printable ASCII characters.
        text: The rest.
    """

    subject: str
    text: str


def ready(service: str, version: str, deployment_id: str, now: str, approval_minutes: int) -> Notice:
    """Say that a healthy, tested candidate waits for approval, until when, and how to continue or refuse.

    Args:
        service: The service's name.
        version: The candidate's version.
        deployment_id: The deployment that waits.
        now: When the wait was first seen, in ISO 8601.
        approval_minutes: For how many minutes CodeDeploy waits.

    Returns:
        The notice.

    Raises:
        ValueError: If `now` is no ISO 8601 time.

    Example:
        >>> notice = ready("orders", "v2", "d-1", "2026-01-31T23:50:00+00:00", 30)
        >>> notice.subject
        'orders: v2 waits for approval until 2026-02-01 00:20 UTC'
        >>> print(notice.text)
        v2 of orders is healthy and tested; production is still on the version before it.
        Continue: aws deploy continue-deployment --deployment-id d-1 --deployment-wait-type READY_WAIT
        Refuse: aws deploy stop-deployment --deployment-id d-1 --auto-rollback-enabled
        Without either it ends as stopped at 2026-02-01 00:20 UTC.
    """
    end = datetime.fromisoformat(now).astimezone(UTC) + timedelta(minutes=approval_minutes)
    until = end.strftime("%Y-%m-%d %H:%M UTC")
    return Notice(
        subject(f"{service}: {version} waits for approval until {until}"),
        f"{version} of {service} is healthy and tested; production is still on the version before it.\n"
        f"Continue: aws deploy continue-deployment --deployment-id {deployment_id} --deployment-wait-type READY_WAIT\n"
        f"Refuse: aws deploy stop-deployment --deployment-id {deployment_id} --auto-rollback-enabled\n"
        f"Without either it ends as stopped at {until}.",
    )


def handed_on(service: str, version: str, reason: str) -> Notice:
    """Say that the stack's update is over and the release is not.

    Args:
        service: The service's name.
        version: The version being released.
        reason: What `HandOn` says.

    Returns:
        The notice.

    Example:
        >>> handed_on("orders", "v2", "v2 is tested and its traffic moves").subject
        'orders: release of v2 goes on after cdk deploy'
    """
    return Notice(subject(f"{service}: release of {version} goes on after cdk deploy"), f"{reason}.")


def succeeded(service: str, version: str, reason: str) -> Notice:
    """Say that a release which was handed on has succeeded.

    Args:
        service: The service's name.
        version: The version released.
        reason: What `Succeed` says.

    Returns:
        The notice.

    Example:
        >>> succeeded("orders", "v2", "v2 serves all of production since d-1").subject
        'orders: v2 is released'
    """
    return Notice(subject(f"{service}: {version} is released"), f"{reason}.")


def failed(service: str, version: str, message: str) -> Notice:
    """Say that a release which was handed on has failed, and that the stack does not know it.

    Args:
        service: The service's name.
        version: The version that was to be released.
        message: What `Fail` says.

    Returns:
        The notice.

    Example:
        >>> notice = failed("orders", "v2", "release of v2 failed at AllowTraffic")
        >>> notice.subject
        'orders: release of v2 FAILED'
        >>> print(notice.text)
        release of v2 failed at AllowTraffic.
        The stack still names v2: deploy a good version next; deploying v2 again changes nothing in the stack.
    """
    return Notice(
        subject(f"{service}: release of {version} FAILED"),
        f"{message}.\nThe stack still names {version}: deploy a good version next; deploying {version} again changes "
        "nothing in the stack.",
    )


def deleted(service: str, version: str, deployment_id: str) -> Notice:
    """Say that the deletion of a service has ended a release.

    Args:
        service: The service's name.
        version: The version that the stack named last.
        deployment_id: The deployment that was stopped; it need not have brought that version.

    Returns:
        The notice.

    Example:
        >>> notice = deleted("orders", "v2", "d-1")
        >>> notice.subject
        'orders: deleted during a release; the stack named v2'
        >>> notice.text
        'orders is being deleted: deployment d-1, which was under way, is stopped and not rolled back.'
    """
    return Notice(
        subject(f"{service}: deleted during a release; the stack named {version}"),
        f"{service} is being deleted: deployment {deployment_id}, which was under way, is stopped and not rolled back.",
    )


def subject(text: str) -> str:
    """Return a text as SNS takes it as a subject: every character that it would refuse becomes a question mark."""
    printable = "".join(character if " " <= character <= "~" else "?" for character in " ".join(text.split()))
    return printable if len(printable) <= LONGEST_SUBJECT else f"{printable[: LONGEST_SUBJECT - 3]}..."
