"""What a graph draws, as CloudWatch's dashboard JSON states it: metrics, and arithmetic over them by their ids."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch

Series = list[Any]
"""One entry of a widget's `metrics`: namespace, name, dimension names and values, and how it is drawn."""


def metric(namespace: str, name: str, dimensions: Mapping[str, str], *, stat: str = "Average", **drawn: Any) -> Series:
    """Return one metric.

    Args:
        namespace: Its namespace, such as "AWS/ECS".
        name: Its name.
        dimensions: Its dimensions.
        stat: Its statistic.
        drawn: How it is drawn and found: `label`, `color`, `id`, `visible`, `yAxis`, `period`.

    Returns:
        The metric.

    Example:
        >>> metric("AWS/RDS", "CPUUtilization", {"DBInstanceIdentifier": "orders"}, label="CPU")
        ['AWS/RDS', 'CPUUtilization', 'DBInstanceIdentifier', 'orders', {'stat': 'Average', 'label': 'CPU'}]
    """
    named = [part for dimension in dimensions.items() for part in dimension]
    return [namespace, name, *named, {"stat": stat, **drawn}]


def hidden(namespace: str, name: str, dimensions: Mapping[str, str], *, stat: str, metric_id: str) -> Series:
    """Return a metric that only arithmetic looks at.

    Args:
        namespace: Its namespace.
        name: Its name.
        dimensions: Its dimensions.
        stat: Its statistic.
        metric_id: What the arithmetic calls it: begins with a lower-case letter.

    Returns:
        The metric.
    """
    return metric(namespace, name, dimensions, stat=stat, id=metric_id, visible=False)


def expression(arithmetic: str, label: str, **drawn: Any) -> Series:
    """Return arithmetic over the metrics of the same widget.

    Args:
        arithmetic: The expression, which names other series by their ids.
        label: What to call the result.
        drawn: How it is drawn and found: `color`, `id`, `visible`, `yAxis`, `period`.

    Returns:
        The expression.

    Example:
        >>> expression("100*e/r", "errors", color="#d13212")
        [{'expression': '100*e/r', 'label': 'errors', 'color': '#d13212'}]
    """
    return [{"expression": arithmetic, "label": label, **drawn}]


def drawn_as(metrics: Sequence[cloudwatch.IMetric]) -> list[Any]:
    """Return CDK metrics, arithmetic included, as a graph states them.

    Args:
        metrics: The metrics, each with its label, period and statistic.

    Returns:
        Their series, which the CDK writes when it synthesizes, with the ids that each needs.
    """
    (widget,) = cloudwatch.GraphWidget(left=list(metrics)).to_json()
    series: list[Any] = widget["properties"]["metrics"]
    return series
