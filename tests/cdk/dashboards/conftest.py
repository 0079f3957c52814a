"""Every dashboard that this library makes, with every option, synthesized once."""

import json
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch

from bluegreen.cdk import HttpCheck, SmokeTests
from bluegreen.cdk.dashboards import (
    BusinessDashboard,
    BusinessMetric,
    DataStore,
    Line,
    OperationsDashboard,
    ReleaseDashboard,
)
from bluegreen.cdk.watching import Severity
from bluegreen.cdk.watching.define_alert import define_alert
from docs.dashboards.body import dashboards
from tests.cdk.support import add_service

Body = dict[str, Any]


def define_dashboards(app: cdk.App) -> None:
    """Add a stack with every dashboard and every option."""
    stack = cdk.Stack(app, "Shop")
    services = [
        add_service(stack, "Orders", hooks=[SmokeTests(HttpCheck("/health"))]),
        add_service(stack, "Carts"),
    ]
    placed = cloudwatch.Metric(namespace="Shop", metric_name="OrdersPlaced", statistic="Sum", label="placed")
    left = cloudwatch.Metric(namespace="Shop", metric_name="BudgetLeft", label="orders answer")
    refused = cloudwatch.Metric(
        namespace="AWS/WAFV2",
        metric_name="BlockedRequests",
        dimensions_map={"WebACL": "shop", "Rule": "ALL", "Region": cdk.Aws.REGION},
    )
    alert = define_alert(
        stack, "Few", says="Few orders", severity=Severity.WARNING, runbook="r#few", metric=placed, threshold=1
    )
    for service in services:
        ReleaseDashboard(stack, f"{service.node.id}Release", service=service)
    OperationsDashboard(
        stack,
        "Operations",
        services=services,
        alerts=[alert],
        budgets={"answers": left},
        stores=[
            DataStore.database("orders"),
            DataStore.database_cluster("carts"),
            DataStore.cache(["sessions-001", "sessions-002"], name="sessions"),
            DataStore.table("events"),
        ],
        journeys=["buys"],
        refused=[refused],
        billing_region="us-east-1",
        runbooks="https://wiki.example.com/runbooks",
    )
    per_customer = cloudwatch.MathExpression(expression="p/2", using_metrics={"p": placed}, label="half")
    BusinessDashboard(
        stack,
        "Business",
        title="Shop",
        metrics=[
            BusinessMetric(title="Orders", metrics=[placed, per_customer], targets=[Line(value=9, label="plan")]),
            BusinessMetric(title="Orders now", metrics=[placed], now=True, width=4),
        ],
    )


@pytest.fixture(scope="session")
def bodies() -> Mapping[str, Body]:
    """The bodies, by the dashboards' construct ids."""
    app = cdk.App()
    define_dashboards(app)
    template = app.synth().get_stack_by_name("Shop").template
    names = ("OrdersRelease", "CartsRelease", "Operations", "Business")
    found = dashboards(json.loads(json.dumps(template)))
    return {name: body for name in names for logical_id, body in found.items() if logical_id.startswith(name)}
