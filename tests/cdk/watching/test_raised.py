"""From an error to whoever is told: the synthesized alarms, judged by the local cloud's CloudWatch."""

import json
import threading
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms

import status_feed
from bluegreen.cdk import BlueGreenService
from bluegreen.cdk.watching import AlarmTopics, ServiceAlerts, Slo
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.cloudwatch import AlarmType, CloudWatch, CompositeAlarmType
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.metrics import MetricStore
from tests.cdk.alarm_bench import BLUE, GREEN, LOAD_BALANCER
from tests.cdk.support import Synthesized
from tests.cdk.watching.watched import synthesize_watched
from tests.lambdas.watching.test_status_feed import Bucket

START = 1_800_000_000.0
ARN = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:"


def define(stack: cdk.Stack, service: BlueGreenService) -> None:
    topics = AlarmTopics(stack, "Alarms", key=kms.Key(stack, "Key"))
    alerts = ServiceAlerts(stack, "Alerts", service=service)
    slo = Slo(stack, "Slo", service=service, unless=alerts.users_are_hurt)
    topics.tell([*alerts.alerts, *slo.alerts])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Synthesized, Mapping[str, dict[str, Any]]]:
    return synthesize_watched(tmp_path_factory.mktemp("raised"), define)


class HandClock(Clock):
    """A clock that moves only when told."""

    def __init__(self) -> None:
        super().__init__(60)
        self.at = START

    def now(self) -> float:
        return self.at


class World:
    """The local cloud's CloudWatch with the alarms of the stack, and minutes that a test makes up."""

    def __init__(self, shop: Synthesized, alarms: Mapping[str, dict[str, Any]]) -> None:
        self.clock, self.store = HandClock(), MetricStore()
        self.told: list[tuple[str, str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.cloudwatch = CloudWatch(
            clock=self.clock,
            metrics=self.store,
            journal=Journal(self.clock.now),
            client=lambda _: self,
            region="eu-west-1",
            account="111122223333",
            put_event=lambda source, kind, detail, _: self.events.append(
                {"source": source, "detail-type": kind, "detail": detail}
            ),
        )
        self._put(shop, alarms)

    def _put(self, shop: Synthesized, alarms: Mapping[str, dict[str, Any]]) -> None:
        known = {
            logical_id: resource["Properties"]["AlarmName"]
            for logical_id, resource in shop.resources.items()
            if "AlarmName" in resource.get("Properties", {})
        }

        def resolve(value: Any) -> Any:
            match value:
                case {"Fn::Join": [_, parts]}:
                    return "".join(map(resolve, parts))
                case {"Fn::GetAtt": [logical_id, "Arn"]}:
                    return ARN + known[logical_id]
                case {"Ref": topic}:
                    return TOPIC + topic.removeprefix("Alarms")[:-8]
                case list():
                    return [resolve(item) for item in value]
            return value

        for alarm in alarms.values():
            AlarmType(self.cloudwatch).create("", {name: resolve(value) for name, value in alarm.items()})
        composites = [one["Properties"] for one in shop.of_type("AWS::CloudWatch::CompositeAlarm")]
        for composite in sorted(composites, key=lambda one: "UsersAreHurt" not in one["AlarmName"]):
            resolved = {name: resolve(value) for name, value in composite.items()}
            CompositeAlarmType(self.cloudwatch).create("", resolved)

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> None:  # noqa: N803, ARG002 - boto3's names
        message = json.loads(Message)
        name = message["AlarmName"].removeprefix("Shop-")
        self.told.append((TopicArn.removeprefix(TOPIC), name, message["NewStateValue"]))

    def minutes(self, count: int, *, errors: int = 0, group: str = GREEN) -> None:
        """Let minutes pass in which blue answers well, and `errors` of a group's 100 requests fail."""
        for _ in range(count):
            for name, requests in ((BLUE, 500), (GREEN, 100)):
                self._record("RequestCount", requests, name)
                self._record("HealthyHostCount", 3, name)
            if errors:
                self._record("HTTPCode_Target_5XX_Count", errors, group)
            self.clock.at += 60
            self.cloudwatch._evaluator.evaluate_all()
            for thread in threading.enumerate():
                if "_publish" in thread.name:
                    thread.join(5)

    def news(self) -> list[tuple[str, str, str]]:
        """What was told since the last time."""
        told, self.told = self.told, []
        return told

    def _record(self, name: str, value: float, group: str) -> None:
        dimensions = {"LoadBalancer": LOAD_BALANCER, "TargetGroup": group}
        self.store.record("AWS/ApplicationELB", name, dimensions, value, self.clock.at)


@pytest.fixture
def world(shop: tuple[Synthesized, Mapping[str, dict[str, Any]]]) -> World:
    world = World(*shop)
    world.minutes(10)
    world.news()  # every new alarm tells once that all is well
    return world


def test_an_outage_is_told_once_to_whoever_is_woken(world: World) -> None:
    """Most requests of a version fail: one critical message, none of the lesser ones; and one when all is well."""
    world.minutes(12, errors=60)
    assert world.news() == [("Critical", "Alerts-UsersAreHurt", "ALARM")]
    world.minutes(25)
    assert ("Critical", "Alerts-UsersAreHurt", "OK") in world.news()


def test_a_few_errors_are_a_warning(world: World) -> None:
    """Two percent of one version wake nobody: the team is told that the service is degraded."""
    world.minutes(12, errors=2)
    assert world.news() == [("Warning", "Alerts-Degraded", "ALARM")]
    world.minutes(12)
    assert world.news() == [("Warning", "Alerts-Degraded", "OK")]


def test_what_is_left_of_an_outage_is_told_afterwards(world: World) -> None:
    """When users are no longer hurt and single requests still fail, the warning comes after all."""
    world.minutes(12, errors=60)
    world.minutes(25, errors=2)
    news = world.news()
    assert news.index(("Warning", "Alerts-Degraded", "ALARM")) > news.index(("Critical", "Alerts-UsersAreHurt", "OK"))


def test_a_good_day_is_quiet(world: World) -> None:
    """Without errors nobody is told anything."""
    world.minutes(30)
    assert world.news() == []


def test_the_status_page_shows_the_outage(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The events of these alarms, as the local cloud puts them, make the page say what is so."""
    names = {"Shop-Alerts-UsersAreHurt": "critical", "Shop-Alerts-Degraded": "warning"}
    settings = {"title": "Shop", "bucket": "page", "components": {"Ordering": names}}
    monkeypatch.setenv("BLUEGREEN_STATUS", json.dumps(settings))
    bucket = Bucket()
    monkeypatch.setattr(status_feed, "client", lambda _: bucket)
    for errors, health in ((60, "outage"), (2, "degraded"), (0, "operational")):
        world.minutes(25, errors=errors)
        world.cloudwatch._announcer._worker.submit(lambda: None).result()
        while world.events:
            event = world.events.pop()  # the newest first: the order does not matter
            if event["detail"]["alarmName"] in names:
                status_feed.handle(event, None)
        assert bucket.page() == {"Ordering": health}
