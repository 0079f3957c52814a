"""What a canary may do: AWS's list of what every canary needs, each with the narrowest resource there is."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge_wildcards
from bluegreen.cdk._arns import OWN
from bluegreen.cdk._grants import Grants
from bluegreen.cdk._http_checks import network_statements
from bluegreen.cdk._principals import FUNCTIONS
from bluegreen.cdk.smoke_tests import SecretHeader
from bluegreen.release.checks import SecretReference

NAMESPACE = "BlueGreen/Journeys"


def canary_role(
    scope: Construct, name: str, bucket: s3.IBucket, secrets: Sequence[SecretReference], *, in_vpc: bool
) -> tuple[iam.Role, iam.Policy]:
    """Define the role of one canary.

    It may not make log groups: the canary's own has a retention, and a run that made one first would take its place.

    Args:
        scope: The canary's construct.
        name: The canary's name.
        bucket: Where it leaves what it saw, under its name.
        secrets: What its requests' headers refer to.
        in_vpc: Whether it runs in a VPC.

    Returns:
        The role, and its policy.
    """
    arns = sorted({secret.secret_arn for secret in secrets if not isinstance(secret, SecretHeader)})
    grants, bucket_arn = Grants(), bucket.bucket_arn
    files = f"{bucket_arn}/{name}/*"
    grants.add("s3:PutObject", "s3:GetObject", on=[files])
    grants.add("s3:GetBucketLocation", on=[bucket_arn])
    logs = OWN.colon("logs", "log-group", f"/aws/lambda/cwsyn-{name}-*")
    grants.add("logs:CreateLogStream", "logs:PutLogEvents", on=[logs])
    grants.add("s3:ListAllMyBuckets", on=["*"])
    namespaces = {"cloudwatch:namespace": ["CloudWatchSynthetics", NAMESPACE]}
    grants.add("cloudwatch:PutMetricData", on=["*"], when={"StringEquals": namespaces})
    if key := bucket.encryption_key:
        grants.add("kms:GenerateDataKey", "kms:Decrypt", on=[key.key_arn])
    if arns:
        grants.add("secretsmanager:GetSecretValue", on=arns)
    if in_vpc:
        grants.include(network_statements())
    role = iam.Role(scope, "Role", description=f"The canary {name}", assumed_by=FUNCTIONS)
    # Apart from the role: a key that lets the role in waits for it, and these statements name that key.
    policy = grants.give(role)
    for secret in secrets:
        if isinstance(secret, SecretHeader):
            secret.secret.grant_read(role)  # knows the secret's key as well
    acknowledge_wildcards(
        role,
        {
            "*": "listing buckets, publishing metrics and joining a VPC take no resource; metrics are limited to two "
            "namespaces",
            logs: "AWS appends an id of its own to a canary's name, and streams follow it",
            files: "every run leaves files under its own date and id",
        },
    )
    return role, policy
