"""What runs: the task definition, its containers, its roles and its log."""

import re
from collections.abc import Mapping, Sequence

from aws_cdk import RemovalPolicy, Token
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from ._acknowledge import acknowledge
from ._add_container import add_container, add_sidecar
from ._log_groups import log_group as define_log_group
from ._names import computed_name
from ._principals import STARTS_OF_TASKS, TASKS
from .container import Container
from .fargate_size import require_fargate_size
from .plaintext import refuse_secrets
from .sidecars.sidecar import Sidecar, SidecarContainer, require_fitting

CONTAINER_NAME = "app"
"""The container's name, for ever: the service names it and can never be changed."""

UNVERSIONED = "unversioned"
"""The label of a version whose image says nothing about itself."""

_LONGEST_VERSION = 128


class Task(Construct):
    """The task definition of one service.

    Attributes:
        task_definition: The current revision. Every revision is retained, so that any recorded version can return.
        container: The application's container.
        sidecars: The containers beside it.
        family: The task definition's family, which never changes.
        version: The label of the version.
        image: What runs.
        settings: How the container runs.
        log_group: Where the container writes.
        task_role: What the application may do.
        execution_role: What ECS may do to start a task: fetch the image, read the secrets, write the log.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: ecs.ContainerImage,
        container_port: int,
        version: str | None,
        cpu: int,
        memory_mib: int,
        environment: Mapping[str, str],
        secrets: Mapping[str, ecs.Secret],
        allowed_plaintext: Mapping[str, str],
        container: Container,
        log_group: logs.ILogGroup | None,
        log_retention: logs.RetentionDays,
        log_encryption_key: kms.IKey | None,
        task_role: iam.IRole | None,
        execution_role: iam.IRole | None,
        sidecars: Sequence[Sidecar],
    ) -> None:
        require_fargate_size(cpu, memory_mib)
        refuse_secrets(environment, [*container.entry_point, *container.command], allowed_plaintext)
        require_disjoint(environment, secrets)
        _require_version(version)
        super().__init__(scope, construct_id)
        self.family = computed_name(self, max_length=255)
        self.log_group = log_group or define_log_group(
            self, "LogGroup", key=log_encryption_key, retention=log_retention, outlives_stack=True
        )
        self.task_role = task_role or iam.Role(
            self, "TaskRole", description="What the application may do", assumed_by=TASKS
        )
        self.execution_role = execution_role or iam.Role(self, "ExecutionRole", assumed_by=STARTS_OF_TASKS)
        self.task_definition = ecs.FargateTaskDefinition(
            self,
            "TaskDefinition",
            family=self.family,
            cpu=cpu,
            memory_limit_mib=memory_mib,
            task_role=self.task_role,
            execution_role=self.execution_role,
            ephemeral_storage_gib=container.ephemeral_storage_gib,
            runtime_platform=container.runtime_platform,
        )
        # A revision that CloudFormation removes is one that a rollback can no longer start.
        # One whose stack was never created goes: nothing ever ran on it.
        self.task_definition.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        acknowledge(
            self.task_definition,
            {"AwsSolutions-ECS2": "variables that look like secrets are refused at synth; the rest may be read"},
        )
        acknowledge(
            self.execution_role, {"AwsSolutions-IAM5[Resource::*]": "ecr:GetAuthorizationToken takes no resource"}
        )
        self.image, self.settings = image, container
        beside = [sidecar.bind(self) for sidecar in sidecars]
        taken = [*environment, *secrets]
        require_fitting(beside, cpu=cpu, memory_mib=memory_mib, taken=taken, names=[CONTAINER_NAME])
        self.container = add_container(
            self,
            self.task_definition,
            CONTAINER_NAME,
            image=image,
            settings=container,
            environment={**environment, **{name: value for one in beside for name, value in one.variables.items()}},
            secrets=secrets,
            log_group=self.log_group,
            log_driver=next((one.log_driver for one in beside if one.log_driver), None),
            port=container_port,
        )
        self.sidecars = self._add(beside)
        self.version = version or _version_of(self.container.image_name)
        # The label is part of the task definition, so two versions never share one, even if their images do.
        self.container.add_docker_label("bluegreen.version", self.version)
        if policy := self.execution_role.node.try_find_child("DefaultPolicy"):
            self.task_definition.node.add_dependency(policy)  # or the first task starts before it may read its secrets

    def _add(self, sidecars: Sequence[SidecarContainer]) -> Sequence[ecs.ContainerDefinition]:
        parts = Construct(self, "Sidecars") if sidecars else self
        return [
            add_sidecar(
                Construct(parts, sidecar.name),
                self.task_definition,
                sidecar,
                beside=self.container,
                log_group=self.log_group,
            )
            for sidecar in sidecars
        ]


def require_disjoint(environment: Mapping[str, str], secrets: Mapping[str, ecs.Secret]) -> None:
    """Refuse a variable that is given both in plain text and as a secret.

    Raises:
        ValueError: If there is one.
    """
    both = sorted(set(environment) & set(secrets))
    if both:
        raise ValueError(
            f"environment and secrets must not share names, got {', '.join(both)} in both; keep the secret"
        )


def _require_version(version: str | None) -> None:
    if version is None or Token.is_unresolved(version):
        return
    if not 1 <= len(version) <= _LONGEST_VERSION:
        raise ValueError(
            f"version must be 1-{_LONGEST_VERSION} characters, got {len(version)}; omit it to use the image's tag"
        )


def _version_of(image_name: str) -> str:
    """Return an image's tag or the beginning of its digest, when they are known at synth.

    Example:
        >>> _version_of("public.ecr.aws/docker/library/httpd:2.4"), _version_of("localhost:5000/httpd")
        ('2.4', 'unversioned')
    """
    if digest := re.search(r"@sha256:([0-9a-f]{12})", image_name):
        return digest[1]
    tag = re.search(r":([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$", image_name)
    return tag[1] if tag else UNVERSIONED
