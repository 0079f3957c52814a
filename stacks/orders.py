"""The orders service, as every region runs it."""

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from bluegreen.cdk import (
    AlembicMigrations,
    BlueGreenService,
    Container,
    HealthCheck,
    HttpCheck,
    RollbackPolicy,
    SmokeTests,
)
from bluegreen.cdk.data import Database, DatabaseReplica

from .environments import APPLICATION, Environment
from .tasks import capacity, define_cluster, sidecars

if TYPE_CHECKING:
    from bluegreen.cdk._service_migrations import ServiceMigrations

REPOSITORY = APPLICATION
"""The ECR repository, in the account and region of each environment; whoever builds images owns it."""
PORT = 8080


def define_orders(
    stack: Stack,
    environment: Environment,
    *,
    vpc: ec2.IVpc,
    key: kms.IKey,
    database: Database | DatabaseReplica,
    migrator: secretsmanager.ISecret,
    certificate: acm.ICertificate | None,
    version: str,
) -> "tuple[BlueGreenService, ServiceMigrations]":
    """Define the service and what migrates its database.

    Args:
        stack: The stack.
        environment: What differs between environments.
        vpc: The network.
        key: Encrypts logs.
        database: The database, or a replica that has been promoted.
        migrator: The login of its master user.
        certificate: Makes the service HTTPS; plain HTTP when None.
        version: The image's tag.

    Returns:
        Both.
    """
    repository = ecr.Repository.from_repository_name(stack, "Repository", REPOSITORY)
    migrations = _migrations(database, migrator, environment)
    service = BlueGreenService(
        stack,
        "Orders",
        cluster=define_cluster(stack, vpc),
        image=ecs.ContainerImage.from_ecr_repository(repository, version),
        version=version,
        container_port=PORT,
        container=Container(user="10001:10001"),
        sidecars=sidecars(environment),
        capacity_providers=capacity(environment),
        certificate=certificate,
        domain_name=environment.domain_name,
        # Not /health/ready: while the database fails over, that would have ECS replace every task.
        health_check=HealthCheck(path="/health/live"),
        cpu=environment.cpu,
        memory_mib=environment.memory_mib,
        environment=database.environment(),
        secrets=database.variables(database.application_user),
        log_retention=environment.log_retention,
        log_encryption_key=key,
        scaling=environment.scaling,
        rollout=environment.rollout,
        rollback=RollbackPolicy(cpu_percent=90, memory_percent=95),
        hooks=[migrations, _smoke_tests(environment)],
    )
    rule = database.let_in(service.security_group, "The tasks")
    # A task that starts before it is let in fails, and with it the first creation of the stack.
    service.ecs_service.node.add_dependency(rule)
    return service, migrations.of(service)


def _migrations(
    database: Database | DatabaseReplica, migrator: secretsmanager.ISecret, environment: Environment
) -> AlembicMigrations:
    if database.instance is None:
        raise TypeError("the database must be an RDS instance: that is what migrations know to back up")
    return AlembicMigrations(
        database.instance,
        database.variables(migrator),
        environment=database.environment(),
        # Whoever migrates in years to come, what was made before stays theirs to change.
        owner_role=f"{APPLICATION}_owner",
        application_user=database.application_user,
        log_retention=environment.log_retention,
    )


def _smoke_tests(environment: Environment) -> SmokeTests:
    headers = {"X-Content-Type-Options": "^nosniff$"}
    if environment.domain_name:
        headers["Strict-Transport-Security"] = r"max-age=\d{8}"
    return SmokeTests(
        HttpCheck("/health/ready", json={"status": "ok"}, response_headers=headers),
        HttpCheck("/orders", max_milliseconds=2000),
        HttpCheck("/orders/not-a-number", status=422),
    )
