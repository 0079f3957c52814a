"""What the alert rules of a service find, what they let pass, and who is told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from bluegreen.cdk import BlueGreenService
from bluegreen.cdk.watching import ServiceAlerts, ServiceLimits
from bluegreen.rehearsal.cloud.cloudwatch.definition import read_alarm
from tests.cdk.alarm_bench import Group, Minute, fires_after
from tests.cdk.support import Synthesized
from tests.cdk.watching.watched import raised, suppressor, synthesize_watched

Alarms = Mapping[str, dict[str, Any]]


def define(stack: cdk.Stack, service: BlueGreenService) -> None:
    ServiceAlerts(stack, "Alerts", service=service, limits=ServiceLimits(usual_requests_per_minute=100))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Synthesized, Alarms]:
    shop, found = synthesize_watched(tmp_path_factory.mktemp("watched"), define)
    own = {name.removeprefix("Alerts-"): alarm for name, alarm in found.items() if name.startswith("Alerts-")}
    return shop, own


@pytest.fixture(scope="module")
def alarms(watched: tuple[Synthesized, Alarms]) -> Alarms:
    return watched[1]


def test_the_defaults_are_the_promised_figures(alarms: Alarms) -> None:
    """Errors 1 and 5 %, success 99 %, p99 500 ms, responses 2 s, CPU and memory 80 %, half of the usual requests."""
    assert {name: (alarm["Threshold"], window(alarm)) for name, alarm in alarms.items()} == {
        "ErrorRate": (1, 5),
        "HighErrorRate": (5, 5),
        "LowSuccess": (99, 15),
        "Latency": (500, 15),
        "SlowResponses": (2000, 10),
        "Cpu": (80, 15),
        "Memory": (80, 15),
        "UnhealthyTargets": (0, 10),
        "NoHealthyTargets": (1, 3),
        "Throughput": (50, 15),
    }


def window(alarm: Mapping[str, Any]) -> float:
    """Return for how many minutes an alarm must be over its limit."""
    return read_alarm(dict(alarm)).period * alarm["DatapointsToAlarm"] / 60


def test_every_alarm_is_one_that_cloudwatch_takes(alarms: Alarms) -> None:
    """Each has at most 10 queries in all, one period, one returned series, and expressions within 2048 characters."""
    for alarm in alarms.values():
        read_alarm(dict(alarm))
        assert len(alarm.get("Metrics", ())) <= 10
        assert all(len(metric.get("Expression", "")) <= 2048 for metric in alarm.get("Metrics", ()))


GOOD = Group(requests=600, p95_seconds=0.1, healthy=3, unhealthy=0)
IDLE = Group()
CASES: dict[str, tuple[str, Minute, int | None]] = {
    "6 % of the candidate's requests fail": ("HighErrorRate", Minute(blue=GOOD, green=Group(requests=50, errors=3)), 1),
    "4 % fail": ("HighErrorRate", Minute(blue=GOOD, green=Group(requests=600, errors=24)), None),
    "2 % fail": ("ErrorRate", Minute(blue=GOOD, green=Group(requests=600, errors=12)), 1),
    "half a percent fails": ("ErrorRate", Minute(blue=GOOD, green=Group(requests=600, errors=3)), None),
    "2 % of all fail": ("LowSuccess", Minute(blue=Group(requests=600, errors=12)), 1),
    "half a percent of all fails": ("LowSuccess", Minute(blue=Group(requests=600, errors=3)), None),
    "one of two requests a minute fails": ("LowSuccess", Minute(blue=Group(requests=2, errors=1)), 10),
    "requests are never answered": ("LowSuccess", Minute(blue=GOOD, unanswered=60), 1),
    "nobody calls": ("LowSuccess", Minute(), None),
    "answers take three seconds": ("SlowResponses", Minute(blue=Group(requests=60, p95_seconds=3)), 6),
    "answers take one second": ("SlowResponses", Minute(blue=Group(requests=60, p95_seconds=1)), None),
    "few slow answers": ("SlowResponses", Minute(blue=Group(requests=3, p95_seconds=9)), None),
    "the candidate is slow": ("Latency", Minute(blue=GOOD, green=Group(requests=60, p95_seconds=0.6)), 11),
    "both are quick": ("Latency", Minute(blue=GOOD, green=GOOD), None),
    "no task is healthy": ("NoHealthyTargets", Minute(blue=Group(healthy=0, unhealthy=3)), 3),
    "no task is there": ("NoHealthyTargets", Minute(), 3),
    "one version has tasks": ("NoHealthyTargets", Minute(blue=GOOD), None),
    "one of four targets is unhealthy": ("UnhealthyTargets", Minute(blue=Group(healthy=3, unhealthy=1)), 6),
    "every target is healthy": ("UnhealthyTargets", Minute(blue=GOOD), None),
    "a task is busy": ("Cpu", Minute(busiest_task=85), 11),
    "a task is at its limit": ("Memory", Minute(busiest_task=80), None),
    "requests fall below half": ("Throughput", Minute(blue=Group(requests=49)), 15),
    "requests stop": ("Throughput", Minute(), 15),
    "half is left, on both sides": ("Throughput", Minute(blue=Group(requests=25), green=Group(requests=25)), None),
}


def raised_after(alarm: Mapping[str, Any], minute: Minute) -> int | None:
    """Return how many such minutes raise an alarm. One on too little needs better times before, or it is at once."""
    before = [Minute(blue=GOOD)] * 20 if alarm["TreatMissingData"] == "breaching" else []
    raised = fires_after(alarm, [*before, *[minute] * 30])
    return raised and raised - len(before)


@pytest.mark.parametrize("case", CASES)
def test_rules_find_what_hurts_and_let_the_rest_pass(alarms: Alarms, case: str) -> None:
    """Each rule is raised after its time, by either colour alike, and not by less than its limit."""
    name, minute, expected = CASES[case]
    for one in (minute, minute.mirrored()):
        assert raised_after(alarms[name], one) == expected


def test_a_good_day_raises_nothing(alarms: Alarms) -> None:
    """Traffic without errors, fast answers and healthy, idle tasks raise no alarm at all."""
    good = [Minute(blue=GOOD, busiest_task=40)] * 30
    assert {name: fires_after(alarm, good) for name, alarm in alarms.items()} == dict.fromkeys(alarms)


@pytest.mark.parametrize("rule", ["HighErrorRate", "LowSuccess", "SlowResponses", "NoHealthyTargets"])
def test_users_are_hurt_by_any_critical_rule(watched: tuple[Synthesized, Alarms], rule: str) -> None:
    """Any critical rule raises the one alarm that wakes somebody, and the lesser one stays quiet then."""
    assert raised(watched[0], "Alerts-UsersAreHurt", {f"Alerts-{rule}"})
    assert not raised(watched[0], "Alerts-UsersAreHurt", {"Alerts-ErrorRate", "Alerts-Cpu"})
    assert raised(watched[0], "Alerts-Degraded", {"Alerts-ErrorRate"})
    assert suppressor(watched[0], "Alerts-Degraded") == "Alerts-UsersAreHurt"


def test_every_alert_names_its_limit_severity_and_runbook(alarms: Alarms) -> None:
    """Whoever is woken reads what is wrong, above which limit, for how long, how bad it is, and where help is."""
    assert alarms["Latency"]["AlarmDescription"] == (
        "Latency (p99) of the slower version, in milliseconds: above 500 in 3 of 3 periods of 5 min. "
        "Severity: warning. Runbook: docs/runbooks.md#latency"
    )


def test_the_page_has_a_row_for_every_rule(alarms: Alarms) -> None:
    """docs/watching.md says of each rule which limit it has and whose promise it is."""
    page = (Path(__file__).parents[3] / "docs" / "watching.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [name for name in alarms if not any(f"`{name}`" in row.split(" | ")[0] for row in rows)] == []


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"error_rate_percent": 0}, "error_rate_percent must be above 0 and below 100, got 0"),
        ({"high_error_rate_percent": 1}, "high_error_rate_percent must be above 1 and below 100, got 1"),
        ({"success_percent": 100}, "success_percent must be above 0 and below 100, got 100"),
        ({"latency_p99_ms": -1}, "latency_p99_ms must be above 0, got -1"),
        ({"response_p95_ms": "2s"}, "response_p95_ms must be above 0, got '2s'"),
        ({"cpu_percent": 101}, "cpu_percent must be above 0 and below 100, got 101"),
        ({"usual_requests_per_minute": 0}, "usual_requests_per_minute must be above 0, got 0"),
    ],
)
def test_refuses_figures_out_of_range(figures: dict[str, Any], message: str) -> None:
    """A limit that could never or would always be exceeded is refused where it is given."""
    with pytest.raises(ValueError, match=message):
        ServiceLimits(**figures)
