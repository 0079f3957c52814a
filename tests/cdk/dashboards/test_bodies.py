"""What CloudWatch would refuse, or show as an empty graph, in any dashboard that this library makes."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from docs.dashboards.body import REGION
from tests.cdk.dashboards.known_metrics import KNOWN

Body = dict[str, Any]
NAMES = ("OrdersRelease", "CartsRelease", "Operations", "Business")
OWN = "Shop"
FUNCTIONS = {"FILL", "IF", "SEARCH", "SORT", "MAX", "SUM", "DESC", "AND", "OR"}

each = pytest.mark.parametrize("name", NAMES)


def metrics_of(body: Body) -> Iterator[tuple[str, str, frozenset[str], dict[str, Any]]]:
    for widget in body["widgets"]:
        for series in widget["properties"].get("metrics", ()):
            if isinstance(series[0], str):
                drawn = series[-1] if isinstance(series[-1], dict) else {}
                names = series[2:-1] if isinstance(series[-1], dict) else series[2:]
                yield series[0], series[1], frozenset(names[::2]), drawn


def expressions_of(widget: dict[str, Any]) -> list[dict[str, Any]]:
    return [series[0] for series in widget["properties"].get("metrics", ()) if isinstance(series[0], dict)]


@each
def test_every_widget_lies_on_the_grid_alone(bodies: Mapping[str, Body], name: str) -> None:
    """Widgets stay within 24 columns, and no two share a cell."""
    taken: set[tuple[int, int]] = set()
    for widget in bodies[name]["widgets"]:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert widget["x"] + widget["width"] <= 24
        assert not taken & cells, widget
        taken |= cells


@each
def test_every_metric_is_one_that_aws_publishes(bodies: Mapping[str, Body], name: str) -> None:
    """Each metric of AWS exists under its namespace with just these dimensions, as AWS's documentation lists it."""
    seen = [one for one in metrics_of(bodies[name]) if one[0] != OWN]
    assert seen or name == "Business"
    assert [one for one in seen if one[2] not in KNOWN.get(one[0], {}).get(one[1], ())] == []


@each
def test_searches_look_for_what_aws_publishes(bodies: Mapping[str, Body], name: str) -> None:
    """What is found by a search is a metric that AWS publishes with the dimensions that the search names."""
    for widget in bodies[name]["widgets"]:
        for one in expressions_of(widget):
            if "SEARCH" in one["expression"]:
                found = re.search(r"""\{([^,]+),([^}]+)\} MetricName="(\w+)"'""", one["expression"])
                assert found, one
                assert frozenset(found[2].split(",")) in KNOWN[found[1]][found[3]]


@each
def test_arithmetic_names_series_of_its_own_widget(bodies: Mapping[str, Body], name: str) -> None:
    """Each id in an expression is that of a series in the same widget, and no widget has an id twice."""
    for widget in bodies[name]["widgets"]:
        series = widget["properties"].get("metrics", ())
        ids = [one[-1]["id"] for one in series if isinstance(one[-1], dict) and "id" in one[-1]]
        assert len(ids) == len(set(ids)), widget["properties"]["title"]
        assert all(re.fullmatch(r"[a-z][A-Za-z0-9_]*", one) for one in ids)
        for one in expressions_of(widget):
            bare = re.sub(r"'[^']*'", "", one["expression"])
            assert set(re.findall(r"[A-Za-z_]\w*", bare)) - FUNCTIONS <= set(ids), one


@each
def test_every_graph_shows_something_and_says_what(bodies: Mapping[str, Body], name: str) -> None:
    """Each widget but words has a title, and each graph at least one visible series, or an alarm."""
    for widget in bodies[name]["widgets"]:
        properties = widget["properties"]
        if widget["type"] == "text":
            assert properties["markdown"].strip()
            continue
        assert properties["title"]
        if widget["type"] == "metric":
            visible = [
                one
                for one in properties.get("metrics", ())
                if not isinstance(one[-1], dict) or one[-1].get("visible", True)
            ]
            assert visible or properties["annotations"]["alarms"], properties["title"]


@each
def test_regions_are_the_deployments_own(bodies: Mapping[str, Body], name: str) -> None:
    """Each widget shows the region that its stack is deployed to; charges alone are published in one region."""
    for widget in bodies[name]["widgets"]:
        if "region" in widget["properties"]:
            charges = widget["properties"]["title"].startswith("Charges")
            assert widget["properties"]["region"] == ("us-east-1" if charges else REGION)


@each
def test_log_queries_name_their_groups(bodies: Mapping[str, Body], name: str) -> None:
    """A log table queries 1-50 groups, ends in a limit, and nothing but a limit follows a dedup."""
    for widget in bodies[name]["widgets"]:
        if widget["type"] == "log":
            commands = widget["properties"]["query"].split(" | ")
            assert 1 <= sum(command.startswith("SOURCE '") for command in commands) <= 50
            assert commands[-1].startswith("limit ")
            for before, after in itertools.pairwise(commands):
                assert not before.startswith("dedup") or after.startswith("limit")
