"""Policies that allow too much are found, and nothing else."""

from typing import Any

import pytest

from audit.permissions import NO_RESOURCE, broad_statements


def template(kind: str, statement: dict[str, Any]) -> dict[str, Any]:
    properties = {"PolicyDocument": {"Statement": [{"Effect": "Allow", **statement}]}}
    return {"Resources": {"Policy": {"Type": kind, "Properties": properties}}}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"Action": "s3:GetObject", "Resource": "arn:a"}, []),
        ({"Action": "*", "Resource": "arn:a"}, ["action *"]),
        ({"Action": ["s3:GetObject", "sqs:*"], "Resource": "arn:a"}, ["action sqs:*"]),
        ({"Action": "s3:GetObject", "Resource": ["arn:a", "*"]}, ["s3:GetObject on every resource"]),
        ({"Action": "ecr:GetAuthorizationToken", "Resource": "*"}, []),
        ({"NotAction": "iam:*", "Resource": "arn:a"}, ["everything but some actions"]),
        ({"Action": "s3:GetObject", "Resource": "*", "Effect": "Deny"}, []),
    ],
)
def test_a_role_may_use_named_actions_on_named_resources(statement: dict[str, Any], found: list[str]) -> None:
    """Wild actions and wild resources are found in a role's policy, unless AWS offers nothing narrower."""
    assert [broad.what for broad in broad_statements(template("AWS::IAM::Policy", statement))] == found


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"Action": "kms:*", "Resource": "*", "Principal": {"AWS": "arn:root"}}, []),
        ({"Action": "s3:*", "Resource": "*", "Principal": {"AWS": "arn:root"}}, ["action s3:*"]),
        ({"Action": "sns:Publish", "Resource": "*", "Principal": "*"}, ["any principal, without a condition"]),
        ({"Action": "sns:Publish", "Resource": "*", "Principal": {"AWS": ["*"]}, "Condition": {"a": "b"}}, []),
    ],
)
def test_a_resource_may_be_used_by_named_principals(statement: dict[str, Any], found: list[str]) -> None:
    """In a resource's own policy "*" is that resource, and "anybody" needs a condition."""
    assert [broad.what for broad in broad_statements(template("AWS::KMS::Key", statement))] == found


def test_policies_inside_a_role_are_found() -> None:
    """A role's inline policies count as well as those beside it."""
    statement = {"Effect": "Allow", "Action": "iam:*", "Resource": "arn:a"}
    policies = [{"PolicyName": "Inline", "PolicyDocument": {"Statement": [statement]}}]
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}
    assert [broad.what for broad in broad_statements({"Resources": {"Role": role}})] == ["action iam:*"]


def test_every_action_without_a_resource_is_listed_with_its_reason() -> None:
    """The list names single actions and says why nothing narrower can be given."""
    assert all(":" in action and "*" not in action and len(reason) > 5 for action, reason in NO_RESOURCE.items())
