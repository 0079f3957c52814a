"""Replica, cache, table and bucket: what they are by default, what changes them, and what is refused."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms

from bluegreen.cdk.data import Bucket, BucketReplica, Cache, DatabaseReplica, Engine, Table, TableReplica
from tests.cdk.data.conftest import isolated_vpc
from tests.cdk.support import Synthesized, synthesize

SOURCE = "arn:aws:rds:eu-central-1:111122223333:db:shop-prod"
KEY_AWAY = "arn:aws:kms:eu-central-1:111122223333:key/3f1c"
COPY = "arn:aws:s3:::shop-copy"


def add_replica(stack: cdk.Stack, **settings: Any) -> DatabaseReplica:
    """Add a replica with what it must have."""
    given = {
        "vpc": isolated_vpc(stack),
        "source_arn": SOURCE,
        "name": "shop",
        "identifier": "shop-away",
        "key": kms.Key(stack, "Key"),
    }
    return DatabaseReplica(stack, "Replica", **(given | settings))


def add_cache(stack: cdk.Stack, **settings: Any) -> Cache:
    """Add a cache with what it must have."""
    return Cache(stack, "Cache", **({"vpc": isolated_vpc(stack), "identifier": "shop-cache"} | settings))


def add_table(stack: cdk.Stack, **settings: Any) -> Table:
    """Add a table with what it must have."""
    return Table(stack, "Carts", **({"partition_key": "customer"} | settings))


def add_bucket(stack: cdk.Stack, **settings: Any) -> Bucket:
    """Add a bucket."""
    return Bucket(stack, "Files", **settings)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """One of each, as it is by default."""

    def define(stack: cdk.Stack) -> None:
        add_replica(stack)
        Cache(stack, "Cache", vpc=isolated_vpc(stack, "CacheVpc"), identifier="shop-cache")
        add_table(stack, sort_key="cart", expires="until")
        add_bucket(stack, most_gib=10)

    return synthesize(tmp_path_factory.mktemp("stores"), define)


def alarms_of(found: Synthesized, part: str) -> list[dict[str, Any]]:
    """Return the alarms of one part."""
    return [one["Properties"] for one in found.under(part).values() if one["Type"] == "AWS::CloudWatch::Alarm"]


def test_a_replica_follows_its_source(found: Synthesized) -> None:
    """It names its source and its own key, and nothing that it has from its source; it stays when its stack goes."""
    replica = found.one("AWS::RDS::DBInstance")
    properties = replica["Properties"]
    assert properties["SourceDBInstanceIdentifier"] == SOURCE
    assert "Fn::GetAtt" in properties["KmsKeyId"]
    inherited = {"MasterUsername", "MasterUserPassword", "ManageMasterUserPassword", "DBName", "EngineVersion"}
    assert not {*inherited, "AllocatedStorage", "StorageEncrypted"} & set(properties)
    assert (properties["BackupRetentionPeriod"], properties["DeletionProtection"]) == (7, True)
    assert replica["DeletionPolicy"] == "Retain"


def test_five_minutes_behind_is_too_far(found: Synthesized) -> None:
    """The recovery point objective is five minutes: an alarm says when the replica cannot keep it."""
    (lag,) = (one for one in alarms_of(found, "Replica") if one["MetricName"] == "ReplicaLag")
    assert (lag["Threshold"], lag["Statistic"]) == (300, "Maximum")


def test_a_cache_speaks_tls_and_wants_a_password(found: Synthesized) -> None:
    """Valkey on two nodes, encrypted on disk and on the way; its password is resolved from a secret."""
    cache = found.one("AWS::ElastiCache::ReplicationGroup")["Properties"]
    expected = {
        "Engine": "valkey",
        "TransitEncryptionEnabled": True,
        "TransitEncryptionMode": "required",
        "AtRestEncryptionEnabled": True,
        "NumCacheClusters": 2,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
        "SnapshotRetentionLimit": 15,
    }
    assert {name: cache.get(name) for name in expected} == expected
    assert "{{resolve:secretsmanager:" in json.dumps(cache["AuthToken"])
    assert {log["LogType"] for log in cache["LogDeliveryConfigurations"]} == {"slow-log", "engine-log"}


def test_a_caches_alarms_look_at_its_worst_node(found: Synthesized) -> None:
    """ElastiCache counts by node, so each alarm takes the greatest figure of both."""
    alarms = alarms_of(found, "Cache")
    assert len(alarms) == 4
    for alarm in alarms:
        nodes = {
            dimension["Value"]
            for metric in alarm["Metrics"]
            for dimension in metric.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
            if dimension["Name"] == "CacheClusterId"
        }
        assert nodes == {"shop-cache-001", "shop-cache-002"}
        assert {metric.get("Expression") for metric in alarm["Metrics"]} == {None, "MAX([node1, node2])"}


def test_a_table_can_be_brought_back(found: Synthesized) -> None:
    """It is encrypted, restorable to any second, paid by the request, protected, and stays when its stack goes."""
    table = found.one("AWS::DynamoDB::Table")
    expected = {
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": True,
        "SSESpecification": {"SSEEnabled": True},
        "BillingMode": "PAY_PER_REQUEST",
        "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True},
    }
    assert {name: table["Properties"].get(name) for name in expected} == expected
    assert table["DeletionPolicy"] == "Retain"
    assert len(alarms_of(found, "Carts")) == 2


def test_a_tables_replicas_are_as_it_is(tmp_path: Path) -> None:
    """Each region's copy has the same recovery and protection, and a key of its own region."""
    app = cdk.App(outdir=str(tmp_path))
    stack = cdk.Stack(app, "Shop", env=cdk.Environment(region="eu-west-1"))
    add_table(stack, key=kms.Key(stack, "Key"), replicas=[TableReplica(region="eu-central-1", key_arn=KEY_AWAY)])
    app.synth()
    found = Synthesized(json.loads((tmp_path / "Shop.template.json").read_text()))
    replicas = {one["Region"]: one for one in found.one("AWS::DynamoDB::GlobalTable")["Properties"]["Replicas"]}
    assert set(replicas) == {"eu-west-1", "eu-central-1"}
    assert replicas["eu-central-1"]["SSESpecification"] == {"KMSMasterKeyId": KEY_AWAY}
    for one in replicas.values():
        assert one["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert one["DeletionProtectionEnabled"] is True


def test_a_bucket_is_private_and_keeps_versions(found: Synthesized) -> None:
    """Nothing public, TLS only, encrypted; a replaced version stays for 90 days, an unfinished upload for 7."""
    bucket = found.one("AWS::S3::Bucket")
    properties = bucket["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    denied = [
        one["Condition"]
        for one in found.one("AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
        if one["Effect"] == "Deny"
    ]
    assert {"Bool": {"aws:SecureTransport": "false"}} in denied
    assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in denied
    assert bucket["DeletionPolicy"] == "Retain"
    sizes = [one["Threshold"] for one in alarms_of(found, "Files") if one["MetricName"] == "BucketSizeBytes"]
    assert sizes == [10 * 1024**3]


REFUSED: Mapping[str, tuple[Callable[[cdk.Stack], object], str]] = {
    "a replica in the region of its source": (
        lambda stack: add_replica(stack, source_arn=SOURCE.replace("eu-central-1", "eu-west-1")),
        "the replica must be in another region than the original, got eu-west-1 for both",
    ),
    "a replica of no instance": (
        lambda stack: add_replica(stack, source_arn="shop-prod"),
        "source_arn must be the ARN of an RDS instance, got 'shop-prod'",
    ),
    "a replica on Aurora": (
        lambda stack: add_replica(stack, engine=Engine.aurora_serverless(1, 2)),
        "engine must be Engine.postgres",
    ),
    "a replica without backups": (lambda stack: add_replica(stack, backup_days=0), "backup_days must be 1-35, got 0"),
    "a cache of an unknown type": (
        lambda stack: add_cache(stack, node="t4g.large"),
        "node must be a type that ElastiCache offers .* got 't4g.large'; t4g has micro, small, medium",
    ),
    "a cache of an unknown family": (lambda stack: add_cache(stack, node="z1.large"), "node must be .* one of t3, t4g"),
    "a cache without nodes": (lambda stack: add_cache(stack, nodes=0), "nodes must be 1-6, got 0"),
    "a cache with a long name": (
        lambda stack: add_cache(stack, identifier="a" * 41),
        "identifier must be 1-40 lower-case letters",
    ),
    "a cache with a short window": (
        lambda stack: add_cache(stack, snapshot_window="02:00-02:30"),
        "backup_window must be at least 60 minutes long",
    ),
    "a table's replica at home": (
        lambda stack: add_table(stack, replicas=[TableReplica(region="eu-west-1")]),
        "a replica must be in another region than the original, got eu-west-1 for both",
    ),
    "two replicas in one region": (
        lambda stack: add_table(stack, replicas=[TableReplica(region="eu-central-1")] * 2),
        "replicas must be in different regions, got eu-central-1, eu-central-1",
    ),
    "a replica with a key of a table without": (
        lambda stack: add_table(stack, replicas=[TableReplica(region="eu-central-1", key_arn=KEY_AWAY)]),
        "a replica's key_arn and the table's key go together",
    ),
    "a replica from anywhere": (
        lambda _: add_table(cdk.Stack(cdk.App(), "Any"), replicas=[TableReplica(region="eu-central-1")]),
        "replicas need a stack that names its own region",
    ),
    "versions that never end": (
        lambda stack: add_bucket(stack, old_versions_days=0),
        "old_versions_days must be 1-3650, got 0",
    ),
    "a bucket of no size": (lambda stack: add_bucket(stack, most_gib=0), "most_gib must be at least 1, got 0"),
    "a copy in no bucket": (lambda _: BucketReplica(bucket_arn="shop-copy"), "bucket_arn must be the ARN of a bucket"),
}


@pytest.mark.parametrize(("define", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses_what_aws_refuses(stack: cdk.Stack, define: Callable[[cdk.Stack], object], message: str) -> None:
    """What a deployment would fail over is refused at synth, with what was got and what is allowed."""
    with pytest.raises(ValueError, match=f"^{message}"):
        define(stack)
