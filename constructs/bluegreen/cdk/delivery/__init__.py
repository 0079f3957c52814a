"""How a commit gets to production: the image's repository, who may deploy, and a pipeline where one is wanted."""

from .github_deploy_role import GitHubDeployRole, github_provider
from .image_repository import ImageRepository
from .pipeline import DeployPipeline
from .pipeline_stage import PipelineStage

__all__ = ["DeployPipeline", "GitHubDeployRole", "ImageRepository", "PipelineStage", "github_provider"]
