"""Keeps a status page: an alarm's state changes in, status.json and an Atom feed out.

What is known is one object in S3, written only over the version that was read. Whoever published something older than
what is known by then publishes again, so the page is right once the last of several functions at once is done.
"""

import json
import logging
import os
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from aws_clients import client, code_of
from bluegreen.release import structured_log
from component_status import AlarmState, Status
from status_page import to_document, to_feed

structured_log.set_up()
_log = logging.getLogger("status")

KNOWN = "alarms.json"
PAGE = "status/status.json"
FEED = "status/feed.atom"
_ATTEMPTS = 8
"""How often a write is tried that others keep overtaking. Lambda asks again after that."""
_OVERTAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}


class OvertakenError(RuntimeError):
    """Others wrote again and again."""


def handle(event: dict[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda gives a context
    """Take a "CloudWatch Alarm State Change" of EventBridge.

    Args:
        event: The event.
        context: Lambda's.

    Raises:
        OvertakenError: If others wrote again and again.
    """
    settings = json.loads(os.environ["BLUEGREEN_STATUS"])
    detail = event["detail"]
    state = AlarmState(
        raised=detail["state"]["value"] == "ALARM", at=datetime.fromisoformat(detail["state"]["timestamp"])
    )
    _learn(settings, detail["alarmName"], state)
    _publish(settings)


def _learn(settings: dict[str, Any], alarm: str, state: AlarmState) -> None:
    """Write down what an alarm's new state means."""
    for _ in range(_ATTEMPTS):
        status, version = _read(settings["bucket"])
        after = status.hear(settings["components"], alarm, state)
        if after is status:
            return
        try:
            _write(settings["bucket"], after, version)
        except ClientError as error:
            if code_of(error) not in _OVERTAKEN:
                raise
            _log.info("another function was quicker", extra={"alarm": alarm})
        else:
            return
    raise OvertakenError(f"what is known of {alarm} was written by others {_ATTEMPTS} times")


def _publish(settings: dict[str, Any]) -> None:
    """Write page and feed of what is known, until nobody has learnt more meanwhile."""
    for _ in range(_ATTEMPTS):
        status, version = _read(settings["bucket"])
        page = to_document(status, settings["components"], title=settings["title"])
        feed = to_feed(status, title=settings["title"], name=settings["bucket"])
        _put(settings["bucket"], PAGE, page, "application/json")
        _put(settings["bucket"], FEED, feed, "application/atom+xml")
        if _read(settings["bucket"])[1] == version:
            return
    raise OvertakenError(f"more was learnt while the page was written, {_ATTEMPTS} times")


def _read(bucket: str) -> tuple[Status, str | None]:
    try:
        found = client("s3").get_object(Bucket=bucket, Key=KNOWN)
    except ClientError as error:
        if code_of(error) != "NoSuchKey":
            raise
        return Status(), None
    return Status.from_json(found["Body"].read().decode()), found["ETag"]


def _write(bucket: str, status: Status, version: str | None) -> None:
    condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
    client("s3").put_object(
        Bucket=bucket, Key=KNOWN, Body=status.to_json().encode(), ContentType="application/json", **condition
    )


def _put(bucket: str, key: str, text: str, content_type: str) -> None:
    client("s3").put_object(
        Bucket=bucket, Key=key, Body=text.encode(), ContentType=content_type, CacheControl="max-age=60"
    )
