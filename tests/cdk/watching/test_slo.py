"""Objectives: when a budget that is used up too fast raises an alert, and which objectives are refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from bluegreen.cdk import BlueGreenService
from bluegreen.cdk.watching import Indicator, ServiceAlerts, Slo
from bluegreen.rehearsal.cloud.cloudwatch.definition import read_alarm
from tests.cdk.alarm_bench import Group, Minute, fires_after
from tests.cdk.support import Synthesized, add_service
from tests.cdk.watching.watched import raised, suppressor, synthesize_watched

Watched = tuple[Synthesized, Mapping[str, dict[str, Any]]]


def define(stack: cdk.Stack, service: BlueGreenService) -> None:
    alerts = ServiceAlerts(stack, "Alerts", service=service)
    slo = Slo(stack, "Slo", service=service, unless=alerts.users_are_hurt)
    shared = Indicator.availability(load_balancer_errors=False)
    Slo(stack, "Shared", service=service, objective_percent=99.5, window_days=90, indicator=shared)
    Slo(stack, "Quick", service=service, objective_percent=99, indicator=Indicator.latency(within_ms=500))
    cdk.CfnOutput(stack, "Burn", value=str(stack.resolve(slo.metric_burn_rate()) is not None))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    return synthesize_watched(tmp_path_factory.mktemp("watched"), define)


def test_windows_and_burn_rates_are_those_of_the_workbook(watched: Watched) -> None:
    """For 30 days: 14.4 over an hour and 5 minutes, 6 over 6 hours and 30 minutes, 3 over a day, 1 over three."""
    alarms = {name.removeprefix("Slo-"): alarm for name, alarm in watched[1].items() if name.startswith("Slo-")}
    found = {
        name: (alarm["Threshold"], read_alarm(dict(alarm)).period / 60, alarm["EvaluationPeriods"])
        for name, alarm in alarms.items()
    }
    assert found == {
        "Critical60Minutes": (1.44, 60, 1),
        "Critical5Minutes": (1.44, 5, 1),
        "Critical360Minutes": (0.6, 360, 1),
        "Critical30Minutes": (0.6, 30, 1),
        "Warning1440Minutes": (0.3, 1440, 1),
        "Warning120Minutes": (0.3, 120, 1),
        "Warning4320Minutes": (0.1, 1440, 3),
        "Warning360Minutes": (0.1, 360, 1),
    }


def test_a_longer_window_allows_a_faster_burn(watched: Watched) -> None:
    """2 % of a budget of 90 days within an hour is a burn rate of 43.2, which at 99.5 % is 21.6 % of the requests."""
    assert watched[1]["Shared-Critical60Minutes"]["Threshold"] == 21.6


def test_every_alarm_is_one_that_cloudwatch_takes(watched: Watched) -> None:
    """Each has at most 10 queries in all, one period that CloudWatch allows, and one returned series."""
    for alarm in watched[1].values():
        read_alarm(dict(alarm))
        assert len(alarm.get("Metrics", ())) <= 10


CASES: dict[str, tuple[str, Minute, int | None]] = {
    "2 % fail": ("Slo-Critical5Minutes", Minute(blue=Group(requests=60), green=Group(requests=90, errors=3)), 1),
    "1 % fails": ("Slo-Critical5Minutes", Minute(blue=Group(requests=600, errors=6)), None),
    "two errors an hour": ("Slo-Critical5Minutes", Minute(blue=Group(requests=1)), None),
    "requests are never answered": ("Slo-Critical5Minutes", Minute(blue=Group(requests=100), unanswered=3), 1),
    "half a percent over a day": ("Slo-Warning120Minutes", Minute(green=Group(requests=600, errors=3)), 1),
    "connections are refused": ("Shared-Critical5Minutes", Minute(blue=Group(requests=10, refused=5)), 1),
    "nobody calls": ("Slo-Critical5Minutes", Minute(), None),
}


@pytest.mark.parametrize("case", CASES)
def test_errors_of_either_version_use_the_budget(watched: Watched, case: str) -> None:
    """Failures of both versions count against all requests; one or two are chance."""
    name, minute, expected = CASES[case]
    for one in (minute, minute.mirrored()):
        assert fires_after(watched[1][name], [one] * 20) == expected


def test_slow_answers_are_weighed_by_how_many_there_are(watched: Watched) -> None:
    """The share of slow answers is that of both versions together, from percentile ranks in seconds."""
    metrics = watched[1]["Quick-Critical5Minutes"]["Metrics"]
    assert {one["MetricStat"]["Stat"] for one in metrics if "MetricStat" in one} == {"PR(:0.5)", "SampleCount"}
    expressions = [one["Expression"] for one in metrics if "Expression" in one]
    assert any("FILL(p1,0)*FILL(n1,0)+FILL(p2,0)*FILL(n2,0)" in one for one in expressions)


FAST = {"Slo-Critical60Minutes", "Slo-Critical5Minutes"}
SLOW = {"Slo-Warning4320Minutes", "Slo-Warning360Minutes"}


@pytest.mark.parametrize(
    ("composite", "red", "is_raised"),
    [
        ("Slo-BurnsFast", FAST, True),
        ("Slo-BurnsFast", {"Slo-Critical360Minutes", "Slo-Critical30Minutes"}, True),
        ("Slo-BurnsFast", {"Slo-Critical60Minutes"}, False),
        ("Slo-BurnsFast", {"Slo-Critical60Minutes", "Slo-Critical30Minutes"}, False),
        ("Slo-BurnsSlowly", SLOW, True),
        ("Slo-BurnsSlowly", {"Slo-Warning1440Minutes", "Slo-Warning120Minutes"}, True),
        ("Slo-BurnsSlowly", {"Slo-Warning360Minutes"}, False),
    ],
)
def test_both_windows_must_agree(watched: Watched, composite: str, red: set[str], *, is_raised: bool) -> None:
    """A long window alone is over, and a short one alone is chance."""
    assert raised(watched[0], composite, red) is is_raised


def test_a_worse_alert_keeps_a_lesser_one_quiet(watched: Watched) -> None:
    """The slow burn tells nobody while the fast one is raised, nor the fast one while users are hurt."""
    assert suppressor(watched[0], "Slo-BurnsSlowly") == "Slo-BurnsFast"
    assert suppressor(watched[0], "Slo-BurnsFast") == "Alerts-UsersAreHurt"
    assert suppressor(watched[0], "Quick-BurnsFast") is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective_percent": 100}, "objective_percent must be above 0 and below 100, got 100"),
        ({"objective_percent": 101}, "objective_percent must be above 0 and below 100, got 101"),
        ({"objective_percent": 0}, "objective_percent must be above 0 and below 100, got 0"),
        ({"objective_percent": 90}, "objective_percent must be above 93.1 with a window of 30 days, got 90"),
        ({"objective_percent": 97, "window_days": 90}, "objective_percent must be above 97.7 with a window of 90 days"),
        ({"window_days": 7}, "window_days must be 30-90, got 7"),
        ({"window_days": 91}, "window_days must be 30-90, got 91"),
    ],
)
def test_refuses_objectives_that_mean_nothing(settings: dict[str, Any], message: str) -> None:
    """An objective of 100 % has no budget, a low one has burn rates that no trouble reaches, a short window neither."""
    stack = cdk.Stack()
    service = add_service(stack)
    with pytest.raises(ValueError, match=message):
        Slo(stack, "Slo", service=service, **settings)


def test_refuses_a_latency_that_no_answer_has() -> None:
    """No answer is quicker than at once."""
    with pytest.raises(ValueError, match="within_ms must be above 0, got 0"):
        Indicator.latency(within_ms=0)


def test_the_budget_left_is_one_figure_over_the_whole_window(tmp_path: Path) -> None:
    """A dashboard shows what is left of the budget from one period of 30 days."""

    def graph(stack: cdk.Stack, service: BlueGreenService) -> None:
        left = Slo(stack, "Slo", service=service).metric_budget_remaining()
        cdk.aws_cloudwatch.Dashboard(stack, "Board", widgets=[[cdk.aws_cloudwatch.GaugeWidget(metrics=[left])]])

    shop, _ = synthesize_watched(tmp_path, graph)
    (board,) = shop.of_type("AWS::CloudWatch::Dashboard")
    body = str(board["Properties"]["DashboardBody"])
    assert "100-100*bad/0.1" in body
    assert '"period":2592000' in body
