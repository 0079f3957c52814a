"""The stack policy: what it keeps from being replaced, and what the command shows, sets and lifts."""

import json
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator
from click.testing import CliRunner, Result

from bluegreen.cli import main
from bluegreen.operations import aws
from bluegreen.operations.stack_policy import LIFTED, PROTECTING, look, put
from tests.rehearsal.cloud.running import Cloud


class Deployed:
    """A deployed stack as CloudFormation answers for it; requests are held against botocore's model."""

    def __init__(self, *types: str, policy: Any = None) -> None:
        self.body = json.dumps(policy) if policy else None
        self._types = types
        model = botocore.session.get_session().get_service_model("cloudformation")
        self._shapes = {xform_name(name): model.operation_model(name).input_shape for name in model.operation_names}

    def __call__(self, service: str) -> "Deployed":
        assert service == "cloudformation"
        return self

    def get_paginator(self, operation: str) -> "Deployed":
        assert operation == "list_stack_resources"
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        self._check("list_stack_resources", request)
        found = [
            {
                "LogicalResourceId": f"It{number}",
                "ResourceType": one,
                "PhysicalResourceId": "it",
                "ResourceStatus": "OK",
            }
            for number, one in enumerate(self._types)
        ]
        return [{"StackResourceSummaries": found}]

    def get_stack_policy(self, **request: Any) -> dict[str, Any]:
        self._check("get_stack_policy", request)
        return {"StackPolicyBody": self.body} if self.body else {}

    def set_stack_policy(self, **request: Any) -> None:
        self._check("set_stack_policy", request)
        self.body = request["StackPolicyBody"]

    def _check(self, operation: str, request: dict[str, Any]) -> None:
        report = ParamValidator().validate(request, self._shapes[operation])
        assert not report.has_errors(), report.generate_report()


def call(monkeypatch: pytest.MonkeyPatch, deployed: Deployed, *arguments: str) -> Result:
    monkeypatch.setattr(aws, "clients", lambda: deployed)
    return CliRunner().invoke(main, ["stack-policy", *arguments, "--stack", "ProdDataStack"])


def test_the_policy_denies_to_replace_or_delete_what_lasts_and_nothing_else() -> None:
    """Everything else may be updated, and what lasts changed in place; it is as short as CloudFormation asks."""
    allow, deny = PROTECTING["Statement"]
    assert (allow["Effect"], allow["Action"], allow["Resource"]) == ("Allow", "Update:*", "*")
    assert (deny["Effect"], deny["Action"]) == ("Deny", ["Update:Replace", "Update:Delete"])
    types = deny["Condition"]["StringEquals"]["ResourceType"]
    assert {"AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::DynamoDB::Table"} <= set(types)
    assert not {"AWS::ECS::TaskDefinition", "AWS::EC2::SecurityGroup"} & set(types)
    assert len(json.dumps(PROTECTING)) < 16384


@pytest.mark.parametrize(
    ("deployed", "code"),
    [
        (Deployed("AWS::RDS::DBInstance"), 1),
        (Deployed("AWS::RDS::DBInstance", policy=LIFTED), 1),
        (Deployed("AWS::RDS::DBInstance", policy=PROTECTING), 0),
        (Deployed("AWS::SNS::Topic"), 0),
    ],
    ids=["none", "lifted", "in-force", "nothing-to-lose"],
)
def test_show_fails_when_something_could_be_lost(
    monkeypatch: pytest.MonkeyPatch, deployed: Deployed, code: int
) -> None:
    """A stack with something to lose and without the policy ends with 1, for a pipeline to stop at."""
    before = deployed.body
    end = call(monkeypatch, deployed, "show", "--json")
    assert (end.exit_code, deployed.body) == (code, before)
    assert json.loads(end.stdout)["in_force"] == (before == json.dumps(PROTECTING))


def test_set_protects_and_lift_allows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After set the policy is in force, after lift every update is allowed; twice the same changes nothing."""
    deployed = Deployed("AWS::RDS::DBInstance", "AWS::SNS::Topic")
    end = call(monkeypatch, deployed, "set", "--yes")
    assert end.stdout == (
        "ProdDataStack is protected: 1 resources that nobody can make again\n  It0  AWS::RDS::DBInstance\n"
    )
    assert look(deployed, "ProdDataStack").in_force
    assert "nothing to change" in call(monkeypatch, deployed, "set", "--yes").stderr
    call(monkeypatch, deployed, "lift", "--yes")
    assert json.loads(deployed.body or "") == LIFTED


def test_nothing_is_changed_when_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal and without --yes the command refuses."""
    deployed = Deployed("AWS::RDS::DBInstance")
    end = call(monkeypatch, deployed, "set")
    assert (end.exit_code, deployed.body) == (2, None)
    assert "nobody can be asked" in end.stderr


def test_another_policy_is_shown_before_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy of somebody else's is not replaced unseen."""
    deployed = Deployed("AWS::S3::Bucket", policy={"Statement": [{"Effect": "Deny", "Sid": "Ours"}]})
    assert "Ours" in call(monkeypatch, deployed, "show").stdout
    assert "Ours" in call(monkeypatch, deployed, "set", "--yes").stderr


def test_the_policy_is_set_and_read_through_the_api(cloud: Cloud) -> None:
    """CloudFormation, as the local cloud has it, takes the policy for a real stack and gives it back."""
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        },
    }
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(StackName="Shop", TemplateBody=json.dumps({"Resources": {"Orders": table}}))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="Shop", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    before = look(cloud.client, "Shop")
    assert (before.policy, [one.type for one in before.lasting]) == (None, ["AWS::DynamoDB::Table"])
    put(cloud.client, "Shop", PROTECTING)
    assert look(cloud.client, "Shop").in_force
