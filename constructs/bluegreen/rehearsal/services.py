"""The services of a stack, as an operator would find them: what CodeDeploy releases, and where it is reached."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bluegreen.errors import RehearsalError


class NoServiceError(RehearsalError):
    """The stack has no service that is asked for."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service that CodeDeploy releases.

    Args:
        name: Its construct's id, from the logical id of its CodeDeploy application.
        cluster: The ECS cluster's name.
        service: The ECS service's name.
        application: The CodeDeploy application's name.
        deployment_group: The deployment group's name.
        production_listener: The ARN of the listener that users come to.
        test_listener: The ARN of the test listener; empty when there is none.
        target_groups: The names of the two target groups, in the deployment group's order.
    """

    name: str
    cluster: str
    service: str
    application: str
    deployment_group: str
    production_listener: str
    test_listener: str
    target_groups: tuple[str, ...]


def find_services(client: Callable[[str], Any], stack: str) -> list[Service]:
    """Return the services of a stack and of the stacks nested in it, by name.

    Args:
        client: Makes a boto3 client of the local cloud for a service.
        stack: The stack's name or id.
    """
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    found = []
    for resource in [one for page in pages for one in page["StackResourceSummaries"]]:
        if resource["ResourceType"] == "AWS::CloudFormation::Stack":
            found += find_services(client, resource["PhysicalResourceId"])
        if resource["ResourceType"] == "AWS::CodeDeploy::Application":
            name = resource["LogicalResourceId"].partition("Application")[0]
            found += _of_application(client("codedeploy"), name, resource["PhysicalResourceId"])
    return sorted(found, key=lambda service: service.name)


def choose(services: list[Service], name: str | None, stack: str) -> Service:
    """Return the service of a name, or the only one.

    Raises:
        NoServiceError: If there is none, or no name is given and there are several.
    """
    chosen = [service for service in services if name in {None, service.name}]
    if len(chosen) == 1:
        return chosen[0]
    known = ", ".join(service.name for service in services) or "none"
    if name is None and not services:
        raise NoServiceError(
            f"{stack} has no CodeDeploy deployment group with a production listener, so there is nothing to rehearse",
            hint="deploy a stack that holds a BlueGreenService",
        )
    asked = "one service is wanted" if name is None else f"there is no service {name!r}"
    raise NoServiceError(f"{asked} of {stack}, which has {known}", hint="name one of them")


def _of_application(codedeploy: Any, name: str, application: str) -> list[Service]:
    found = []
    for group in codedeploy.list_deployment_groups(applicationName=application)["deploymentGroups"]:
        info = codedeploy.get_deployment_group(applicationName=application, deploymentGroupName=group)
        described = info["deploymentGroupInfo"]
        for pair in described.get("loadBalancerInfo", {}).get("targetGroupPairInfoList", [])[:1]:
            (ecs,) = described["ecsServices"]
            production = pair.get("prodTrafficRoute", {}).get("listenerArns", [])
            test = pair.get("testTrafficRoute", {}).get("listenerArns", [])
            if not production:
                continue
            found.append(
                Service(
                    name=name,
                    cluster=ecs["clusterName"],
                    service=ecs["serviceName"],
                    application=application,
                    deployment_group=group,
                    production_listener=production[0],
                    test_listener=test[0] if test else "",
                    target_groups=tuple(one["name"] for one in pair["targetGroups"]),
                )
            )
    return found


def watched_alarms(codedeploy: Any) -> frozenset[str]:
    """Return the names of the alarms that any deployment group watches.

    Args:
        codedeploy: A boto3 client.
    """
    groups = [
        codedeploy.get_deployment_group(applicationName=application, deploymentGroupName=group)["deploymentGroupInfo"]
        for application in codedeploy.list_applications()["applications"]
        for group in codedeploy.list_deployment_groups(applicationName=application)["deploymentGroups"]
    ]
    alarms = [alarm for group in groups for alarm in group.get("alarmConfiguration", {}).get("alarms", [])]
    return frozenset(alarm["name"] for alarm in alarms)
