"""The dashboard of the business: the application's own figures beside their targets."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ._dashboard import Dashboard
from ._grid import wrapped
from ._series import drawn_as
from ._widgets import Line, Widget, graph, number, text

_WIDTHS = (4, 6, 8, 12, 24)


@dataclass(frozen=True, kw_only=True)
class BusinessMetric:
    """One figure of the business.

    Args:
        title: What it is, with its unit, such as "Orders an hour".
        metrics: The metrics or metric math that say it, each with its label.
        targets: What is hoped for: values with what they mean. None when omitted.
        width: Columns of 24: 4, 6, 8, 12 or 24.
        now: Whether only the newest value is shown, large, instead of a graph.

    Raises:
        ValueError: If the title or the metrics are missing, or the width is none of these.
    """

    title: str
    metrics: Sequence[cloudwatch.IMetric]
    targets: Sequence[Line] = ()
    width: int = 8
    now: bool = False

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ValueError("title must say what the figure is, got an empty text")
        if not self.metrics:
            raise ValueError(f"metrics of {self.title!r} must be at least one, got none")
        if self.width not in _WIDTHS:
            raise ValueError(f"width must be one of {', '.join(map(str, _WIDTHS))} columns, got {self.width!r}")
        if self.now and self.targets:
            raise ValueError(f"targets of {self.title!r} need a graph to be drawn on; leave now=True out")

    def to_widget(self, period_seconds: int) -> Widget:
        """Return it as a part of a dashboard."""
        series = drawn_as(self.metrics)
        if self.now:
            return number(self.title, series, width=self.width, height=6, period_seconds=period_seconds)
        return graph(self.title, series, width=self.width, lines=self.targets, period_seconds=period_seconds)


class BusinessDashboard(Dashboard):
    """What the business asks, by the application's own metrics.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        title: Its heading.
        metrics: What it shows, from the top left; at least one.
        period_minutes: The length of a period for metrics that state none of their own, 1-1440 minutes.
        name: The dashboard's name, 1-255 letters, digits, hyphens and underscores; unique in the account. Made of
            stack, path and region when omitted.
        start: How far back it looks when opened, such as "-P7D", which is the value when omitted.

    Attributes:
        dashboard: The resource.
        name: Its name.

    Raises:
        ValueError: If there is no metric, a value is out of range, or a limit of CloudWatch is passed.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> placed = cloudwatch.Metric(namespace="Shop", metric_name="OrdersPlaced", statistic="Sum", label="placed")
        >>> plan = Line(value=100, label="plan")
        >>> figure = BusinessMetric(title="Orders an hour", metrics=[placed], targets=[plan])
        >>> BusinessDashboard(stack, "Business", title="Shop", metrics=[figure], name="shop").name
        'shop'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        title: str,
        metrics: Sequence[BusinessMetric],
        period_minutes: int = 60,
        name: str | None = None,
        start: str = "-P7D",
    ) -> None:
        if not metrics:
            raise ValueError("metrics must be at least one, got none; say what the business counts")
        if not 1 <= period_minutes <= 1440:  # noqa: PLR2004 - a day
            raise ValueError(f"period_minutes must be 1-1440, got {period_minutes!r}")
        widgets = [figure.to_widget(60 * period_minutes) for figure in metrics]
        rows = [[text(f"## {title}", height=1)], *wrapped(widgets)]
        super().__init__(scope, construct_id, name=name, start=start, rows=rows)
