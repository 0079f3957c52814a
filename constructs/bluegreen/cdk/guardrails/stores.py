"""What keeps data is encrypted, and stays when its stack goes."""

from collections.abc import Collection, Mapping
from typing import Any

from bluegreen.release.lasting_types import LASTING_TYPES

from .rule import Found, Rule, Template, properties, resources

_DEMANDED = {
    "AWS::DocDB::DBCluster": ("StorageEncrypted",),
    "AWS::EC2::Volume": ("Encrypted",),
    "AWS::EFS::FileSystem": ("Encrypted",),
    "AWS::ElastiCache::ReplicationGroup": ("AtRestEncryptionEnabled", "TransitEncryptionEnabled"),
    "AWS::Kinesis::Stream": ("StreamEncryption",),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamEncryptionConfigurationInput",),
    "AWS::Neptune::DBCluster": ("StorageEncrypted",),
    "AWS::RDS::DBCluster": ("StorageEncrypted",),
    "AWS::RDS::DBInstance": ("StorageEncrypted",),
    "AWS::Redshift::Cluster": ("Encrypted",),
    "AWS::S3::Bucket": ("BucketEncryption",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
}
"""What says of each type that it is encrypted. DynamoDB, Backup and Secrets Manager encrypt whether asked or not."""
_KEPT = {"Retain", "RetainExceptOnCreate", "Snapshot"}


def _find_unencrypted(template: Template) -> Found:
    for name, resource in resources(template, *_DEMANDED, "AWS::SQS::Queue"):
        missing = [key for key in _demanded(resource) if properties(resource).get(key) in (None, False, "false")]
        if missing:
            yield name, f"does not say {' and '.join(missing)}"


def _demanded(resource: Mapping[str, Any]) -> Collection[str]:
    given = properties(resource)
    match resource["Type"]:
        case "AWS::SQS::Queue":  # encrypted unless somebody turns it off
            return () if given.get("SqsManagedSseEnabled") not in (False, "false") else ("KmsMasterKeyId",)
        case "AWS::RDS::DBInstance" if "DBClusterIdentifier" in given:  # as its cluster is
            return ()
        case "AWS::RDS::DBInstance" if "SourceDBInstanceIdentifier" in given:
            # In its own region a replica is encrypted as its source is; into another one, it is by naming a key there.
            return () if "KmsKeyId" in given else ("StorageEncrypted",)
        case kind:
            return _DEMANDED[kind]


def _find_log_without_key(template: Template) -> Found:
    for name, resource in resources(template, "AWS::Logs::LogGroup"):
        if "KmsKeyId" not in properties(resource):
            yield name, "does not say KmsKeyId"


def _find_kept_for_ever(template: Template) -> Found:
    for name, resource in resources(template, "AWS::Logs::LogGroup"):
        if not properties(resource).get("RetentionInDays"):
            yield name, "keeps what is written for ever"


def _find_lost(template: Template) -> Found:
    for name, resource in resources(template, *LASTING_TYPES):
        lost = [key for key in ("DeletionPolicy", "UpdateReplacePolicy") if resource.get(key) not in _KEPT]
        # A cluster's storage is the cluster's; one of its instances holds nothing.
        if lost and "DBClusterIdentifier" not in properties(resource):
            yield name, f"has {' and '.join(f'{key} {resource.get(key)}' for key in lost)}"


UNENCRYPTED_STORE = Rule(
    name="unencrypted-store",
    says="what keeps data is encrypted",
    fix="set what is missing, with the environment's key",
    find=_find_unencrypted,
)
LOG_WITHOUT_KEY = Rule(
    name="log-without-key",
    says="every log group is encrypted with a key of the environment's own",
    fix="give the construct that defines it the environment's key",
    find=_find_log_without_key,
)
LOG_RETENTION = Rule(
    name="log-retention",
    says="every log group forgets at some time",
    fix="set RetentionInDays",
    find=_find_kept_for_ever,
)
LOST_STATE = Rule(
    name="lost-state",
    says="in a protected stack, what nobody can make again stays when it is deleted or replaced",
    fix="set both policies to Retain or Snapshot, by apply_removal_policy",
    find=_find_lost,
)
