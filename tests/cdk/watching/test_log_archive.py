"""The archive of logs: what arrives there, who may write, and for how long it is kept."""

from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from bluegreen.cdk.watching import LogArchive
from tests.cdk.support import Synthesized, actions, synthesize


def define(stack: cdk.Stack) -> None:
    archive = LogArchive(stack, "Archive", key=kms.Key(stack, "Key"), glacier_after_days=30, keep_days=365)
    for name in ("Orders", "Traffic"):
        archive.add(stack, f"Archived{name}", logs.LogGroup(stack, f"{name}Log"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesize(tmp_path_factory.mktemp("archive"), define)


def test_every_line_of_every_added_group_goes_to_one_stream(shop: Synthesized) -> None:
    """Each group has a subscription without a filter to the only stream."""
    (stream,) = shop.under("ArchiveStream").keys() - shop.under("ArchiveStreamRole").keys()
    subscriptions = [one["Properties"] for one in shop.of_type("AWS::Logs::SubscriptionFilter")]
    assert len(subscriptions) == 2
    assert {one["FilterPattern"] for one in subscriptions} == {""}
    assert {one["DestinationArn"]["Fn::GetAtt"][0] for one in subscriptions} == {stream}
    assert len({one["LogGroupName"]["Ref"] for one in subscriptions}) == 2


def test_what_is_kept_moves_to_glacier_and_goes(shop: Synthesized) -> None:
    """After 30 days in Glacier, after a year gone; and the bucket stays when its stack goes."""
    bucket = shop.one("AWS::S3::Bucket")
    (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["Transitions"] == [{"StorageClass": "GLACIER", "TransitionInDays": 30}]
    assert rule["ExpirationInDays"] == 365
    assert bucket["DeletionPolicy"] == "Retain"


def test_gzip_is_not_gzipped_again(shop: Synthesized) -> None:
    """CloudWatch Logs sends gzip, so the stream compresses nothing and says what its objects are."""
    destination = shop.one("AWS::KinesisFirehose::DeliveryStream")["Properties"]["ExtendedS3DestinationConfiguration"]
    assert (destination["CompressionFormat"], destination["FileExtension"]) == ("UNCOMPRESSED", ".gz")


def test_both_roles_may_do_their_part_only(shop: Synthesized) -> None:
    """The log service may put records for this account's groups; the stream may write to the bucket with its key."""
    assert actions(shop.statements("ArchiveWriterRole")) == {"firehose:PutRecord", "firehose:PutRecordBatch"}
    assert actions(shop.statements("ArchiveStreamRole")) == {
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:PutObject",
        "s3:GetBucketLocation",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "kms:Decrypt",
        "kms:GenerateDataKey",
    }
    (role,) = shop.under("ArchiveWriterRole").values()
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert "AWS::AccountId" in str(trust["Condition"]["StringLike"]["aws:SourceArn"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"glacier_after_days": -1}, "glacier_after_days must be 0-3650, got -1"),
        ({"glacier_after_days": 30, "keep_days": 119}, "keep_days must be 120-36500, 90 more than glacier_after_days"),
        ({"keep_days": 36501}, "keep_days must be 120-36500"),
    ],
)
def test_refuses_days_that_cost_more_than_they_keep(settings: dict[str, int], message: str) -> None:
    """Deleting an object within 90 days of Glacier is billed as if it had stayed."""
    with pytest.raises(ValueError, match=message):
        LogArchive(cdk.Stack(), "Archive", **settings)


def test_without_a_key_s3_encrypts_by_its_own(tmp_path: Path) -> None:
    """An archive that is given no key is encrypted all the same."""
    shop = synthesize(tmp_path, lambda stack: LogArchive(stack, "Archive"))
    (rule,) = shop.one("AWS::S3::Bucket")["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
