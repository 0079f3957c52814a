"""The example application: what each of its arrangements holds."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from tests.stacks.conftest import ROOT
from tests.stacks.support import resources

ESTATE = ROOT / "examples" / "estate"
GROUND = {
    "Vpc": "vpc-0123456789abcdef0",
    "Zones": "eu-west-1a,eu-west-1b",
    "PublicSubnets": "subnet-0aaaaaaaaaaaaaaaa,subnet-0bbbbbbbbbbbbbbbb",
    "PrivateSubnets": "subnet-0cccccccccccccccc,subnet-0dddddddddddddddd",
    "Cluster": "ground",
    "LoadBalancer": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/ground/0123456789abcdef",
    "Dns": "ground.example.com",
    "SecurityGroup": "sg-0123456789abcdef0",
    "ProductionListener": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/ground/0123456789abcdef/1",
    "TestListener": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/ground/0123456789abcdef/2",
}


def load_application() -> Any:
    """Return app.py as a module; it is run as a program otherwise."""
    spec = importlib.util.spec_from_file_location("estate_app", ESTATE / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


APPLICATION = load_application()


def templates(folder: Path, **context: str) -> dict[str, dict[str, Any]]:
    """Synthesize an arrangement with the feature flags of its cdk.json and return its templates by file name."""
    flags = json.loads((ESTATE / "cdk.json").read_text())["context"]
    app = cdk.App(outdir=str(folder), context=flags | context)
    choice = APPLICATION.Choice.from_context(app.node.try_get_context)
    choice.arrangement()(app, choice)
    app.synth()
    manifests = [json.loads(path.read_text()) for path in folder.rglob("manifest.json")]
    assert not any("missing" in manifest for manifest in manifests)
    return {path.name: json.loads(path.read_text()) for path in folder.rglob("*.template.json")}


@pytest.mark.parametrize(
    ("context", "services"),
    [
        ({"arrangement": "alone"}, {"AloneStack.template.json": 1}),
        ({"arrangement": "together"}, {"TogetherStack.template.json": 2}),
        ({"arrangement": "sharing"}, {"SharingStack.template.json": 2}),
        (
            {"arrangement": "staged"},
            {"EuropeShop08D2DF95.template.json": 0, "EuropeShopInnerEBC656ED.nested.template.json": 1},
        ),
        ({"arrangement": "ground"}, {"GroundStack.template.json": 0}),
        ({"arrangement": "tenant", **GROUND}, {"TenantStack.template.json": 1}),
    ],
    ids=["alone", "together", "sharing", "staged", "ground", "tenant"],
)
def test_every_arrangement_is_synthesized_without_an_account(
    tmp_path: Path, context: dict[str, str], services: dict[str, int]
) -> None:
    """Each arrangement has its services where it says, and asks the CLI to look nothing up."""
    found = templates(tmp_path, version="v1", **context)
    assert {name: len(resources(template, "AWS::ECS::Service")) for name, template in found.items()} == services


def test_each_service_has_its_own_version(tmp_path: Path) -> None:
    """`-c orders=v2 -c billing=v1` runs v2 of the one and v1 of the other."""
    (template,) = templates(tmp_path, arrangement="together", orders="v2", billing="v1").values()
    releases = resources(template, "Custom::Release")
    assert sorted(release["Properties"]["Version"] for release in releases) == ["v1", "v2"]


def test_the_tenant_makes_nothing_that_the_ground_has(tmp_path: Path) -> None:
    """Network, cluster, load balancer and listeners are imported, not made."""
    (template,) = templates(tmp_path, arrangement="tenant", version="v1", **GROUND).values()
    made = {resource["Type"] for resource in template["Resources"].values()}
    assert not made & {
        "AWS::EC2::VPC",
        "AWS::ECS::Cluster",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::Listener",
    }


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({}, "arrangement must be one of alone, together, sharing, staged, ground, tenant, got None"),
        ({"arrangement": "alone"}, "orders must be an image tag, got None; name one, such as -c orders=v2"),
        ({"arrangement": "alone", "version": "v1", "rollout": "bold"}, "rollout must be one of quick, approved, long"),
        ({"arrangement": "tenant", "version": "v1"}, "Vpc, Zones, .* must be given: they are outputs of GroundStack"),
    ],
)
def test_refuses_a_context_that_does_not_say_what_to_deploy(
    tmp_path: Path, context: dict[str, str], message: str
) -> None:
    """Whoever forgets a value is told which, and what is allowed."""
    with pytest.raises(APPLICATION.ChoiceError, match=f"^{message}"):
        templates(tmp_path, **context)


def test_a_plan_longer_than_an_hour_has_somewhere_to_tell_its_end(tmp_path: Path) -> None:
    """With the long rollout, the release is handed on, and a topic learns what became of it."""
    (template,) = templates(tmp_path, arrangement="alone", version="v1", rollout="long").values()
    (release,) = resources(template, "Custom::Release")
    assert release["Properties"]["HandsOn"] == "true"
    assert release["Properties"]["Notifications"]["Ref"] in template["Resources"]
