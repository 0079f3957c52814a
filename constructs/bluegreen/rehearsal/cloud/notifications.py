"""Tells what is published to SNS topics, and refuses the subjects that SNS refuses."""

import importlib
import re
from typing import Any

from .journal import Journal

MODULE = "ministack.services.sns"
NAMES = ("_fanout", "publish_internal", "SnsPublishError")
"""What is read or replaced there; checked before anything starts."""

_SUBJECT = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
"""No line breaks or control characters, and 100 of them at most.

AWS's text says fewer than 100, but callers everywhere, CloudWatch's own messages among them, cut theirs to 100.
"""


def is_subject(text: str) -> bool:
    """Return whether SNS takes a text as a subject.

    Example:
        >>> is_subject("shop: release of v2 failed"), is_subject(""), is_subject("x" * 101)
        (True, False, False)
    """
    return _SUBJECT.fullmatch(text) is not None


def install(journal: Journal) -> None:
    """Record every message that a topic takes.

    Args:
        journal: Gets an entry of kind "notification" with the topic's ARN, the subject and the text.
    """
    sns: Any = importlib.import_module(MODULE)
    publish, fan_out = sns.publish_internal, sns._fanout  # noqa: SLF001 - checked by name in extension.py

    def publish_if_possible(topic: str, message: str, subject: str = "", **named: Any) -> Any:
        if subject and not is_subject(subject):
            raise sns.SnsPublishError("InvalidParameter", "Invalid parameter: Subject")
        return publish(topic, message, subject, **named)

    def fan_out_and_tell(topic: str, message_id: str, message: str, subject: str, *rest: Any, **named: Any) -> None:
        what = subject or message.partition("\n")[0]
        name = topic.rpartition(":")[2]
        journal.record("notification", f"{name}: {what}", topic=topic, subject=subject or None, text=message)
        fan_out(topic, message_id, message, subject, *rest, **named)

    sns.publish_internal = publish_if_possible
    sns._fanout = fan_out_and_tell  # noqa: SLF001 - likewise
