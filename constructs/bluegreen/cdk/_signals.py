"""From a signal that a rollback policy watches to its CloudWatch alarm."""

from collections.abc import Callable
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ._alarm_math import Arithmetic, Watched
from .window import Window


@dataclass(frozen=True, kw_only=True)
class Signal:
    """An alarm to be.

    Args:
        name: The end of its physical name: lower case, hyphens.
        says: What its description says before the limit.
        limit: It fires above this.
        unit: The limit's unit, in the description.
        window: How long it must last.
        arithmetic: What it compares with the limit.
        on_traffic: Whether a candidate needs traffic for it to fire.
    """

    name: str
    says: str
    limit: float
    unit: str
    window: Window
    arithmetic: Callable[[Watched], Arithmetic]
    on_traffic: bool = False

    def define(self, scope: Construct, name_prefix: str, watched: Watched) -> cloudwatch.IAlarm:
        """Define the alarm in `scope`, named `<name_prefix>-<name>`."""
        construct_id = f"{self.name.title().replace('-', '')}Alarm"
        # The L2 alarm crosses into Node for every metric, which takes three times as long.
        alarm = cloudwatch.CfnAlarm(
            scope,
            construct_id,
            alarm_name=f"{name_prefix}-{self.name}",
            alarm_description=self._description,
            comparison_operator="GreaterThanThreshold",
            threshold=self.limit,
            datapoints_to_alarm=self.window.datapoints_to_alarm,
            evaluation_periods=self.window.evaluation_periods,
            metrics=self.arithmetic(watched).to_property(60 * self.window.period_minutes),
            # The idle group is silent; anything else could leave the alarm red and block the next release.
            treat_missing_data="notBreaching",
        )
        return cloudwatch.Alarm.from_alarm_arn(scope, f"{construct_id}Reference", alarm.attr_arn)

    @property
    def _description(self) -> str:
        window = self.window
        periods = f"{window.datapoints_to_alarm} of {window.evaluation_periods} periods of {window.period_minutes} min"
        return (
            f"{self.says} above {self.limit:g} {self.unit} in {periods}. "
            "A release under way is rolled back; none starts while this alarm is in ALARM."
        )
