import json
import threading
from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.cloudwatch import AlarmType, CloudWatch, CompositeAlarmType
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.load_balancing.access_log import AccessLog
from bluegreen.rehearsal.cloud.metrics import MetricStore
from tests.rehearsal.cloud.checked import Checked

START = 1_800_000_000.0
SUM_OVER_1 = {
    "MetricName": "Errors",
    "Namespace": "AWS/X",
    "Dimensions": [{"Name": "Group", "Value": "blue"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


class HandClock(Clock):
    """A clock that moves only when told."""

    def __init__(self) -> None:
        super().__init__(60)
        self.at = START

    def now(self) -> float:
        return self.at


class Topics:
    """Stands for SNS: remembers what was published."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.arrived = threading.Event()

    def publish(self, **message: Any) -> None:
        self.published.append(message)
        self.arrived.set()


class World:
    """A CloudWatch whose time the test moves."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.store = MetricStore()
        self.journal = Journal(self.clock.now)
        self.sns = Topics()
        self.events: list[tuple[str, str, dict[str, Any], list[str]]] = []
        self.cloudwatch = CloudWatch(
            clock=self.clock,
            metrics=self.store,
            journal=self.journal,
            client={"sns": self.sns}.__getitem__,
            region="eu-west-1",
            account="111122223333",
            put_event=lambda *event: self.events.append(event),
        )
        self.api = Checked(self.cloudwatch)

    def errors(self, value: float, *, group: str = "blue", name: str = "Errors", ago: float = 0) -> None:
        self.store.record("AWS/X", name, {"Group": group}, value, self.clock.at - ago)

    def at(self, seconds: float) -> None:
        """Move to `START` + `seconds` and evaluate."""
        self.clock.at = START + seconds
        self.cloudwatch._evaluator.evaluate_all()

    def state(self, name: str) -> str:
        found = self.api.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        state: str = [*found["MetricAlarms"], *found["CompositeAlarms"]][0]["StateValue"]
        return state


@pytest.fixture
def world() -> World:
    return World()


def put(world: World, name: str = "errors", /, **changes: Any) -> None:
    request = {"AlarmName": name} | SUM_OVER_1 | changes
    world.api.put_metric_alarm(**{key: value for key, value in request.items() if value is not None})


def test_an_alarm_follows_its_metric(world: World) -> None:
    """A new alarm knows nothing; with data it is OK or ALARM, and each change tells why."""
    put(world)
    assert world.state("errors") == "INSUFFICIENT_DATA"
    world.errors(1)
    world.at(60)
    assert world.state("errors") == "OK"
    world.errors(5)
    world.at(120)
    (alarm,) = world.api.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
    assert alarm["StateReason"] == (
        "Threshold Crossed: 1 out of the last 1 datapoint [5.0 (15/01/27 08:01:00)] was greater than the threshold "
        "(1.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert json.loads(alarm["StateReasonData"])["recentDatapoints"] == [5.0]
    assert alarm["StateTransitionedTimestamp"] == START + 120
    assert [entry.what for entry in world.journal.since(0)] == ["alarm errors is OK", "alarm errors is ALARM"]


def test_the_present_minute_is_not_judged(world: World) -> None:
    """A period counts only when it is over, so half a minute of errors changes nothing yet."""
    put(world)
    world.at(0)
    world.clock.at = START + 10
    world.errors(50)
    world.at(59)
    assert world.state("errors") == "OK"
    world.at(60)
    assert world.state("errors") == "ALARM"


def test_late_samples_count_for_a_while(world: World) -> None:
    """A sample that reaches the store shortly after its period's end is judged after all."""
    put(world)
    world.at(60)
    world.errors(5, ago=1)
    world.at(80)
    assert world.state("errors") == "ALARM"


def test_longer_periods_slide_by_the_minute(world: World) -> None:
    """An alarm with a period of five minutes is evaluated every minute over the five that have just ended."""
    put(world, Period=300)
    world.at(0)
    world.clock.at = START + 30
    world.errors(5)
    world.at(60)
    assert world.state("errors") == "ALARM"
    world.at(300)
    assert world.state("errors") == "ALARM"


def test_short_periods_are_judged_every_ten_seconds(world: World) -> None:
    """A high-resolution alarm of ten seconds turns red ten seconds after the errors began."""
    put(world, Period=10)
    world.at(0)
    world.errors(5)
    world.at(10)
    assert world.state("errors") == "ALARM"


def test_only_the_exact_dimensions_count(world: World) -> None:
    """Errors of another group, or without dimensions, do not reach the alarm."""
    put(world)
    world.errors(50, group="green")
    world.store.record("AWS/X", "Errors", {}, 50, world.clock.at)
    world.at(60)
    assert world.state("errors") == "OK"


def test_two_out_of_three(world: World) -> None:
    """With M = 2 and N = 3 one bad minute is forgiven and two are not, also with a good one between them."""
    put(world, EvaluationPeriods=3, DatapointsToAlarm=2)
    seen = []
    for minute, value in enumerate([0, 5, 0, 5]):
        world.errors(value)
        world.at(60 * (minute + 1))
        seen.append(world.state("errors"))
    assert seen == ["OK", "OK", "OK", "ALARM"]


def test_a_percentile_alarm_waits_for_enough_samples(world: World) -> None:
    """With EvaluateLowSampleCountPercentile=ignore a p95 of fewer than 200 samples changes nothing."""
    put(world, Statistic=None, ExtendedStatistic="p95", EvaluateLowSampleCountPercentile="ignore")
    for _ in range(199):
        world.errors(9)
    world.at(60)
    assert world.state("errors") == "INSUFFICIENT_DATA"
    world.clock.at = START + 50
    world.errors(9)
    world.at(70)
    assert world.state("errors") == "ALARM"


def error_rate(group: str) -> list[dict[str, Any]]:
    def metric(name: str) -> dict[str, Any]:
        dimensions = [{"Name": "Group", "Value": group}]
        return {
            "Metric": {"Namespace": "AWS/X", "MetricName": name, "Dimensions": dimensions},
            "Period": 60,
            "Stat": "Sum",
        }

    return [
        {"Id": "rate", "Expression": "IF(r >= 20, 100 * e / r)", "ReturnData": True},
        {"Id": "e", "MetricStat": metric("Errors"), "ReturnData": False},
        {"Id": "r", "MetricStat": metric("Requests"), "ReturnData": False},
    ]


OF_ONE_METRIC = dict.fromkeys(["MetricName", "Namespace", "Dimensions", "Statistic", "Period"])


BAND = {
    **OF_ONE_METRIC,
    "Threshold": None,
    "ThresholdMetricId": "band",
    "ComparisonOperator": "GreaterThanUpperThreshold",
    "Metrics": [
        {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 3)"},
        {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "AWS/X", "MetricName": "E"}, "Period": 60, "Stat": "Sum"}},
    ],
}


def test_an_alarm_on_an_anomaly_detection_band_is_never_judged(world: World) -> None:
    """It is there, can be described, and stays INSUFFICIENT_DATA, as on AWS while a detector has no model."""
    put(world, "strange", **BAND)
    world.store.record("AWS/X", "E", {}, 10_000, world.clock.at)
    world.at(3600)
    (found,) = world.api.describe_alarms(AlarmNames=["strange"])["MetricAlarms"]
    assert (found["StateValue"], found["ThresholdMetricId"]) == ("INSUFFICIENT_DATA", "band")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"Threshold": 1}, "either Threshold or ThresholdMetricId"),
        ({"ComparisonOperator": "GreaterThanThreshold"}, "GreaterThanUpperThreshold.*got 'GreaterThanThreshold'"),
        ({"ThresholdMetricId": "m1"}, "must name an expression ANOMALY_DETECTION_BAND"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must be 1-1, got 2"),
    ],
)
def test_a_band_that_cloudwatch_would_refuse_is_refused(world: World, changes: dict[str, Any], complaint: str) -> None:
    """What is not judged is checked all the same."""
    with pytest.raises(ApiError, match=complaint):
        put(world, "strange", **BAND | changes)


def test_a_change_of_state_is_an_event(world: World) -> None:
    """Rules on the default bus get both states and what is watched, of metric and of composite alarms, in order."""
    put(world)
    world.api.put_composite_alarm(AlarmName="any", AlarmRule="ALARM(errors)", AlarmDescription="any of them")
    world.errors(5)
    world.at(60)
    world.cloudwatch._announcer._worker.submit(int).result()
    (_, _, errors, resources), (source, kind, composite, _) = world.events
    assert resources == ["arn:aws:cloudwatch:eu-west-1:111122223333:alarm:errors"]
    assert (errors["previousState"]["value"], errors["state"]["value"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert errors["state"]["timestamp"].endswith("+0000")
    assert errors["configuration"]["metrics"][0]["metricStat"]["metric"] == {
        "namespace": "AWS/X",
        "name": "Errors",
        "dimensions": {"Group": "blue"},
    }
    assert (source, kind) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert composite["configuration"] == {"description": "any of them", "alarmRule": "ALARM(errors)"}
    assert composite["state"]["value"] == "ALARM"


def test_dashboards_are_kept_as_they_were_put(world: World) -> None:
    """A dashboard can be read back, listed, replaced and deleted."""
    body = json.dumps({"widgets": [{"type": "text", "width": 24, "height": 2, "properties": {"markdown": "#"}}]})
    world.api.put_dashboard(DashboardName="orders", DashboardBody=body)
    assert world.api.get_dashboard(DashboardName="orders")["DashboardBody"] == body
    assert [one["DashboardName"] for one in world.api.list_dashboards()["DashboardEntries"]] == ["orders"]
    assert world.api.list_dashboards(DashboardNamePrefix="x")["DashboardEntries"] == []
    world.api.delete_dashboards(DashboardNames=["orders"])
    with pytest.raises(ApiError, match="ResourceNotFound"):
        world.api.get_dashboard(DashboardName="orders")


@pytest.mark.parametrize(
    ("name", "body", "complaint"),
    [
        ("or ders", {"widgets": []}, "its name must be"),
        ("orders", "{", "its body is no JSON"),
        ("orders", [], "an object with a list of widgets"),
        ("orders", {"widgets": [{}] * 501}, "500 widgets at most, got 501"),
        ("orders", {"widgets": [{"type": "text"}]}, "/widgets/0: must have properties"),
        ("orders", {"widgets": [{"type": "text", "properties": {}, "width": 25}]}, "width must be 1 or more.*got 25"),
        ("orders", {"widgets": [{"type": "text", "properties": {}, "y": -1}]}, "y must be 0 or more, got -1"),
    ],
)
def test_a_dashboard_that_cannot_be_shown_is_refused(world: World, name: str, body: object, complaint: str) -> None:
    """The refusal names the widget and what is wrong with it."""
    text = body if isinstance(body, str) else json.dumps(body)
    with pytest.raises(ApiError, match=complaint):
        world.api.put_dashboard(DashboardName=name, DashboardBody=text)


@pytest.mark.parametrize(
    ("requests", "errors", "state"), [(100, 0, "OK"), (100, 2, "ALARM"), (10, 9, "OK"), (0, 0, "OK")]
)
def test_an_error_rate_by_metric_math(world: World, requests: int, errors: int, state: str) -> None:
    """Two errors in a hundred are red at 1 %, nine in ten are too few to judge, and silence is not breaching."""
    put(world, **OF_ONE_METRIC, Metrics=error_rate("blue"))
    if requests:
        world.errors(requests, name="Requests")
    if errors:
        world.errors(errors)
    world.at(60)
    assert world.state("errors") == state


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Metrics": error_rate("blue")}, "either MetricName or Metrics"),
        ({"MetricName": None}, "either MetricName or Metrics"),
        ({"Statistic": None}, "either Statistic or ExtendedStatistic"),
        ({"ExtendedStatistic": "p95"}, "either Statistic or ExtendedStatistic"),
        ({"Statistic": None, "ExtendedStatistic": "p101"}, "statistic must be one of"),
        ({"Namespace": None}, "must have Namespace"),
        ({"Period": 45}, "period must be 10, 20, 30 or a multiple of 60"),
        ({"EvaluationPeriods": None}, "at least 1, got 0"),
        ({"EvaluationPeriods": 1441}, "at most 86400"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must be 1-1, got 2"),
        ({"Threshold": None}, "must have Threshold"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "ComparisonOperator must be one of"),
        ({"TreatMissingData": "ok"}, "TreatMissingData must be one of"),
        ({"EvaluateLowSampleCountPercentile": "no"}, "evaluate or ignore"),
        ({"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 1}}, "does not emulate"),
        ({**OF_ONE_METRIC, "Metrics": []}, "1-10 metrics, got 0"),
        ({**OF_ONE_METRIC, "Period": 60, "Metrics": error_rate("blue")}, "must not have Period"),
        ({**OF_ONE_METRIC, "Metrics": error_rate("blue")[1:]}, "exactly one of Metrics must have ReturnData"),
        (
            {**OF_ONE_METRIC, "Metrics": [{"Id": "x", "Expression": "METRICS() * 2"}, *error_rate("blue")[1:]]},
            "single time series",
        ),
        (
            {**OF_ONE_METRIC, "Metrics": [{"Id": "x", "Expression": "SUM(e)"}, *error_rate("blue")[1:]]},
            "gives a scalar",
        ),
        ({**OF_ONE_METRIC, "Metrics": [*error_rate("blue"), error_rate("blue")[1]]}, "id e is used twice"),
        ({**OF_ONE_METRIC, "Metrics": [{**query, "Id": "X"} for query in error_rate("blue")]}, "lower-case letter"),
        (
            {**OF_ONE_METRIC, "Metrics": [{"Id": "x", "ReturnData": False}, *error_rate("blue")]},
            "either MetricStat or Expression",
        ),
        (
            {
                **OF_ONE_METRIC,
                "Metrics": [
                    *error_rate("blue"),
                    *({**error_rate("blue")[1], "Id": f"m{number}"} for number in range(9)),
                ],
            },
            "1-10 metrics, got 11",
        ),
    ],
)
def test_refuses_what_aws_refuses(world: World, changes: dict[str, Any], problem: str) -> None:
    """PutMetricAlarm refuses a wrong alarm with ValidationError and the reason."""
    with pytest.raises(ApiError, match=problem) as refusal:
        put(world, **changes)
    assert refusal.value.code == "ValidationError"


def test_all_metrics_of_an_alarm_have_one_period(world: World) -> None:
    """Metrics of different periods in one expression are refused with both periods."""
    metrics = error_rate("blue")
    metrics[1]["MetricStat"]["Period"] = 300
    with pytest.raises(ApiError, match=r"same period, got \[60, 300\]"):
        put(world, **OF_ONE_METRIC, Metrics=metrics)


def test_a_state_set_by_hand_lasts_until_the_next_comparison(world: World) -> None:
    """SetAlarmState holds for the rest of the minute; the next evaluation takes it back."""
    put(world)
    world.at(60)
    world.clock.at += 5
    world.api.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="drill")
    world.at(70)
    assert world.state("errors") == "ALARM"
    world.at(120)
    assert world.state("errors") == "OK"


def test_actions_are_published(world: World) -> None:
    """On entering ALARM the topic learns the new state, the old one and the reason; other actions are only recorded."""
    topic = "arn:aws:sns:eu-west-1:111122223333:ops"
    put(world, AlarmActions=[topic, "arn:aws:automate:eu-west-1:ec2:stop"])
    world.errors(5)
    world.at(60)
    assert world.sns.arrived.wait(5)
    (message,) = world.sns.published
    assert message["TopicArn"] == topic
    body = json.loads(message["Message"])
    assert (body["NewStateValue"], body["OldStateValue"]) == ("ALARM", "INSUFFICIENT_DATA")
    history = world.api.describe_alarm_history(AlarmName="errors", HistoryItemType="Action")
    assert len(history["AlarmHistoryItems"]) == 2


def test_disabled_actions_stay_silent(world: World) -> None:
    """While actions are disabled the state still changes but nothing is performed."""
    put(world, AlarmActions=["arn:aws:sns:eu-west-1:111122223333:ops"])
    world.api.disable_alarm_actions(AlarmNames=["errors"])
    world.errors(5)
    world.at(60)
    assert world.state("errors") == "ALARM"
    assert not world.api.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    world.api.enable_alarm_actions(AlarmNames=["errors"])
    assert world.api.describe_alarms()["MetricAlarms"][0]["ActionsEnabled"]


def test_changing_an_alarm_keeps_its_state(world: World) -> None:
    """A put over an existing alarm leaves the state as it is until the next evaluation."""
    put(world)
    world.errors(5)
    world.at(60)
    put(world, Threshold=100.0)
    assert world.state("errors") == "ALARM"
    world.at(61)
    assert world.state("errors") == "OK"


def test_composite_alarms_follow_their_children(world: World) -> None:
    """A composite alarm turns red with its children, also through another composite alarm."""
    put(world)
    world.api.put_composite_alarm(AlarmName="z-inner", AlarmRule="ALARM(errors)")
    world.api.put_composite_alarm(AlarmName="outer", AlarmRule='ALARM("z-inner") AND NOT OK(errors)')
    world.at(60)
    assert world.state("outer") == "OK"
    world.errors(5)
    world.at(120)
    assert world.state("outer") == "ALARM"
    assert [a["AlarmName"] for a in world.api.describe_alarms()["MetricAlarms"]] == ["errors"]
    parents = world.api.describe_alarms(ParentsOfAlarmName="errors", AlarmTypes=["CompositeAlarm"])
    assert [a["AlarmName"] for a in parents["CompositeAlarms"]] == ["outer", "z-inner"]
    children = world.api.describe_alarms(ChildrenOfAlarmName="outer", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [a["AlarmName"] for a in children["CompositeAlarms"] + children["MetricAlarms"]] == ["z-inner", "errors"]


def test_composite_alarms_guard_their_children(world: World) -> None:
    """A rule must name alarms that exist, and an alarm that a rule names cannot be deleted."""
    with pytest.raises(ApiError, match="do not exist: errors"):
        world.api.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(errors)")
    put(world)
    world.api.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(errors)")
    with pytest.raises(ApiError, match="composite alarm all depends on it"):
        world.api.delete_alarms(AlarmNames=["errors"])
    world.api.delete_alarms(AlarmNames=["errors", "all", "never-was"])
    assert world.cloudwatch.snapshot() == {"alarms": []}


def test_a_name_belongs_to_one_type(world: World) -> None:
    """A composite alarm cannot take over a metric alarm's name."""
    put(world)
    with pytest.raises(ApiError, match="is a MetricAlarm already"):
        world.api.put_composite_alarm(AlarmName="errors", AlarmRule="TRUE")


def test_describes_alarms_page_by_page_and_filtered(world: World) -> None:
    """Prefix, state and names filter; long lists come in pages."""
    for number in range(5):
        put(world, f"a{number}")
    put(world, "b")
    first = world.api.describe_alarms(AlarmNamePrefix="a", MaxRecords=3)
    rest = world.api.describe_alarms(AlarmNamePrefix="a", MaxRecords=3, NextToken=first["NextToken"])
    assert [alarm["AlarmName"] for page in (first, rest) for alarm in page["MetricAlarms"]] == [
        "a0",
        "a1",
        "a2",
        "a3",
        "a4",
    ]
    assert "NextToken" not in rest
    assert not world.api.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    with pytest.raises(ApiError, match="was not handed out"):
        world.api.describe_alarms(NextToken="x")


def test_history_is_told_newest_first(world: World) -> None:
    """The history has the creation and each change of state, newest first or oldest first as asked."""
    put(world)
    world.errors(5)
    world.at(60)
    newest = world.api.describe_alarm_history(AlarmName="errors")["AlarmHistoryItems"]
    oldest = world.api.describe_alarm_history(AlarmName="errors", ScanBy="TimestampAscending")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in newest] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        'Alarm "errors" created',
    ]
    assert newest == oldest[::-1]


def test_tags_of_an_alarm(world: World) -> None:
    """Tags are put with the alarm, added, listed and removed."""
    put(world, Tags=[{"Key": "team", "Value": "orders"}])
    arn = world.api.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    world.api.tag_resource(ResourceARN=arn, Tags=[{"Key": "cost", "Value": "7"}])
    world.api.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert world.api.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "cost", "Value": "7"}]


def test_metric_data_is_put_listed_and_read(world: World) -> None:
    """Samples that were put are listed by their dimensions and read as statistics and by metric math."""
    dimensions = [{"Name": "Group", "Value": "blue"}]
    world.api.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {"MetricName": "Sales", "Dimensions": dimensions, "Value": 5.0},
            {"MetricName": "Sales", "Dimensions": dimensions, "Values": [1.0, 2.0], "Counts": [3.0, 1.0]},
        ],
    )
    listed = world.api.list_metrics(Namespace="Shop", Dimensions=[{"Name": "Group"}])["Metrics"]
    assert listed == [{"Namespace": "Shop", "MetricName": "Sales", "Dimensions": dimensions}]
    assert not world.api.list_metrics(Namespace="Shop", Dimensions=[{"Name": "Group", "Value": "red"}])["Metrics"]
    (point,) = world.api.get_metric_statistics(
        Namespace="Shop",
        MetricName="Sales",
        Dimensions=dimensions,
        StartTime=START - 60,
        EndTime=START + 60,
        Period=60,
        Statistics=["Sum", "SampleCount"],
        ExtendedStatistics=["p50"],
    )["Datapoints"]
    assert point == {"Timestamp": START, "Sum": 10.0, "SampleCount": 5.0, "ExtendedStatistics": {"p50": 1.0}}
    metric = {"Namespace": "Shop", "MetricName": "Sales", "Dimensions": dimensions}
    (double,) = world.api.get_metric_data(
        StartTime=START - 120,
        EndTime=START + 60,
        MetricDataQueries=[
            {"Id": "s", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
            {"Id": "d", "Expression": "FILL(s, 0) * 2", "Label": "double"},
        ],
    )["MetricDataResults"]
    assert (double["Label"], double["Values"]) == ("double", [20.0, 0.0, 0.0])


STATISTIC_SET = {"SampleCount": 1.0, "Sum": 1.0, "Minimum": 1.0, "Maximum": 1.0}
ONE_METRIC = {"Namespace": "N", "MetricName": "X", "StartTime": 0, "Period": 60}


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        (
            "put_metric_data",
            {"Namespace": "N", "MetricData": [{"MetricName": "X", "StatisticValues": STATISTIC_SET}]},
            "ValidationError",
        ),
        ("put_metric_data", {"Namespace": "N", "MetricData": [{"MetricName": "X"}]}, "MissingParameter"),
        ("get_metric_statistics", {**ONE_METRIC, "EndTime": 60}, "InvalidParameterCombination"),
        ("get_metric_statistics", {**ONE_METRIC, "EndTime": 1e6, "Statistics": ["Sum"]}, "InvalidParameterCombination"),
        (
            "get_metric_data",
            {"StartTime": 0, "EndTime": 60, "MetricDataQueries": [{"Id": "a", "Expression": "TIME_SERIES(1)"}]},
            "ValidationError",
        ),
        ("set_alarm_state", {"AlarmName": "none", "StateValue": "OK", "StateReason": ""}, "ResourceNotFound"),
        ("put_composite_alarm", {"AlarmName": "c", "AlarmRule": "ALARM("}, "ValidationError"),
        ("put_composite_alarm", {"AlarmName": "c", "AlarmRule": "TRUE", "ActionsSuppressor": "x"}, "ValidationError"),
    ],
)
def test_refuses_wrong_calls(world: World, operation: str, request_: dict[str, Any], code: str) -> None:
    """What is malformed, missing or not emulated is refused as AWS reports errors."""
    with pytest.raises(ApiError) as refusal:
        getattr(world.api, operation)(**request_)
    assert refusal.value.code == code


def test_the_thread_evaluates_and_ends() -> None:
    """After start() a red metric turns its alarm red without further help; stop() ends the thread."""
    clock, store = Clock(3600), MetricStore()
    cloudwatch = CloudWatch(clock=clock, metrics=store, journal=Journal(clock.now), client=str, region="r", account="1")
    cloudwatch.put_metric_alarm({"AlarmName": "a"} | SUM_OVER_1 | {"EvaluationPeriods": 60, "DatapointsToAlarm": 1})
    store.record("AWS/X", "Errors", {"Group": "blue"}, 5, clock.now())
    cloudwatch.start()
    turned = threading.Event()
    for _ in range(500):
        if cloudwatch.snapshot()["alarms"][0]["state"] == "ALARM":
            break
        turned.wait(0.01)
    cloudwatch.stop()
    assert cloudwatch.snapshot()["alarms"][0]["state"] == "ALARM"
    assert not cloudwatch._evaluator._thread.is_alive()


def test_cloudformation_makes_alarms(world: World) -> None:
    """A template's alarm, with every leaf a string, is put, changed and deleted, and tells its ARN."""
    kind = AlarmType(world.cloudwatch)
    created = kind.create(
        "stack-alarm", {key: value if isinstance(value, list) else str(value) for key, value in SUM_OVER_1.items()}
    )
    assert created.physical_id == "stack-alarm"
    assert created.attributes["Arn"] == "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:stack-alarm"
    composite = CompositeAlarmType(world.cloudwatch)
    named = {"AlarmName": "both", "AlarmRule": "ALARM(stack-alarm)"}
    assert composite.create("unused", named).physical_id == "both"
    composite.update("both", named, named | {"AlarmDescription": "changed"})
    kind.update("stack-alarm", {}, {**SUM_OVER_1, "Threshold": "7"})
    (alarm,) = world.api.describe_alarms()["MetricAlarms"]
    assert alarm["Threshold"] == 7.0
    composite.delete("both", {})
    kind.delete("stack-alarm", {})
    assert world.cloudwatch.snapshot() == {"alarms": []}


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"Colour": "red"}, "unknown properties: Colour"),
        ({"Threshold": "high"}, "Threshold must be a double, got 'high'"),
    ],
)
def test_cloudformation_refuses_wrong_properties(world: World, properties: dict[str, str], problem: str) -> None:
    """A property that the type does not have, or of the wrong type, is named."""
    with pytest.raises(ValueError, match=problem):
        AlarmType(world.cloudwatch).create("a", SUM_OVER_1 | properties)


def test_slow_answers_of_one_version_turn_its_latency_alarm_red_in_three_minutes(world: World) -> None:
    """A tenth of the traffic held back for 600 ms: the slow group's p95 alarm is red at its third minute's end."""
    names = {"front": "app/web/1", "b": "targetgroup/blue/1", "g": "targetgroup/green/1"}
    log = AccessLog(world.clock, world.store, names)
    for group in ("blue", "green"):
        dimensions = {"LoadBalancer": "app/web/1", "TargetGroup": f"targetgroup/{group}/1"}
        put(
            world,
            group,
            Namespace="AWS/ApplicationELB",
            MetricName="TargetResponseTime",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            Statistic=None,
            ExtendedStatistic="p95",
            Threshold=0.5,
            EvaluationPeriods=3,
        )
    seen = []
    for minute in range(4):
        for _ in range(10):
            for backend, delay in [("b", 0)] * 9 + [("g", 600 if minute else 0)]:
                log.read(f"1000 front {backend} 127.77.0.2:80 200 20 -- {delay}", real_now=1.0)
        world.at(60 * (minute + 1))
        seen.append((world.state("blue"), world.state("green")))
    assert seen == [("OK", "OK"), ("OK", "OK"), ("OK", "OK"), ("OK", "ALARM")]


def test_alarms_are_found_by_name_whatever_their_state(world: World) -> None:
    """DescribeAlarms by names gives those that exist, of the types asked for, and by state those of them in it."""
    put(world)
    put(world, "other")
    world.api.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("errors") OR ALARM("other")')
    world.api.set_alarm_state(AlarmName="other", StateValue="ALARM", StateReason="by hand")
    both = {"AlarmNames": ["other", "both", "absent"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    found = world.api.describe_alarms(**both)
    assert [one["AlarmName"] for one in found["MetricAlarms"]] == ["other"]
    assert [one["AlarmName"] for one in found["CompositeAlarms"]] == ["both"]
    assert world.api.describe_alarms(AlarmNames=["both"])["CompositeAlarms"] == []
    red = world.api.describe_alarms(AlarmNames=["errors", "other"], StateValue="ALARM")["MetricAlarms"]
    assert [one["AlarmName"] for one in red] == ["other"]
