"""The stacks of the three environments: the promises that production rests on."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

Templates = Mapping[str, dict[str, Any]]


def resources(template: dict[str, Any], type_name: str) -> list[dict[str, Any]]:
    """Return the resources of a type."""
    return [resource for resource in template["Resources"].values() if resource["Type"] == type_name]


def properties(template: dict[str, Any], type_name: str) -> dict[str, Any]:
    """Return the properties of the only resource of a type."""
    (resource,) = resources(template, type_name)
    found: dict[str, Any] = resource["Properties"]
    return found


def container(template: dict[str, Any]) -> dict[str, Any]:
    """Return the only container definition."""
    (found,) = properties(template, "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    return dict(found)


def test_production_data_outlives_mistakes(templates: Templates) -> None:
    """Production's database is encrypted, has a standby and 30 days of backups, and leaves a snapshot when it goes."""
    (instance,) = resources(templates["prod"], "AWS::RDS::DBInstance")
    expected = {
        "DBInstanceClass": "db.t3.medium",
        "Engine": "postgres",
        "MultiAZ": True,
        "BackupRetentionPeriod": 30,
        "DeletionProtection": True,
        "DeleteAutomatedBackups": False,
        "StorageEncrypted": True,
        "PubliclyAccessible": False,
    }
    assert {key: instance["Properties"][key] for key in expected} == expected
    assert (instance["DeletionPolicy"], instance["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")


@pytest.mark.parametrize(("name", "instance_class"), [("dev", "db.t3.micro"), ("staging", "db.t3.small")])
def test_the_others_are_small_and_can_be_deleted(templates: Templates, name: str, instance_class: str) -> None:
    """Dev and staging have small databases with 7 days of backups that go with the stack, encrypted all the same."""
    instance = properties(templates[name], "AWS::RDS::DBInstance")
    assert (instance["DBInstanceClass"], instance["BackupRetentionPeriod"]) == (instance_class, 7)
    assert (instance["DeletionProtection"], instance["StorageEncrypted"]) == (False, True)


def test_the_production_stack_itself_refuses_deletion(assembly: Any) -> None:
    """ProdStack alone has termination protection."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    protected = {
        name
        for name, item in artifacts.items()
        if item["type"] == "aws:cloudformation:stack" and item["properties"].get("terminationProtection")
    }
    assert protected == {"ProdStack"}


def test_credentials_reach_the_tasks_from_secrets_manager_only(templates: Templates) -> None:
    """The five database variables are fields of the generated secret; the template holds no value of any of them."""
    for template in templates.values():
        secrets = {item["Name"]: json.dumps(item["ValueFrom"]) for item in container(template)["Secrets"]}
        fields = {name: value.split(":")[-3] for name, value in secrets.items()}
        assert fields == {
            "DATABASE_HOST": "host",
            "DATABASE_PORT": "port",
            "DATABASE_NAME": "dbname",
            "DATABASE_USER": "username",
            "DATABASE_PASSWORD": "password",
        }
        assert "DATABASE_PASSWORD" not in json.dumps(container(template).get("Environment", []))
        secret = properties(template, "AWS::SecretsManager::Secret")
        assert "SecretString" not in secret
        assert secret["GenerateSecretString"]["GenerateStringKey"] == "password"


def test_only_the_tasks_reach_the_database(templates: Templates) -> None:
    """One rule, from the tasks' security group to PostgreSQL's port, and the database has no public subnet."""
    for template in templates.values():
        groups = {
            name: resource
            for name, resource in template["Resources"].items()
            if resource["Type"] == "AWS::EC2::SecurityGroup" and name.startswith("Database")
        }
        ((database, group),) = groups.items()
        assert "SecurityGroupIngress" not in group["Properties"]
        rules = [
            rule["Properties"]
            for rule in resources(template, "AWS::EC2::SecurityGroupIngress")
            if rule["Properties"]["GroupId"] == {"Fn::GetAtt": [database, "GroupId"]}
        ]
        (rule,) = rules
        assert (rule["FromPort"], rule["ToPort"]) == (5432, 5432)
        assert rule["SourceSecurityGroupId"]["Fn::GetAtt"][0].startswith("OrdersSecurityGroup")
        subnets = properties(template, "AWS::RDS::DBSubnetGroup")["SubnetIds"]
        assert all(subnet["Ref"].startswith("VpcDatabase") for subnet in subnets)


def test_tasks_start_once_the_database_lets_them_in(templates: Templates) -> None:
    """The first tasks wait for the database, its secret and the rule that lets them in."""
    for template in templates.values():
        (service,) = resources(template, "AWS::ECS::Service")
        needed = {template["Resources"][name]["Type"] for name in service["DependsOn"] if name.startswith("Database")}
        assert needed >= {
            "AWS::RDS::DBInstance",
            "AWS::SecretsManager::SecretTargetAttachment",
            "AWS::EC2::SecurityGroupIngress",
        }


def test_the_version_is_the_images_tag(templates: Templates) -> None:
    """`-c version=v7` runs orders:v7 from the account's own registry."""
    for template in templates.values():
        image = json.dumps(container(template)["Image"])
        assert '"/orders:v7"' in image
        assert ".dkr.ecr." in image


@pytest.mark.parametrize(
    ("name", "domain"), [("prod", "orders.example.com"), ("staging", "orders.staging.example.com")]
)
def test_https_where_there_is_a_domain(templates: Templates, name: str, domain: str) -> None:
    """Production and staging serve HTTPS with a certificate for their domain, validated by DNS, and redirect HTTP."""
    template = templates[name]
    certificate = properties(template, "AWS::CertificateManager::Certificate")
    assert (certificate["DomainName"], certificate["ValidationMethod"]) == (domain, "DNS")
    listeners = {item["Properties"]["Port"]: item["Properties"] for item in resources(template, LISTENER)}
    assert {port: listener["Protocol"] for port, listener in listeners.items()} == {
        443: "HTTPS",
        8443: "HTTPS",
        80: "HTTP",
    }
    assert listeners[80]["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
    assert template["Outputs"]["Url"]["Value"] == f"https://{domain}"


LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


def test_dev_serves_plain_http(templates: Templates) -> None:
    """Dev has no domain, so it needs no certificate."""
    assert not resources(templates["dev"], "AWS::CertificateManager::Certificate")
    assert {item["Properties"]["Protocol"] for item in resources(templates["dev"], LISTENER)} == {"HTTP"}


@pytest.mark.parametrize(("name", "tasks"), [("dev", (1, 2)), ("staging", (2, 4)), ("prod", (3, 10))])
def test_tasks_scale_within_the_environments_bounds(templates: Templates, name: str, tasks: tuple[int, int]) -> None:
    """1 to 2, 2 to 4 and 3 to 10 tasks."""
    target = properties(templates[name], "AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == tasks


def test_every_environment_rolls_back_on_the_same_alarms(templates: Templates) -> None:
    """Errors, latency, targets, CPU and memory are watched alike, so that staging shows what production does."""
    watched = {
        name: {
            (item["Properties"]["AlarmName"].split("-Orders-")[1], item["Properties"]["Threshold"]) for item in found
        }
        for name, found in (
            (name, resources(template, "AWS::CloudWatch::Alarm")) for name, template in templates.items()
        )
    }
    assert watched["prod"] == {
        ("error-rate", 1),
        ("latency-p95", 500),
        ("unhealthy-targets", 50),
        ("cpu", 90),
        ("memory", 95),
    }
    assert watched["dev"] == watched["staging"] == watched["prod"]


@pytest.mark.parametrize(("name", "zones", "nat_gateways"), [("dev", 2, 1), ("staging", 2, 1), ("prod", 3, 3)])
def test_zones_and_ways_out(templates: Templates, name: str, zones: int, nat_gateways: int) -> None:
    """Each zone has a public, a private and an isolated subnet; zones are chosen by the region at deployment."""
    subnets = resources(templates[name], "AWS::EC2::Subnet")
    assert len(subnets) == 3 * zones
    assert all(subnet["Properties"]["AvailabilityZone"]["Fn::Select"][1] == {"Fn::GetAZs": ""} for subnet in subnets)
    assert len(resources(templates[name], "AWS::EC2::NatGateway")) == nat_gateways


@pytest.mark.parametrize(("name", "days"), [("dev", 7), ("staging", 30), ("prod", 365)])
def test_no_log_is_kept_for_ever(templates: Templates, name: str, days: int) -> None:
    """Traffic, database and application logs are kept as the table says, and every log group has a retention."""
    groups = resources(templates[name], "AWS::Logs::LogGroup")
    assert all(group["Properties"].get("RetentionInDays") for group in groups)
    kept = [group["Properties"]["RetentionInDays"] for group in groups]
    assert kept.count(days) >= 4


def test_costs_can_be_told_apart(templates: Templates) -> None:
    """What costs money carries the application's and the environment's name."""
    for name, template in templates.items():
        for type_name in ("AWS::RDS::DBInstance", "AWS::EC2::NatGateway", "AWS::ElasticLoadBalancingV2::LoadBalancer"):
            for resource in resources(template, type_name):
                tags = {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}
                assert (tags["application"], tags["environment"]) == ("orders", name)


def test_environments_differ_in_values_and_not_in_kind(templates: Templates) -> None:
    """Staging has every type of resource that production has, so production meets nothing for the first time."""
    types = {name: {item["Type"] for item in template["Resources"].values()} for name, template in templates.items()}
    assert types["staging"] | {"AWS::CodeDeploy::DeploymentConfig"} == types["prod"] | {
        "AWS::CodeDeploy::DeploymentConfig"
    }
