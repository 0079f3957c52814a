"""Backups with every option (final lock, copies abroad, by tag), and a drill with checks and objectives of its own."""

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecs as ecs

from bluegreen.cdk import BlueGreenService
from bluegreen.cdk.data import Database, EnvironmentKey
from bluegreen.cdk.edge import AccessLogs, WebFirewall
from bluegreen.cdk.network import Nat, Network
from bluegreen.cdk.recovery import (
    BackupCopies,
    BackupRule,
    Backups,
    DataChecks,
    RecoveryDrill,
    RecoveryObjectives,
    RestoreTesting,
    VaultLock,
)
from bluegreen.cdk.watching import AlarmTopics

HOME, AWAY = "eu-west-1", "eu-central-1"
COPIES = "gallery-copies"


def define(app: cdk.App) -> None:
    """Add a stack with a database that is backed up and practised upon, and one in another region with the copies.

    Args:
        app: The app.
    """
    # Nobody, not even AWS, can shorten these after three days: what a lock of this kind holds is paid for to its end.
    lock = VaultLock.compliance(min_days=7, max_days=400, changeable_for_days=3)
    away = cdk.Stack(app, "GalleryCopies", env=cdk.Environment(region=AWAY))
    key_away = EnvironmentKey(away, "Key", alias="gallery-copies").key
    copies = BackupCopies(away, "Copies", vault_name=COPIES, key=key_away, lock=lock)
    AlarmTopics(away, "Alarms", key=key_away).tell(copies.alerts)

    home = cdk.Stack(app, "GalleryRecovery", env=cdk.Environment(region=HOME))
    key = EnvironmentKey(home, "Key", alias="gallery-recovery").key
    network = Network(home, "Network", nat=Nat.one(), key=key)
    database = Database(home, "Database", vpc=network.vpc, name="shop", identifier="shop", key=key)
    backups = Backups(
        home,
        "Backups",
        resources=[database.arn],
        tags={"backup": "yes"},
        rules=[BackupRule.daily(), BackupRule.weekly().not_copied(), BackupRule.monthly(keep_days=400)],
        key=key,
        lock=lock,
        copy_to_region=AWAY,
        copies_vault=COPIES,
    )
    service = BlueGreenService(
        home,
        "Shop",
        cluster=ecs.Cluster(home, "Cluster", vpc=network.vpc, container_insights_v2=ecs.ContainerInsights.ENABLED),
        image=ecs.ContainerImage.from_registry("public.ecr.aws/example/shop:v1"),
        container_port=8080,
        certificate=acm.Certificate(
            home, "Certificate", domain_name="shop.example.com", validation=acm.CertificateValidation.from_dns()
        ),
        log_encryption_key=key,
    )
    AccessLogs(home, "AccessLogs").record(service.load_balancer)
    firewall = WebFirewall(home, "Firewall", key=key)
    firewall.protect(service.load_balancer)
    drill = RecoveryDrill(
        home,
        "Recovery",
        service=service,
        database=database,
        checks=DataChecks(tables=["orders", "archive.orders"], newest=["orders.created_at"], least_rows={"orders": 1}),
        objectives=RecoveryObjectives(recovery_time_minutes=30, recovery_point_minutes=10, test_point_hours=30),
        instance_class="t4g.small",
    )
    RestoreTesting(
        home, "Testing", drill=drill, vaults=[backups.vault.attr_backup_vault_arn], random=True, window_days=1
    )
    alerts = [*network.alerts, *database.alerts, *backups.alerts, *firewall.alerts, *drill.alerts]
    AlarmTopics(home, "Alarms", key=key).tell(alerts)
