"""How synthesis fails when a stack breaks a rule."""

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns

from bluegreen.cdk.guardrails import Accepted, Finding, GuardRails

MEANT = "it carries public figures alone"


def write(folder: Path, **types: str) -> list[Path]:
    path = folder / "Shop.template.json"
    path.write_text(json.dumps({"Resources": {name: {"Type": kind} for name, kind in types.items()}}))
    return [path]


def test_synthesis_fails_with_every_finding(tmp_path: Path) -> None:
    """An app that breaks rules is not synthesized; its report names stack, resource, rule and what to do of each."""
    app = cdk.App(outdir=str(tmp_path))
    stack = cdk.Stack(app, "Shop")
    sns.CfnTopic(stack, "Jobs")
    dynamodb.CfnTable(stack, "Orders", key_schema=[{"attributeName": "id", "keyType": "HASH"}])
    GuardRails(app, protected=["Shop"])
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    reports = json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
    (report,) = [one for one in reports if one["pluginName"] == "bluegreen-guard-rails"]
    said = [
        (one["ruleName"], one["description"].partition(": ")[2], one["suggestedFix"]) for one in report["violations"]
    ]
    assert said == [
        (
            "unencrypted-store",
            "Shop.Jobs does not say KmsMasterKeyId",
            "set what is missing, with the environment's key",
        ),
        (
            "lost-state",
            "Shop.Orders has DeletionPolicy None and UpdateReplacePolicy None",
            "set both policies to Retain or Snapshot, by apply_removal_policy",
        ),
    ]


def rails(*accepted: Accepted) -> GuardRails:
    return GuardRails(cdk.App(), accepted=accepted)


def names(findings: list[tuple[Path, Finding]]) -> list[tuple[str, str]]:
    return [(one.rule.name, one.place) for _, one in findings]


def test_an_exception_is_for_one_rule_at_one_place(tmp_path: Path) -> None:
    """What is accepted is not found any more; the same elsewhere still is."""
    templates = write(tmp_path, Jobs="AWS::SNS::Topic", Mail="AWS::SNS::Topic")
    given = rails(Accepted("unencrypted-store", "Shop.Jobs", MEANT))
    assert names(given.find(templates)) == [("unencrypted-store", "Shop.Mail")]


def test_an_exception_that_is_not_needed_is_found(tmp_path: Path) -> None:
    """An exception from a rule that is kept is a finding, unless its stack is not synthesized."""
    templates = write(tmp_path, Jobs="AWS::SQS::Queue")
    unneeded, elsewhere = (Accepted("unencrypted-store", f"{name}.Jobs", MEANT) for name in ("Shop", "Other"))
    assert names(rails(unneeded, elsewhere).find(templates)) == [("unneeded-exception", "Shop.Jobs")]


@pytest.mark.parametrize(
    ("place", "reason", "message"),
    [
        ("Jobs", MEANT, "place must be Stack.LogicalId, got 'Jobs'"),
        ("Shop.", MEANT, "place must be Stack.LogicalId, got 'Shop.'"),
        ("Shop.Jobs", "fine", "reason must say in at least 4 words why unencrypted-store is meant so at Shop.Jobs"),
    ],
)
def test_refuses_exceptions_that_say_nothing(place: str, reason: str, message: str) -> None:
    """An exception without a place or a reason is refused."""
    with pytest.raises(ValueError, match=f"^{message}"):
        Accepted("unencrypted-store", place, reason)


def test_refuses_exceptions_from_no_rule() -> None:
    """An exception from a rule that is not applied is refused, with the names of those that are."""
    with pytest.raises(ValueError, match=r"^accepted must name a rule of literal-secret, .*, got 'open-group'"):
        rails(Accepted("open-group", "Shop.Jobs", MEANT))
