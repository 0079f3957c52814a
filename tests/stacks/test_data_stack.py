"""The stacks with network and database: what production's data rests on."""

import json
from pathlib import Path

import pytest

from tests.stacks.support import Templates, properties, resources


def test_production_data_outlives_mistakes(data_templates: Templates) -> None:
    """Production's database is encrypted, has a standby and 30 days of backups, and leaves a snapshot when it goes."""
    (instance,) = resources(data_templates["prod"], "AWS::RDS::DBInstance")
    expected = {
        "DBInstanceClass": "db.t3.medium",
        "Engine": "postgres",
        "MultiAZ": True,
        "BackupRetentionPeriod": 30,
        "DeletionProtection": True,
        "DeleteAutomatedBackups": False,
        "StorageEncrypted": True,
        "PubliclyAccessible": False,
        "ManageMasterUserPassword": True,
        "EnableIAMDatabaseAuthentication": True,
        "EnablePerformanceInsights": True,
        "MonitoringInterval": 60,
    }
    assert {key: instance["Properties"][key] for key in expected} == expected
    assert (instance["DeletionPolicy"], instance["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")


@pytest.mark.parametrize(("name", "instance_class"), [("dev", "db.t3.micro"), ("staging", "db.t3.small")])
def test_the_others_are_small_and_can_be_deleted(data_templates: Templates, name: str, instance_class: str) -> None:
    """Dev and staging have small databases with 7 days of backups that go with the stack, encrypted all the same."""
    instance = properties(data_templates[name], "AWS::RDS::DBInstance")
    assert (instance["DBInstanceClass"], instance["BackupRetentionPeriod"]) == (instance_class, 7)
    assert (instance["DeletionProtection"], instance["StorageEncrypted"]) == (False, True)


def test_production_data_alone_refuses_deletion(assembly: Path) -> None:
    """ProdDataStack has termination protection; ProdStack must let CloudFormation delete a failed first creation."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    protected = {
        name
        for name, item in artifacts.items()
        if item["type"] == "aws:cloudformation:stack" and item["properties"].get("terminationProtection")
    }
    assert protected == {"ProdDataStack"}


@pytest.mark.parametrize(("name", "zones", "nat_gateways"), [("dev", 2, 1), ("staging", 2, 1), ("prod", 3, 3)])
def test_zones_and_ways_out(data_templates: Templates, name: str, zones: int, nat_gateways: int) -> None:
    """Each zone has a public, a private and an isolated subnet; zones are chosen by the region at deployment."""
    subnets = resources(data_templates[name], "AWS::EC2::Subnet")
    assert len(subnets) == 3 * zones
    assert all(subnet["Properties"]["AvailabilityZone"]["Fn::Select"][1] == {"Fn::GetAZs": ""} for subnet in subnets)
    assert len(resources(data_templates[name], "AWS::EC2::NatGateway")) == nat_gateways
