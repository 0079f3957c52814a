"""Where canaries leave what they saw."""

from typing import cast

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._private_bucket import private_bucket

_SINGLETON = "BlueGreenJourneyArtifacts"
_LONGEST_DAYS = 3650


class JourneyArtifacts(Construct):
    """A private bucket for the logs of canary runs, which forgets by itself. One is enough for all canaries of a stack.

    It stays when its stack goes, as it cannot be deleted while it holds anything.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        retention_days: How long a run's logs are kept, 1-3650 days.
        key: What they are encrypted with. S3's own key when omitted.

    Attributes:
        bucket: The bucket.

    Raises:
        ValueError: If `retention_days` is out of range.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> JourneyArtifacts.of(stack) is JourneyArtifacts.of(stack)
        True
    """

    @classmethod
    def of(cls, scope: Construct) -> "JourneyArtifacts":
        """Return the scope's stack's own, made at the first call.

        Args:
            scope: Any construct of the stack.

        Returns:
            The artifacts' bucket with what it is by default.
        """
        stack = Stack.of(scope)
        found = stack.node.try_find_child(_SINGLETON)
        return cast("JourneyArtifacts", found) if found else cls(stack, _SINGLETON)

    def __init__(
        self, scope: Construct, construct_id: str, *, retention_days: int = 30, key: kms.IKey | None = None
    ) -> None:
        if not 1 <= retention_days <= _LONGEST_DAYS:
            raise ValueError(f"retention_days must be 1-{_LONGEST_DAYS}, got {retention_days!r}")
        super().__init__(scope, construct_id)
        self.bucket = private_bucket(
            self,
            "Bucket",
            key=key,
            keep_days=retention_days,
            old_versions_days=1,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        meant = {
            "AwsSolutions-S1": "only canaries write here; who reads it is in CloudTrail's data events",
            "NIST.800.53.R5-S3BucketLoggingEnabled": "a bucket for the logs of these logs would hold more than they do",
            "NIST.800.53.R5-S3BucketReplicationEnabled": "the next run says again what a lost one said, in minutes",
        }
        if key is None:
            meant["NIST.800.53.R5-S3DefaultEncryptionKMS"] = (
                "no key was given; runs hold no personal data and no secret"
            )
        acknowledge(self.bucket, meant)
