"""The stack with the images and the roles of those who deploy."""

import json
from pathlib import Path

import aws_cdk as cdk
import pytest

from bluegreen.cdk.watching import Severity
from stacks.delivery_stack import DeliveryStack
from stacks.environments import ENVIRONMENTS, PROD
from tests.cdk.support import Synthesized

SUBJECT = "token.actions.githubusercontent.com:sub"


@pytest.fixture(scope="module")
def stack(assembly: Path) -> Synthesized:
    """The stack for an account with all three environments."""
    return Synthesized(json.loads((assembly / "DeliveryStack.template.json").read_text()))


def subjects(stack: Synthesized) -> list[str]:
    roles = [one["Properties"]["AssumeRolePolicyDocument"]["Statement"][0] for one in stack.of_type("AWS::IAM::Role")]
    return [role["Condition"]["StringEquals"][SUBJECT] for role in roles]


def test_each_environment_has_a_role_of_its_own(stack: Synthesized) -> None:
    """Each role is for the workflow of one GitHub environment, and its ARN is an output."""
    assert subjects(stack) == [f"repo:example/orders:environment:{name}" for name in ENVIRONMENTS]
    outputs = stack.template["Outputs"]
    assert {name for name in outputs if name.endswith("RoleArn")} == {"DevRoleArn", "StagingRoleArn", "ProdRoleArn"}


def test_productions_own_account_lets_in_production_alone(tmp_path: Path) -> None:
    """With `-c environment=prod`, no other environment's workflow has a role; production's reaches both its regions."""
    app = cdk.App(outdir=str(tmp_path))
    DeliveryStack(app, environments=[PROD], recovery_region="eu-central-1")
    app.synth()
    stack = Synthesized(json.loads((tmp_path / "DeliveryStack.template.json").read_text()))
    assert subjects(stack) == ["repo:example/orders:environment:prod"]
    (taking,) = [one for one in stack.statements("ProdRole") if one["Action"] == "sts:AssumeRole"]
    assert len([arn for arn in taking["Resource"] if "eu-central-1" in json.dumps(arn)]) == 4


def test_one_role_pushes_what_all_run(stack: Synthesized) -> None:
    """Only the first environment's role may push, so that no image reaches production that was not tried before."""
    pushers = {
        name
        for name in ("DevRole", "StagingRole", "ProdRole")
        if any("ecr:PutImage" in one["Action"] for one in stack.statements(name))
    }
    assert pushers == {"DevRole"}


def test_findings_reach_people(stack: Synthesized) -> None:
    """Vulnerabilities go to an encrypted topic, whose key EventBridge may use, and on to those who are warned."""
    topic = stack.one("AWS::SNS::Topic")
    assert topic["Properties"]["KmsMasterKeyId"]["Fn::GetAtt"][0].startswith("Key")
    (rule,) = stack.of_type("AWS::Events::Rule")
    assert rule["Properties"]["Targets"][0]["Arn"]["Ref"].startswith("Findings")
    mails = {one["Properties"]["Endpoint"] for one in stack.of_type("AWS::SNS::Subscription")}
    assert mails == set(PROD.emails[Severity.WARNING])
    assert "events.amazonaws.com" in json.dumps(stack.one("AWS::KMS::Key")["Properties"]["KeyPolicy"])
