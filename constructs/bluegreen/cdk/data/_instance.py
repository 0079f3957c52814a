"""PostgreSQL on an RDS instance."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge

from ._server import CA_CERTIFICATE, MONITORING_SECONDS, PORT, insights_days, insights_mode
from .backup_replication import BackupReplication
from .engine import Engine

LOGS = ("postgresql", "upgrade")


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """What an instance and a cluster are told alike.

    Args:
        master: Where the master user's password is, when RDS does not keep it itself.
        source_arn: The instance that this one is a read replica of.
    """

    identifier: str
    database_name: str
    engine: Engine
    parameters: dict[str, str]
    subnets: rds.CfnDBSubnetGroup
    security_group: ec2.ISecurityGroup
    monitoring_role: iam.CfnRole
    multi_az: bool
    protected: bool
    backup_days: int
    replication: BackupReplication | None
    backup_window: str
    maintenance_window: str
    advanced_insights: bool
    key: kms.IKey | None
    master: secretsmanager.ISecret | None = None
    source_arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class Server:
    """What the others know of a server.

    Args:
        arn: Its ARN.
        host: The address that clients connect to.
        secret_arn: Where RDS keeps the master user's password; None when it does not.
        resource: What must wait for its log groups, and what its events are those of.
        instance: It as an instance; None for a cluster.
        cluster: It as a cluster; None for an instance.
    """

    arn: str
    host: str
    secret_arn: str | None
    resource: Construct
    instance: rds.IDatabaseInstance | None = None
    cluster: rds.IDatabaseCluster | None = None


def define_instance(scope: Construct, settings: ServerSettings) -> Server:
    """Define an RDS instance.

    Args:
        scope: Where.
        settings: What it is told.

    Returns:
        The server.
    """
    engine, replication = settings.engine, settings.replication
    key_arn = settings.key.key_arn if settings.key else None
    group = rds.CfnDBParameterGroup(
        scope,
        "Parameters",
        family=engine.family,
        description=f"Parameters of {settings.identifier}",
        parameters=settings.parameters,
    )
    instance = rds.CfnDBInstance(
        scope,
        "Instance",
        db_instance_identifier=settings.identifier,
        db_instance_class=f"db.{engine.instance}",
        engine="postgres",
        auto_minor_version_upgrade=True,
        ca_certificate_identifier=CA_CERTIFICATE,
        port=str(PORT),
        db_parameter_group_name=group.ref,
        db_subnet_group_name=settings.subnets.ref,
        vpc_security_groups=[settings.security_group.security_group_id],
        publicly_accessible=False,
        multi_az=settings.multi_az,
        enable_iam_database_authentication=True,
        storage_type="gp3",
        max_allocated_storage=engine.max_storage_gib,
        kms_key_id=key_arn,
        backup_retention_period=settings.backup_days,
        preferred_backup_window=settings.backup_window,
        preferred_maintenance_window=settings.maintenance_window,
        copy_tags_to_snapshot=True,
        delete_automated_backups=not settings.protected,
        deletion_protection=settings.protected,
        enable_cloudwatch_logs_exports=list(LOGS),
        enable_performance_insights=True,
        monitoring_interval=MONITORING_SECONDS,
        monitoring_role_arn=settings.monitoring_role.attr_arn,
        automatic_backup_replication_region=replication.region if replication else None,
        automatic_backup_replication_kms_key_id=replication.key_arn if replication else None,
        automatic_backup_replication_retention_period=replication.days if replication else None,
        database_insights_mode=insights_mode(advanced=settings.advanced_insights),
        performance_insights_kms_key_id=key_arn,
        performance_insights_retention_period=insights_days(advanced=settings.advanced_insights),
        **(_of_replica(settings) if settings.source_arn else _of_own(settings, key_arn)),
    )
    port = {"AwsSolutions-RDS11": "no public address reaches isolated subnets, so another port would hide nothing"}
    acknowledge(instance, port)
    if settings.source_arn:
        # cfn-lint wants to read that it is encrypted; CloudFormation wants that left to the source.
        instance.add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3720"]}})
    # RDS takes no last snapshot of a replica; but once it is promoted, it holds what is left.
    kept = RemovalPolicy.RETAIN if settings.source_arn else RemovalPolicy.SNAPSHOT
    instance.apply_removal_policy(kept if settings.protected else RemovalPolicy.DESTROY)
    host = instance.attr_endpoint_address
    return Server(
        arn=instance.attr_db_instance_arn,
        host=host,
        secret_arn=None if settings.master or settings.source_arn else instance.attr_master_user_secret_secret_arn,
        resource=instance,
        instance=rds.DatabaseInstance.from_database_instance_attributes(
            scope,
            "Reference",
            instance_identifier=instance.ref,
            instance_endpoint_address=host,
            instance_resource_id=instance.attr_dbi_resource_id,
            port=PORT,
            security_groups=[settings.security_group],
        ),
    )


def _of_replica(settings: ServerSettings) -> dict[str, Any]:
    """A replica has version, database, users, encryption and the size of its volume from its source."""
    return {"source_db_instance_identifier": settings.source_arn}


def _of_own(settings: ServerSettings, key_arn: str | None) -> dict[str, Any]:
    engine = settings.engine
    own = {
        "engine_version": str(engine.version),
        "db_name": settings.database_name,
        "allocated_storage": str(engine.storage_gib),
        "storage_encrypted": True,
        "master_username": settings.database_name,
    }
    if settings.master is not None:
        return {**own, "master_user_password": settings.master.secret_value_from_json("password").unsafe_unwrap()}
    secret = rds.CfnDBInstance.MasterUserSecretProperty(kms_key_id=key_arn) if key_arn else None
    return {**own, "manage_master_user_password": True, "master_user_secret": secret}
