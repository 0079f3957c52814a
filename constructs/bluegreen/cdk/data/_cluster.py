"""PostgreSQL on Aurora, which sizes itself."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_rds as rds
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge

from ._instance import Server, ServerSettings
from ._server import CA_CERTIFICATE, MONITORING_SECONDS, PORT, insights_days, insights_mode

LOGS = ("postgresql",)


def define_cluster(scope: Construct, settings: ServerSettings) -> Server:
    """Define an Aurora cluster with one instance, or with two in different zones.

    Args:
        scope: Where.
        settings: What it is told.

    Returns:
        The server.
    """
    engine, key = settings.engine, settings.key
    group = rds.CfnDBClusterParameterGroup(
        scope,
        "Parameters",
        family=engine.family,
        description=f"Parameters of {settings.identifier}",
        parameters=settings.parameters,
    )
    cluster = rds.CfnDBCluster(
        scope,
        "Cluster",
        db_cluster_identifier=settings.identifier,
        engine="aurora-postgresql",
        engine_version=str(engine.version),
        database_name=settings.database_name,
        port=PORT,
        db_cluster_parameter_group_name=group.ref,
        db_subnet_group_name=settings.subnets.ref,
        vpc_security_group_ids=[settings.security_group.security_group_id],
        serverless_v2_scaling_configuration=rds.CfnDBCluster.ServerlessV2ScalingConfigurationProperty(
            min_capacity=engine.min_acu, max_capacity=engine.max_acu
        ),
        master_username=settings.database_name,
        manage_master_user_password=True,
        master_user_secret=rds.CfnDBCluster.MasterUserSecretProperty(kms_key_id=key.key_arn) if key else None,
        enable_iam_database_authentication=True,
        storage_encrypted=True,
        kms_key_id=key.key_arn if key else None,
        backup_retention_period=settings.backup_days,
        preferred_backup_window=settings.backup_window,
        preferred_maintenance_window=settings.maintenance_window,
        copy_tags_to_snapshot=True,
        delete_automated_backups=not settings.protected,
        deletion_protection=settings.protected,
        enable_cloudwatch_logs_exports=list(LOGS),
        performance_insights_enabled=True,
        database_insights_mode=insights_mode(advanced=settings.advanced_insights),
        performance_insights_kms_key_id=key.key_arn if key else None,
        performance_insights_retention_period=insights_days(advanced=settings.advanced_insights),
    )
    cluster.apply_removal_policy(RemovalPolicy.SNAPSHOT if settings.protected else RemovalPolicy.DESTROY)
    instances = [_instance(scope, settings, cluster, number) for number in range(1, 3 if settings.multi_az else 2)]
    for follower, before in zip(instances[1:], instances, strict=False):
        follower.node.add_dependency(before)  # the first becomes the writer
    return Server(
        arn=cluster.attr_db_cluster_arn,
        host=cluster.attr_endpoint_address,
        secret_arn=cluster.attr_master_user_secret_secret_arn,
        resource=cluster,
        cluster=rds.DatabaseCluster.from_database_cluster_attributes(
            scope,
            "Reference",
            cluster_identifier=cluster.ref,
            cluster_endpoint_address=cluster.attr_endpoint_address,
            reader_endpoint_address=cluster.attr_read_endpoint_address,
            cluster_resource_identifier=cluster.attr_db_cluster_resource_id,
            port=PORT,
            security_groups=[settings.security_group],
        ),
    )


def _instance(scope: Construct, settings: ServerSettings, cluster: rds.CfnDBCluster, number: int) -> rds.CfnDBInstance:
    instance = rds.CfnDBInstance(
        scope,
        f"Instance{number}",
        db_instance_identifier=f"{settings.identifier}-{number}",
        db_instance_class="db.serverless",
        db_cluster_identifier=cluster.ref,
        engine="aurora-postgresql",
        auto_minor_version_upgrade=True,
        ca_certificate_identifier=CA_CERTIFICATE,
        publicly_accessible=False,
        promotion_tier=1,  # so that the reader is always as large as the writer that it may have to replace
        monitoring_interval=MONITORING_SECONDS,
        monitoring_role_arn=settings.monitoring_role.attr_arn,
    )
    instance.apply_removal_policy(RemovalPolicy.DESTROY)  # it holds nothing: the data are the cluster's
    acknowledge(instance, {"NIST.800.53.R5-RDSInBackupPlan": "its cluster holds the data, and is what is backed up"})
    return instance
