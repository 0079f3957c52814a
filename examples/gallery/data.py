"""Data beside the reference's PostgreSQL instance: Aurora, a replica abroad, a cache, a table, and a bucket."""

import aws_cdk as cdk

from bluegreen.cdk.data import (
    BackupReplication,
    Bucket,
    BucketReplica,
    Cache,
    Database,
    DatabaseReplica,
    Engine,
    EnvironmentKey,
    Table,
    TableReplica,
)
from bluegreen.cdk.network import Nat, Network
from bluegreen.cdk.recovery import Backups
from bluegreen.cdk.watching import AlarmTopics

ACCOUNT = "111122223333"
HOME, AWAY = "eu-west-1", "eu-central-1"
KEY_AWAY = f"arn:aws:kms:{AWAY}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def define(app: cdk.App) -> None:
    """Add a stack with every kind of data at home, and one with what can take over in another region.

    Args:
        app: The app.
    """
    home = cdk.Stack(app, "GalleryData", env=cdk.Environment(region=HOME))
    key = EnvironmentKey(home, "Key", alias="gallery").key
    network = Network(home, "Network", nat=Nat.one(), key=key)
    vpc = network.vpc
    aurora = Database(
        home,
        "Aurora",
        vpc=vpc,
        name="carts",
        identifier="carts-prod",
        engine=Engine.aurora_serverless(min_acu=0.5, max_acu=8),
        backup_days=30,
        key=key,
    )
    replicated = Database(
        home,
        "Replicated",
        vpc=vpc,
        name="orders",
        identifier="orders-prod",
        engine=Engine.postgres("r8g.large", storage_gib=100, max_storage_gib=500),
        backup_days=30,
        replicable=True,
        replication=BackupReplication(region=AWAY, key_arn=KEY_AWAY, days=7),
        parameters={"log_min_duration_statement": "500"},
        advanced_insights=True,
        key=key,
    )
    cache = Cache(home, "Cache", vpc=vpc, identifier="sessions-prod", node="t4g.small", key=key)
    flags = Table(
        home,
        "Flags",
        partition_key="flag",
        sort_key="customer",
        expires="until",
        replicas=[TableReplica(region=AWAY, key_arn=KEY_AWAY)],
        insights=True,
        key=key,
    )
    models = Bucket(
        home,
        "Models",
        archive_days=30,
        most_gib=500,
        replica=BucketReplica(bucket_arn="arn:aws:s3:::models-away", key_arn=KEY_AWAY),
        key=key,
    )
    backups = Backups(home, "Backups", resources=[aurora.arn, replicated.arn, flags.table.table_arn], key=key)
    parts = (network, aurora, replicated, cache, flags, models, backups)
    AlarmTopics(home, "Alarms", key=key).tell([alert for part in parts for alert in part.alerts])
    _away(app)


def _away(app: cdk.App) -> None:
    away = cdk.Stack(app, "GalleryDataAway", env=cdk.Environment(region=AWAY))
    key = EnvironmentKey(away, "Key", alias="gallery-away").key
    network = Network(away, "Network", cidr="10.1.0.0/16", nat=Nat.one(), key=key)
    replica = DatabaseReplica(
        away,
        "Replica",
        vpc=network.vpc,
        source_arn=f"arn:aws:rds:{HOME}:{ACCOUNT}:db:orders-prod",
        name="orders",
        identifier="orders-prod-away",
        engine=Engine.postgres("r8g.large", storage_gib=100, max_storage_gib=500),
        key=key,
    )
    AlarmTopics(away, "Alarms", key=key).tell([*network.alerts, *replica.alerts])
