"""A dashboard of the business, and a journey with a secret through something that only a VPC can reach."""

import json

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager

from bluegreen.cdk import HttpCheck, SecretHeader
from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk.dashboards import BusinessDashboard, BusinessMetric, Line
from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.journeys import CanarySettings, Heartbeat, InVpc, Journey, JourneyArtifacts, JourneyStep
from bluegreen.cdk.network import Network
from bluegreen.cdk.watching import AlarmTopics


def define(app: cdk.App) -> None:
    """Add a stack that asks an internal shop every minute, and shows what it sells.

    Args:
        app: The app.
    """
    stack = cdk.Stack(app, "GalleryDashboards")
    key = EnvironmentKey(stack, "Key", alias="gallery-dashboards").key
    network = Network(stack, "Network", cidr="10.40.0.0/16", key=key)
    parts = (network, *_ask(stack, network.vpc, key))
    AlarmTopics(stack, "Alarms", key=key).tell(alert for part in parts for alert in part.alerts)
    placed = cloudwatch.Metric(namespace="Shop", metric_name="OrdersPlaced", statistic="Sum", label="placed")
    paid = cloudwatch.Metric(namespace="Shop", metric_name="OrdersPaid", statistic="Sum", label="paid")
    share = cloudwatch.MathExpression(
        expression="100*paid/placed", using_metrics={"paid": paid, "placed": placed}, label="paid of placed"
    )
    BusinessDashboard(
        stack,
        "Business",
        title="The shop's day",
        metrics=[
            BusinessMetric(title="Orders now", metrics=[placed], now=True, width=4),
            BusinessMetric(title="Orders an hour", metrics=[placed, paid], targets=[Line(value=400, label="plan")]),
            BusinessMetric(
                title="Paid, % of placed", metrics=[share], targets=[Line(value=97, label="plan")], width=12
            ),
        ],
    )


def _ask(stack: cdk.Stack, vpc: ec2.IVpc, key: kms.IKey) -> tuple[Heartbeat, Journey]:
    group = ec2.SecurityGroup(stack, "Askers", vpc=vpc, description="Canaries", allow_all_outbound=False)
    group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "to the shop and to AWS's APIs")
    api_key = secretsmanager.Secret(stack, "ApiKey", encryption_key=key)
    acknowledge(
        api_key,
        {
            "AwsSolutions-SMG4": "whoever runs the shop's accounts renews a canary's key by hand",
            "NIST.800.53.R5-SecretsManagerRotationEnabled": "no function can renew a key that another team gives out",
        },
    )
    settings = CanarySettings(
        every_minutes=1,
        slow_seconds=5,
        artifacts=JourneyArtifacts(stack, "Artifacts", key=key, retention_days=7).bucket,
        log_retention=logs.RetentionDays.ONE_WEEK,
        key=key,
        in_vpc=InVpc(vpc=vpc, security_group=group),
    )
    url = "https://shop.internal.example.com"
    key_header = {"X-Api-Key": SecretHeader(api_key)}
    cart = json.dumps({"customer": "journey", "product": "tea"})
    steps = [
        JourneyStep(
            name="fill a cart",
            check=HttpCheck("/carts", method="POST", headers=key_header, body=cart, status=201, timeout_seconds=10),
            capture={"cart": "id"},
        ),
        JourneyStep(
            name="look into it",
            check=HttpCheck("/carts/${cart}", headers=key_header, json={"id": "${cart}", "items[0].product": "tea"}),
        ),
        JourneyStep(
            name="remove it",
            check=HttpCheck("/carts/${cart}", method="DELETE", headers=key_header, status=204),
            cleanup=True,
        ),
    ]
    heartbeat = Heartbeat(stack, "Alive", url=url, check=HttpCheck("/health"), name="gallery-alive", settings=settings)
    return heartbeat, Journey(stack, "Buys", url=url, steps=steps, name="gallery-buys", settings=settings)
