"""Who may deploy by a role of GitHub's workflows, and what that is."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from bluegreen.cdk.delivery import GitHubDeployRole
from tests.cdk.nagging import findings
from tests.cdk.support import Synthesized, actions, synthesize

ISSUER = "token.actions.githubusercontent.com"
GIVEN: Mapping[str, Any] = {"repository": "example/orders", "environment": "prod", "stacks": ["ProdStack"]}


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A role for an environment, and one for a branch with everything else given."""

    def define(stack: cdk.Stack) -> None:
        GitHubDeployRole(stack, "Prod", **GIVEN)
        arn = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"
        GitHubDeployRole(
            stack,
            "Preview",
            repository="example/orders",
            branch="preview/next",
            stacks=["PreviewStack", "OtherStack"],
            provider=iam.OidcProviderNative.from_oidc_provider_arn(stack, "Given", arn),
            qualifier="preview",
            further_regions=["us-east-1"],
            permissions_boundary=iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "bound"),
        )

    return synthesize(tmp_path_factory.mktemp("roles"), define)


def role(stack: Synthesized, name: str) -> dict[str, Any]:
    (found,) = stack.under(f"{name}Role").values()
    properties: dict[str, Any] = found["Properties"]
    return properties


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("Prod", "repo:example/orders:environment:prod"),
        ("Preview", "repo:example/orders:ref:refs/heads/preview/next"),
    ],
)
def test_one_workflow_gets_in_and_no_pattern(roles: Synthesized, name: str, subject: str) -> None:
    """Audience and subject are compared character by character, and nothing else lets anybody in."""
    (statement,) = role(roles, name)["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"] == {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": subject}}
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert "*" not in json.dumps(statement)


def test_roles_of_a_stack_share_its_provider(roles: Synthesized) -> None:
    """GitHub's provider is made once, for AWS's audience alone; a given one is used as it is."""
    provider = roles.one("AWS::IAM::OIDCProvider")["Properties"]
    assert (provider["Url"], provider["ClientIdList"]) == (f"https://{ISSUER}", ["sts.amazonaws.com"])
    (trust,) = role(roles, "Preview")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"}


def test_deploying_is_taking_on_the_roles_of_the_bootstrap(roles: Synthesized) -> None:
    """A role may take on four whole roles of one bootstrap in each region, and nothing else than reads."""
    statements = roles.statements("ProdRole")
    (taking,) = [one for one in statements if one["Action"] == "sts:AssumeRole"]
    account, region = {"Ref": "AWS::AccountId"}, {"Ref": "AWS::Region"}
    start = ["arn:", {"Ref": "AWS::Partition"}, ":iam::", account]
    kinds = ("deploy", "file-publishing", "image-publishing", "lookup")
    assert [one["Fn::Join"][1] for one in taking["Resource"]] == [
        [*start, f":role/cdk-hnb659fds-{kind}-role-", account, "-", region] for kind in kinds
    ]
    assert actions(statements) == {
        "sts:AssumeRole",
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
        "codedeploy:GetDeployment",
        "codedeploy:GetDeploymentGroup",
        "codedeploy:ListDeployments",
    }
    reads = json.dumps([one["Resource"] for one in statements if one is not taking])
    assert ":stack/ProdStack/*" in reads
    assert ":deploymentgroup:ProdStack-*" in reads


def test_a_bootstrap_of_its_own_in_two_regions(roles: Synthesized) -> None:
    """Another qualifier and regions are in every name, and a boundary is put onto the role."""
    (taking,) = [one for one in roles.statements("PreviewRole") if one["Action"] == "sts:AssumeRole"]
    ends = [one["Fn::Join"][1][-1] for one in taking["Resource"]]
    assert ends == [{"Ref": "AWS::Region"}] * 4 + ["-us-east-1"] * 4
    assert all(":role/cdk-preview-" in json.dumps(one) for one in taking["Resource"])
    assert "bound" in json.dumps(role(roles, "Preview")["PermissionsBoundary"])


def test_sessions_last_an_hour(roles: Synthesized) -> None:
    """What a workflow got is worth nothing an hour later."""
    assert {role(roles, name)["MaxSessionDuration"] for name in ("Prod", "Preview")} == {3600}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"repository": "orders"}, "repository must be \"owner/name\" of one repository, no pattern, got 'orders'"),
        ({"repository": "example/*"}, "repository must be .* got 'example/\\*'"),
        ({"repository": "*/orders"}, "repository must be .* got '\\*/orders'"),
        ({"repository": "example/orders:environment:x"}, "repository must be .* got"),
        ({"repository": "https://github.com/example/orders"}, "repository must be .* got"),
        ({"repository": "example/.."}, "repository must be .* got"),
        ({"repository": "-example/orders"}, "repository must be .* got"),
        ({"environment": None}, "give environment or branch, not both or neither, got None and None"),
        ({"branch": "main"}, "give environment or branch, not both or neither, got 'prod' and 'main'"),
        ({"environment": "*"}, "environment must be one GitHub environment .* got '\\*'"),
        ({"environment": ""}, "environment must be one GitHub environment .* got ''"),
        ({"environment": "prod:ref"}, "environment must be one GitHub environment .* got 'prod:ref'"),
        ({"environment": None, "branch": "feature/*"}, "branch must be one branch .* got 'feature/\\*'"),
        ({"environment": None, "branch": "refs/heads/main"}, "branch must be one branch .* without refs/heads/, got"),
        ({"environment": None, "branch": ""}, "branch must be one branch .* got ''"),
        ({"stacks": []}, "stacks must be a list with at least one stack's name, got \\[\\]"),
        ({"stacks": "ProdStack"}, "stacks must be a list .* got 'ProdStack'"),
        (
            {"stacks": ["Prod*"]},
            "stacks must be names of 1-128 letters, digits and hyphens, no patterns, got 'Prod\\*'",
        ),
        ({"qualifier": "*"}, "qualifier must be 1-10 letters and digits, .* got '\\*'"),
        ({"qualifier": "elevenchars"}, "qualifier must be 1-10 letters and digits, .* got 'elevenchars'"),
        ({"further_regions": ["*"]}, "further_regions must be names such as eu-west-1, got '\\*'"),
        ({"further_regions": ["europe"]}, "further_regions must be names such as eu-west-1, got 'europe'"),
    ],
)
def test_refuses_to_let_in_more_than_was_meant(settings: Mapping[str, Any], message: str) -> None:
    """Patterns, several repositories, and a workflow bound by nothing are refused."""
    with pytest.raises(ValueError, match=f"^{message}"):
        GitHubDeployRole(cdk.Stack(cdk.App(), "Shop"), "Prod", **{**GIVEN, **settings})


def test_a_known_account_is_as_clean_as_an_unknown_one(tmp_path: Path) -> None:
    """Both rule packs find nothing but the inline policy that every app of ours acknowledges as a whole."""

    def define(app: cdk.App) -> None:
        here = cdk.Environment(account="111122223333", region="us-gov-west-1")
        for name, environment in (("Somewhere", None), ("Here", here)):
            stack = cdk.Stack(app, name, env=environment)
            GitHubDeployRole(stack, "Prod", **GIVEN, further_regions=["us-gov-east-1"])

    assert {rule for _, rule in findings(tmp_path, define)} == {"NIST.800.53.R5-IAMNoInlinePolicy"}
