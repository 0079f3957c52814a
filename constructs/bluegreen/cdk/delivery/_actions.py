"""What a pipeline's stages are made of."""

import json
from collections.abc import Mapping

from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_sns as sns

from ._build_project import BuildProject
from .pipeline_stage import PipelineStage

Action = codepipeline.CfnPipeline.ActionDeclarationProperty

_VERSION = json.dumps([{"name": "VERSION", "value": "#{Source.CommitId}", "type": "PLAINTEXT"}])


def source(connection_arn: str, repository: str, branch: str) -> Action:
    """Return the action that takes each new commit of a branch."""
    return _action(
        "Source",
        ("Source", "AWS", "CodeStarSourceConnection"),
        {
            "ConnectionArn": connection_arn,
            "FullRepositoryId": repository,
            "BranchName": branch,
            "OutputArtifactFormat": "CODE_ZIP",
        },
        gives="Source",
        namespace="Source",
    )


def run(name: str, step: BuildProject, *, takes: str, gives: str | None = None, order: int = 1) -> Action:
    """Return the action that runs a step's commands; they find the commit in $VERSION."""
    configuration = {"ProjectName": step.project.ref, "EnvironmentVariables": _VERSION}
    return _action(name, ("Build", "AWS", "CodeBuild"), configuration, takes=takes, gives=gives, order=order)


def approve(stage: PipelineStage, approvals: sns.ITopic | None) -> Action:
    """Return the action that waits until somebody has approved a stage, for a week at most."""
    configuration = {"CustomData": f"Deploy #{{Source.CommitId}} to {stage.name}?"}
    if approvals:
        configuration["NotificationArn"] = approvals.topic_arn
    return _action("Approve", ("Approval", "AWS", "Manual"), configuration)


def _action(
    name: str,
    kind: tuple[str, str, str],
    configuration: Mapping[str, str],
    *,
    takes: str | None = None,
    gives: str | None = None,
    order: int = 1,
    namespace: str | None = None,
) -> Action:
    category, owner, provider = kind
    properties = codepipeline.CfnPipeline
    return properties.ActionDeclarationProperty(
        name=name,
        action_type_id=properties.ActionTypeIdProperty(category=category, owner=owner, provider=provider, version="1"),
        configuration=dict(configuration),
        input_artifacts=[properties.InputArtifactProperty(name=takes)] if takes else None,
        output_artifacts=[properties.OutputArtifactProperty(name=gives)] if gives else None,
        run_order=order,
        namespace=namespace,
    )
