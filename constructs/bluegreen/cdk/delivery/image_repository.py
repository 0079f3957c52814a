"""Where images are kept: scanned, never overwritten, and not for ever."""

import re

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._durations import days
from bluegreen.cdk._require import require_range

_NAME = re.compile(r"(?=.{2,256}$)[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*")
_TOLD = ("CRITICAL", "HIGH")


class ImageRepository(Construct):
    """An ECR repository: every image is scanned when it is pushed, a tag never moves, and old images go.

    It stays when its stack goes, with what runs from it. A version whose image has gone can be brought back no more,
    nor can ECS replace one of its tasks: keep more images than are pushed while a version lives.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        name: The repository's name, 2-256 lower-case letters, digits and separators. It can never change.
        keep_images: How many tagged images are kept, 10-1000, the newest. 100 when omitted.
        untagged_days: After how many days images without a tag go, 1-365. 7 when omitted.
        key: What encrypts the images; it can never change. ECR's own key of the account when omitted.
        findings: Is told of each scan that finds critical or high vulnerabilities; if encrypted, EventBridge must be
            allowed to use its key. Nobody is told when omitted.

    Attributes:
        repository: The repository.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> import aws_cdk as cdk
        >>> ImageRepository(cdk.Stack(cdk.App(), "Delivery"), "Images", name="orders", keep_images=50).name
        'orders'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        keep_images: int = 100,
        untagged_days: int = 7,
        key: kms.IKey | None = None,
        findings: sns.ITopic | None = None,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"name must be 2-256 lower-case letters and digits, separated by one of . _ - /, got {name!r}"
            )
        require_range("keep_images", keep_images, 10, 1000)
        require_range("untagged_days", untagged_days, 1, 365)
        super().__init__(scope, construct_id)
        self.name = name
        self.repository = ecr.Repository(
            self,
            "Repository",
            repository_name=name,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=key,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            lifecycle_rules=[
                ecr.LifecycleRule(
                    rule_priority=1,
                    description="Images that nothing names",
                    tag_status=ecr.TagStatus.UNTAGGED,
                    max_image_age=days(untagged_days),
                ),
                ecr.LifecycleRule(
                    rule_priority=2,
                    description="All but the newest images",
                    tag_status=ecr.TagStatus.ANY,
                    max_image_count=keep_images,
                ),
            ],
        )
        if findings:
            self._tell(findings)

    def grant_push(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody push images, such as a workflow's role.

        Args:
            grantee: Who.

        Returns:
            The grant.
        """
        grant = self.repository.grant_push(grantee)
        role = grantee.grant_principal
        if isinstance(role, iam.Role) and (policy := role.node.try_find_child("DefaultPolicy")):
            reason = "ecr:GetAuthorizationToken takes no resource; pushing names the repository"
            acknowledge(policy, {"AwsSolutions-IAM5[Resource::*]": reason})
        return grant

    def _tell(self, topic: sns.ITopic) -> None:
        rule = events.CfnRule(
            self,
            "Findings",
            description=f"Vulnerabilities found in images of {self.name}",
            event_pattern={
                "source": ["aws.ecr"],
                "detail-type": ["ECR Image Scan"],
                "detail": {
                    "repository-name": [self.name],
                    "$or": [{"finding-severity-counts": {severity: [{"numeric": [">", 0]}]}} for severity in _TOLD],
                },
            },
            targets=[events.CfnRule.TargetProperty(arn=topic.topic_arn, id="Topic")],
        )
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
            )
        )
