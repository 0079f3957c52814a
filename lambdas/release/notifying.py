"""Publishes what a service's owner must hear when CloudFormation does not tell it. It never changes a verdict."""

import logging
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
from answer import Answer
from bluegreen.release import notice
from bluegreen.release.deployment import Deployment, DeploymentStatus
from bluegreen.release.notice import Notice
from release_progress import Progress
from release_request import ReleaseRequest

_log = logging.getLogger("release")

_LONGEST_TELLING_SECONDS = 3600


def tell_when_ready(request: ReleaseRequest, followed: Deployment | None, progress: Progress, now: float) -> None:
    """Say once that a release waits for approval, until when, and how to continue or refuse it."""
    if followed is None or followed.status is not DeploymentStatus.READY or request.approval_minutes is None:
        return
    since = datetime.fromtimestamp(now, UTC).isoformat()
    _once(
        f"ready {followed.id}",
        notice.ready(request.service, request.version, followed.id, since, request.approval_minutes),
        request,
        progress,
    )


def tell_handed_on(request: ReleaseRequest, reason: str, progress: Progress) -> None:
    """Say once that the stack's update is over and the release is not."""
    _once("handed on", notice.handed_on(request.service, request.version, reason), request, progress)


def tell_deleted(request: ReleaseRequest, stopped: Deployment, progress: Progress) -> None:
    """Say once that the deletion of the service has ended a release, unless only its old tasks were still kept."""
    if not stopped.only_waits_to_remove:
        _once("deleted", notice.deleted(request.service, request.version, stopped.id), request, progress)


def tell_outcome(request: ReleaseRequest, answer: Answer, progress: Progress, now: float) -> bool:
    """Say once how a release ended that was handed on: nobody else will say it, so this is tried for an hour.

    Args:
        request: What the stack asked for.
        answer: How it ended.
        progress: What the request remembers; changed in place.
        now: The time in seconds since the epoch.

    Returns:
        Whether nothing more can be done: it was said, or saying it again would not help.
    """
    tell = notice.succeeded if answer.succeeded else notice.failed
    said = _once("outcome", tell(request.service, request.version, answer.reason), request, progress)
    if progress.ended_at is None:
        progress.ended_at = now
    return said or now - progress.ended_at >= _LONGEST_TELLING_SECONDS


def _once(name: str, said: Notice, request: ReleaseRequest, progress: Progress) -> bool:
    """Publish, and remember it; return whether trying again would be pointless."""
    if name in progress.noticed or request.notifications is None:
        return True
    _log.info("telling", extra={"subject": said.subject, "text": said.text})
    try:
        aws_clients.client("sns").publish(TopicArn=request.notifications, Subject=said.subject, Message=said.text)
    except (ClientError, BotoCoreError) as error:
        _log.error("cannot publish", extra={"subject": said.subject, "error": aws_clients.describe(error)})
        return not aws_clients.may_pass(error)
    progress.noticed.add(name)
    return True
