"""Keeps logs for years where keeping costs little."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge, acknowledge_wildcards
from bluegreen.cdk._arns import Arns
from bluegreen.cdk._durations import days
from bluegreen.cdk._grants import Grants
from bluegreen.cdk._private_bucket import private_bucket

_GLACIER_DAYS = 90
"""S3 bills an object in Glacier Flexible Retrieval for this long at least."""
_LONGEST_DAYS = 36500
_BUFFER_SECONDS = 900
_BUFFER_MIB = 64
"""As few objects as Firehose makes: each costs when it is written and when it moves to Glacier."""


class LogArchive(Construct):
    """A bucket that gets every line of the log groups that are added, and keeps it for years.

    One Firehose stream serves all log groups; each record says which one it is from. Lines arrive within 15 minutes, so
    that a group itself needs to keep only what people search. An export task would be cheaper by what Firehose takes
    for each GB, but there can be one of them at a time in an account, it has to be started again and again, and what
    it misses is gone once the group has forgotten it.

    Args:
        scope: The stack; the one with the data, so that the archive outlives the service.
        construct_id: Its name there.
        key: What encrypts the archive; S3's own key when omitted.
        glacier_after_days: After how many days objects move to Glacier Flexible Retrieval, where reading them takes
            hours, 0-3650.
        keep_days: After how many days they are deleted, at least 90 more than `glacier_after_days`, which AWS bills in
            any case, and at most 36500; seven years when omitted.

    Attributes:
        bucket: The bucket; it stays when its stack goes.
        stream: The Firehose stream.

    Raises:
        ValueError: If a figure is out of range.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "ShopData")
        >>> archive = LogArchive(stack, "LogArchive", keep_days=365)
        >>> archive.add(stack, "ArchivedLog", logs.LogGroup(stack, "Log"))
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey | None = None,
        glacier_after_days: int = 30,
        keep_days: int = 2557,
    ) -> None:
        _require_days(glacier_after_days, keep_days)
        super().__init__(scope, construct_id)
        self._arns = Arns.of(Stack.of(self))
        self.bucket = self._define_bucket(key, glacier_after_days, keep_days)
        self.stream = self._define_stream(key)
        self._writer = self._define_writer()

    def add(self, scope: Construct, construct_id: str, log_group: logs.ILogGroup) -> None:
        """Archive what is written to a log group from now on.

        Args:
            scope: The construct that the subscription belongs to, in the log group's stack.
            construct_id: Its name there. CloudWatch Logs allows two subscriptions a group.
            log_group: The log group, of the same region and account.
        """
        logs.CfnSubscriptionFilter(
            scope,
            construct_id,
            log_group_name=log_group.log_group_name,
            destination_arn=self.stream.attr_arn,
            filter_pattern="",
            role_arn=self._writer.role_arn,
        )

    def _define_bucket(self, key: kms.IKey | None, glacier_after_days: int, keep_days: int) -> s3.Bucket:
        freezing = s3.Transition(storage_class=s3.StorageClass.GLACIER, transition_after=days(glacier_after_days))
        bucket = private_bucket(
            self,
            "Bucket",
            key=key,
            keep_days=keep_days,
            old_versions_days=30,
            transitions=[freezing],
            rule_id="FreezeAndForget",
        )
        acknowledge(
            bucket,
            {
                "AwsSolutions-S1": "CloudTrail's data events say who read an archived log, where that matters",
                "NIST.800.53.R5-S3BucketLoggingEnabled": "a log of who reads logs would have to be archived as well",
                "NIST.800.53.R5-S3BucketReplicationEnabled": "archived logs are evidence of a region, kept out of need",
            },
        )
        if key is None:
            acknowledge(
                bucket,
                {"NIST.800.53.R5-S3DefaultEncryptionKMS": "no key was given to the archive, so S3 encrypts by its own"},
            )
        return bucket

    def _define_stream(self, key: kms.IKey | None) -> firehose.CfnDeliveryStream:
        bucket, grants = self.bucket.bucket_arn, Grants()
        objects = f"{bucket}/*"
        grants.add("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject", on=[objects])
        grants.add("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads", on=[bucket])
        if key:
            grants.add("kms:Decrypt", "kms:GenerateDataKey", on=[key.key_arn])
        role = iam.Role(
            self,
            "StreamRole",
            description="Writes archived logs",
            assumed_by=iam.ServicePrincipal(
                "firehose.amazonaws.com", conditions={"StringEquals": {"sts:ExternalId": self._arns.account}}
            ),
            inline_policies={"Archive": grants.document()},
        )
        acknowledge_wildcards(role, {objects: "Firehose names each object after the minute it is of"})
        return firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input={"keyType": "AWS_OWNED_CMK"},
            extended_s3_destination_configuration={
                "bucketArn": bucket,
                "roleArn": role.role_arn,
                "prefix": "logs/!{timestamp:yyyy/MM/dd}/",
                "errorOutputPrefix": "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/",
                # CloudWatch Logs sends gzip already, and gzip files put together are one.
                "compressionFormat": "UNCOMPRESSED",
                "fileExtension": ".gz",
                "bufferingHints": {"intervalInSeconds": _BUFFER_SECONDS, "sizeInMBs": _BUFFER_MIB},
            },
        )

    def _define_writer(self) -> iam.Role:
        groups, grants = self._arns.colon("logs", "log-group", "*"), Grants()
        grants.add("firehose:PutRecord", "firehose:PutRecordBatch", on=[self.stream.attr_arn])
        return iam.Role(
            self,
            "WriterRole",
            description="Sends log lines to the archive",
            assumed_by=iam.ServicePrincipal("logs.amazonaws.com", conditions={"StringLike": {"aws:SourceArn": groups}}),
            inline_policies={"Send": grants.document()},
        )


def _require_days(glacier_after_days: int, keep_days: int) -> None:
    if not 0 <= glacier_after_days <= 3650:  # noqa: PLR2004 - ten years
        raise ValueError(f"glacier_after_days must be 0-3650, got {glacier_after_days}")
    least = glacier_after_days + _GLACIER_DAYS
    if not least <= keep_days <= _LONGEST_DAYS:
        raise ValueError(
            f"keep_days must be {least}-{_LONGEST_DAYS}, {_GLACIER_DAYS} more than glacier_after_days at least, which "
            f"AWS bills in any case, got {keep_days}"
        )
