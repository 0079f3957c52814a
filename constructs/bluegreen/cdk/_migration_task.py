"""What runs the migrations of one service: a task definition of its own, with an identity that no other task has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from ._acknowledge import acknowledge
from ._add_container import add_container
from ._log_groups import log_group
from ._names import computed_name
from ._principals import STARTS_OF_TASKS, TASKS

if TYPE_CHECKING:
    from .service import BlueGreenService

CONTAINER_NAME = "migrations"
"""The container's name in the task definition, and the first two parts of its log streams' names."""


@dataclass(frozen=True, kw_only=True)
class MigrationTaskSettings:
    """How the migrations' task runs; the arguments of `AlembicMigrations` of the same names say what each means.

    Args:
        command: What starts the runner.
        environment: Plain variables.
        secrets: Variables that ECS reads when the task starts.
        cpu: CPU units.
        memory_mib: Memory in MiB.
        log_retention: How long its log is kept.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    secrets: Mapping[str, ecs.Secret]
    cpu: int
    memory_mib: int
    log_retention: logs.RetentionDays


class MigrationTask(Construct):
    """The task definition that runs the service's image as the migrator.

    Attributes:
        task_definition: The current revision. Every revision is retained: only the image that brought a revision of the
            schema can take it back.
        family: The task definition's family, which never changes.
        log_group: Where the runner writes, its results among the rest.
        task_role: What the runner may do in AWS: nothing.
        execution_role: What ECS may do to start it: fetch the image, read the migrator's secrets, write the log.
        security_group: The task's own, which the database lets in.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: "BlueGreenService",
        database: rds.IDatabaseInstance,
        settings: MigrationTaskSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        self.family = computed_name(self, max_length=255)
        self.log_group = log_group(
            self,
            "LogGroup",
            key=service.log_encryption_key,
            retention=settings.log_retention,
            outlives_stack=True,  # what was done to a database can be read about
        )
        self.security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=service.cluster.vpc, description="The migrations"
        )
        self._let_into(database)
        self.task_role = iam.Role(
            self,
            "TaskRole",
            description="What a migration may do in AWS: nothing",
            assumed_by=TASKS,
        )
        self.execution_role = iam.Role(
            self,
            "ExecutionRole",
            description="Starts a migration, with the migrator's secrets",
            assumed_by=STARTS_OF_TASKS,
        )
        self.task_definition = self._define(service, settings)
        acknowledge(
            self.execution_role, {"AwsSolutions-IAM5[Resource::*]": "ecr:GetAuthorizationToken takes no resource"}
        )
        acknowledge(
            self.task_definition,
            {"AwsSolutions-ECS2": "what looks like a secret is refused, the migrator's come from Secrets Manager"},
        )

    def _define(self, service: "BlueGreenService", settings: MigrationTaskSettings) -> ecs.FargateTaskDefinition:
        container_settings = service.task.settings
        definition = ecs.FargateTaskDefinition(
            self,
            "TaskDefinition",
            family=self.family,
            cpu=settings.cpu,
            memory_limit_mib=settings.memory_mib,
            task_role=self.task_role,
            execution_role=self.execution_role,
            runtime_platform=container_settings.runtime_platform,
        )
        definition.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        container = add_container(
            self,
            definition,
            CONTAINER_NAME,
            image=service.task.image,
            settings=replace(
                container_settings, entry_point=tuple(settings.command), command=("plan",), health_check=None
            ),
            environment=settings.environment,
            secrets=settings.secrets,
            log_group=self.log_group,
        )
        container.add_docker_label("bluegreen.version", service.version)
        return definition

    def _let_into(self, database: rds.IDatabaseInstance) -> None:
        """Let the task into the database, by rules of this stack: the database's own knows nothing of who comes."""
        connections = database.connections
        port = connections.default_port
        if port is None:
            return
        rule, comes = port.to_rule_json(), self.security_group.security_group_id
        for number, group in enumerate(connections.security_groups):
            ec2.CfnSecurityGroupIngress(
                self,
                f"ToDatabase{number or ''}",
                group_id=group.security_group_id,
                source_security_group_id=comes,
                ip_protocol=rule["ipProtocol"],
                from_port=rule["fromPort"],
                to_port=rule["toPort"],
                description="The migrations",
            )
