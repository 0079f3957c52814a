"""From a commit to production inside AWS, where no other system may deploy."""

from collections.abc import Mapping, Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._arns import Arns
from bluegreen.cdk._names import computed_name
from bluegreen.cdk._require import require_range
from bluegreen.cdk.data.environment_key import EnvironmentKey

from ._actions import Action, approve, run, source
from ._artifacts import artifact_bucket, reading, writing
from ._bootstrap_roles import bootstrap_role_arns
from ._build_project import BuildProject
from ._repository_name import require_branch, require_repository
from .image_repository import ImageRepository
from .pipeline_stage import PipelineStage

_OUTPUTS = ("cdk.out/**/*", "package.json", "package-lock.json")
_MOST_STAGES = 20


class DeployPipeline(Construct):
    """A CodePipeline of type V2: source, a step that tests and synthesizes once, then each stage in its order.

    All stages deploy what the one synthesis made, so production runs what staging ran. A newer commit overtakes one
    that still waits for approval. No step may do more than its own: the one that runs the repository's tests can
    deploy nothing, and each stage's only takes on the roles of its `cdk bootstrap` (see `GitHubDeployRole` about what
    those can do).

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        connection_arn: The connection to the repository's host, made and confirmed in the console.
        repository: The repository, as "owner/name".
        stages: The environments, in order, 1-20 with different names.
        branch: The branch whose commits go this way. "main" when omitted.
        install_commands: What prepares tests and synthesis. `npm ci` and `pip install .[dev]` when omitted.
        build_commands: What tests and synthesizes into cdk.out; `$VERSION` is the commit. pytest and `cdk synth` when
            omitted.
        images: Where the image of the commit goes, built from the Dockerfile in the root before `build_commands`. The
            step may then push there, and is privileged, as Docker needs. No image is built when omitted.
        approvals: Is told that somebody must approve; if encrypted, the pipeline may use its key where it is known.
            Nobody is told when omitted.
        key: What encrypts artifacts and log; it must let CloudWatch Logs use it. An `EnvironmentKey` of the pipeline's
            own when omitted.
        access_logs: Where the bucket of the artifacts logs who asks. Nowhere when omitted.
        log_retention: How long the steps' log is kept. Three months when omitted.
        timeout_minutes: After how many minutes a step is stopped, 5-2160. 120 when omitted: a release may take long.

    Attributes:
        pipeline: The pipeline.
        artifacts: The bucket of what a step hands on.
        build: The step that tests and synthesizes.
        steps: The step of each stage, by the stage's name.

    Raises:
        ValueError: If a value is out of range or no name, or two stages have one name.

    Example:
        >>> import aws_cdk as cdk
        >>> pipeline = DeployPipeline(
        ...     cdk.Stack(cdk.App(), "Delivery"), "Pipeline",
        ...     connection_arn="arn:aws:codeconnections:eu-west-1:111122223333:connection/0123",
        ...     repository="example/orders",
        ...     stages=[PipelineStage(name="prod", stacks=["ProdStack"], approval=True)],
        ... )
        >>> list(pipeline.steps)
        ['prod']
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        connection_arn: str,
        repository: str,
        stages: Sequence[PipelineStage],
        branch: str = "main",
        install_commands: Sequence[str] = ("npm ci", "pip install .[dev]"),
        build_commands: Sequence[str] = ("pytest", 'npx cdk synth --quiet -c version="$VERSION"'),
        images: ImageRepository | None = None,
        approvals: sns.ITopic | None = None,
        key: kms.IKey | None = None,
        access_logs: s3.IBucket | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
        timeout_minutes: int = 120,
    ) -> None:
        require_repository(repository)
        require_branch(branch)
        _require_stages(stages)
        require_range("timeout_minutes", timeout_minutes, 5, 2160)
        super().__init__(scope, construct_id)
        self._key = key or EnvironmentKey(self, "Key").key
        self._timeout_minutes = timeout_minutes
        self._log_group = logs.LogGroup(self, "Log", retention=log_retention, encryption_key=self._key)
        self.artifacts = artifact_bucket(self, key=self._key, access_logs=access_logs)
        self.build = self._build_step(install_commands, build_commands, images)
        self.steps: Mapping[str, BuildProject] = {stage.name: self._deploy_step(stage) for stage in stages}
        name = computed_name(self, max_length=100)
        role = self._role(name, connection_arn, approvals)
        self.pipeline = codepipeline.CfnPipeline(
            self,
            "Pipeline",
            name=name,
            pipeline_type="V2",
            execution_mode="SUPERSEDED",
            role_arn=role.role_arn,
            artifact_store=codepipeline.CfnPipeline.ArtifactStoreProperty(
                type="S3",
                location=self.artifacts.bucket_name,
                encryption_key=codepipeline.CfnPipeline.EncryptionKeyProperty(type="KMS", id=self._key.key_arn),
            ),
            stages=[
                _stage("Source", [source(connection_arn, repository, branch)]),
                _stage("Build", [run("Build", self.build, takes="Source", gives="Assembly")]),
                *(_stage(stage.name, self._actions(stage, approvals)) for stage in stages),
            ],
        )

    def _build_step(
        self, install: Sequence[str], commands: Sequence[str], images: ImageRepository | None
    ) -> BuildProject:
        step = BuildProject(
            self,
            "Build",
            description="Tests and synthesizes",
            install=install,
            commands=[*(_image_commands(images) if images else ()), *commands],
            outputs=_OUTPUTS,
            statements=[*reading(self.artifacts, self._key), *writing(self.artifacts, self._key)],
            key=self._key,
            log_group=self._log_group,
            timeout_minutes=self._timeout_minutes,
            privileged=images is not None,
        )
        self._acknowledge_artifacts(step)
        if images:
            images.grant_push(step.role)
            acknowledge(step, {"AwsSolutions-CB3": "Docker needs it to build the image; the step can deploy nothing"})
        return step

    def _deploy_step(self, stage: PipelineStage) -> BuildProject:
        roles = bootstrap_role_arns(Arns.of(Stack.of(self)), stage.qualifier, stage.further_regions)
        step = BuildProject(
            self,
            f"Deploy{stage.name.title().replace('-', '')}",
            description=f"Deploys {', '.join(stage.stacks)}",
            install=["npm ci"],
            commands=[stage.command],
            statements=[
                *reading(self.artifacts, self._key),
                iam.PolicyStatement(actions=["sts:AssumeRole"], resources=roles),
            ],
            key=self._key,
            log_group=self._log_group,
            timeout_minutes=self._timeout_minutes,
        )
        self._acknowledge_artifacts(step)
        return step

    def _actions(self, stage: PipelineStage, approvals: sns.ITopic | None) -> Sequence[Action]:
        deploy = run("Deploy", self.steps[stage.name], takes="Assembly", order=2 if stage.approval else 1)
        return [approve(stage, approvals), deploy] if stage.approval else [deploy]

    def _role(self, name: str, connection_arn: str, approvals: sns.ITopic | None) -> iam.Role:
        stack = Stack.of(self)
        projects = [step.project.attr_arn for step in (self.build, *self.steps.values())]
        role = iam.Role(
            self,
            "Role",
            description="Runs one pipeline's steps",
            assumed_by=iam.ServicePrincipal(
                "codepipeline.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnEquals": {"aws:SourceArn": stack.format_arn(service="codepipeline", resource=name)},
                },
            ),
            inline_policies={
                "Run": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            # Older connections have the older name.
                            actions=["codeconnections:UseConnection", "codestar-connections:UseConnection"],
                            resources=[connection_arn],
                        ),
                        iam.PolicyStatement(
                            actions=["codebuild:BatchGetBuilds", "codebuild:StartBuild"], resources=projects
                        ),
                        *reading(self.artifacts, self._key),
                        *writing(self.artifacts, self._key),
                        *(_telling(approvals) if approvals else ()),
                    ]
                )
            },
        )
        self._acknowledge_artifacts(role)
        return role

    def _acknowledge_artifacts(self, scope: Construct) -> None:
        bucket = self.artifacts.node.default_child
        logical_id = Stack.of(self).resolve(getattr(bucket, "logical_id", None))
        acknowledge(
            scope,
            {
                f"AwsSolutions-IAM5[Resource::<{logical_id}.Arn>/*]": "the pipeline names its artifacts as it likes; "
                "they are all that is in this bucket"
            },
        )


def _image_commands(images: ImageRepository) -> Sequence[str]:
    uri = images.repository.repository_uri
    return (
        f'aws ecr get-login-password | docker login --username AWS --password-stdin "{uri}"',
        f'docker build --tag "{uri}:$VERSION" .',
        f'docker push "{uri}:$VERSION"',
    )


def _telling(topic: sns.ITopic) -> list[iam.PolicyStatement]:
    statements = [iam.PolicyStatement(actions=["sns:Publish"], resources=[topic.topic_arn])]
    if topic.master_key:
        actions = ["kms:Decrypt", "kms:GenerateDataKey"]
        statements.append(iam.PolicyStatement(actions=actions, resources=[topic.master_key.key_arn]))
    return statements


def _stage(name: str, actions: Sequence[Action]) -> codepipeline.CfnPipeline.StageDeclarationProperty:
    return codepipeline.CfnPipeline.StageDeclarationProperty(name=name, actions=list(actions))


def _require_stages(stages: Sequence[PipelineStage]) -> None:
    names = [stage.name for stage in stages]
    if not 1 <= len(names) <= _MOST_STAGES or len(set(names)) != len(names) or {"Source", "Build"} & set(names):
        raise ValueError(
            f'stages must be 1-{_MOST_STAGES} with different names, and none called "Source" or "Build", got {names!r}'
        )
