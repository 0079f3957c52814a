"""How each environment is asked from outside, and what its dashboards show."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from docs.dashboards.__main__ import alarms_of
from docs.dashboards.arithmetic import compared_by, lines_of
from docs.dashboards.body import dashboards
from docs.dashboards.samples import Samples
from stacks.journeys import CUSTOMER
from tests.stacks.support import Templates, resources

ENVIRONMENTS = ("dev", "staging", "prod")


def bodies(templates: Templates, name: str) -> Mapping[str, dict[str, Any]]:
    """The two dashboards of an environment."""
    found = dashboards(templates[name])
    assert len(found) == 2
    return {kind: body for kind in ("Release", "Operations") for key, body in found.items() if f"{kind}Dash" in key}


@pytest.mark.parametrize(("name", "schedule"), [("dev", "60"), ("staging", "15"), ("prod", "5")])
def test_each_environment_is_asked_as_often_as_it_is_worth(templates: Templates, name: str, schedule: str) -> None:
    """A heartbeat and a journey ask every 5 minutes in production, 15 in staging, and hourly in development."""
    canaries = [canary["Properties"] for canary in resources(templates[name], "AWS::Synthetics::Canary")]
    assert sorted(canary["Name"] for canary in canaries) == [f"orders-{name}-alive", f"orders-{name}-buys"]
    assert {canary["Schedule"]["Expression"] for canary in canaries} == {f"rate({schedule} minutes)"}


def test_nobody_asks_before_somebody_is_there(templates: Templates) -> None:
    """Canaries are made after the release: a first creation, which takes its time, wakes nobody."""
    for name in ENVIRONMENTS:
        (release,) = [key for key, one in templates[name]["Resources"].items() if one["Type"] == "Custom::Release"]
        for canary in resources(templates[name], "AWS::Synthetics::Canary"):
            assert release in canary["DependsOn"]


def test_users_names_are_asked_over_tls(templates: Templates) -> None:
    """Where users have a name, canaries call that name by HTTPS; in development, the load balancer's own."""
    urls = {
        name: [
            canary["Properties"]["RunConfig"]["EnvironmentVariables"]["BLUEGREEN_URL"]
            for canary in resources(templates[name], "AWS::Synthetics::Canary")
        ]
        for name in ENVIRONMENTS
    }
    assert set(urls["prod"]) == {"https://orders.example.com"}
    assert set(urls["staging"]) == {"https://orders.staging.example.com"}
    assert all(url["Fn::Join"][1][0] == "http://" for url in urls["dev"])


def test_what_a_journey_leaves_is_marked(templates: Templates) -> None:
    """Every order of the journey is the customer's whose name says so."""
    for name in ENVIRONMENTS:
        (steps,) = [
            json.loads(canary["Properties"]["RunConfig"]["EnvironmentVariables"]["BLUEGREEN_JOURNEY"])
            for canary in resources(templates[name], "AWS::Synthetics::Canary")
            if canary["Properties"]["Name"].endswith("-buys")
        ]
        bodies_sent = [json.loads(step["check"]["body"]) for step in steps if "body" in step["check"]]
        assert [body["customer"] for body in bodies_sent] == [CUSTOMER]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_alarm_of_the_stack_is_on_a_dashboard(templates: Templates, name: str) -> None:
    """Each alarm is on one of the two dashboards, or is one that a composite alarm on it is made of."""
    shown = {
        arn
        for body in bodies(templates, name).values()
        for widget in body["widgets"]
        if widget["type"] == "alarm"
        for arn in widget["properties"]["alarms"]
    }
    alarms = alarms_of(templates[name])
    rules = " ".join(str(alarm.get("AlarmRule", "")) for alarm in alarms.values())
    told = {alarm["AlarmName"] for arn, alarm in alarms.items() if arn in shown or arn in rules}
    assert {alarm["AlarmName"] for alarm in alarms.values()} - told == set()


@pytest.mark.parametrize("kind", ["Release", "Operations"])
def test_the_pictures_leave_no_graph_empty(templates: Templates, kind: str) -> None:
    """Every line and every drawn alarm of production's dashboards has made-up figures to be drawn with."""
    samples, alarms = Samples(12 * 60, 1), alarms_of(templates["prod"])
    for widget in bodies(templates, "prod")[kind]["widgets"]:
        properties = widget["properties"]
        for line in lines_of(properties.get("metrics", ()), samples):
            assert not np.isnan(line.values).all(), (properties["title"], line.label)
        for arn in properties.get("annotations", {}).get("alarms", ()):
            assert not np.isnan(compared_by(alarms[arn], samples)).all(), properties["title"]
