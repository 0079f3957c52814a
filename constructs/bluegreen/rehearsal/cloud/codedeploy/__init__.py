"""The local cloud's CodeDeploy, for ECS blue/green deployments.

Written from AWS's guide and API reference. Where they are silent, each module says what is assumed. Not emulated:
other compute platforms, revisions in S3 and GitHub, notification triggers, and IAM.
"""

from .faults import KINDS as FAULTS
from .resource_types import ApplicationType, DeploymentConfigType, DeploymentGroupType, resource_types
from .service import CodeDeploy

__all__ = ["FAULTS", "ApplicationType", "CodeDeploy", "DeploymentConfigType", "DeploymentGroupType", "resource_types"]
