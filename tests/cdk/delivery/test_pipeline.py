"""The pipeline: the way of a commit, and what each of its steps may do."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from bluegreen.cdk.delivery import DeployPipeline, PipelineStage
from examples.gallery import delivery
from tests.cdk.nagging import findings
from tests.cdk.support import Synthesized, actions

STAGE = PipelineStage(name="prod", stacks=["ProdStack"])
GIVEN: Mapping[str, Any] = {
    "connection_arn": "arn:aws:codeconnections:eu-west-1:111122223333:connection/0123",
    "repository": "example/orders",
    "stages": [STAGE],
}
ARTIFACTS_READ = {"s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt"}
ARTIFACTS_WRITE = {"s3:PutObject", "kms:Encrypt", "kms:GenerateDataKey"}
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
PUSH = {
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:GetAuthorizationToken",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
}


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[tuple[str, str]]]:
    """The gallery's stack of a pipeline, and what both rule packs find in it and in a pipeline with nothing given."""
    folder = tmp_path_factory.mktemp("pipeline")

    def define(app: cdk.App) -> None:
        delivery.define(app)
        DeployPipeline(cdk.Stack(app, "Plain"), "Pipeline", **GIVEN)

    return folder, findings(folder, define)


@pytest.fixture(scope="module")
def stack(assembly: tuple[Path, object]) -> Synthesized:
    """The gallery's stack."""
    return Synthesized(json.loads((assembly[0] / "GalleryDelivery.template.json").read_text()))


def test_both_rule_packs_are_content(assembly: tuple[Path, set[tuple[str, str]]]) -> None:
    """Both rule packs find nothing but the inline policies that every app of ours acknowledges as a whole."""
    assert {rule for _, rule in assembly[1]} == {"NIST.800.53.R5-IAMNoInlinePolicy"}


def test_the_way_of_a_commit(stack: Synthesized) -> None:
    """Source, one build, dev and staging by themselves, and production only after somebody approved."""
    pipeline = stack.one("AWS::CodePipeline::Pipeline")["Properties"]
    assert (pipeline["PipelineType"], pipeline["ExecutionMode"]) == ("V2", "SUPERSEDED")
    way = [
        (stage["Name"], [(one["Name"], one["ActionTypeId"]["Provider"], one["RunOrder"]) for one in stage["Actions"]])
        for stage in pipeline["Stages"]
    ]
    assert way == [
        ("Source", [("Source", "CodeStarSourceConnection", 1)]),
        ("Build", [("Build", "CodeBuild", 1)]),
        ("dev", [("Deploy", "CodeBuild", 1)]),
        ("staging", [("Deploy", "CodeBuild", 1)]),
        ("prod", [("Approve", "Manual", 1), ("Deploy", "CodeBuild", 2)]),
    ]


def test_every_stage_deploys_what_was_built_once(stack: Synthesized) -> None:
    """Each stage takes the one assembly and deploys its stacks from it; only the build sees the source."""
    stages = stack.one("AWS::CodePipeline::Pipeline")["Properties"]["Stages"]
    taken = [
        one["InputArtifacts"][0]["Name"] for stage in stages for one in stage["Actions"] if "InputArtifacts" in one
    ]
    assert taken == ["Source", "Assembly", "Assembly", "Assembly"]
    commands = {
        project["Properties"]["Description"]: json.loads(project["Properties"]["Source"]["BuildSpec"])["phases"][
            "build"
        ]
        for project in stack.of_type("AWS::CodeBuild::Project")
        if isinstance(project["Properties"]["Source"]["BuildSpec"], str)
    }
    assert commands == {
        f"Deploys {name}": {"commands": [f"npx cdk deploy --app cdk.out --require-approval never {name}"]}
        for name in ("DevStack", "StagingStack", "ProdStack")
    }


def test_the_build_pushes_an_image_of_the_commit(stack: Synthesized) -> None:
    """The step that may push is the only privileged one, and tags the image with the commit before it synthesizes."""
    privileged = [
        project["Properties"]
        for project in stack.of_type("AWS::CodeBuild::Project")
        if project["Properties"]["Environment"]["PrivilegedMode"]
    ]
    (build,) = privileged
    text = json.dumps(build["Source"]["BuildSpec"])
    assert text.index("docker push") < text.index("pytest") < text.index("cdk synth")
    assert ":$VERSION" in text


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("PipelineBuild", {*LOG, *ARTIFACTS_READ, *ARTIFACTS_WRITE, *PUSH}),
        ("PipelineDeployDev", {*LOG, *ARTIFACTS_READ, "sts:AssumeRole"}),
        ("PipelineDeployProd", {*LOG, *ARTIFACTS_READ, "sts:AssumeRole"}),
        (
            "PipelineRole",
            {
                *ARTIFACTS_READ,
                *ARTIFACTS_WRITE,
                "codeconnections:UseConnection",
                "codestar-connections:UseConnection",
                "codebuild:BatchGetBuilds",
                "codebuild:StartBuild",
                "sns:Publish",
            },
        ),
    ],
)
def test_each_step_may_do_its_own(stack: Synthesized, role: str, expected: set[str]) -> None:
    """What tests can deploy nothing, what deploys can write no artifact, and no action is a pattern."""
    assert actions(stack.statements(role)) == expected


def test_only_a_stages_own_bootstrap_is_used(stack: Synthesized) -> None:
    """Production's step takes on the roles of production's bootstrap, and the others' steps cannot."""
    taken = {
        name: json.dumps([one["Resource"] for one in stack.statements(f"PipelineDeploy{name}") if "sts" in str(one)])
        for name in ("Dev", "Staging", "Prod")
    }
    assert {name: text.count(":role/cdk-prod-") for name, text in taken.items()} == {"Dev": 0, "Staging": 0, "Prod": 4}


def test_roles_trust_one_pipeline_and_one_project(stack: Synthesized) -> None:
    """CodePipeline and CodeBuild may use a role for the thing that it was made for, in this account."""
    for name, role in stack.under("Pipeline").items():
        if role["Type"] != "AWS::IAM::Role":
            continue
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        source = json.dumps(trust["Condition"]["ArnEquals"]["aws:SourceArn"])
        assert "*" not in source, name
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_artifacts_are_private_and_go(stack: Synthesized) -> None:
    """Artifacts are encrypted by the given key, closed to the public, sent by TLS only, and gone after a month."""
    bucket = stack.one("AWS::S3::Bucket")["Properties"]
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 30
    policy = stack.one("AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in [
        one.get("Condition") for one in policy if one["Effect"] == "Deny"
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"repository": "orders"}, "repository must be"),
        ({"branch": "*"}, "branch must be one branch"),
        ({"stages": []}, "stages must be 1-20 with different names, .* got \\[\\]"),
        ({"stages": [STAGE, STAGE]}, "stages must be 1-20 with different names, .* got \\['prod', 'prod'\\]"),
        ({"stages": [PipelineStage(name="Build", stacks=["A"])]}, "stages must be 1-20 .* got \\['Build'\\]"),
        ({"timeout_minutes": 4}, "timeout_minutes must be 5-2160, got 4"),
        ({"timeout_minutes": 2161}, "timeout_minutes must be 5-2160, got 2161"),
    ],
)
def test_refuses_pipelines_that_cannot_be(settings: Mapping[str, Any], message: str) -> None:
    """What CodePipeline or CodeBuild would refuse at deployment is refused at synth."""
    with pytest.raises(ValueError, match=f"^{message}"):
        DeployPipeline(cdk.Stack(cdk.App(), "Shop"), "Pipeline", **{**GIVEN, **settings})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "prod stage"}, "name must be 1-50 letters, digits and hyphens, got 'prod stage'"),
        ({"stacks": ["ProdStack; rm -rf /"]}, "stacks must be names of 1-128 letters"),
        ({"stacks": ["*"]}, "stacks must be names of 1-128 letters"),
    ],
)
def test_refuses_stages_that_are_none(settings: Mapping[str, Any], message: str) -> None:
    """Names go into a command, so they are names and nothing else."""
    with pytest.raises(ValueError, match=f"^{message}"):
        PipelineStage(**{"name": "prod", "stacks": ["ProdStack"], **settings})
