from types import SimpleNamespace
from typing import Any

import pytest

from bluegreen.rehearsal.services import NoServiceError, Service, choose, find_services

PAIR = {
    "prodTrafficRoute": {"listenerArns": ["arn:production"]},
    "testTrafficRoute": {"listenerArns": ["arn:test"]},
    "targetGroups": [{"name": "blue"}, {"name": "green"}],
}
STACKS = {
    "Shop": [
        ("OrdersApplication1234", "AWS::CodeDeploy::Application", "shop-orders"),
        ("Nested", "AWS::CloudFormation::Stack", "Shop-Nested"),
        ("OrdersService", "AWS::ECS::Service", "orders"),
    ],
    "Shop-Nested": [("BillingApplication1234", "AWS::CodeDeploy::Application", "shop-billing")],
    "Other": [("ToolsApplication", "AWS::CodeDeploy::Application", "tools")],
}


def paginate(StackName: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's name
    names = ("LogicalResourceId", "ResourceType", "PhysicalResourceId")
    return [{"StackResourceSummaries": [dict(zip(names, one, strict=True))]} for one in STACKS[StackName]]


def group(**request: str) -> dict[str, Any]:
    name = request["applicationName"].rpartition("-")[2]
    pairs = [] if name == "tools" else [PAIR]
    ecs = [{"clusterName": "shop", "serviceName": name}]
    return {"deploymentGroupInfo": {"ecsServices": ecs, "loadBalancerInfo": {"targetGroupPairInfoList": pairs}}}


def client(service: str) -> Any:
    return {
        "cloudformation": SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate)),
        "codedeploy": SimpleNamespace(
            list_deployment_groups=lambda **_: {"deploymentGroups": ["release"]}, get_deployment_group=group
        ),
    }[service]


def test_the_services_of_a_stack_and_of_those_nested_in_it_are_found() -> None:
    """Each is named after its construct, and has what CodeDeploy knows of it; other stacks' services are not its."""
    billing, orders = find_services(client, "Shop")
    assert (billing.name, billing.service, billing.application) == ("Billing", "billing", "shop-billing")
    assert orders == Service(
        name="Orders",
        cluster="shop",
        service="orders",
        application="shop-orders",
        deployment_group="release",
        production_listener="arn:production",
        test_listener="arn:test",
        target_groups=("blue", "green"),
    )


def test_a_service_is_chosen_by_name_or_because_it_is_the_only_one() -> None:
    """Of several the name decides; without one, or with a wrong one, the error has the names."""
    both = find_services(client, "Shop")
    assert choose(both, "Orders", "Shop").service == "orders"
    assert choose(both[:1], None, "Shop").service == "billing"
    with pytest.raises(NoServiceError, match=r"one service is wanted of Shop, which has Billing, Orders"):
        choose(both, None, "Shop")
    with pytest.raises(NoServiceError, match="there is no service 'Tools' of Shop, which has Billing, Orders"):
        choose(both, "Tools", "Shop")


def test_a_stack_without_a_release_cannot_be_rehearsed() -> None:
    """Without a deployment group that has a production listener, the error says so."""
    with pytest.raises(NoServiceError, match="nothing to rehearse"):
        choose(find_services(client, "Other"), None, "Other")
