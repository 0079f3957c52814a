"""CloudFormation's CodeDeploy types, over the API of the local cloud's CodeDeploy."""

from typing import ClassVar

from bluegreen.rehearsal.cloud.api import Created, Document, ResourceType
from bluegreen.rehearsal.cloud.template_properties import as_request, short_name

from .service import CodeDeploy

_LONGEST_NAME = 100


def resource_types(codedeploy: CodeDeploy) -> list[ResourceType]:
    """Return the types, ready to be registered."""
    return [ApplicationType(codedeploy), DeploymentConfigType(codedeploy), DeploymentGroupType(codedeploy)]


class ApplicationType:
    """AWS::CodeDeploy::Application."""

    type_name: ClassVar[str] = "AWS::CodeDeploy::Application"
    create_only: ClassVar[frozenset[str]] = frozenset({"ApplicationName", "ComputePlatform"})

    def __init__(self, codedeploy: CodeDeploy) -> None:
        self._codedeploy = codedeploy

    def create(self, name: str, properties: Document) -> Created:
        """Create the application."""
        wanted = {"ApplicationName": short_name(name, _LONGEST_NAME)} | properties
        request = as_request("codedeploy", "CreateApplication", wanted)
        self._codedeploy.create_application(request)
        return Created(request["applicationName"])

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - only tags can change
        """Take over the tags."""
        return Created(physical_id)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the name is enough
        """Delete the application."""
        self._codedeploy.delete_application({"applicationName": physical_id})


class DeploymentConfigType:
    """AWS::CodeDeploy::DeploymentConfig: nothing of it can change."""

    type_name: ClassVar[str] = "AWS::CodeDeploy::DeploymentConfig"
    create_only: ClassVar[frozenset[str]] = frozenset(
        {"ComputePlatform", "DeploymentConfigName", "MinimumHealthyHosts", "TrafficRoutingConfig", "ZonalConfig"}
    )

    def __init__(self, codedeploy: CodeDeploy) -> None:
        self._codedeploy = codedeploy

    def create(self, name: str, properties: Document) -> Created:
        """Create the configuration."""
        wanted = {"DeploymentConfigName": short_name(name, _LONGEST_NAME)} | properties
        request = as_request("codedeploy", "CreateDeploymentConfig", wanted)
        self._codedeploy.create_deployment_config(request)
        return Created(request["deploymentConfigName"])

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - all is create-only
        """Refuse.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            f"deployment configuration {physical_id} cannot be changed: all its properties are create-only"
        )

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the name is enough
        """Delete the configuration."""
        self._codedeploy.delete_deployment_config({"deploymentConfigName": physical_id})


class DeploymentGroupType:
    """AWS::CodeDeploy::DeploymentGroup."""

    type_name: ClassVar[str] = "AWS::CodeDeploy::DeploymentGroup"
    create_only: ClassVar[frozenset[str]] = frozenset({"ApplicationName", "DeploymentGroupName"})

    def __init__(self, codedeploy: CodeDeploy) -> None:
        self._codedeploy = codedeploy

    def create(self, name: str, properties: Document) -> Created:
        """Create the group."""
        request = as_request("codedeploy", "CreateDeploymentGroup", {"DeploymentGroupName": name} | properties)
        self._codedeploy.create_deployment_group(request)
        return Created(request["deploymentGroupName"])

    def update(self, physical_id: str, old: Document, new: Document) -> Created:
        """Change the group; what the template no longer has is emptied, because the API leaves what it is not told."""
        emptied: Document = {name: {} for name in ("AlarmConfiguration", "AutoRollbackConfiguration") if name in old}
        kept = {
            name: value
            for name, value in (emptied | new).items()
            if name not in {"DeploymentGroupName", "Tags", "Deployment"}
        }
        request = as_request("codedeploy", "UpdateDeploymentGroup", kept | {"CurrentDeploymentGroupName": physical_id})
        self._codedeploy.update_deployment_group(request)
        return Created(physical_id)

    def delete(self, physical_id: str, properties: Document) -> None:
        """Delete the group."""
        self._codedeploy.delete_deployment_group(
            {"applicationName": properties["ApplicationName"], "deploymentGroupName": physical_id}
        )
