"""Tags for cost and owner: where they go, and which values AWS would refuse."""

from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns

from bluegreen.cdk.guardrails import CostTags
from tests.cdk.support import add_service, synthesize

GIVEN = {"owner": "shop-team", "cost_center": "4711", "application": "shop", "environment": "dev"}


def test_what_is_frozen_stays_without_tags_and_synthesizes(tmp_path: Path) -> None:
    """Tags reach a service's task and roles, but not the ECS service itself, its target groups or the stack."""

    def define(stack: cdk.Stack) -> None:
        CostTags(**GIVEN).add_to(stack.node.root)
        add_service(stack)
        sns.Topic(stack, "Later")

    shop = synthesize(tmp_path, define)
    expected = [
        {"Key": key, "Value": value}
        for key, value in sorted({**GIVEN, "cost-center": "4711"}.items())
        if key != "cost_center"
    ]
    tagged = ("AWS::SNS::Topic", "AWS::ECS::TaskDefinition", "AWS::IAM::Role")
    assert [one["Properties"]["Tags"] for name in tagged for one in shop.of_type(name)] == [expected] * len(
        [one for name in tagged for one in shop.of_type(name)]
    )
    frozen = [*shop.of_type("AWS::ECS::Service"), *shop.of_type("AWS::ElasticLoadBalancingV2::TargetGroup")]
    assert len(frozen) == 3
    assert not [one for one in frozen if "Tags" in one["Properties"]]
    assert '"stackTags"' not in (tmp_path / "manifest.json").read_text()


@pytest.mark.parametrize("name", sorted(GIVEN))
@pytest.mark.parametrize("value", ["", "a" * 257, "shop;team", " shop", "shop\n", "aws:shop", "AWS:shop"])
def test_refuses_values_that_aws_refuses(name: str, value: str) -> None:
    """A value that is empty, too long, of other characters or reserved is refused, by name."""
    with pytest.raises(ValueError, match=f"^{name} must "):
        CostTags(**GIVEN | {name: value})


@pytest.mark.parametrize("value", ["a" * 256, "Équipe 7", "a+b-c=d.e_f:g/h@i"])
def test_takes_values_that_aws_takes(value: str) -> None:
    """Letters of any alphabet, digits, inner spaces and the listed signs are taken."""
    assert CostTags(**GIVEN | {"owner": value}).to_dict()["owner"] == value
