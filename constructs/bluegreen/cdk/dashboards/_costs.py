"""What drives the costs of an environment: each graph in the unit that AWS charges by."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ._grid import Row, side_by_side
from ._load_balancing import Groups
from ._series import Series, expression, hidden, metric
from ._widgets import graph, text

if TYPE_CHECKING:
    from bluegreen.cdk import BlueGreenService

_HOUR = 3600
_GIGABYTE = 10**9


def cost_drivers(services: Sequence["BlueGreenService"], billing_region: str | None) -> list[Row]:
    """Return what the services use of what AWS charges for, and what the account is charged where that is known."""
    drivers = [
        ("Fargate: vCPU and GiB reserved", _reserved(services)),
        ("Load balancers: LCU an hour", _capacity_units(services)),
        ("The account's NAT: GB an hour", [_bytes_of_nat()]),
        ("Ten largest logs: GB an hour", [_bytes_of_logs()]),
    ]
    widths = side_by_side(len(drivers) + bool(billing_region))
    graphs = [
        graph(title, series, width=width, period_seconds=_HOUR)
        for (title, series), width in zip(drivers, widths, strict=False)
    ]
    if billing_region:
        charges = metric(
            "AWS/Billing", "EstimatedCharges", {"Currency": "USD"}, stat="Maximum", label="account, this month"
        )
        title = "Charges so far, USD"
        graphs.append(graph(title, [charges], width=widths[-1], period_seconds=6 * _HOUR, region=billing_region))
    return [[text("### What drives the costs", height=1)], graphs]


def _reserved(services: Sequence["BlueGreenService"]) -> list[Series]:
    series: list[Series] = []
    for number, service in enumerate(services, 1):
        of = {"ClusterName": service.cluster_name, "ServiceName": service.service_name}
        for letter, name, label in (("c", "CpuReserved", "vCPU"), ("m", "MemoryReserved", "GiB")):
            metric_id = f"{letter}{number}"
            series += [
                hidden("ECS/ContainerInsights", name, of, stat="Average", metric_id=metric_id),
                expression(f"{metric_id}/1024", f"{service.node.id} {label}", id=f"{label.lower()}{number}"),
            ]
    return series


def _capacity_units(services: Sequence["BlueGreenService"]) -> list[Series]:
    return [Groups.of(service).of_load_balancer("ConsumedLCUs", "Sum", service.node.id) for service in services]


def _bytes_of_nat() -> Series:
    # Found, not named: which gateways there are is the network's affair, and may change without this stack.
    found = """SEARCH('{AWS/NATGateway,NatGatewayId} MetricName="BytesOutToDestination"', 'Sum', 3600)"""
    return expression(f"{found}/{_GIGABYTE}", "${PROP('Dim.NatGatewayId')}", id="nat")


def _bytes_of_logs() -> Series:
    found = """SEARCH('{AWS/Logs,LogGroupName} MetricName="IncomingBytes"', 'Sum', 3600)"""
    largest = f"SORT({found}/{_GIGABYTE},SUM,DESC,10)"
    return expression(largest, "${PROP('Dim.LogGroupName')}", id="logs")
