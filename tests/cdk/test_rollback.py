"""Rollback policies: which alarms they make, what those find and what they let pass, and what is refused."""

import random
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_cloudwatch as cloudwatch
from hypothesis import given, settings
from hypothesis import strategies as st

from bluegreen.cdk import RollbackPolicy
from bluegreen.cdk.window import Window
from bluegreen.rehearsal.cloud.cloudwatch.definition import read_alarm
from tests.cdk.alarm_bench import BLUE, GREEN, LOAD_BALANCER, Group, Minute, fires_after

EVERYTHING = RollbackPolicy(latency_p99_ms=1000, cpu_percent=90, memory_percent=95, compare_versions=True)


def bind(policy: RollbackPolicy) -> Mapping[str, dict[str, Any]]:
    """Return the properties of a policy's alarms by the end of their names."""
    stack = cdk.Stack()
    policy.bind(
        stack,
        name_prefix="Prod-Orders",
        load_balancer_full_name=LOAD_BALANCER,
        target_group_full_names=(BLUE, GREEN),
        cluster_name="prod",
        service_name="orders",
    )
    found = assertions.Template.from_stack(stack).find_resources("AWS::CloudWatch::Alarm")
    properties = [resource["Properties"] for resource in found.values()]
    return {alarm["AlarmName"].removeprefix("Prod-Orders-"): alarm for alarm in properties}


@pytest.fixture(scope="module")
def alarms() -> Mapping[str, dict[str, Any]]:
    return bind(EVERYTHING)


def test_the_default_watches_errors_latency_and_targets() -> None:
    """Nothing said means: error rate 1 % over 5 minutes, p95 500 ms, half of the targets unhealthy for 3 minutes."""
    default = bind(RollbackPolicy())
    assert {name: (alarm["Threshold"], alarm["ComparisonOperator"]) for name, alarm in default.items()} == {
        "error-rate": (1, "GreaterThanThreshold"),
        "latency-p95": (500, "GreaterThanThreshold"),
        "unhealthy-targets": (50, "GreaterThanThreshold"),
    }
    assert {name: (read_alarm(alarm).period, alarm["EvaluationPeriods"]) for name, alarm in default.items()} == {
        "error-rate": (300, 1),
        "latency-p95": (60, 5),
        "unhealthy-targets": (60, 3),
    }


def test_every_alarm_is_one_that_cloudwatch_takes(alarms: Mapping[str, dict[str, Any]]) -> None:
    """Each has at most 10 queries in all, one period, one returned series, and expressions within 2048 characters."""
    assert len(alarms) == 7
    for alarm in alarms.values():
        read_alarm(alarm)
        assert len(alarm["Metrics"]) <= 10
        assert all(len(metric.get("Expression", "")) <= 2048 for metric in alarm["Metrics"])


def test_missing_data_never_fires(alarms: Mapping[str, dict[str, Any]]) -> None:
    """Every alarm takes missing data for good, and silence on both sides fires none of them."""
    assert {alarm["TreatMissingData"] for alarm in alarms.values()} == {"notBreaching"}
    assert {name: fires_after(alarm, [Minute()] * 15) for name, alarm in alarms.items()} == dict.fromkeys(alarms)


def test_descriptions_say_what_limit_window_and_consequence() -> None:
    """Whoever is woken by an alarm reads what it watches, above which limit, for how long, and what happens."""
    assert bind(RollbackPolicy())["latency-p95"]["AlarmDescription"] == (
        "Latency (p95) of blue or green above 500 ms in 3 of 5 periods of 1 min. "
        "A release under way is rolled back; none starts while this alarm is in ALARM."
    )


GOOD = Group(requests=600, p95_seconds=0.1, healthy=3)
IDLE = Group()
CASES: dict[str, tuple[str, Minute, int | None]] = {
    "5 % of the candidate's requests fail": ("error-rate", Minute(blue=GOOD, green=Group(requests=60, errors=3)), 1),
    "half a percent fails": ("error-rate", Minute(blue=GOOD, green=Group(requests=600, errors=3)), None),
    "one percent is not above it": ("error-rate", Minute(blue=GOOD, green=Group(requests=400, errors=4)), None),
    "the live version fails": ("error-rate", Minute(blue=Group(requests=600, errors=30), green=IDLE), 1),
    "connections are refused": ("error-rate", Minute(blue=GOOD, green=Group(requests=60, refused=3)), 1),
    "two kinds add up": ("error-rate", Minute(blue=GOOD, green=Group(requests=60, errors=2, refused=1)), 1),
    "one error a minute in few": ("error-rate", Minute(blue=GOOD, green=Group(requests=10, errors=1)), 3),
    "a quiet service fails wholly": ("error-rate", Minute(blue=IDLE, green=Group(requests=1, errors=1)), 3),
    "four requests a minute fail by half": ("error-rate", Minute(blue=IDLE, green=Group(requests=4, errors=2)), 5),
    "two requests a minute fail by half": ("error-rate", Minute(blue=IDLE, green=Group(requests=2, errors=1)), None),
    "requests are never answered": ("error-rate", Minute(blue=GOOD, green=IDLE, unanswered=60), 1),
    "no target is left": ("error-rate", Minute(unanswered=3), 1),
    "few are never answered": ("error-rate", Minute(blue=GOOD, green=IDLE, unanswered=5), None),
    "the candidate is slow": ("latency-p95", Minute(blue=GOOD, green=Group(requests=60, p95_seconds=0.6)), 3),
    "as slow as allowed": ("latency-p95", Minute(blue=GOOD, green=Group(requests=60, p95_seconds=0.5)), None),
    "few slow requests": ("latency-p95", Minute(blue=GOOD, green=Group(requests=19, p95_seconds=9)), None),
    "most targets are unhealthy": ("unhealthy-targets", Minute(blue=GOOD, green=Group(healthy=1, unhealthy=2)), 3),
    "every target is unhealthy": ("unhealthy-targets", Minute(blue=GOOD, green=Group(healthy=0, unhealthy=3)), 3),
    "unhealthy targets alone report": ("unhealthy-targets", Minute(blue=GOOD, green=Group(unhealthy=3)), 3),
    "half of the targets are unhealthy": ("unhealthy-targets", Minute(green=Group(healthy=1, unhealthy=1)), None),
    "a group without targets": ("unhealthy-targets", Minute(blue=GOOD, green=Group(healthy=0, unhealthy=0)), None),
    "a task is out of CPU": ("cpu", Minute(busiest_task=95), 10),
    "a task is out of memory": ("memory", Minute(busiest_task=99), 5),
    "a task is busy": ("cpu", Minute(busiest_task=90), None),
    "the candidate is worse": (
        "worse-than-live",
        Minute(blue=Group(requests=540, errors=3), green=Group(requests=60, errors=4)),
        2,
    ),
    "a dependency fails both": (
        "worse-than-live",
        Minute(blue=Group(requests=540, errors=54), green=Group(requests=60, errors=6)),
        None,
    ),
    "the canary is the better one": (
        "worse-than-live",
        Minute(blue=Group(requests=540, errors=54), green=Group(requests=60)),
        None,
    ),
    "nothing to compare with": ("worse-than-live", Minute(green=Group(requests=60, errors=30)), None),
}


@pytest.mark.parametrize("case", CASES)
def test_alarms_find_what_they_are_for(case: str, alarms: Mapping[str, dict[str, Any]]) -> None:
    """Each kind of harm fires its alarm after the minutes stated, in either colour, and near misses do not."""
    name, minute, expected = CASES[case]
    assert fires_after(alarms[name], [minute] * 15) == expected
    assert fires_after(alarms[name], [minute.mirrored()] * 15) == expected


def test_one_bad_minute_of_latency_is_forgiven(alarms: Mapping[str, dict[str, Any]]) -> None:
    """A candidate that is slow while it warms up is kept; one that is slow in 3 of 5 minutes is not."""
    slow, fine = Minute(green=Group(requests=60, p95_seconds=2)), Minute(green=GOOD)
    assert fires_after(alarms["latency-p95"], [slow, slow, fine, fine, fine, slow, fine]) is None
    assert fires_after(alarms["latency-p95"], [slow, fine, slow, fine, slow]) == 5


def test_errors_of_a_shared_load_balancer_can_be_left_out() -> None:
    """Without load_balancer_errors other services' outages do not turn a release back."""
    outage = [Minute(blue=GOOD, unanswered=600)] * 10
    assert fires_after(bind(RollbackPolicy())["error-rate"], outage) == 1
    assert fires_after(bind(RollbackPolicy(load_balancer_errors=False))["error-rate"], outage) is None


def canary(source: random.Random, requests_per_second: float, live: float, candidate: float) -> list[Minute]:
    """Return 15 minutes of a 10 % canary with error probabilities for both versions."""

    def group(share: float, probability: float) -> Group:
        requests = sum(source.random() < share for _ in range(round(60 * requests_per_second)))
        return Group(requests=requests, errors=sum(source.random() < probability for _ in range(requests)))

    return [Minute(blue=group(0.9, live), green=group(0.1, candidate)) for _ in range(15)]


@pytest.mark.parametrize(
    ("name", "requests_per_second", "live_and_candidate", "rolled_back"),
    [
        ("error-rate", 10, (0.001, 0.001), (0.00, 0.05)),
        ("error-rate", 1, (0.001, 0.001), (0.00, 0.05)),
        ("error-rate", 10, (0.001, 0.05), (1.00, 1.00)),
        ("error-rate", 1, (0.001, 0.50), (1.00, 1.00)),
        ("error-rate", 0.2, (0.001, 1.00), (1.00, 1.00)),
        ("worse-than-live", 10, (0.02, 0.02), (0.00, 0.05)),
        ("worse-than-live", 10, (0.002, 0.05), (1.00, 1.00)),
    ],
)
def test_false_rollbacks_and_power_of_a_canary(
    name: str,
    requests_per_second: float,
    live_and_candidate: tuple[float, float],
    rolled_back: tuple[float, float],
    alarms: Mapping[str, dict[str, Any]],
) -> None:
    """Of 40 canaries at most 5 % are rolled back for nothing, and every broken one is, also on a quiet service."""
    source = random.Random(11)  # noqa: S311 - makes test data
    runs = [canary(source, requests_per_second, *live_and_candidate) for _ in range(40)]
    least, most = rolled_back
    assert least <= sum(fires_after(alarms[name], run) is not None for run in runs) / len(runs) <= most


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.tuples(*[st.integers(0, 60)] * 6), min_size=1, max_size=8),
)
def test_colours_make_no_difference(counts: list[tuple[int, ...]], alarms: Mapping[str, dict[str, Any]]) -> None:
    """Whatever happens, the alarms judge it the same with blue and green swapped."""
    minutes = [
        Minute(
            blue=Group(requests=a + b, errors=b, p95_seconds=a / 50, healthy=c, unhealthy=b),
            green=Group(requests=d + e, errors=e, p95_seconds=d / 50, healthy=f, unhealthy=e),
            unanswered=f // 20,
        )
        for a, b, c, d, e, f in counts
    ]
    mirrored = [minute.mirrored() for minute in minutes]
    for name in ("error-rate", "latency-p95", "unhealthy-targets"):
        assert fires_after(alarms[name], minutes) == fires_after(alarms[name], mirrored)


def test_own_alarms_come_after_the_policys() -> None:
    """A bound policy returns its own alarms and then those of the caller, which may be imported."""
    stack = cdk.Stack()
    mine = cloudwatch.Alarm.from_alarm_name(stack, "Mine", "business-orders")
    found = RollbackPolicy(alarms=[mine], latency_p95_ms=None).bind(
        stack,
        name_prefix="Prod",
        load_balancer_full_name=LOAD_BALANCER,
        target_group_full_names=(BLUE, GREEN),
        cluster_name="prod",
        service_name="orders",
    )
    assert [alarm.node.id for alarm in found] == ["ErrorRateAlarmReference", "UnhealthyTargetsAlarmReference", "Mine"]


def test_no_policy_makes_no_alarms() -> None:
    """RollbackPolicy.none() leaves rollback to failing and stopped releases."""
    assert bind(RollbackPolicy.none()) == {}


def given_alarms(count: int) -> list[cloudwatch.IAlarm]:
    stack = cdk.Stack()
    return [cloudwatch.Alarm.from_alarm_name(stack, f"A{number}", f"a{number}") for number in range(count)]


def test_ten_alarms_are_accepted() -> None:
    """Three of the policy's own and seven given ones are as many as CodeDeploy takes."""
    assert len(RollbackPolicy(alarms=given_alarms(7)).alarms) == 7


def test_refuses_more_than_ten_alarms() -> None:
    """CodeDeploy takes ten alarms a group; more are refused at synth, with the sum."""
    with pytest.raises(ValueError, match=r"at most 10 alarms.*got 3 of its own and 8 in alarms=; put yours into a com"):
        RollbackPolicy(alarms=given_alarms(8))


@pytest.mark.parametrize(
    ("setting", "value", "allowed"),
    [
        ("error_rate_percent", 0, "above 0 and below 100"),
        ("error_rate_percent", 100, "above 0 and below 100"),
        ("latency_p95_ms", 0, "above 0"),
        ("latency_p95_ms", float("nan"), "above 0"),
        ("latency_p99_ms", -1, "above 0"),
        ("unhealthy_targets_percent", 100, "at least 0 and below 100"),
        ("unhealthy_targets_percent", -1, "at least 0 and below 100"),
        ("cpu_percent", 120, "above 0 and below 100"),
        ("memory_percent", True, "above 0 and below 100"),
    ],
)
def test_refuses_limits_that_make_no_sense(setting: str, value: Any, allowed: str) -> None:
    """A limit that always or never fires is refused with what is allowed and how to leave it out."""
    with pytest.raises(ValueError, match=f"^{setting} must be {allowed}, got {value}; None leaves it out$"):
        RollbackPolicy(**{setting: value})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"datapoints_to_alarm": 0}, "datapoints_to_alarm must be 1-5, got 0"),
        ({"datapoints_to_alarm": 6}, "datapoints_to_alarm must be 1-5, got 6"),
        ({"evaluation_periods": 1441}, "evaluation_periods must be 1-1440, got 1441"),
        ({"evaluation_periods": 25, "period_minutes": 60}, "evaluation_periods must be 1-24, got 25"),
        ({"evaluation_periods": 1.5}, "evaluation_periods must be 1-1440, got 1.5"),
        ({"period_minutes": 0}, "period_minutes must be 1-60, got 0"),
        ({"period_minutes": 61}, "period_minutes must be 1-60, got 61"),
    ],
)
def test_refuses_windows_that_cloudwatch_refuses(wrong: dict[str, Any], message: str) -> None:
    """A window is at least one period and at most a day, with at most as many points as periods."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        Window(**({"datapoints_to_alarm": 3, "evaluation_periods": 5} | wrong))


def test_refuses_a_prefix_that_leaves_no_room_for_names() -> None:
    """Alarm names have at most 255 characters."""
    with pytest.raises(ValueError, match=r"^name_prefix must have at most 230 characters, got 231"):
        RollbackPolicy().bind(
            cdk.Stack(),
            name_prefix="x" * 231,
            load_balancer_full_name=LOAD_BALANCER,
            target_group_full_names=(BLUE, GREEN),
            cluster_name="prod",
            service_name="orders",
        )


@pytest.mark.parametrize(
    ("policy", "minutes"),
    [
        (RollbackPolicy(), 5),
        (RollbackPolicy(latency_p95_ms=None), 3),
        (RollbackPolicy(error_rate_window=Window(datapoints_to_alarm=3, evaluation_periods=3, period_minutes=5)), 13),
        (RollbackPolicy(error_rate_percent=None, latency_p95_ms=None, cpu_percent=90), 0),
        (RollbackPolicy.none(), 0),
    ],
)
def test_says_how_long_a_canary_must_bake(policy: RollbackPolicy, minutes: int) -> None:
    """The slowest alarm on errors or latency, with what CloudWatch takes to judge, decides."""
    assert policy.longest_detection_minutes == minutes
