"""A pipeline inside AWS, with the repository of its images and a role for another branch's workflow."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.delivery import DeployPipeline, GitHubDeployRole, ImageRepository, PipelineStage

_GITHUB = "example/orders"


def define(app: cdk.App) -> None:
    """Add the stack: a commit is built, then goes to dev and staging by itself, to prod when somebody approves.

    Args:
        app: The app.
    """
    stack = cdk.Stack(app, "GalleryDelivery")
    key = EnvironmentKey(stack, "Key").key
    topic = sns.Topic(stack, "Topic", master_key=key, enforce_ssl=True)
    images = ImageRepository(stack, "Images", name="orders", keep_images=200, untagged_days=1, key=key, findings=topic)
    connection = cdk.CfnParameter(stack, "Connection", description="The ARN of a connection to GitHub")
    DeployPipeline(
        stack,
        "Pipeline",
        connection_arn=connection.value_as_string,
        repository=_GITHUB,
        images=images,
        approvals=topic,
        key=key,
        stages=[
            PipelineStage(name="dev", stacks=["DevStack"]),
            PipelineStage(name="staging", stacks=["StagingStack"]),
            PipelineStage(name="prod", stacks=["ProdStack"], approval=True, qualifier="prod"),
        ],
    )
    # Where another stack of the account has made GitHub's provider already.
    arn = f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:oidc-provider/token.actions.githubusercontent.com"
    GitHubDeployRole(
        stack,
        "Preview",
        repository=_GITHUB,
        branch="preview",
        stacks=["PreviewStack"],
        qualifier="preview",
        further_regions=["us-east-1"],
        provider=iam.OidcProviderNative.from_oidc_provider_arn(stack, "GitHub", arn),
        permissions_boundary=iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "preview-boundary"),
    )
