"""One service's golden signals: traffic, errors, latency, saturation; its tasks; and the errors in its log."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ._grid import Row
from ._load_balancing import AMBER, RED, Groups
from ._series import Series, expression, metric
from ._widgets import Widget, graph, log_table

if TYPE_CHECKING:
    from bluegreen.cdk import BlueGreenService

_ERRORS = (
    "filter @message like /(?i)(error|exception|critical|fatal)/ | fields @timestamp, @log, @message "
    "| sort @timestamp desc | limit 20"
)
_PERCENTILES = (("p50", "#9467bd"), ("p95", "#ff9900"), ("p99", "#d13212"))


def golden_signals(service: "BlueGreenService") -> list[Row]:
    """Return a service's signals, and its tasks below them."""
    name, groups = service.node.id, Groups.of(service)
    of = {"ClusterName": service.cluster_name, "ServiceName": service.service_name}
    saturation = [
        metric("AWS/ECS", name, of, stat=stat, label=label, color=color)
        for name, stat, label, color in (
            ("CPUUtilization", "Average", "CPU", "#1f77b4"),
            ("CPUUtilization", "Maximum", "CPU, busiest task", "#aec7e8"),
            ("MemoryUtilization", "Average", "memory", "#9467bd"),
            ("MemoryUtilization", "Maximum", "memory, fullest task", "#c5b0d5"),
        )
    ]
    return [
        [
            graph(f"{name}: requests a minute", [*groups.requests(visible=False), _total("r", "requests")], width=6),
            graph(f"{name}: failed requests, %", _failed(groups), width=6),
            graph(f"{name}: latency of the live version, ms", _latency(groups), width=6),
            graph(f"{name}: CPU and memory, %", saturation, width=6, high=100),
        ],
        [
            graph(f"{name}: tasks", _tasks(of), width=8, height=5),
            graph(
                f"{name}: healthy tasks of blue and green",
                groups.each("HealthyHostCount", "Minimum", "h"),
                width=8,
                height=5,
            ),
            graph(f"{name}: the load balancer's own answers", _load_balancer(groups), width=8, height=5),
        ],
    ]


def errors_in_log(services: Sequence["BlueGreenService"]) -> Widget:
    """Return the newest lines of the services' logs that look like errors."""
    groups = [service.task.log_group.log_group_name for service in services]
    return log_table("Newest errors in the logs", groups, _ERRORS, width=24, height=5)


def _total(letter: str, label: str) -> Series:
    return expression(f"FILL({letter}1,0)+FILL({letter}2,0)", label, id="total", color="#1f77b4")


def _failed(groups: Groups) -> list[Series]:
    failed = "FILL(f1,0)+FILL(c1,0)+FILL(f2,0)+FILL(c2,0)"
    share = expression(f"100*({failed})/(FILL(r1,0)+FILL(r2,0))", "failed", id="failed", color=RED)
    return [*groups.failures(), share]


def _latency(groups: Groups) -> list[Series]:
    """Of the group that serves most: percentiles of two groups cannot be added up."""
    series: list[Series] = groups.requests(visible=False)
    for percentile, color in _PERCENTILES:
        series += groups.each("TargetResponseTime", percentile, percentile, visible=False)
        live = f"IF(FILL(r1,0)>=FILL(r2,0),1000*{percentile}1,1000*{percentile}2)"
        series.append(expression(live, percentile, id=f"live{percentile}", color=color))
    return series


def _tasks(of: dict[str, str]) -> list[Series]:
    names = (("DesiredTaskCount", "wanted", "#54606f"), ("RunningTaskCount", "running", "#2ca02c"))
    return [metric("ECS/ContainerInsights", name, of, label=label, color=color) for name, label, color in names]


def _load_balancer(groups: Groups) -> list[Series]:
    return [
        groups.of_load_balancer("HTTPCode_ELB_5XX_Count", "Sum", "5xx: no answer from a task", color=RED),
        groups.of_load_balancer("HTTPCode_ELB_4XX_Count", "Sum", "4xx: refused", color=AMBER),
        groups.of_load_balancer("RejectedConnectionCount", "Sum", "connections rejected", color="#9467bd"),
    ]
