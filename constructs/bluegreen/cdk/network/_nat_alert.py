"""What is wrong when tasks cannot reach the internet although everything is up."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from bluegreen.cdk._durations import minutes
from bluegreen.cdk.watching.alert import Alert, Severity
from bluegreen.cdk.watching.define_alert import define_alert


def nat_alert(scope: Construct, vpc: ec2.Vpc, runbooks: str) -> Sequence[Alert]:
    """Define an alert for all NAT gateways of a VPC; none where there is none.

    A gateway has 55,000 ports for each destination. With none left it drops new connections, which callers see as
    time-outs, and nothing else shows why.

    Args:
        scope: The network.
        vpc: Its VPC.
        runbooks: Where the runbooks are.

    Returns:
        The alert, if any.
    """
    gateways = [
        gateway
        for subnet in vpc.public_subnets
        if isinstance(gateway := subnet.node.try_find_child("NATGateway"), ec2.CfnNatGateway)
    ]
    if not gateways:
        return ()
    errors = {
        f"gateway{number}": cloudwatch.Metric(
            namespace="AWS/NATGateway",
            metric_name="ErrorPortAllocation",
            dimensions_map={"NatGatewayId": gateway.ref},
            statistic="Sum",
            period=minutes(1),
        )
        for number, gateway in enumerate(gateways, start=1)
    }
    alert = define_alert(
        scope,
        "NatPorts",
        says="Connections to the internet that a NAT gateway had no port for",
        severity=Severity.WARNING,
        runbook=f"{runbooks}#nat-ports",
        metric=cloudwatch.MathExpression(
            expression=" + ".join(f"FILL({name}, 0)" for name in errors), using_metrics=errors, period=minutes(1)
        ),
        threshold=0,
        evaluation_periods=5,
        datapoints_to_alarm=3,
    )
    return (alert,)
