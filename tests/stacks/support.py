"""Looking into templates."""

from collections.abc import Mapping
from typing import Any

Templates = Mapping[str, dict[str, Any]]


def resources(template: dict[str, Any], type_name: str) -> list[dict[str, Any]]:
    """Return the resources of a type."""
    return [resource for resource in template["Resources"].values() if resource["Type"] == type_name]


def properties(template: dict[str, Any], type_name: str) -> dict[str, Any]:
    """Return the properties of the only resource of a type."""
    (resource,) = resources(template, type_name)
    found: dict[str, Any] = resource["Properties"]
    return found
