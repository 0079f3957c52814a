"""What CodeDeploy says of a deployment."""

from dataclasses import dataclass

import aws_clients

_OVER = {"Succeeded", "Failed", "Stopped"}


@dataclass(frozen=True)
class DeploymentView:
    """A deployment, as far as a migration cares.

    Args:
        status: Its status.
        is_rollback: Whether CodeDeploy made it to take another back.
        takes_back: The deployment that it takes back; None when it takes none back.
        rollback: The deployment that takes it back; None when none does.
    """

    status: str
    is_rollback: bool
    takes_back: str | None
    rollback: str | None

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in _OVER

    @property
    def ended_badly(self) -> bool:
        """Whether it has ended without success."""
        return self.is_over and self.status != "Succeeded"


def look(deployment: str) -> DeploymentView:
    """Ask CodeDeploy.

    Raises:
        botocore.exceptions.ClientError: If AWS refused to tell.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    info = aws_clients.client("codedeploy").get_deployment(deploymentId=deployment)["deploymentInfo"]
    rollback = info.get("rollbackInfo") or {}
    return DeploymentView(
        status=str(info.get("status", "")),
        is_rollback=info.get("creator") == "codeDeployRollback",
        takes_back=rollback.get("rollbackTriggeringDeploymentId"),
        rollback=rollback.get("rollbackDeploymentId"),
    )
