"""What the reference service's tasks run on, and what runs beside the application."""

from typing import Any

import pytest

from tests.stacks.support import Templates, resources


def definition(template: dict[str, Any], container: str) -> dict[str, Any]:
    """Return the containers of the task definition that has this one, by name."""
    (found,) = (
        {one["Name"]: one for one in resource["Properties"]["ContainerDefinitions"]}
        for resource in resources(template, "AWS::ECS::TaskDefinition")
        if container in {one["Name"] for one in resource["Properties"]["ContainerDefinitions"]}
    )
    return found


def variables(container: dict[str, Any]) -> dict[str, Any]:
    return {one["Name"]: one["Value"] for one in container["Environment"]}


@pytest.mark.parametrize(("name", "ratio"), [("dev", "1"), ("staging", "1"), ("prod", "0.05")])
def test_requests_are_traced_in_every_environment(templates: Templates, name: str, ratio: str) -> None:
    """A collector that ends no task runs beside the application, which is told how many requests to trace."""
    found = definition(templates[name], "app")
    assert list(found) == ["app", "adot-collector"]
    assert found["adot-collector"]["Essential"] is False
    assert variables(found["app"])["OTEL_TRACES_SAMPLER_ARG"] == ratio
    assert list(definition(templates[name], "migrations")) == ["migrations"]


@pytest.mark.parametrize(
    ("name", "strategy"),
    [("dev", [("FARGATE_SPOT", 0, 1)]), ("staging", [("FARGATE", 1, 0), ("FARGATE_SPOT", 0, 1)]), ("prod", [])],
)
def test_only_production_can_lose_no_task_to_spot(
    templates: Templates, name: str, strategy: list[tuple[str, int, int]]
) -> None:
    """Dev runs on Spot, staging keeps one task on FARGATE, and production runs on FARGATE alone."""
    (release,) = resources(templates[name], "Custom::Release")
    found = release["Properties"].get("CapacityProviderStrategy", [])
    assert [(one["CapacityProvider"], one["Base"], one["Weight"]) for one in found] == strategy


def test_nobody_enters_the_reference_containers(templates: Templates) -> None:
    """ECS Exec is off in every environment."""
    for template in templates.values():
        (service,) = resources(template, "AWS::ECS::Service")
        assert "EnableExecuteCommand" not in service["Properties"]
