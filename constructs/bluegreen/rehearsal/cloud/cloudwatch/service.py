"""The CloudWatch API of the local cloud."""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from bluegreen.rehearsal.cloud.api import ApiError, Document
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.metrics import MetricStore

from .alarm import SCALING, Alarm, Verdict
from .announcer import Announcer, PutEvent
from .book import AlarmBook
from .dashboards import Dashboards
from .data import MetricData
from .definition import check_band_alarm, read_alarm
from .evaluator import Evaluator
from .judgement import State
from .pages import page
from .reading import MetricReader
from .rule import RuleError, parse_rule
from .suppression import read_suppressor

_log = logging.getLogger(__name__)


class CloudWatch:
    """Metrics and alarms.

    Args:
        clock: Cloud time; metrics are stamped with it.
        metrics: The samples.
        journal: Where changes of an alarm's state are told.
        client: Makes boto3 clients; SNS actions are published through it.
        scale: Takes a scaling policy's ARN, its alarm's name and the newest value of its metric; actions on scaling
            policies do nothing when omitted.
        put_event: Puts the event of a changed alarm on the bus; there are none when omitted.
        region: The region in ARNs.
        account: The account in ARNs.
    """

    botocore_name: ClassVar[str] = "cloudwatch"

    def __init__(
        self,
        *,
        clock: Clock,
        metrics: MetricStore,
        journal: Journal,
        client: Callable[[str], Any],
        region: str,
        account: str,
        scale: Callable[[str, str, float], None] = lambda *_: None,
        put_event: PutEvent = lambda *_: None,
    ) -> None:
        self._clock = clock
        self._scale = scale
        self._client = client
        self._arn_prefix = f"arn:aws:cloudwatch:{region}:{account}:alarm:"
        self._region = region
        self._account = account
        reader = MetricReader(metrics)
        self._data = MetricData(metrics, reader, clock.now)
        self._announcer = Announcer(put_event)
        self._book = AlarmBook(clock.now, journal, self._act, self._announcer.announce)
        self._evaluator = Evaluator(self._book, reader, clock)

        dashboards = Dashboards(clock.now, account)
        self.put_dashboard = dashboards.put
        self.get_dashboard = dashboards.get
        self.list_dashboards = dashboards.names
        self.delete_dashboards = dashboards.delete

    def start(self) -> None:
        """Begin to evaluate alarms."""
        self._evaluator.start()

    def stop(self) -> None:
        """Stop evaluating alarms."""
        self._evaluator.stop()
        self._announcer.stop()

    def snapshot(self) -> Document:
        """Describe every alarm for an operator, in JSON's types; those of scaling policies are none of theirs."""
        alarms = [alarm for alarm in self._book.all() if not alarm.scales]
        return {"alarms": [{"name": alarm.name, "state": str(alarm.state), "reason": alarm.reason} for alarm in alarms]}

    # --- Metrics -----------------------------------------------------------------------------------------------------

    def put_metric_data(self, request: Document) -> Document:
        """Store samples."""
        return self._data.put_metric_data(request)

    def get_metric_data(self, request: Document) -> Document:
        """Evaluate metrics and expressions over a range of time."""
        return self._data.get_metric_data(request)

    def get_metric_statistics(self, request: Document) -> Document:
        """Return statistics of one metric."""
        return self._data.get_metric_statistics(request)

    def list_metrics(self, request: Document) -> Document:
        """List the metrics that have samples."""
        return self._data.list_metrics(request)

    # --- Alarms ------------------------------------------------------------------------------------------------------

    def put_metric_alarm(self, request: Document) -> Document:
        """Create or change a metric alarm; one that compares with an anomaly detection band is never judged."""
        watch = None
        if "ThresholdMetricId" in request:
            check_band_alarm(request)
        else:
            watch = read_alarm(request)
        self._put(Alarm(self._arn_prefix + request["AlarmName"], request, self._clock.now(), watch=watch))
        return {}

    def put_composite_alarm(self, request: Document) -> Document:
        """Create or change a composite alarm."""
        try:
            rule = parse_rule(request["AlarmRule"])
        except RuleError as error:
            raise ApiError("ValidationError", str(error)) from error
        arn, suppressor = self._arn_prefix + request["AlarmName"], read_suppressor(request)
        self._put(Alarm(arn, request, self._clock.now(), rule=rule, suppressor=suppressor))
        return {}

    def describe_alarms(self, request: Document) -> Document:
        """Describe alarms; without AlarmTypes only metric alarms, as on AWS."""
        types = request.get("AlarmTypes") or ["MetricAlarm"]
        chosen = [alarm for alarm in self._book.all() if alarm.type in types and self._matches(alarm, request)]
        some, token = page(chosen, request, default=50, most=100)
        return {
            "MetricAlarms": [alarm.document() for alarm in some if not alarm.rule],
            "CompositeAlarms": [alarm.document() for alarm in some if alarm.rule],
            **token,
        }

    def delete_alarms(self, request: Document) -> Document:
        """Delete alarms; at most one composite alarm at a time, as on AWS."""
        names = request["AlarmNames"]
        composites = [alarm.name for alarm in self._book.all() if alarm.rule and alarm.name in names]
        if len(composites) > 1:
            raise ApiError("ValidationError", f"delete one composite alarm at a time, got {', '.join(composites)}")
        self._book.delete(names)
        return {}

    def describe_alarm_history(self, request: Document) -> Document:
        """Return the history, newest first unless asked otherwise."""
        types = request.get("AlarmTypes") or ["MetricAlarm", "CompositeAlarm"]
        start, end = _seconds(request.get("StartDate", 0)), _seconds(request.get("EndDate", float("inf")))
        items = [
            item.document()
            for item in self._book.history()
            if item.alarm_type in types
            and request.get("AlarmName", item.name) == item.name
            and request.get("HistoryItemType", item.kind) == item.kind
            and start <= item.at <= end
        ]
        if request.get("ScanBy") != "TimestampAscending":
            items.reverse()
        some, token = page(items, request, default=100, most=100)
        return {"AlarmHistoryItems": some, **token}

    def set_alarm_state(self, request: Document) -> Document:
        """Set a state by hand; it lasts until the alarm is next evaluated."""
        data = json.loads(request.get("StateReasonData", "{}"))
        verdict = Verdict(State(request["StateValue"]), request["StateReason"], data)
        alarm = self._book.get(request["AlarmName"])
        alarm.set_by_hand_at = self._clock.now()
        self._book.found(alarm, verdict)
        return {}

    def enable_alarm_actions(self, request: Document) -> Document:
        """Let alarms perform their actions."""
        self._book.enable_actions(request["AlarmNames"], enabled=True)
        return {}

    def disable_alarm_actions(self, request: Document) -> Document:
        """Keep alarms from performing their actions."""
        self._book.enable_actions(request["AlarmNames"], enabled=False)
        return {}

    # --- Tags --------------------------------------------------------------------------------------------------------

    def tag_resource(self, request: Document) -> Document:
        """Tag an alarm."""
        self._book.by_arn(request["ResourceARN"]).tags.update(_tags(request["Tags"]))
        return {}

    def untag_resource(self, request: Document) -> Document:
        """Remove tags from an alarm."""
        tags = self._book.by_arn(request["ResourceARN"]).tags
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: Document) -> Document:
        """List an alarm's tags."""
        tags = self._book.by_arn(request["ResourceARN"]).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    # --- Inside ------------------------------------------------------------------------------------------------------

    def _put(self, alarm: Alarm) -> None:
        self._book.put(alarm)
        if tags := alarm.request.get("Tags"):
            alarm.tags = _tags(tags)

    def _matches(self, alarm: Alarm, request: Document) -> bool:
        if "ChildrenOfAlarmName" in request:
            rule = self._book.get(request["ChildrenOfAlarmName"]).rule
            return rule is not None and alarm.name in rule.children
        if "ParentsOfAlarmName" in request:
            return alarm.rule is not None and request["ParentsOfAlarmName"] in alarm.rule.children
        return (
            alarm.name in request.get("AlarmNames", [alarm.name])
            and alarm.name.startswith(request.get("AlarmNamePrefix", ""))
            and request.get("StateValue", alarm.state) == alarm.state
            and ("ActionPrefix" not in request or any(a.startswith(request["ActionPrefix"]) for a in alarm.actions))
        )

    def _act(self, alarm: Alarm, before: State, actions: Sequence[str]) -> None:
        """Publish to SNS topics and scale, apart from the evaluation: a slow subscriber must not delay other alarms.

        Any other action is only kept in the history.
        """
        topics = [action for action in actions if action.startswith("arn:aws:sns:")]
        message = self._message(alarm, before)
        if topics:
            threading.Thread(target=self._publish, args=(topics, alarm, message), daemon=True).start()
        policies = [action for action in actions if action.startswith(SCALING)]
        points = alarm.reason_data.get("recentDatapoints")  # none when somebody set the state by hand
        if policies and points:
            asked = (policies, alarm.name, float(points[-1]))
            threading.Thread(target=self._ask_to_scale, args=asked, name="scaling", daemon=True).start()

    def _publish(self, topics: Sequence[str], alarm: Alarm, message: Mapping[str, Any]) -> None:
        subject = f'{message["NewStateValue"]}: "{alarm.name}" in {self._region}'
        for topic in topics:
            try:
                self._client("sns").publish(TopicArn=topic, Subject=subject[:100], Message=json.dumps(message))
            except Exception:  # noqa: BLE001 - CloudWatch does not mind an action that fails either
                _log.exception("alarm %s could not notify %s", alarm.name, topic)

    def _ask_to_scale(self, policies: Sequence[str], alarm: str, value: float) -> None:
        for policy in policies:
            try:
                self._scale(policy, alarm, value)
            except Exception:  # noqa: BLE001 - likewise
                _log.exception("alarm %s could not scale by %s", alarm, policy)

    def _message(self, alarm: Alarm, before: State) -> Mapping[str, Any]:
        return {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.request.get("AlarmDescription"),
            "AWSAccountId": self._account,
            "NewStateValue": str(alarm.state),
            "NewStateReason": alarm.reason,
            "StateChangeTime": datetime.fromtimestamp(alarm.transitioned_at, UTC).isoformat(timespec="milliseconds"),
            "Region": self._region,
            "AlarmArn": alarm.arn,
            "OldStateValue": str(before),
        }


def _tags(tags: Sequence[Document]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _seconds(moment: Any) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)
