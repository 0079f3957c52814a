"""The task that looks into a live or a restored database: the application's own image, with its own login."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._add_container import add_container
from bluegreen.cdk._names import computed_name
from bluegreen.cdk._principals import STARTS_OF_TASKS, TASKS
from bluegreen.cdk.data import Database
from bluegreen.cdk.service import BlueGreenService

CONTAINER_NAME = "recovery-check"
"""The container's name in the task definition, and the first two parts of its log streams' names."""


class CheckTask(Construct):
    """A task definition that counts and compares rows, and changes nothing.

    It connects as the application does: that user and its password are inside the data, so they are in whatever is
    restored. The master user's password is not: RDS keeps the live one, and a restored instance has the one of its day.

    Attributes:
        task_definition: The task definition.
        security_group: The task's own, which the live database and the restored ones let in.
        log_group: Where it writes, its result as the last line.
        task_role: What it may do in AWS: nothing.
        execution_role: What ECS may do to start it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: BlueGreenService,
        database: Database,
        variables: tuple[Mapping[str, str], Mapping[str, ecs.Secret]],
        command: Sequence[str],
        arguments: Sequence[str],
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self,
            "LogGroup",
            retention=log_retention,
            encryption_key=database.key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=service.cluster.vpc, description="The check of restored databases"
        )
        database.let_in(self.security_group, "The check of restored databases")
        self.task_role = iam.Role(
            self,
            "TaskRole",
            description="What a check may do in AWS: nothing",
            assumed_by=TASKS,
        )
        self.execution_role = iam.Role(
            self,
            "ExecutionRole",
            description="Starts a check, with the application's login",
            assumed_by=STARTS_OF_TASKS,
        )
        settings = service.task.settings
        self.task_definition = ecs.FargateTaskDefinition(
            self,
            "TaskDefinition",
            family=computed_name(self, max_length=255),
            cpu=256,
            memory_limit_mib=512,
            task_role=self.task_role,
            execution_role=self.execution_role,
            runtime_platform=settings.runtime_platform,
        )
        environment, secrets = variables
        add_container(
            self,
            self.task_definition,
            CONTAINER_NAME,
            image=service.task.image,
            settings=replace(settings, entry_point=tuple(command), command=tuple(arguments), health_check=None),
            environment=environment,
            secrets=secrets,
            log_group=self.log_group,
        )
        acknowledge(
            self,
            {
                "AwsSolutions-IAM5[Resource::*]": "logging in at ECR takes no resource; pulling names the repository",
                "AwsSolutions-ECS2": "its plain variables are a port and the name of a database, no secrets",
            },
        )
