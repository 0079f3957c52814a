"""The stack of one account: the repository of the images, and who may deploy each environment."""

from collections.abc import Sequence

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.delivery import GitHubDeployRole, ImageRepository
from bluegreen.cdk.watching import Severity

from .environments import APPLICATION, Environment
from .guardrails import SHARED, tag

GITHUB_REPOSITORY = f"example/{APPLICATION}"
"""Whose workflows deploy, each environment by the GitHub environment of the same name."""


class DeliveryStack(Stack):
    """What must be there before the first deployment, once in an account: `cdk deploy DeliveryStack` by an admin.

    Each role can deploy all that the account's `cdk bootstrap` allows, whichever environment it is for. So deploy this
    with `-c environment=prod` to production's own account: nobody but production's workflow gets in there.

    Args:
        scope: The app.
        environments: The environments in this account, from first to last.
        recovery_region: Where protected environments are deployed to as well; nowhere when omitted.

    Attributes:
        images: The repository of the images.
        findings: Is told of their vulnerabilities, and mails those whom the last environment warns.
        roles: The role of each environment's workflow, by the environment's name.
    """

    def __init__(
        self, scope: Construct, *, environments: Sequence[Environment], recovery_region: str | None = None
    ) -> None:
        super().__init__(scope, "DeliveryStack", description=f"Images of {APPLICATION}, and who may deploy it")
        tag(self, SHARED)
        key = EnvironmentKey(self, "Key").key
        self.findings = sns.Topic(self, "Findings", master_key=key, enforce_ssl=True)
        for number, address in enumerate(environments[-1].emails.get(Severity.WARNING, ()), start=1):
            sns.CfnSubscription(
                self, f"FindingsMail{number}", protocol="email", endpoint=address, topic_arn=self.findings.topic_arn
            )
        self.images = ImageRepository(self, "Images", name=APPLICATION, key=key, findings=self.findings)
        self.roles = {environment.name: self._role(environment, recovery_region) for environment in environments}
        # The first alone pushes images: what the others run was pushed, scanned and tried before.
        self.images.grant_push(self.roles[environments[0].name].role)

    def _role(self, environment: Environment, recovery_region: str | None) -> GitHubDeployRole:
        title = environment.name.capitalize()
        role = GitHubDeployRole(
            self,
            f"{title}Role",
            repository=GITHUB_REPOSITORY,
            environment=environment.name,
            stacks=[environment.stack_name, environment.data_stack_name],
            further_regions=[recovery_region] if recovery_region and environment.protected else [],
        )
        CfnOutput(self, f"{title}RoleArn", value=role.role.role_arn)
        return role
