"""What bounds the environments."""

from collections.abc import Iterator
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from stacks.environments import ENVIRONMENTS
from tests.stacks.support import Templates

FROZEN = {"AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::TargetGroup"}
"""What CodeDeploy is in control of: its tags could never be changed again."""


def taggable(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Return logical id, resource and the name of its tags, of all that CloudFormation says can be tagged."""
    for name, resource in template["Resources"].items():
        if resource["Type"].startswith("Custom::"):
            continue
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
        tagging = schema.get("tagging", {"taggable": "Tags" in schema["properties"]})
        if tagging.get("taggable"):
            yield name, resource, tagging.get("tagProperty", "/properties/Tags").rpartition("/")[2]


def test_everything_that_can_be_tagged_is(templates: Templates, data_templates: Templates) -> None:
    """Everything that can be tagged says owner, cost center, application and environment, but what is frozen."""
    for name in ENVIRONMENTS:
        expected = {"owner": "orders-team", "cost-center": "orders", "application": "orders", "environment": name}
        found = [*taggable(templates[name]), *taggable(data_templates[name])]
        assert len(found) > 100
        for logical_id, resource, where in found:
            tags = resource.get("Properties", {}).get(where, {})
            said = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
            wanted = {} if resource["Type"] in FROZEN else expected
            assert {key: said.get(key) for key in wanted} == wanted, f"{name}: {logical_id} {resource['Type']}"
