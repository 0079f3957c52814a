"""What was scaled and why: the history that DescribeScalingActivities shows, and the journal."""

import uuid
from collections import deque
from collections.abc import Callable

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.journal import Journal

from .tracking import Kept

MOST_KEPT = 1000

_CODES = {Kept.AT_MAXIMUM: "MaxCapacity", Kept.AT_MINIMUM: "MinCapacity"}
"""The reasons that the API knows, and the bound that each names."""


class Activities:
    """The scaling activities of all targets, newest first.

    Args:
        now: The cloud's time.
        journal: Gets entries of kind "scaling".
    """

    def __init__(self, now: Callable[[], float], journal: Journal) -> None:
        self._now = now
        self._journal = journal
        self._all: deque[Document] = deque(maxlen=MOST_KEPT)
        self._kept: dict[tuple[str, str], Kept] = {}

    def scaled(self, target: Document, before: int, after: int, cause: str, refusal: str = "") -> None:
        """Tell that a desired count was changed.

        Args:
            target: The scalable target.
            before: The desired count that was.
            after: The one that is, or was wanted.
            cause: Why, in the API's words.
            refusal: Why ECS did not change it; empty when it did.
        """
        if refusal:
            status, message = "Failed", f"Failed to set desired count to {after}. Reason: {refusal}"
        else:
            message = f"Successfully set desired count to {after}. Change successfully fulfilled by ecs."
            status = "Successful"
        self._add(target, f"Setting desired count to {after}.", cause, {"StatusCode": status, "StatusMessage": message})
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] != target["ResourceId"]}
        self._tell(target, f"desired count {before} to {after}: {refusal or cause}", desired=after, cause=cause)

    def not_scaled(self, target: Document, alarm: str, reason: Kept, cause: str) -> None:
        """Tell once that an alarm scaled nothing, until the reason changes."""
        key = (target["ResourceId"], alarm)
        if self._kept.get(key) is reason:
            return
        self._kept[key] = reason
        if bound := _CODES.get(reason):
            reasons = [{"Code": reason.value, bound: target[bound]}]
            more = {"StatusCode": "Unfulfilled", "NotScaledReasons": reasons}
            self._add(target, "Attempting to scale due to alarm triggered", cause, more)
        # At a bound there is nothing to do, most of the time: that is for who asks for it.
        else:
            self._tell(target, f"not scaled, {reason.value}: {cause}", kept=reason.value, cause=cause)

    def describe(self, request: Document) -> Document:
        """Return the activities that a request asks for, all on one page."""
        wanted = [
            activity
            for activity in self._all
            if activity["ServiceNamespace"] == request["ServiceNamespace"]
            and request.get("ResourceId") in {None, activity["ResourceId"]}
            and request.get("ScalableDimension") in {None, activity["ScalableDimension"]}
            and (request.get("IncludeNotScaledActivities") or "NotScaledReasons" not in activity)
        ]
        return {"ScalingActivities": wanted}

    def _add(self, target: Document, description: str, cause: str, more: Document) -> None:
        activity = {
            "ActivityId": str(uuid.uuid4()),
            **{name: target[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")},
            "Description": description,
            "Cause": cause,
            "StartTime": self._now(),
            "EndTime": self._now(),
            **more,
        }
        self._all.appendleft(activity)

    def _tell(self, target: Document, what: str, **facts: object) -> None:
        service = target["ResourceId"].rpartition("/")[2]
        self._journal.record("scaling", f"{service}: {what}", service=service, **facts)
