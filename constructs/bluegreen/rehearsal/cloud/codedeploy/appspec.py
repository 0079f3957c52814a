"""Reads the AppSpec of an ECS deployment."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml  # type: ignore[import-untyped] # it carries no types

from bluegreen.rehearsal.cloud.api import ApiError, Document

from .lifecycle import HOOKABLE

_NETWORK = ("subnets", "securityGroups", "assignPublicIp")


@dataclass(frozen=True)
class AppSpec:
    """What a deployment is to run.

    Args:
        content: The AppSpec as it was given.
        task_definition: The ARN, or family and revision, of the task definition.
        container_name: The container that the load balancer reaches.
        container_port: Its port.
        platform_version: Fargate's; None keeps the original task set's.
        network: An `awsvpcConfiguration` as ECS takes it; None keeps the original task set's.
        capacity_providers: A `capacityProviderStrategy` as ECS takes it; None keeps the original task set's.
        hooks: The name or ARN of a function for each lifecycle event that has one.
    """

    content: str
    task_definition: str
    container_name: str
    container_port: int
    platform_version: str | None
    network: Document | None
    capacity_providers: list[Document] | None
    hooks: Mapping[str, str]


def read_revision(revision: Document) -> AppSpec:
    """Read the revision of a CreateDeployment request.

    Args:
        revision: A `RevisionLocation`; only inline content (AppSpecContent, or the older String) is read here.

    Raises:
        ApiError: If the revision is of another kind, does not match its hash, or is not an ECS AppSpec.
    """
    kind = revision.get("revisionType")
    inline = {"AppSpecContent": "appSpecContent", "String": "string"}.get(kind or "")
    if inline is None:
        raise _invalid(f"the local cloud reads revisions of type AppSpecContent or String, got {kind}")
    found = revision.get(inline, {})
    content = found.get("content")
    if not content:
        raise ApiError("RevisionRequiredException", f"the revision has no {inline}.content")
    expected = found.get("sha256")
    actual = hashlib.sha256(content.encode()).hexdigest()
    if expected and expected != actual:
        raise _invalid(f"the AppSpec's SHA-256 is {actual}, not {expected}")
    return parse(content)


def parse(content: str) -> AppSpec:
    """Read an AppSpec's text, in JSON or YAML.

    Raises:
        ApiError: If it is neither, or not an AppSpec for ECS.
    """
    document = _mapping(_load(content), "the AppSpec")
    document = {str(key).lower(): value for key, value in document.items()}
    if str(document.get("version")) not in {"0.0", "0"}:
        raise _invalid(f"the AppSpec's version must be 0.0, got {document.get('version')}")
    properties = _properties(document)
    balancer = _mapping(properties.get("LoadBalancerInfo"), "LoadBalancerInfo")
    return AppSpec(
        content=content,
        task_definition=_required(properties, "TaskDefinition"),
        container_name=_required(balancer, "ContainerName"),
        container_port=_whole(_required(balancer, "ContainerPort"), "ContainerPort"),
        platform_version=properties.get("PlatformVersion"),
        network=_network(properties),
        capacity_providers=_capacity_providers(properties),
        hooks=_hooks(document.get("hooks")),
    )


def with_task_definition(content: str, task_definition: str) -> str:
    """Return the AppSpec that runs another task definition, in JSON: the revision that a rollback deploys."""
    document = _load(content)
    resources = next(value for key, value in document.items() if str(key).lower() == "resources")
    for resource in resources[0].values():
        resource["Properties"]["TaskDefinition"] = task_definition
    return json.dumps(document)


def _load(content: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        pass
    try:
        return yaml.safe_load(content)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist, and the like
        raise _invalid(f"the AppSpec is neither JSON nor YAML: {error}") from error


def _properties(document: Document) -> Document:
    resources = document.get("resources")
    if not isinstance(resources, list) or len(resources) != 1:
        raise _invalid("the AppSpec must have exactly one resource, the target service")
    resource = _mapping(resources[0], "the resource")
    if len(resource) != 1:
        raise _invalid("the AppSpec must have exactly one resource, the target service")
    service = _mapping(next(iter(resource.values())), "the target service")
    if service.get("Type") != "AWS::ECS::Service":
        raise _invalid(f"the target service's Type must be AWS::ECS::Service, got {service.get('Type')}")
    return _mapping(service.get("Properties"), "the target service's Properties")


def _network(properties: Document) -> Document | None:
    configuration = properties.get("NetworkConfiguration")
    if configuration is None:
        return None
    given = _mapping(_mapping(configuration, "NetworkConfiguration").get("AwsvpcConfiguration"), "AwsvpcConfiguration")
    network = {name: given.get(f"{name[0].upper()}{name[1:]}") for name in _NETWORK}
    missing = [name for name, value in network.items() if not value]
    if missing:
        raise _invalid(
            f"AwsvpcConfiguration must have all of {', '.join(_NETWORK)} or none, lacks {', '.join(missing)}"
        )
    return {"awsvpcConfiguration": network}


def _capacity_providers(properties: Document) -> list[Document] | None:
    strategy = properties.get("CapacityProviderStrategy")
    if strategy is None:
        return None
    if not isinstance(strategy, list):
        raise _invalid("CapacityProviderStrategy must be a list")
    return [
        {
            "capacityProvider": _required(_mapping(one, "a capacity provider"), "CapacityProvider"),
            "base": _whole(one.get("Base", 0), "Base"),
            "weight": _whole(one.get("Weight", 0), "Weight"),
        }
        for one in strategy
    ]


def _hooks(hooks: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    if not isinstance(hooks or [], list):
        raise _invalid(f"Hooks must be a list, got {type(hooks).__name__}")
    for entry in hooks or []:
        for event, function in _mapping(entry, "a hook").items():
            if event not in HOOKABLE:
                raise _invalid(f"a hook's event must be one of {', '.join(HOOKABLE)}, got {event}")
            if event in found:
                raise _invalid(f"{event} must have one hook, got two")
            found[event] = str(function)
    return found


def _mapping(value: Any, what: str) -> Document:
    if not isinstance(value, dict):
        raise _invalid(f"{what} must be an object, got {type(value).__name__}")
    return value


def _required(document: Document, name: str) -> Any:
    if not document.get(name):
        raise _invalid(f"the AppSpec lacks {name}")
    return document[name]


def _whole(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise _invalid(f"{name} must be a whole number, got {value!r}") from error


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidRevisionException", message)
