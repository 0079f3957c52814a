"""Buckets that AWS services write logs into."""

from aws_cdk import aws_s3 as s3
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._private_bucket import private_bucket
from bluegreen.cdk._require import require_range

_LONGEST_DAYS = 3650


def log_bucket(
    scope: Construct, construct_id: str, *, retention_days: int, ownership: s3.ObjectOwnership, writer: str
) -> s3.Bucket:
    """Define a private bucket that forgets by itself and stays when its stack goes.

    Args:
        scope: Where.
        construct_id: Under which id.
        retention_days: How long a log is kept, 1-3650 days.
        ownership: Whose an object is.
        writer: Who writes, for the linters' reasons.

    Raises:
        ValueError: If `retention_days` is out of range.
    """
    require_range("retention_days", retention_days, 1, _LONGEST_DAYS, known=True)
    bucket = private_bucket(
        scope,
        construct_id,
        key=None,
        ownership=ownership,
        keep_days=retention_days,
        old_versions_days=7,
    )
    acknowledge(
        bucket,
        {
            "AwsSolutions-S1": f"it takes the logs of {writer}; logging who reads logs into the same bucket never ends",
            "NIST.800.53.R5-S3BucketLoggingEnabled": "CloudTrail's data events say who read a log, where that matters",
            "NIST.800.53.R5-S3BucketReplicationEnabled": "logs explain the region they are of, and expire within days",
            "NIST.800.53.R5-S3DefaultEncryptionKMS": f"{writer} can write with S3's own key only",
        },
    )
    return bucket
