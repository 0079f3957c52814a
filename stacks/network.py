"""The network of one environment."""

from aws_cdk import Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from .environments import Environment


def define_network(scope: Construct, environment: Environment) -> ec2.Vpc:
    """Define a VPC with public, private and isolated subnets in each zone, and a log of its traffic.

    Args:
        scope: The stack.
        environment: Zones, NAT gateways and log retention.

    Returns:
        The VPC.
    """
    log_group = logs.LogGroup(
        scope,
        "FlowLogs",
        retention=environment.log_retention,
        removal_policy=RemovalPolicy.DESTROY,
    )
    return ec2.Vpc(
        scope,
        "Vpc",
        # A stack that may go to any account knows no zones at synth, and the CDK then takes two.
        availability_zones=[Fn.select(number, Fn.get_azs()) for number in range(environment.zones)],
        nat_gateways=environment.nat_gateways,
        subnet_configuration=[
            ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False),
            ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            ec2.SubnetConfiguration(name="Database", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        ],
        # Emptying the default group takes a function of its own, and nothing here is ever put into that group.
        restrict_default_security_group=False,
        flow_logs={"All": ec2.FlowLogOptions(destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group))},
    )
