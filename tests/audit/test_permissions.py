"""Policies that allow too much are found, and nothing else."""

from typing import Any

import pytest

from audit.permissions import MANAGED, NO_RESOURCE, broad_statements, unneeded


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


def role_with(policy: str) -> dict[str, Any]:
    arn = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":iam::aws:policy/{policy}"]]}
    return {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [arn]}}}}


@pytest.mark.parametrize(
    ("policy", "found"), [("AdministratorAccess", ["AWS's managed policy AdministratorAccess"]), ("SecurityAudit", [])]
)
def test_a_managed_policy_of_aws_is_found_unless_it_is_listed(policy: str, found: list[str]) -> None:
    """What AWS's managed policies allow is in no template, so each that a role has must be listed with its reason."""
    assert [broad.what for broad in broad_statements(role_with(policy))] == found


def test_what_is_listed_in_vain_is_found() -> None:
    """An exception that no template needs any more is told, so that the lists do not outlive their reasons."""
    statement = {"Action": list(NO_RESOURCE), "Resource": "*"}
    needing = [template("AWS::IAM::Policy", statement), *map(role_with, MANAGED)]
    assert unneeded(needing) == []
    assert unneeded(needing[:-1]) == [list(MANAGED)[-1]]
    assert set(unneeded(needing[1:])) == set(NO_RESOURCE)


def test_every_action_without_a_resource_is_listed_with_its_reason() -> None:
    """The list names single actions and says why nothing narrower can be given."""
    assert all(":" in action and "*" not in action and len(reason) > 5 for action, reason in NO_RESOURCE.items())
    assert all(len(reason.split()) > 3 for reason in MANAGED.values())
