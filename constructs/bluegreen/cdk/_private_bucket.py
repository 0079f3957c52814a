"""The buckets that hold what nobody outside may see."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ._durations import days

_NOBODY_ELSE = s3.BlockPublicAccess.BLOCK_ALL


def private_bucket(
    scope: Construct,
    construct_id: str,
    *,
    key: kms.IKey | None,
    old_versions_days: int,
    keep_days: int | None = None,
    transitions: Sequence[s3.Transition] | None = None,
    rule_id: str = "Forget",
    ownership: s3.ObjectOwnership = s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    access_logs: s3.IBucket | None = None,
    access_logs_prefix: str = "",
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
) -> s3.Bucket:
    """Define a bucket with versions that is closed to the public, and to its users without TLS.

    Args:
        scope: Where.
        construct_id: Under which id.
        key: What encrypts it; S3's own key when None.
        old_versions_days: How long it keeps versions that another has replaced.
        keep_days: How long it keeps objects; for ever when omitted.
        transitions: When objects go to cheaper storage; never when omitted.
        rule_id: The name of the rule that says all that.
        ownership: Whose an object is; the bucket owner's when omitted.
        access_logs: Another bucket, where it logs who asks; nowhere when omitted.
        access_logs_prefix: What the names of those logs begin with, ending in a slash.
        removal_policy: What becomes of it; it stays when its stack goes, when omitted: S3 deletes no bucket that holds
            something.

    Returns:
        The bucket.
    """
    return s3.Bucket(
        scope,
        construct_id,
        encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=key,
        bucket_key_enabled=True if key else None,  # one call of KMS for many objects
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=_NOBODY_ELSE,
        object_ownership=ownership,
        server_access_logs_bucket=access_logs,
        server_access_logs_prefix=access_logs_prefix if access_logs else None,
        versioned=True,
        lifecycle_rules=[
            s3.LifecycleRule(
                id=rule_id,
                transitions=transitions,
                expiration=None if keep_days is None else days(keep_days),
                noncurrent_version_expiration=days(old_versions_days),
                abort_incomplete_multipart_upload_after=days(1),
            )
        ],
        removal_policy=removal_policy,
    )
