"""Where images are kept."""

import json
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns

from bluegreen.cdk.delivery import GitHubDeployRole, ImageRepository
from tests.cdk.support import Synthesized, actions, synthesize


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A repository with everything given, and one with nothing."""

    def define(stack: cdk.Stack) -> None:
        key = kms.Key(stack, "Key")
        images = ImageRepository(
            stack,
            "Images",
            name="shop/orders",
            keep_images=30,
            untagged_days=2,
            key=key,
            findings=sns.Topic(stack, "Topic"),
        )
        role = GitHubDeployRole(stack, "Dev", repository="example/orders", branch="main", stacks=["DevStack"])
        images.grant_push(role.role)
        ImageRepository(stack, "Plain", name="carts")

    return synthesize(tmp_path_factory.mktemp("images"), define)


def repository(stack: Synthesized, name: str) -> dict[str, Any]:
    return stack.one("AWS::ECR::Repository", RepositoryName=name)


@pytest.mark.parametrize("name", ["shop/orders", "carts"])
def test_images_are_scanned_and_stay_what_they_were(stack: Synthesized, name: str) -> None:
    """Every push is scanned, a tag never moves, images are encrypted by KMS, and they outlive the stack."""
    found = repository(stack, name)
    properties = found["Properties"]
    assert properties["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert properties["ImageTagMutability"] == "IMMUTABLE"
    assert properties["EncryptionConfiguration"]["EncryptionType"] == "KMS"
    assert ("KmsKey" in properties["EncryptionConfiguration"]) == (name == "shop/orders")
    assert found["UpdateReplacePolicy"] == "Retain"
    assert found["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize(("name", "keep", "days"), [("shop/orders", 30, 2), ("carts", 100, 7)])
def test_old_images_go(stack: Synthesized, name: str, keep: int, days: int) -> None:
    """Untagged images go after days; of all others the newest are kept."""
    rules = json.loads(repository(stack, name)["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    chosen = [
        (one["selection"]["tagStatus"], one["selection"]["countType"], one["selection"]["countNumber"]) for one in rules
    ]
    assert chosen == [("untagged", "sinceImagePushed", days), ("any", "imageCountMoreThan", keep)]


def test_who_pushes_can_delete_nothing(stack: Synthesized) -> None:
    """Pushing is allowed on the one repository, and neither deleting an image nor changing the repository is."""
    pushing = [one for one in stack.statements("DevRoleDefaultPolicy") if "ecr:PutImage" in one["Action"]]
    assert len(pushing) == 1
    assert pushing[0]["Resource"]["Fn::GetAtt"][0].startswith("ImagesRepository")
    allowed = actions(stack.statements("DevRoleDefaultPolicy"))
    assert not [action for action in allowed if "Delete" in action or "Policy" in action or "*" in action]


def test_grave_findings_are_told(stack: Synthesized) -> None:
    """A finished scan of this repository with a critical or high finding goes to the topic, by this rule alone."""
    ((rule_id, rule),) = stack.under("ImagesFindings").items()
    pattern = rule["Properties"]["EventPattern"]
    assert (pattern["source"], pattern["detail-type"]) == (["aws.ecr"], ["ECR Image Scan"])
    assert pattern["detail"] == {
        "repository-name": ["shop/orders"],
        "$or": [
            {"finding-severity-counts": {"CRITICAL": [{"numeric": [">", 0]}]}},
            {"finding-severity-counts": {"HIGH": [{"numeric": [">", 0]}]}},
        ],
    }
    (statement,) = stack.one("AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule_id, "Arn"]}}}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "Orders"}, "name must be 2-256 lower-case letters and digits, .* got 'Orders'"),
        ({"name": "o"}, "name must be 2-256 .* got 'o'"),
        ({"name": "orders/"}, "name must be 2-256 .* got 'orders/'"),
        ({"name": "o" * 257}, "name must be 2-256"),
        ({"keep_images": 9}, "keep_images must be 10-1000, got 9"),
        ({"keep_images": 1001}, "keep_images must be 10-1000, got 1001"),
        ({"untagged_days": 0}, "untagged_days must be 1-365, got 0"),
    ],
)
def test_refuses_what_ecr_would_or_what_breaks_rollbacks(settings: Mapping[str, Any], message: str) -> None:
    """Names that ECR refuses, and so few images that a version could not return, are refused."""
    with pytest.raises(ValueError, match=f"^{message}"):
        ImageRepository(cdk.Stack(cdk.App(), "Shop"), "Images", **{"name": "orders", **settings})
