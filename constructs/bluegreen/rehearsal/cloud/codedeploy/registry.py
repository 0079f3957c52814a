"""Everything CodeDeploy knows: applications, groups, configurations, deployments and the hooks it waits for."""

import secrets
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from bluegreen.rehearsal.cloud.api import ApiError, Document

from .deployment import Deployment
from .faults import NO_FAULT
from .routing import PREDEFINED


@dataclass
class Group:
    """A deployment group.

    Args:
        document: Its description, in the API's form.
        holder: The deployment that is active, or has just failed and is about to be rolled back.
    """

    document: Document
    holder: Deployment | None = None
    last_attempted: Deployment | None = None
    last_successful: Deployment | None = None

    def describe(self) -> Document:
        """Describe it as GetDeploymentGroup does."""
        last = {"lastSuccessfulDeployment": self.last_successful, "lastAttemptedDeployment": self.last_attempted}
        return self.document | {name: one.summary() for name, one in last.items() if one}


@dataclass
class Application:
    """An application and its groups by name."""

    name: str
    created_at: float
    groups: dict[str, Group] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def describe(self) -> Document:
        """Describe it as GetApplication does."""
        return {
            "applicationId": self.id,
            "applicationName": self.name,
            "createTime": self.created_at,
            "linkedToGitHub": False,
            "computePlatform": "ECS",
        }


@dataclass
class Config:
    """A deployment configuration."""

    name: str
    routing: Document
    created_at: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class HookExecution:
    """A hook that was invoked; `answer` is None until it is given; `over` once no answer is taken any more."""

    deployment: Deployment
    event: str
    answer: str | None = None
    over: bool = False


class Registry:
    """The state, with one lock over all of it."""

    def __init__(self, now: float) -> None:
        self.lock = threading.RLock()
        self.applications: dict[str, Application] = {}
        self.configs = {name: Config(name, routing, now) for name, routing in PREDEFINED.items()}
        self.deployments: dict[str, Deployment] = {}
        self.hooks: dict[str, HookExecution] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.fault = NO_FAULT

    def application(self, name: str) -> Application:
        """Return an application.

        Raises:
            ApiError: If there is none of that name.
        """
        if name not in self.applications:
            raise ApiError("ApplicationDoesNotExistException", f"No application found for name: {name}")
        return self.applications[name]

    def group(self, application: str, name: str) -> Group:
        """Return a deployment group.

        Raises:
            ApiError: If there is none of that name.
        """
        groups = self.application(application).groups
        if name not in groups:
            raise ApiError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")
        return groups[name]

    def all_groups(self) -> Iterator[Group]:
        """Yield every deployment group."""
        for application in self.applications.values():
            yield from application.groups.values()

    def config(self, name: str) -> Config:
        """Return a deployment configuration.

        Raises:
            ApiError: If there is none of that name.
        """
        if name not in self.configs:
            raise ApiError("DeploymentConfigDoesNotExistException", f"No Deployment Config found for name: {name}")
        return self.configs[name]

    def deployment(self, deployment_id: str) -> Deployment:
        """Return a deployment.

        Raises:
            ApiError: If the id is malformed or there is none.
        """
        prefix, _, rest = deployment_id.partition("-")
        if prefix != "d" or not rest.isalnum():
            raise ApiError(
                "InvalidDeploymentIdException", f"Specified DeploymentId is not in the valid format: {deployment_id}"
            )
        if deployment_id not in self.deployments:
            raise ApiError("DeploymentDoesNotExistException", f"The deployment {deployment_id} could not be found")
        return self.deployments[deployment_id]

    def of_deployment(self, deployment: Deployment) -> Group | None:
        """Return a deployment's group; None when it was deleted meanwhile."""
        application = self.applications.get(deployment.application)
        return application.groups.get(deployment.group) if application else None

    def add(self, deployment: Deployment) -> None:
        """Add a deployment and let it hold its group."""
        self.deployments[deployment.id] = deployment
        group = self.of_deployment(deployment)
        if group:
            group.holder = group.last_attempted = deployment

    def release(self, deployment: Deployment) -> None:
        """Let the group go, so that another deployment can be created."""
        group = self.of_deployment(deployment)
        if group and group.holder is deployment:
            group.holder = None

    def new_hook(self, deployment: Deployment, event: str) -> tuple[str, HookExecution]:
        """Return a new hook execution under an opaque id."""
        execution_id, execution = secrets.token_urlsafe(60), HookExecution(deployment, event)
        self.hooks[execution_id] = execution
        return execution_id, execution
