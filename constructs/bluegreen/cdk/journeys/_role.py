"""What a canary may do: AWS's list of what every canary needs, each with the narrowest resource there is."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Aws, CfnElement, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._http_checks import network_statements
from bluegreen.cdk.smoke_tests import SecretHeader
from bluegreen.release.checks import SecretReference

NAMESPACE = "BlueGreen/Journeys"


def canary_role(
    scope: Construct, name: str, bucket: s3.IBucket, secrets: Sequence[SecretReference], *, in_vpc: bool
) -> iam.Role:
    """Define the role of one canary.

    It may not make log groups: the canary's own has a retention, and a run that made one first would take its place.

    Args:
        scope: The canary's construct.
        name: The canary's name.
        bucket: Where it leaves what it saw, under its name.
        secrets: What its requests' headers refer to.
        in_vpc: Whether it runs in a VPC.

    Returns:
        The role.
    """
    logs = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:/aws/lambda/cwsyn-{name}-*"
    arns = sorted({secret.secret_arn for secret in secrets if not isinstance(secret, SecretHeader)})
    statements = [
        iam.PolicyStatement(
            actions=["s3:PutObject", "s3:GetObject"],
            resources=[bucket.arn_for_objects(f"{name}/*")],
        ),
        iam.PolicyStatement(actions=["s3:GetBucketLocation"], resources=[bucket.bucket_arn]),
        iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[logs]),
        iam.PolicyStatement(actions=["s3:ListAllMyBuckets"], resources=["*"]),
        iam.PolicyStatement(
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": ["CloudWatchSynthetics", NAMESPACE]}},
        ),
    ]
    if key := bucket.encryption_key:
        statements.append(iam.PolicyStatement(actions=["kms:GenerateDataKey", "kms:Decrypt"], resources=[key.key_arn]))
    if arns:
        statements.append(iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=arns))
    if in_vpc:
        statements += network_statements()
    role = iam.Role(
        scope,
        "Role",
        description=f"The canary {name}",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
    )
    # Apart from the role: a key that lets the role in waits for it, and these statements name that key.
    for statement in statements:
        role.add_to_policy(statement)
    for secret in secrets:
        if isinstance(secret, SecretHeader):
            secret.secret.grant_read(role)  # knows the secret's key as well
    return role


def acknowledge_canary(role: iam.Role, name: str, bucket: s3.IBucket) -> None:
    """Acknowledge what is meant in a canary's role."""
    streams = f"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/lambda/cwsyn-{name}-*"
    found = Stack.of(role).get_logical_id(cast("CfnElement", bucket.node.default_child))
    acknowledge(
        role,
        {
            "AwsSolutions-IAM5[Resource::*]": "listing buckets, publishing metrics and joining a VPC take no resource; "
            "metrics are limited to two namespaces",
            f"AwsSolutions-IAM5[Resource::{streams}]": "AWS appends an id of its own to a canary's name, and streams "
            "follow it",
            f"AwsSolutions-IAM5[Resource::<{found}.Arn>/{name}/*]": "every run leaves files under its own date and id",
        },
    )
