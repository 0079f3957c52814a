"""A step of a pipeline that runs commands, with a role of its own."""

import json
from collections.abc import Mapping, Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from bluegreen.cdk._names import computed_name

_IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
_RUNTIMES = {"python": "3.13", "nodejs": "22"}


class BuildProject(Construct):
    """A CodeBuild project that takes its source from a pipeline.

    Args:
        scope: The pipeline.
        construct_id: Its name there.
        description: What it does, for people.
        install: Commands that prepare it.
        commands: Commands that do it; the first that fails fails the step.
        outputs: Files that the next steps get; none when omitted.
        statements: What its role may do beside writing its log.
        key: What encrypts what it hands on.
        log_group: Where it logs.
        timeout_minutes: After how many minutes it is stopped.
        privileged: Whether it can build images.

    Attributes:
        role: What it may do.
        project: The project.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        install: Sequence[str],
        commands: Sequence[str],
        statements: Sequence[iam.PolicyStatement],
        key: kms.IKey,
        log_group: logs.ILogGroup,
        timeout_minutes: int,
        outputs: Sequence[str] = (),
        privileged: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        name = computed_name(self, max_length=150)
        self.role = iam.Role(
            self,
            "Role",
            description=description,
            assumed_by=iam.ServicePrincipal(
                "codebuild.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnEquals": {
                        "aws:SourceArn": Stack.of(self).format_arn(
                            service="codebuild", resource="project", resource_name=name
                        )
                    },
                },
            ),
            inline_policies={"Step": iam.PolicyDocument(statements=[_logging(log_group), *statements])},
        )
        self.project = codebuild.CfnProject(
            self,
            "Project",
            name=name,
            description=description,
            service_role=self.role.role_arn,
            encryption_key=key.key_arn,
            timeout_in_minutes=timeout_minutes,
            queued_timeout_in_minutes=60,
            artifacts=codebuild.CfnProject.ArtifactsProperty(type="CODEPIPELINE"),
            source=codebuild.CfnProject.SourceProperty(
                type="CODEPIPELINE", build_spec=_build_spec(install, commands, outputs)
            ),
            environment=codebuild.CfnProject.EnvironmentProperty(
                type="LINUX_CONTAINER", image=_IMAGE, compute_type="BUILD_GENERAL1_MEDIUM", privileged_mode=privileged
            ),
            logs_config=codebuild.CfnProject.LogsConfigProperty(
                cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                    status="ENABLED", group_name=log_group.log_group_name
                )
            ),
        )


def _logging(log_group: logs.ILogGroup) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
    )


def _build_spec(install: Sequence[str], commands: Sequence[str], outputs: Sequence[str]) -> str:
    spec: Mapping[str, object] = {
        "version": "0.2",
        "phases": {
            "install": {"runtime-versions": _RUNTIMES, "commands": list(install)},
            "build": {"commands": list(commands)},
        },
        **({"artifacts": {"files": list(outputs)}} if outputs else {}),
    }
    return json.dumps(spec)  # which is YAML too
