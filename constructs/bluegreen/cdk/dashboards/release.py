"""The dashboard of one service's releases: who has the traffic, how the candidate does against the live version."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from constructs import Construct

from bluegreen.release.lifecycle import LifecycleEvent

from ._dashboard import RUNBOOKS, Dashboard
from ._grid import Row, side_by_side, wrapped
from ._load_balancing import CANDIDATE, LIVE, Groups
from ._series import Series, expression
from ._widgets import Widget, alarm_graph, alarm_states, graph, linked, log_table, number, text

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch

    from bluegreen.cdk import BlueGreenService

_EXPLANATION = """## {name}: releases
**Blue** and **green** name the two target groups; they swap roles with each release. **Live** is the group that serves
most of production, **candidate** the other: when the last step moves all traffic, the candidate becomes live.
Between releases the candidate is silent.

To turn back by hand: {rollback} · When a release failed: {failed}"""
_STEPS = (
    "filter message = 'decided' and service like '{service}' or message like 'hook verdict' or level in ['WARN', "
    "'WARNING', 'ERROR'] | fields @timestamp, level, version, coalesce(decision, message) as step "
    "| sort @timestamp desc | dedup version, step | limit 30"
)
_MIGRATIONS = (
    "filter message in ['step', 'ended', 'settling'] | fields @timestamp, run, coalesce(outcome, phase, error) as "
    "what, reason | sort @timestamp desc | limit 20"
)


class ReleaseDashboard(Dashboard):
    """What to look at while a service is released: the dashboard a release's notification should link to.

    From the top: the rollback alarms, who has production traffic, and healthy tasks; the traffic's share over time;
    the candidate against the live version in errors and latency; how near each rollback alarm is to its limit; and the
    release's own steps, its hooks' verdicts and its migrations, from their logs.

    Args:
        scope: The stack or construct that it belongs to, the service's or one that depends on it.
        construct_id: Its name there.
        service: The service.
        name: The dashboard's name, 1-255 letters, digits, hyphens and underscores; unique in the account. Made of
            stack, path and region when omitted.
        runbooks: Where the runbooks are, as a URL or a path in the repository; sections are added as "#anchor".
        start: How far back it looks when opened, such as "-PT3H", which is the value when omitted.

    Attributes:
        dashboard: The resource.
        name: Its name.

    Raises:
        ValueError: If the name or the duration is none.

    Example:
        >>> import aws_cdk as cdk
        >>> from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs
        >>> from bluegreen.cdk import BlueGreenService
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> cluster = ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc"))
        >>> image = ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4")
        >>> service = BlueGreenService(stack, "Orders", cluster=cluster, image=image, container_port=8080)
        >>> ReleaseDashboard(stack, "Release", service=service, name="orders-release").name
        'orders-release'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: "BlueGreenService",
        name: str | None = None,
        runbooks: str = RUNBOOKS,
        start: str = "-PT3H",
    ) -> None:
        super().__init__(scope, construct_id, name=name, start=start, rows=list(_rows(service, runbooks)))


def _rows(service: "BlueGreenService", runbooks: str) -> Iterator[Row]:
    groups, arns = Groups.of(service), [alarm.alarm_arn for alarm in service.alarms]
    rollback, failed = linked(f"{runbooks}#roll-back-by-hand"), linked(f"{runbooks}#failed-release")
    yield [text(_EXPLANATION.format(name=service.node.id, rollback=rollback, failed=failed), height=3)]
    yield _now(arns, groups)
    yield [
        graph(
            "Production traffic, % of requests",
            [*groups.requests(visible=False), *groups.shares()],
            width=12,
            unit="%",
            high=100,
            stacked=True,
        ),
        graph("Requests a minute", groups.requests(), width=12),
    ]
    yield _against_live(groups)
    yield from wrapped(_alarm_graphs(service, arns))
    yield _logs(service)


def _now(arns: Sequence[str], groups: Groups) -> Row:
    traffic = number(
        "Production traffic now, %", [*groups.requests(visible=False), *groups.shares()], width=8, height=4
    )
    healthy = number("Healthy tasks now", groups.each("HealthyHostCount", "Minimum", "h"), width=8, height=4)
    return [alarm_states("Rollback alarms", arns, width=8), traffic, healthy] if arns else [traffic, healthy]


def _against_live(groups: Groups) -> Row:
    errors = graph(
        "Failed requests, %",
        [*groups.failures(), *_by_role("er1", "er2")],
        width=6,
        unit="%",
    )
    latencies = [
        graph(
            f"Latency {percentile}, ms",
            [
                *groups.requests(visible=False),
                *groups.each("TargetResponseTime", percentile, "t", visible=False),
                *_by_role("1000*t1", "1000*t2"),
            ],
            width=6,
            unit="ms",
        )
        for percentile in ("p50", "p95", "p99")
    ]
    return [errors, *latencies]


def _by_role(one: str, two: str) -> list[Series]:
    """Draw what is known of either group as live and candidate: roles follow the traffic, which swaps groups."""
    blue_is_live = "FILL(r1,0)>=FILL(r2,0)"
    return [
        expression(f"IF({blue_is_live},{one},{two})", "live", id="live", color=LIVE),
        expression(f"IF({blue_is_live},{two},{one})", "candidate", id="candidate", color=CANDIDATE),
    ]


def _alarm_graphs(service: "BlueGreenService", arns: Sequence[str]) -> list[Widget]:
    return [
        alarm_graph(f"Limit: {_in_words(alarm)}", arn, width=width)
        for alarm, arn, width in zip(service.alarms, arns, side_by_side(len(arns)), strict=True)
    ]


def _in_words(alarm: "cloudwatch.IAlarm") -> str:
    """Call an alarm after its id: "error rate" for "ErrorRateAlarmReference"."""
    name = alarm.node.id.removesuffix("Reference").removesuffix("Alarm")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()


def _logs(service: "BlueGreenService") -> Row:
    hooks = [hook for hook in service.hooks if hook.event is not LifecycleEvent.BEFORE_INSTALL]
    before = [hook.log_group.log_group_name for hook in service.hooks if hook.event is LifecycleEvent.BEFORE_INSTALL]
    groups = [service.provider.log_group.log_group_name, *(hook.log_group.log_group_name for hook in hooks), *before]
    steps = log_table(
        "Steps of the release, newest first",
        groups,
        _STEPS.format(service=service.service_name),
        width=14 if before else 24,
        height=8,
    )
    if not before:
        return [steps]
    return [steps, log_table("Migrations, newest first", before, _MIGRATIONS, width=10, height=8)]
