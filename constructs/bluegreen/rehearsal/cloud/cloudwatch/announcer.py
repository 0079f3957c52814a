"""Changes of an alarm's state as events on the default bus, in the form of CloudWatch's own."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from bluegreen.rehearsal.cloud.api import Document

from .alarm import Alarm

_log = logging.getLogger(__name__)

PutEvent = Callable[[str, str, Document, list[str]], None]
"""Puts an event: its source, its detail type, its detail and the ARNs of what it is about."""


class Announcer:
    """Puts one event a change of state, in the order of the changes, apart from the evaluation.

    Args:
        put_event: Puts an event on the bus.
    """

    def __init__(self, put_event: PutEvent) -> None:
        self._put_event = put_event
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alarm-events")

    def announce(self, alarm: Alarm, before: Document) -> None:
        """Tell that an alarm has just changed.

        Args:
            alarm: The alarm.
            before: Its former state, as `state_of` returned it.
        """
        self._worker.submit(self._put, alarm.arn, detail(alarm, before))

    def stop(self) -> None:
        """Forget what is not told yet, and end."""
        self._worker.shutdown(cancel_futures=True)

    def _put(self, arn: str, told: Document) -> None:
        try:
            self._put_event("aws.cloudwatch", "CloudWatch Alarm State Change", told, [arn])
        except Exception:  # noqa: BLE001 - no subscriber may keep alarms from being judged
            _log.exception("the event of %s could not be put", arn)


def detail(alarm: Alarm, before: Document) -> Document:
    """Return an event's detail."""
    request = alarm.request
    configuration: Document = {"description": request["AlarmDescription"]} if "AlarmDescription" in request else {}
    if alarm.rule is not None:
        configuration["alarmRule"] = request["AlarmRule"]
    else:
        configuration["metrics"] = [_metric(one) for one in request.get("Metrics") or [_of_one_metric(request)]]
    return {
        "alarmName": alarm.name,
        "configuration": configuration,
        "previousState": before,
        "state": state_of(alarm),
    }


def state_of(alarm: Alarm) -> Document:
    """Return an alarm's state as its events have it."""
    moment = datetime.fromtimestamp(alarm.transitioned_at, UTC)
    told = {
        "value": str(alarm.state),
        "reason": alarm.reason,
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000",
    }
    return told | ({"reasonData": json.dumps(alarm.reason_data)} if alarm.reason_data else {})


def _of_one_metric(request: Document) -> Document:
    metric = {name: request[name] for name in ("Namespace", "MetricName", "Dimensions") if name in request}
    stat = request.get("Statistic") or request.get("ExtendedStatistic")
    return {"Id": "m1", "MetricStat": {"Metric": metric, "Period": request.get("Period"), "Stat": stat}}


def _metric(query: Document) -> Document:
    told: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if "Expression" in query:
        return told | {"expression": query["Expression"]}
    asked = query["MetricStat"]
    dimensions = {one["Name"]: one["Value"] for one in asked["Metric"].get("Dimensions", ())}
    metric = {
        "namespace": asked["Metric"].get("Namespace"),
        "name": asked["Metric"].get("MetricName"),
        "dimensions": dimensions,
    }
    return told | {"metricStat": {"metric": metric, "period": asked["Period"], "stat": asked["Stat"]}}
