"""Who is told: topics, failed releases, errors in logs, and what is unusual."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from bluegreen.cdk import BlueGreenService
from bluegreen.cdk.watching import (
    AlarmTopics,
    FailedReleases,
    LogErrors,
    ServiceAlerts,
    ServiceAnomalies,
    Severity,
    StatusFeed,
    define_alert,
    define_composite_alert,
)
from tests.cdk.support import Synthesized, actions
from tests.cdk.watching.watched import synthesize_watched


def define(stack: cdk.Stack, service: BlueGreenService) -> None:
    emails = {Severity.CRITICAL: ["on-call@example.com"], Severity.WARNING: ["team@example.com", "b@example.com"]}
    topics = AlarmTopics(stack, "Alarms", key=kms.Key(stack, "Key"), emails=emails)
    alerts = ServiceAlerts(stack, "Alerts", service=service)
    anomalies = ServiceAnomalies(stack, "Anomalies", service=service, deviations=4)
    errors = LogErrors(stack, "LogErrors", log_group=service.task.log_group)
    noticed = [alerts.users_are_hurt, alerts.degraded]
    status = StatusFeed(stack, "Status", title="Shop", components={"Ordering": noticed})
    topics.tell([*status.alerts, *alerts.alerts, *anomalies.alerts, *errors.alerts, *errors.alerts])
    FailedReleases(stack, "FailedReleases", service=service, topics=topics)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesize_watched(tmp_path_factory.mktemp("told"), define)[0]


def test_there_is_one_encrypted_topic_for_each_severity(shop: Synthesized) -> None:
    """Critical, warning and informing alerts have topics of their own, encrypted with the given key."""
    topics = shop.of_type("AWS::SNS::Topic")
    assert {topic["Properties"]["DisplayName"].split()[0] for topic in topics} == {"CRITICAL", "Warning", "Informing"}
    assert all("Fn::GetAtt" in topic["Properties"]["KmsMasterKeyId"] for topic in topics)


def test_only_alarms_rules_and_budgets_of_this_account_may_publish(shop: Synthesized) -> None:
    """Each publisher is named with what of this account it publishes for, and nobody publishes without TLS."""
    for policy in shop.of_type("AWS::SNS::TopicPolicy"):
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        denied = [one for one in statements if one["Effect"] == "Deny"]
        assert [one["Condition"] for one in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
        allowed = [one for one in statements if one["Effect"] == "Allow"]
        services = {one["Principal"]["Service"] for one in allowed}
        assert services == {"cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com"}
        assert all("AWS::AccountId" in str(one["Condition"]["ArnLike"]["aws:SourceArn"]) for one in allowed)


def test_addresses_get_the_messages_of_their_severity(shop: Synthesized) -> None:
    """Every address is subscribed to its own severity's topic, by e-mail."""
    found = {
        (one["Properties"]["Endpoint"], one["Properties"]["TopicArn"]["Ref"][:12], one["Properties"]["Protocol"])
        for one in shop.of_type("AWS::SNS::Subscription")
    }
    assert found == {
        ("on-call@example.com", "AlarmsCritic", "email"),
        ("team@example.com", "AlarmsWarnin", "email"),
        ("b@example.com", "AlarmsWarnin", "email"),
    }


def test_alerts_tell_when_they_are_raised_and_when_all_is_well(shop: Synthesized) -> None:
    """Every told alarm has its severity's topic once as its action for ALARM and for OK; joined rules have none."""
    told, silent = set(), set()
    for type_name in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        for alarm in (one["Properties"] for one in shop.of_type(type_name)):
            name = alarm["AlarmName"].removeprefix("Shop-")
            if name.startswith("Orders"):
                continue  # the rollback alarms: CodeDeploy looks at them
            if "AlarmActions" in alarm:
                told.add((name, alarm["AlarmActions"][0]["Ref"][6:10]))
                assert alarm["AlarmActions"] == alarm["OKActions"]
                assert len(alarm["AlarmActions"]) == 1
            else:
                silent.add(name.removeprefix("Alerts-"))
    assert told == {
        ("Alerts-UsersAreHurt", "Crit"),
        ("Alerts-Degraded", "Warn"),
        ("Alerts-UnhealthyTargets", "Warn"),
        ("Alerts-Cpu", "Warn"),
        ("Alerts-Memory", "Warn"),
        ("Anomalies-FewRequests", "Warn"),
        ("Anomalies-ManyRequests", "Info"),
        ("Anomalies-SlowerThanUsual", "Info"),
        ("LogErrors-TooMany", "Warn"),
        ("Status-NotWritten", "Info"),
    }
    assert silent == {"HighErrorRate", "LowSuccess", "SlowResponses", "NoHealthyTargets", "ErrorRate", "Latency"}


def test_failed_and_stopped_releases_are_told_in_words(shop: Synthesized) -> None:
    """The rule takes failures and stops of this service's own application, and tells them with the runbook."""
    (rule,) = (
        one["Properties"]
        for one in shop.of_type("AWS::Events::Rule")
        if one["Properties"].get("Description", "").startswith("Tells of failed releases")
    )
    detail = rule["EventPattern"]["detail"]
    assert detail["state"] == ["FAILURE", "STOP"]
    assert "OrdersApplication" in detail["application"][0]["Ref"]
    (target,) = rule["Targets"]
    assert target["Arn"]["Ref"].startswith("AlarmsWarning")
    template = target["InputTransformer"]["InputTemplate"]
    used = {word.strip("<>.") for word in template.split() if word.startswith("<")}
    assert used == set(target["InputTransformer"]["InputPathsMap"])
    assert "docs/runbooks.md#failed-release" in template


def test_errors_in_the_log_become_a_metric_with_an_alert(shop: Synthesized) -> None:
    """The filter counts into the metric that the alarm watches, and writes 0 for lines without errors."""
    (filtered,) = (one["Properties"] for one in shop.of_type("AWS::Logs::MetricFilter"))
    (counted,) = filtered["MetricTransformations"]
    (alarm,) = (
        one["Properties"]
        for one in shop.of_type("AWS::CloudWatch::Alarm")
        if one["Properties"]["AlarmName"] == "Shop-LogErrors-TooMany"
    )
    assert (counted["MetricNamespace"], counted["MetricName"]) == (alarm["Namespace"], alarm["MetricName"])
    assert (counted["DefaultValue"], alarm["Threshold"], alarm["Period"]) == (0, 10, 300)


def test_the_status_page_follows_its_components_alarms(shop: Synthesized) -> None:
    """The rule takes the state changes of exactly the alarms whose severity the function knows."""
    (rule,) = (
        one["Properties"]
        for one in shop.of_type("AWS::Events::Rule")
        if one["Properties"].get("Description", "").startswith("Tells Shop/Status")
    )
    watched = {one["Ref"] for one in rule["EventPattern"]["detail"]["alarmName"]}
    assert {name[:18] for name in watched} == {"AlertsUsersAreHurt", "AlertsDegradedF437"}
    (function,) = shop.under("StatusFunction").values()
    settings = json.dumps(function["Properties"]["Environment"]["Variables"]["BLUEGREEN_STATUS"])
    assert all(name in settings for name in watched)


def test_the_status_pages_function_may_write_three_objects(shop: Synthesized) -> None:
    """It reads and writes what is known, the page and the feed, lists the bucket, and may do nothing else."""
    found = {
        action: statement["Resource"]
        for statement in shop.statements("StatusRole")
        for action in actions([statement])
        if not action.startswith("logs:")
    }
    assert set(found) == {"s3:GetObject", "s3:PutObject", "s3:ListBucket"}
    assert [one["Fn::Join"][1][1] for one in found["s3:PutObject"]] == [
        "/alarms.json",
        "/status/status.json",
        "/status/feed.atom",
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"title": " "}, "title must be 1-100 characters, got ' '"),
        ({"components": {}}, "components must have 1-40 alerts in all, got 0"),
        ({"components": {"Ordering": ["alert"], "Search": []}}, "every component must have a name and an alert"),
        ({"components": {"Ordering": ["alert"] * 41}}, "components must have 1-40 alerts in all, got 41"),
    ],
)
def test_refuses_a_status_page_of_nothing(settings: dict[str, Any], message: str) -> None:
    """A page without title, components or alerts would say nothing; too many alerts fit no rule."""
    given: dict[str, Any] = {"title": "Shop", "components": {"Ordering": ["alert"]}}
    with pytest.raises(ValueError, match=message):
        StatusFeed(cdk.Stack(), "Status", **(given | settings))


def test_anomalies_watch_a_learnt_band(shop: Synthesized) -> None:
    """Few requests and many, and slow answers, are judged by the band, each on its own side."""
    found = {
        one["Properties"]["AlarmName"].removeprefix("Shop-Anomalies-"): one["Properties"]
        for one in shop.of_type("AWS::CloudWatch::Alarm")
        if "ThresholdMetricId" in one["Properties"]
    }
    assert {name: alarm["ComparisonOperator"] for name, alarm in found.items()} == {
        "FewRequests": "LessThanLowerThreshold",
        "ManyRequests": "GreaterThanUpperThreshold",
        "SlowerThanUsual": "GreaterThanUpperThreshold",
    }
    for alarm in found.values():
        (band,) = (one for one in alarm["Metrics"] if one["Id"] == alarm["ThresholdMetricId"])
        assert band["Expression"] == "ANOMALY_DETECTION_BAND(m0, 4)"


@pytest.mark.parametrize(
    ("emails", "message"),
    [
        ({Severity.INFO: ["nobody"]}, "emails must be addresses, got 'nobody' for info"),
        ({Severity.INFO: ["a@example.com", "a@example.com"]}, "emails must name each address once for a severity"),
    ],
)
def test_refuses_what_is_no_address(emails: dict[Severity, list[str]], message: str) -> None:
    """An address that nobody has would leave an alert untold."""
    stack = cdk.Stack()
    with pytest.raises(ValueError, match=message):
        AlarmTopics(stack, "Alarms", key=kms.Key(stack, "Key"), emails=emails)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"more_than": -1}, "more_than must be at least 0, got -1"),
        ({"minutes": 61}, "minutes must be 1-60, got 61"),
    ],
)
def test_refuses_error_counts_out_of_range(settings: dict[str, int], message: str) -> None:
    """A count below zero, or over more than an hour, is refused."""
    stack = cdk.Stack()
    with pytest.raises(ValueError, match=message):
        LogErrors(stack, "Errors", log_group=logs.LogGroup(stack, "Log"), **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"evaluation_periods": 3, "datapoints_to_alarm": 4}, "datapoints_to_alarm must be 1-3"),
        ({"evaluation_periods": 0}, "evaluation_periods must be at least 1, got 0"),
        ({"runbook": " "}, "runbook must say where it is written what to do"),
        ({"says": "x" * 1024}, "an alarm's description must have at most 1024 characters"),
        (
            {"comparison": cloudwatch.ComparisonOperator.LESS_THAN_LOWER_THRESHOLD},
            "comparison must be with a fixed threshold",
        ),
    ],
)
def test_refuses_alerts_that_tell_nothing(settings: dict[str, Any], message: str) -> None:
    """An alert without a runbook, or with periods that cannot be, is refused where it is defined."""
    given: dict[str, Any] = {"says": "Lag", "severity": Severity.INFO, "runbook": "r#lag", "threshold": 1}
    metric = cloudwatch.Metric(namespace="Shop", metric_name="Lag")
    with pytest.raises(ValueError, match=message):
        define_alert(cdk.Stack(), "Lag", metric=metric, **(given | settings))


def test_refuses_a_composite_of_nothing() -> None:
    """An alarm that joins no alerts could never be raised."""
    with pytest.raises(ValueError, match="any_of must have 1-100 alerts, got 0"):
        define_composite_alert(cdk.Stack(), "All", says="x", severity=Severity.INFO, runbook="r#x", any_of=[])


def test_alarms_are_named_after_their_place(tmp_path: Path) -> None:
    """Whoever reads a message sees the stack, the part and the trouble in the alarm's name."""
    alarms = synthesize_watched(tmp_path, lambda stack, service: ServiceAlerts(stack, "Alerts", service=service))[1]
    assert "Alerts-HighErrorRate" in alarms
