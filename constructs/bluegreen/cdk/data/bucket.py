"""A bucket for models or files that passes review: private, encrypted, with versions, and an end to old ones."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aws_cdk import RemovalPolicy, Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._durations import days, minutes
from bluegreen.cdk.watching import Alert, Severity
from bluegreen.cdk.watching.define_alert import RUNBOOKS, define_alert

if TYPE_CHECKING:
    from collections.abc import Sequence

_EVERYTHING = "EntireBucket"
_UNFINISHED_DAYS = 7
_REFUSED_SHARE = 0.05
_GIB = 1024**3
_BUCKET_ARN = re.compile(r"arn:[a-z-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, kw_only=True)
class BucketReplica:
    """Another bucket that gets every new object, usually in another region. It must have versions.

    Args:
        bucket_arn: The other bucket.
        key_arn: What its objects are encrypted with, in its region; None when AWS's key does.

    Raises:
        ValueError: If it is no bucket's ARN.

    Example:
        >>> BucketReplica(bucket_arn="arn:aws:s3:::shop-files-copy").key_arn is None
        True
    """

    bucket_arn: str
    key_arn: str | None = None

    def __post_init__(self) -> None:
        if not Token.is_unresolved(self.bucket_arn) and not _BUCKET_ARN.fullmatch(self.bucket_arn):
            raise ValueError(
                f'bucket_arn must be the ARN of a bucket such as "arn:aws:s3:::shop-files", got {self.bucket_arn!r}'
            )


class Bucket(Construct):
    """A private S3 bucket: TLS only, encrypted, with versions that end, and an alarm when it grows or refuses.

    Args:
        scope: The stack of the data.
        construct_id: Its name there.
        old_versions_days: How long a version stays after it was replaced or deleted, 1-3650 days; 90 when omitted.
        archive_days: After how many days objects that nobody reads get cheaper (S3 Intelligent-Tiering), 0-3650 days;
            never when omitted.
        most_gib: From which size on people are told, in GiB, at least 1. Nobody is when omitted.
        replica: Another bucket that gets every new object. None when omitted.
        access_logs: The bucket that it is logged to who did what, one without a key of its own. No log when omitted.
        protected: Whether it stays, with everything in it, when its stack goes; yes when omitted. One that is not
            protected can go only when it is empty.
        key: What it is encrypted with. S3's own key when omitted.
        runbooks: Where the runbooks are, to which alerts add their section.

    Attributes:
        bucket: The bucket, for its `grant_*`.
        key: The key, if one was given.
        alerts: What is wrong with it.

    Raises:
        ValueError: If a figure is out of range.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "ShopData")
        >>> len(Bucket(stack, "Files", most_gib=500).alerts)
        3
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        old_versions_days: int = 90,
        archive_days: int | None = None,
        most_gib: int | None = None,
        replica: BucketReplica | None = None,
        access_logs: s3.IBucket | None = None,
        protected: bool = True,
        key: kms.IKey | None = None,
        runbooks: str = RUNBOOKS,
    ) -> None:
        _require_range("old_versions_days", old_versions_days, 1)
        if archive_days is not None:
            _require_range("archive_days", archive_days, 0)
        if most_gib is not None and most_gib < 1:
            raise ValueError(f"most_gib must be at least 1, got {most_gib!r}; omit it to be told of no size")
        super().__init__(scope, construct_id)
        self.key = key
        self.bucket: s3.IBucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=key is not None,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{self.node.id}/" if access_logs else None,
            lifecycle_rules=_lifecycle(old_versions_days, archive_days),
            metrics=[s3.BucketMetrics(id=_EVERYTHING)],
            replication_rules=self._replication(replica),
            removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
        )
        self.alerts: Sequence[Alert] = self._watch(most_gib, f"{runbooks}#bucket")
        self._acknowledge(replica=replica, logged=access_logs is not None)

    def _replication(self, replica: BucketReplica | None) -> list[s3.ReplicationRule] | None:
        if replica is None:
            return None
        destination = s3.Bucket.from_bucket_arn(self, "Replica", replica.bucket_arn)
        key = kms.Key.from_key_arn(self, "ReplicaKey", replica.key_arn) if replica.key_arn else None
        rule = s3.ReplicationRule(
            destination=destination,
            kms_key=key,
            sse_kms_encrypted_objects=key is not None,
            priority=1,
            delete_marker_replication=False,  # what is deleted here by mistake is still there
        )
        return [rule]

    def _watch(self, most_gib: int | None, runbook: str) -> list[Alert]:
        name = self.bucket.bucket_name
        requests = {"BucketName": name, "FilterId": _EVERYTHING}
        found = [
            define_alert(
                self,
                f"{says.capitalize()}Alert",
                says=f"Share of requests that the bucket {says}",
                severity=Severity.WARNING,
                runbook=runbook,
                metric=cloudwatch.Metric(
                    namespace="AWS/S3",
                    metric_name=metric_name,
                    dimensions_map=requests,
                    statistic="Average",
                    period=minutes(5),
                ),
                threshold=_REFUSED_SHARE,
                evaluation_periods=3,
            )
            for says, metric_name in {"refused": "4xxErrors", "failed": "5xxErrors"}.items()
        ]
        if most_gib is not None:
            found.append(
                define_alert(
                    self,
                    "SizeAlert",
                    says=f"Size of the bucket in bytes, {most_gib} GiB",
                    severity=Severity.INFO,
                    runbook=runbook,
                    metric=cloudwatch.Metric(
                        namespace="AWS/S3",
                        metric_name="BucketSizeBytes",
                        dimensions_map={"BucketName": name, "StorageType": "StandardStorage"},
                        statistic="Maximum",
                        period=days(1),  # S3 counts once a day
                    ),
                    threshold=most_gib * _GIB,
                )
            )
        return found

    def _acknowledge(self, *, replica: BucketReplica | None, logged: bool) -> None:
        reasons: dict[str, str] = {}
        if not logged:
            reasons |= {
                "AwsSolutions-S1": "its owner chose no access log; refused and failed requests are counted",
                "NIST.800.53.R5-S3BucketLoggingEnabled": "only roles of this account have access, and no log of them "
                "was asked for",
            }
        if replica is None:
            reasons["NIST.800.53.R5-S3BucketReplicationEnabled"] = (
                "versions bring back what was overwritten, and its owner asked for no copy elsewhere"
            )
        else:
            reasons |= self._of_replication(replica)
        acknowledge(self, reasons)

    def _of_replication(self, replica: BucketReplica) -> dict[str, str]:
        """What the role that the CDK makes for the replication may do."""
        resource = cast("s3.CfnBucket", self.bucket.node.default_child)
        own = f"<{Stack.of(self).resolve(resource.logical_id)}.Arn>"
        reasons = {
            f"AwsSolutions-IAM5[Resource::{own}/*]": "which objects are copied is known when they come",
            f"AwsSolutions-IAM5[Resource::{replica.bucket_arn}/*]": "copies have the names of their originals",
        }
        if replica.key_arn:
            reasons |= {
                "AwsSolutions-IAM5[Action::kms:GenerateDataKey*]": "S3 makes a data key for each copy, in two ways",
                "AwsSolutions-IAM5[Action::kms:ReEncrypt*]": "from the one key to the other is two actions of KMS",
            }
        return reasons


def _lifecycle(old_versions_days: int, archive_days: int | None) -> list[s3.LifecycleRule]:
    rules = [
        s3.LifecycleRule(
            id="OldVersions",
            noncurrent_version_expiration=days(old_versions_days),
            abort_incomplete_multipart_upload_after=days(_UNFINISHED_DAYS),
            expired_object_delete_marker=True,
        )
    ]
    if archive_days is not None:
        rules.append(
            s3.LifecycleRule(
                id="Archive",
                transitions=[
                    s3.Transition(
                        storage_class=s3.StorageClass.INTELLIGENT_TIERING,
                        transition_after=days(archive_days),
                    )
                ],
            )
        )
    return rules


def _require_range(name: str, value: int, low: int, high: int = 3650) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be {low}-{high}, got {value!r}")
