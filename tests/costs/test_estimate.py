"""What an estimate counts."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from costs.estimate import Estimator, Prices

PRICES = Prices(
    tomllib.loads((Path(__file__).parents[2] / "costs" / "prices.toml").read_text()) | {"hours_per_month": 100}
)
USAGE = {
    "requests_per_second": 0,
    "capacity_units": 0,
    "nat_gib": 0,
    "log_gib": 0,
    "backup_gib": 10,
    "custom_metrics": 0,
}
TASK = ("AWS::ECS::TaskDefinition", {"Cpu": "1024", "Memory": "2048", "ContainerDefinitions": [{"PortMappings": [1]}]})
SCALED = ("AWS::ApplicationAutoScaling::ScalableTarget", {"MinCapacity": 4})
ON_DEMAND = 4 * 100 * (0.04048 + 2 * 0.004445)


def strategy(*providers: tuple[str, int, int]) -> tuple[str, dict[str, Any]]:
    chosen = [{"CapacityProvider": name, "Base": base, "Weight": weight} for name, base, weight in providers]
    return "Custom::Release", {"CapacityProviderStrategy": chosen}


def dollars(*resources: tuple[str, dict[str, Any]], **usage: float) -> float:
    template = {"Resources": {str(n): {"Type": kind, "Properties": p} for n, (kind, p) in enumerate(resources)}}
    return sum(item.dollars for item in Estimator.of([template], PRICES, USAGE | usage).items())


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([], 0),
        ([("AWS::EC2::NatGateway", {}), ("AWS::EC2::EIP", {})], 100 * (0.045 + 0.005)),
        ([TASK, SCALED], ON_DEMAND),
        ([TASK, SCALED, strategy(("FARGATE_SPOT", 0, 1))], 0.3 * ON_DEMAND),
        ([TASK, SCALED, strategy(("FARGATE", 1, 0), ("FARGATE_SPOT", 0, 1))], (1 + 3 * 0.3) / 4 * ON_DEMAND),
        ([TASK, SCALED, strategy(("FARGATE", 0, 1), ("FARGATE_SPOT", 0, 1))], 0.65 * ON_DEMAND),
        ([("AWS::RDS::DBInstance", {"DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20"})], 1.6 + 2.3),
        (
            [("AWS::RDS::DBInstance", {"DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20", "MultiAZ": True})],
            2 * (1.6 + 2.3),
        ),
        ([("AWS::WAFv2::WebACL", {"Rules": [{}, {}]})], 7),
        ([("AWS::CloudWatch::Alarm", {"MetricName": "a"}), ("AWS::CloudWatch::CompositeAlarm", {})], 0.6),
        ([("AWS::Synthetics::Canary", {"Schedule": {"Expression": "rate(1 hour)"}})], 0.12),
        ([("AWS::Backup::BackupPlan", {})], 0.95),
    ],
)
def test_counts_what_a_template_holds(resources: list[tuple[str, dict[str, Any]]], expected: float) -> None:
    """Each resource that costs is counted once, at its price for the hours of a month."""
    assert dollars(*resources) == pytest.approx(expected)


def test_what_flows_is_assumed() -> None:
    """Traffic and logs come from the assumptions, at their own prices."""
    assert dollars(log_gib=10) == pytest.approx(5)
    assert dollars(("AWS::EC2::NatGateway", {}), nat_gib=10) == pytest.approx(4.5 + 0.45)


def test_an_instance_without_a_price_is_refused() -> None:
    """A class that the table lacks is named, with those that it has."""
    with pytest.raises(KeyError, match=r"no price for z9\.huge; it has t4g\.micro"):
        dollars(("AWS::RDS::DBInstance", {"DBInstanceClass": "db.z9.huge"}))
