"""Looks which alarms are in ALARM: CodeDeploy would not start a deployment that they watch."""

from collections.abc import Sequence

import aws_clients


def among(names: Sequence[str]) -> tuple[str, ...]:
    """Return those alarms that are in ALARM now, in the order of their names as given.

    Args:
        names: The names of at most 100 alarms, metric or composite; one that does not exist is not red.

    Returns:
        The names of the red ones.

    Raises:
        botocore.exceptions.ClientError: If AWS refused to tell.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    if not names:
        return ()
    # Without the types, CloudWatch tells of metric alarms only.
    answer = aws_clients.client("cloudwatch").describe_alarms(
        AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"], StateValue="ALARM"
    )
    red = {alarm["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for alarm in answer.get(kind, [])}
    return tuple(name for name in names if name in red)
