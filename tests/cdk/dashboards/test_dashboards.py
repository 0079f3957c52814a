"""What the dashboards show, and what is refused."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from bluegreen.cdk.dashboards import (
    BusinessDashboard,
    BusinessMetric,
    DataStore,
    Line,
    OperationsDashboard,
    ReleaseDashboard,
)
from bluegreen.cdk.dashboards._grid import place
from bluegreen.cdk.dashboards._widgets import Widget
from bluegreen.cdk.watching import Alert, Severity
from bluegreen.cdk.watching.define_alert import define_alert
from docs.dashboards.body import dashboards
from tests.cdk.support import add_service

Body = dict[str, Any]
PLACED = cloudwatch.Metric(namespace="Shop", metric_name="OrdersPlaced", statistic="Sum")


def titles(body: Body, kind: str = "metric") -> list[str]:
    return [widget["properties"]["title"] for widget in body["widgets"] if widget["type"] == kind]


def titled(body: Body, title: str) -> dict[str, Any]:
    (found,) = [widget for widget in body["widgets"] if widget["properties"].get("title") == title]
    properties: dict[str, Any] = found["properties"]
    return properties


def visible(properties: Mapping[str, Any]) -> list[str]:
    return [one[-1]["label"] for one in properties["metrics"] if one[-1].get("visible", True)]


def test_a_release_is_seen_by_both_groups_and_by_both_roles(bodies: Mapping[str, Body]) -> None:
    """Traffic is shown for blue and green, and what is compared for live and candidate, which swap groups."""
    body = bodies["OrdersRelease"]
    for title in ("Production traffic now, %", "Production traffic, % of requests", "Requests a minute"):
        assert visible(titled(body, title)) == ["blue", "green"]
    for title in ("Failed requests, %", "Latency p50, ms", "Latency p95, ms", "Latency p99, ms"):
        assert visible(titled(body, title)) == ["live", "candidate"]


def test_live_is_the_group_that_serves_most(bodies: Mapping[str, Body]) -> None:
    """Whichever group has more requests is live; with none in either, blue is, and the other group the candidate."""
    stated = titled(bodies["OrdersRelease"], "Latency p95, ms")["metrics"]
    series = {one[-1]["id"]: one[-1].get("expression") for one in stated}
    assert series["live"] == "IF(FILL(r1,0)>=FILL(r2,0),1000*t1,1000*t2)"
    assert series["candidate"] == "IF(FILL(r1,0)>=FILL(r2,0),1000*t2,1000*t1)"


def test_every_rollback_alarm_has_its_state_and_its_limit(bodies: Mapping[str, Body]) -> None:
    """The alarms that stop a release are listed with their states, and each is drawn with its limit."""
    body = bodies["OrdersRelease"]
    (states,) = [widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm"]
    drawn = [
        widget["properties"]["annotations"]["alarms"]
        for widget in body["widgets"]
        if "alarms" in widget["properties"].get("annotations", {})
    ]
    assert len(states) == 3
    assert [arn for (arn,) in drawn] == states
    assert [title for title in titles(body) if title.startswith("Limit")] == [
        "Limit: error rate",
        "Limit: latency p95",
        "Limit: unhealthy targets",
    ]


def test_a_releases_steps_come_from_its_function_and_its_hooks(bodies: Mapping[str, Body]) -> None:
    """One query reads the release function's log and those of the hooks; without hooks there is one log to read."""
    with_hooks = titled(bodies["OrdersRelease"], "Steps of the release, newest first")["query"]
    without = titled(bodies["CartsRelease"], "Steps of the release, newest first")["query"]
    assert (with_hooks.count("SOURCE '"), without.count("SOURCE '")) == (2, 1)


def test_operations_begin_with_what_is_wrong(bodies: Mapping[str, Body]) -> None:
    """Alerts and budgets come first, then what users see from outside; costs come last."""
    shown = [widget["properties"].get("title", "") for widget in bodies["Operations"]["widgets"]]
    assert shown[1:3] == ["Alerts, red ones first", "Budget left: answers, %"]
    assert shown[3:6] == [
        "Journeys that succeed, %",
        "Duration of journeys, ms",
        "Requests that the firewall refused",
    ]
    assert shown[-1] == "Charges so far, USD"


def test_each_service_and_store_has_its_signals(bodies: Mapping[str, Body]) -> None:
    """Traffic, errors, latency and saturation are shown for each service, and each store has graphs of its own."""
    shown = titles(bodies["Operations"])
    for service in ("Orders", "Carts"):
        assert {
            f"{service}: requests a minute",
            f"{service}: failed requests, %",
            f"{service}: latency of the live version, ms",
            f"{service}: CPU and memory, %",
        } <= set(shown)
    for store in ("orders", "carts", "sessions", "events"):
        assert [title for title in shown if title.startswith(f"{store}: ")]


def test_runbooks_are_links_where_a_browser_can_follow(bodies: Mapping[str, Body]) -> None:
    """A URL of the runbooks is a link; a path in the repository is shown as one to look up."""
    assert "[runbook](https://wiki.example.com/runbooks)" in json.dumps(bodies["Operations"]["widgets"][0])
    assert "`docs/runbooks.md#roll-back-by-hand`" in json.dumps(bodies["OrdersRelease"]["widgets"][0])


def test_business_metrics_have_their_targets(bodies: Mapping[str, Body]) -> None:
    """The user's own metrics and arithmetic are drawn with the lines that they are measured by."""
    properties = titled(bodies["Business"], "Orders")
    assert properties["annotations"] == {"horizontal": [{"value": 9, "label": "plan", "color": "#d13212"}]}
    assert any(one[-1].get("expression") == "p/2" for one in properties["metrics"])
    assert titled(bodies["Business"], "Orders now")["view"] == "singleValue"


def test_names_are_unique_across_regions() -> None:
    """A dashboard belongs to no region, so its name says which: the fail-over region's has another name."""
    stack = cdk.Stack(cdk.App(), "Shop")
    ReleaseDashboard(stack, "Release", service=add_service(stack))
    template = stack.node.root.synth().get_stack_by_name("Shop").template  # type: ignore[attr-defined] # the app
    (found,) = [one for one in template["Resources"].values() if one["Type"] == "AWS::CloudWatch::Dashboard"]
    assert found["Properties"]["DashboardName"] == {"Fn::Join": ["", ["Shop-Release-", {"Ref": "AWS::Region"}]]}
    assert len(dashboards(template)) == 1


def test_charges_are_left_out_where_aws_publishes_none() -> None:
    """Without a billing region the dashboard shows what drives costs, and no charges."""
    stack = cdk.Stack(cdk.App(), "Shop")
    OperationsDashboard(stack, "Operations", services=[add_service(stack)])
    (body,) = dashboards(stack.node.root.synth().get_stack_by_name("Shop").template).values()  # type: ignore[attr-defined] # the app
    assert "Load balancers: LCU an hour" in titles(body)
    assert "Charges so far, USD" not in titles(body)


def test_another_stacks_alarm_is_shown_without_an_export() -> None:
    """An alarm of another stack is named, not imported: that stack stays free to change or remove it."""
    app = cdk.App()
    data, shop = cdk.Stack(app, "Data"), cdk.Stack(app, "Shop")
    few = Construct(data, "Orders")
    alert = define_alert(few, "Few", says="Few", severity=Severity.INFO, runbook="r", metric=PLACED, threshold=1)
    OperationsDashboard(shop, "Operations", services=[add_service(shop)], alerts=[alert])
    assembly = app.synth()
    (body,) = dashboards(assembly.get_stack_by_name("Shop").template).values()
    arn = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:Data-Orders-Few"
    assert [widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm"] == [[arn]]
    assert "Outputs" not in assembly.get_stack_by_name("Data").template


def an_alert() -> Alert:
    arn = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:few"
    alarm = cloudwatch.Alarm.from_alarm_arn(cdk.Stack(cdk.App(), "Other"), "Few", arn)
    return Alert(alarm=alarm, severity=Severity.INFO, runbook="r")  # type: ignore[arg-type] # an alarm of another stack


def business(**given: Any) -> Callable[[cdk.Stack], object]:
    return lambda stack: BusinessDashboard(stack, "Business", title="Shop", **given)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda stack: ReleaseDashboard(stack, "Release", service=add_service(stack), name="a b"),
            "name must be 1-255 letters, digits, hyphens and underscores, got 'a b'",
        ),
        (
            lambda stack: ReleaseDashboard(stack, "Release", service=add_service(stack), start="3h"),
            'start must be a duration with a minus, such as "-PT3H" or "-P7D", got \'3h\'',
        ),
        (lambda stack: OperationsDashboard(stack, "O", services=[]), "services must have at least one service, got"),
        (
            lambda stack: OperationsDashboard(
                stack, "O", services=[add_service(stack)], alerts=[an_alert()] * 101
            ),
            "alerts must be at most 100, which is what one widget shows, got 101; make a dashboard for each service",
        ),
        (
            lambda stack: OperationsDashboard(
                stack, "O", services=[add_service(stack)], budgets={str(number): PLACED for number in range(4)}
            ),
            "budgets must be at most 3, got 4; show the tightest",
        ),
        (business(metrics=[]), "metrics must be at least one, got none; say what the business counts"),
        (
            business(metrics=[BusinessMetric(title="a", metrics=[PLACED])], period_minutes=0),
            "period_minutes must be 1-1440, got 0",
        ),
        (
            business(metrics=[BusinessMetric(title="a", metrics=[PLACED])] * 500),
            "a dashboard must have at most 500 widgets, which is CloudWatch's limit, got 501; make two of it",
        ),
    ],
)  # fmt: skip
def test_refuses_dashboards_that_cloudwatch_would_not_show(make: Callable[[cdk.Stack], object], message: str) -> None:
    """Names, durations and amounts that CloudWatch refuses or cannot show are refused at synth, with what to do."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        make(cdk.Stack(cdk.App(), "Shop"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"title": " "}, "title must say what the figure is, got an empty text"),
        ({"metrics": []}, "metrics of 'Orders' must be at least one, got none"),
        ({"width": 7}, "width must be one of 4, 6, 8, 12, 24 columns, got 7"),
        ({"now": True, "targets": [Line(value=1, label="plan")]}, "targets of 'Orders' need a graph to be drawn on"),
    ],
)
def test_refuses_business_metrics_that_show_nothing(given: dict[str, Any], message: str) -> None:
    """A figure without title or metric, with a width off the grid, or with targets nowhere to draw, is refused."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        BusinessMetric(**{"title": "Orders", "metrics": [PLACED]} | given)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [[Widget(kind="text", width=25, height=1)]],
            "a row must be at most 24 columns wide, got 25 with text; use two",
        ),
        (
            [[Widget(kind="metric", width=4, height=1, properties={"title": "a", "metrics": [[]] * 501})]],
            "a dashboard must have at most 500 metrics in 'a', which is CloudWatch's limit, got 501",
        ),
        (
            [[Widget(kind="metric", width=4, height=1, properties={"title": "a", "metrics": [[]] * 420})]] * 6,
            "a dashboard must have at most 2500 metrics, which is CloudWatch's limit, got 2520",
        ),
    ],
)
def test_refuses_what_passes_cloudwatchs_limits(rows: Any, message: str) -> None:
    """A row wider than the grid, and more metrics than a widget or a dashboard may have, are refused."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        place(rows)


def test_a_store_is_shown_by_name_alone() -> None:
    """Stores of other stacks, or not made by CDK, are shown by their identifiers."""
    assert [len(store.graphs) for store in (DataStore.database("a"), DataStore.cache(["a"]), DataStore.table("a"))] == [
        4,
        4,
        2,
    ]
