"""CodeDeploy's operations on what stands still: applications, deployment groups, configurations and tags."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from bluegreen.rehearsal.cloud.api import ApiError, Document
from bluegreen.rehearsal.cloud.clock import Clock

from .aws import ActionError, Aws
from .groups import Settings, read_settings
from .registry import Application, Config, Group, Registry
from .routing import PREDEFINED, check_routing

_NAME = re.compile(r"[a-zA-Z0-9._+=,@-]{1,100}")

_GROUP_FIELDS = (
    "deploymentConfigName",
    "serviceRoleArn",
    "triggerConfigurations",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "outdatedInstancesStrategy",
    "deploymentStyle",
    "blueGreenDeploymentConfiguration",
    "loadBalancerInfo",
    "ecsServices",
    "terminationHookEnabled",
)
"""What a request says of a deployment group and its description repeats."""


class Administration:
    """Operations that start no deployment.

    Args:
        registry: The state.
        clock: Cloud time.
        client: Makes boto3 clients; a group's service is looked up.
    """

    def __init__(self, registry: Registry, clock: Clock, client: Callable[[str], Any]) -> None:
        self._registry = registry
        self._clock = clock
        self._client = client

    # --- Applications ------------------------------------------------------------------------------------------------

    def create_application(self, request: Document) -> Document:
        """Create an application; only for ECS here."""
        name = _checked(request["applicationName"], "InvalidApplicationNameException")
        _only_ecs(request.get("computePlatform", "Server"))
        with self._registry.lock:
            if name in self._registry.applications:
                raise ApiError("ApplicationAlreadyExistsException", f"Application already exists: {name}")
            application = Application(name, self._clock.now())
            self._registry.applications[name] = application
            self._registry.tags[name] = _tags(request)
        return {"applicationId": application.id}

    def get_application(self, request: Document) -> Document:
        """Describe an application."""
        with self._registry.lock:
            return {"application": self._registry.application(request["applicationName"]).describe()}

    def list_applications(self, request: Document) -> Document:  # noqa: ARG002 - one page
        """List the names of all applications."""
        with self._registry.lock:
            return {"applications": sorted(self._registry.applications)}

    def batch_get_applications(self, request: Document) -> Document:
        """Describe several applications."""
        with self._registry.lock:
            found = [self._registry.application(name) for name in request["applicationNames"]]
            return {"applicationsInfo": [one.describe() for one in found]}

    def delete_application(self, request: Document) -> Document:
        """Delete an application with its groups; nothing happens when it is gone already."""
        with self._registry.lock:
            application = self._registry.applications.pop(request["applicationName"], None)
            for group in application.groups.values() if application else ():
                _wake(group)
        return {}

    # --- Deployment groups -------------------------------------------------------------------------------------------

    def create_deployment_group(self, request: Document) -> Document:
        """Create a deployment group for one ECS service."""
        name = _checked(request["deploymentGroupName"], "InvalidDeploymentGroupNameException")
        settings = read_settings(request)
        self._check_service(settings)
        with self._registry.lock:
            application = self._registry.application(request["applicationName"])
            if name in application.groups:
                raise ApiError("DeploymentGroupAlreadyExistsException", f"Deployment Group already exists: {name}")
            self._check_is_only_group(settings, besides=None)
            document = {name: request[name] for name in _GROUP_FIELDS if name in request}
            document |= {
                "applicationName": application.name,
                "deploymentGroupName": name,
                "deploymentGroupId": str(uuid.uuid4()),
                "computePlatform": "ECS",
                "deploymentConfigName": self._config(request),
            }
            application.groups[name] = Group(document)
            self._registry.tags[f"{application.name}/{name}"] = _tags(request)
        return {"deploymentGroupId": document["deploymentGroupId"]}

    def get_deployment_group(self, request: Document) -> Document:
        """Describe a deployment group."""
        with self._registry.lock:
            group = self._registry.group(request["applicationName"], request["deploymentGroupName"])
            return {"deploymentGroupInfo": group.describe()}

    def batch_get_deployment_groups(self, request: Document) -> Document:
        """Describe several deployment groups of an application."""
        with self._registry.lock:
            application = request["applicationName"]
            found = [self._registry.group(application, name) for name in request["deploymentGroupNames"]]
            return {"deploymentGroupsInfo": [one.describe() for one in found]}

    def list_deployment_groups(self, request: Document) -> Document:
        """List the names of an application's groups."""
        with self._registry.lock:
            application = self._registry.application(request["applicationName"])
            return {"applicationName": application.name, "deploymentGroups": sorted(application.groups)}

    def update_deployment_group(self, request: Document) -> Document:
        """Change what the request names; a deployment under way keeps what it began with."""
        current = request["currentDeploymentGroupName"]
        with self._registry.lock:
            group = self._registry.group(request["applicationName"], current)
            changed = group.document | {name: request[name] for name in _GROUP_FIELDS if name in request}
            changed["deploymentConfigName"] = self._config(changed)
            settings = read_settings(changed)
            self._check_is_only_group(settings, besides=group)
            groups = self._registry.application(request["applicationName"]).groups
            name = _checked(request.get("newDeploymentGroupName") or current, "InvalidDeploymentGroupNameException")
            if name != current and name in groups:
                raise ApiError("DeploymentGroupAlreadyExistsException", f"Deployment Group already exists: {name}")
            group.document = changed | {"deploymentGroupName": name}
            groups[name] = groups.pop(current)
            if group.holder:
                group.holder.group = name
        return {"hooksNotCleanedUp": []}

    def delete_deployment_group(self, request: Document) -> Document:
        """Delete a deployment group; nothing happens when it is gone already.

        AWS documents no refusal while a deployment is active. Here such a deployment ends as DEPLOYMENT_GROUP_MISSING.
        """
        with self._registry.lock:
            application = self._registry.applications.get(request["applicationName"])
            group = application.groups.pop(request["deploymentGroupName"], None) if application else None
            if group:
                _wake(group)
        return {"hooksNotCleanedUp": []}

    # --- Deployment configurations -----------------------------------------------------------------------------------

    def create_deployment_config(self, request: Document) -> Document:
        """Create a deployment configuration; only for ECS here."""
        name = _checked(request["deploymentConfigName"], "InvalidDeploymentConfigNameException")
        _only_ecs(request.get("computePlatform", "Server"))
        routing = request.get("trafficRoutingConfig", {})
        check_routing(routing)
        if name.startswith("CodeDeployDefault."):
            raise ApiError(
                "InvalidDeploymentConfigNameException", f"names that begin with CodeDeployDefault. are AWS's: {name}"
            )
        with self._registry.lock:
            if name in self._registry.configs:
                raise ApiError("DeploymentConfigAlreadyExistsException", f"Deployment Config already exists: {name}")
            config = Config(name, routing, self._clock.now())
            self._registry.configs[name] = config
        return {"deploymentConfigId": config.id}

    def get_deployment_config(self, request: Document) -> Document:
        """Describe a deployment configuration."""
        with self._registry.lock:
            config = self._registry.config(request["deploymentConfigName"])
            return {
                "deploymentConfigInfo": {
                    "deploymentConfigId": config.id,
                    "deploymentConfigName": config.name,
                    "createTime": config.created_at,
                    "computePlatform": "ECS",
                    "trafficRoutingConfig": config.routing,
                }
            }

    def list_deployment_configs(self, request: Document) -> Document:  # noqa: ARG002 - one page
        """List the names of all deployment configurations."""
        with self._registry.lock:
            return {"deploymentConfigsList": sorted(self._registry.configs)}

    def delete_deployment_config(self, request: Document) -> Document:
        """Delete a deployment configuration that no group uses; nothing happens when it is gone already."""
        name = request["deploymentConfigName"]
        if name in PREDEFINED:
            raise ApiError("InvalidOperationException", f"{name} is predefined and cannot be deleted")
        with self._registry.lock:
            users = [
                group.document["deploymentGroupName"]
                for group in self._registry.all_groups()
                if group.document["deploymentConfigName"] == name
            ]
            if users:
                raise ApiError("DeploymentConfigInUseException", f"{name} is used by {', '.join(users)}")
            self._registry.configs.pop(name, None)
        return {}

    # --- Tags --------------------------------------------------------------------------------------------------------

    def tag_resource(self, request: Document) -> Document:
        """Tag an application or a deployment group."""
        with self._registry.lock:
            self._tags_of(request["ResourceArn"]).update(_tags({"tags": request["Tags"]}))
        return {}

    def untag_resource(self, request: Document) -> Document:
        """Remove tags from an application or a deployment group."""
        with self._registry.lock:
            tags = self._tags_of(request["ResourceArn"])
            for key in request["TagKeys"]:
                tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: Document) -> Document:
        """List the tags of an application or a deployment group."""
        with self._registry.lock:
            tags = self._tags_of(request["ResourceArn"])
            return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    # --- Inside ------------------------------------------------------------------------------------------------------

    def _config(self, request: Document) -> str:
        """Return the configuration of a group; for ECS the default is all at once."""
        name: str = request.get("deploymentConfigName", "CodeDeployDefault.ECSAllAtOnce")
        return self._registry.config(name).name

    def _check_service(self, settings: Settings) -> None:
        try:
            service = Aws(self._client, settings).service()
        except ActionError as error:
            raise ApiError("InvalidECSServiceException", str(error)) from error
        controller = (service or {}).get("deploymentController", {}).get("type")
        if controller != "CODE_DEPLOY":
            problem = f"its deployment controller is {controller}, not CODE_DEPLOY" if service else "there is none"
            raise ApiError("InvalidECSServiceException", f"service {settings.cluster}/{settings.service}: {problem}")

    def _check_is_only_group(self, settings: Settings, besides: Group | None) -> None:
        """Refuse a second group for one service."""
        for group in self._registry.all_groups():
            other = read_settings(group.document)
            if group is not besides and (other.cluster, other.service) == (settings.cluster, settings.service):
                raise ApiError(
                    "ECSServiceMappingLimitExceededException",
                    f"service {other.cluster}/{other.service} has the deployment group "
                    f"{group.document['deploymentGroupName']} already",
                )

    def _tags_of(self, arn: str) -> dict[str, str]:
        name = arn.partition("application:")[2] or arn.partition("deploymentgroup:")[2]
        if name not in self._registry.tags:
            raise ApiError("InvalidArnException", f"there is no application or deployment group {arn}")
        return self._registry.tags[name]


def _checked(name: str, code: str) -> str:
    if not _NAME.fullmatch(name):
        raise ApiError(code, f"a name must be 1-100 letters, digits and . _ + = , @ -, got {name!r}")
    return name


def _only_ecs(platform: str) -> None:
    if platform != "ECS":
        raise ApiError(
            "InvalidComputePlatformException", f"the local cloud emulates CodeDeploy for ECS only, got {platform}"
        )


def _tags(request: Document) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in request.get("tags", ())}


def _wake(group: Group) -> None:
    """Let the deployment that holds a group notice that the group is gone."""
    if group.holder:
        group.holder.awake.set()
