"""Where a pipeline keeps what one step hands to the next: encrypted, and only for a month."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._private_bucket import private_bucket

_KEPT_DAYS = 30


def artifact_bucket(scope: Construct, *, key: kms.IKey, access_logs: s3.IBucket | None) -> s3.Bucket:
    """Define the bucket.

    Args:
        scope: The pipeline.
        key: What encrypts it.
        access_logs: Where it logs who asks; nowhere when None.

    Returns:
        The bucket.
    """
    bucket = private_bucket(
        scope,
        "Artifacts",
        key=key,
        keep_days=_KEPT_DAYS,
        old_versions_days=1,
        access_logs=access_logs,
        access_logs_prefix="pipeline/",
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    )
    reasons = {
        "NIST.800.53.R5-S3BucketReplicationEnabled": "the commit is what lasts; an artifact is made of it again",
    }
    if access_logs is None:
        unlogged = "no bucket for its log was given; only the roles of the pipeline's own steps come here"
        reasons |= {"AwsSolutions-S1": unlogged, "NIST.800.53.R5-S3BucketLoggingEnabled": f"{unlogged} (NIST)"}
    acknowledge(bucket, reasons)
    return bucket


def reading(bucket: s3.IBucket, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return what a step needs to take what the step before made."""
    return [
        iam.PolicyStatement(actions=["s3:GetObject", "s3:GetObjectVersion"], resources=[f"{bucket.bucket_arn}/*"]),
        iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn]),
    ]


def writing(bucket: s3.IBucket, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return what a step needs to hand something on."""
    return [
        iam.PolicyStatement(actions=["s3:PutObject"], resources=[f"{bucket.bucket_arn}/*"]),
        iam.PolicyStatement(actions=["kms:Encrypt", "kms:GenerateDataKey"], resources=[key.key_arn]),
    ]
