"""The dashboard of an environment: alerts, budgets, golden signals, data stores, edge, and what drives the costs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from bluegreen.cdk._arns import OWN
from bluegreen.cdk.watching import Alert

from ._costs import cost_drivers
from ._dashboard import RUNBOOKS, Dashboard
from ._grid import Row, side_by_side, wrapped
from ._series import drawn_as, metric
from ._service_signals import errors_in_log, golden_signals
from ._widgets import COLUMNS, MINUTE, Widget, alarm_states, graph, linked, number, text
from .data_store import DataStore

if TYPE_CHECKING:
    from bluegreen.cdk import BlueGreenService

_MOST_ALERTS = 100
"""What one alarm widget shows."""

_MOST_BUDGETS = 3
_BUDGET_COLUMNS = 4


class OperationsDashboard(Dashboard):
    """What an operator opens first: is anything wrong, for whom, how near are the limits, what does it cost.

    From the top: the alerts that are red and what is left of each objective's budget; how journeys from outside do, and
    what the firewall lets through; for each service traffic, errors, latency and saturation, then its tasks; the data
    stores; the newest errors in the services' logs; and what drives the costs.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        services: The services, at least one.
        alerts: What may be red, at most 100, of this stack and of others in its region. None when omitted.
        budgets: What is left of each objective's error budget, in percent, by what to call it: at most
            three. None when omitted.
        stores: The data stores. None when omitted.
        journeys: The names of Synthetics canaries. None when omitted.
        refused: How many requests firewalls refuse. None when omitted.
        billing_region: Where AWS publishes what the account is charged, "us-east-1" in AWS's commercial partition;
            the account must have billing alerts switched on. Charges are left out when omitted.
        name: The dashboard's name, 1-255 letters, digits, hyphens and underscores; unique in the account. Made of
            stack, path and region when omitted.
        runbooks: Where the runbooks are, as a URL or a path in the repository.
        start: How far back it looks when opened, such as "-PT12H", which is the value when omitted.

    Attributes:
        dashboard: The resource.
        name: Its name.

    Raises:
        ValueError: If there is no service, there are too many alerts or budgets, or a limit of CloudWatch is passed.

    Example:
        >>> import aws_cdk as cdk
        >>> OperationsDashboard(cdk.Stack(cdk.App(), "Shop"), "Operations", services=[])
        Traceback (most recent call last):
        ...
        ValueError: services must have at least one service, got none; use BusinessDashboard for metrics of your own
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        services: Sequence["BlueGreenService"],
        alerts: Sequence[Alert] = (),
        budgets: Mapping[str, cloudwatch.IMetric] | None = None,
        stores: Sequence[DataStore] = (),
        journeys: Sequence[str] = (),
        refused: Sequence[cloudwatch.IMetric] = (),
        billing_region: str | None = None,
        name: str | None = None,
        runbooks: str = RUNBOOKS,
        start: str = "-PT12H",
    ) -> None:
        if not services:
            raise ValueError(
                "services must have at least one service, got none; use BusinessDashboard for metrics of your own"
            )
        if len(alerts) > _MOST_ALERTS:
            raise ValueError(
                f"alerts must be at most {_MOST_ALERTS}, which is what one widget shows, got {len(alerts)}; "
                "make a dashboard for each service"
            )
        if budgets and len(budgets) > _MOST_BUDGETS:
            raise ValueError(f"budgets must be at most {_MOST_BUDGETS}, got {len(budgets)}; show the tightest")
        rows = [
            [_head(services, runbooks)],
            _state(_arns(alerts), budgets or {}),
            *wrapped(_outside(journeys, refused)),
            *(row for service in services for row in golden_signals(service)),
            *(row for store in stores for row in wrapped(store.graphs)),
            [errors_in_log(services)],
            *cost_drivers(services, billing_region),
        ]
        super().__init__(scope, construct_id, name=name, start=start, rows=rows)


def _head(services: Sequence["BlueGreenService"], runbooks: str) -> Widget:
    names = ", ".join(service.node.id for service in services)
    return text(f"## {names}: operations\nWhat to do about a red alert: {linked(runbooks)}", height=2)


def _arns(alerts: Sequence[Alert]) -> list[str]:
    """Return the alarms' ARNs, put together from their names: an export would hold another stack fast."""
    return [OWN.colon("cloudwatch", "alarm", alert.name) if alert.name else alert.alarm.alarm_arn for alert in alerts]


def _state(arns: Sequence[str], budgets: Mapping[str, cloudwatch.IMetric]) -> Row:
    height = max(2 + -(-len(arns) // 4), 4)
    left = [
        number(f"Budget left: {name}, %", drawn_as([budget]), width=_BUDGET_COLUMNS, height=height)
        for name, budget in budgets.items()
    ]
    if not arns:
        return left
    width = COLUMNS - _BUDGET_COLUMNS * len(left)
    return [alarm_states("Alerts, red ones first", arns, width=width, height=height), *left]


def _outside(journeys: Sequence[str], refused: Sequence[cloudwatch.IMetric]) -> list[Widget]:
    shown = []
    for title, name in (("Journeys that succeed, %", "SuccessPercent"), ("Duration of journeys, ms", "Duration")):
        series = [metric("CloudWatchSynthetics", name, {"CanaryName": one}, label=one) for one in journeys]
        shown += [(title, series)] if series else []
    if refused:
        shown.append(("Requests that the firewall refused", drawn_as(refused)))
    return [
        graph(title, series, width=width, height=5, period_seconds=5 * MINUTE)
        for (title, series), width in zip(shown, side_by_side(len(shown)), strict=True)
    ]
