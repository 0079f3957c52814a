"""The stacks of the three environments: the promises that production rests on."""

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.environments import ENVIRONMENTS
from tests.stacks.support import Templates, properties, resources


def container(template: dict[str, Any]) -> dict[str, Any]:
    """Return the only container definition."""
    (found,) = properties(template, "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    return dict(found)


def test_credentials_reach_the_tasks_from_secrets_manager_only(templates: Templates, data_templates: Templates) -> None:
    """The five database variables are fields of the generated secret; the template holds no value of any of them."""
    for name, template in templates.items():
        secrets = {item["Name"]: json.dumps(item["ValueFrom"]) for item in container(template)["Secrets"]}
        fields = {variable: value.split(":")[-3] for variable, value in secrets.items()}
        assert fields == {
            "DATABASE_HOST": "host",
            "DATABASE_PORT": "port",
            "DATABASE_NAME": "dbname",
            "DATABASE_USER": "username",
            "DATABASE_PASSWORD": "password",
        }
        assert "DATABASE_PASSWORD" not in json.dumps(container(template).get("Environment", []))
        secret = properties(data_templates[name], "AWS::SecretsManager::Secret")
        assert "SecretString" not in secret
        assert secret["GenerateSecretString"]["GenerateStringKey"] == "password"


def test_only_the_tasks_reach_the_database(templates: Templates, data_templates: Templates) -> None:
    """One rule, from the tasks' security group to PostgreSQL's port, and the database has no public subnet."""
    for name, template in templates.items():
        data = data_templates[name]
        ((database, group),) = (
            (logical_id, resource)
            for logical_id, resource in data["Resources"].items()
            if resource["Type"] == "AWS::EC2::SecurityGroup"
        )
        assert "SecurityGroupIngress" not in group["Properties"]
        assert not resources(data, "AWS::EC2::SecurityGroupIngress")
        (rule,) = (
            resource["Properties"]
            for resource in resources(template, "AWS::EC2::SecurityGroupIngress")
            if "Fn::ImportValue" in resource["Properties"]["GroupId"]
        )
        exported = rule["GroupId"]["Fn::ImportValue"].partition(":")[2]
        assert data["Outputs"][exported]["Value"] == {"Fn::GetAtt": [database, "GroupId"]}
        assert (rule["FromPort"], rule["ToPort"]) == (5432, 5432)
        assert rule["SourceSecurityGroupId"]["Fn::GetAtt"][0].startswith("OrdersSecurityGroup")
        subnets = properties(data, "AWS::RDS::DBSubnetGroup")["SubnetIds"]
        assert all(subnet["Ref"].startswith("VpcDatabase") for subnet in subnets)


def test_tasks_start_once_the_database_lets_them_in(templates: Templates, assembly: Path) -> None:
    """The service waits for the rule that lets its tasks in, and its stack for the one with the database."""
    for template in templates.values():
        (service,) = resources(template, "AWS::ECS::Service")
        assert any(name.startswith("OrdersSecurityGroupToDatabase") for name in service["DependsOn"])
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    for environment in ENVIRONMENTS.values():
        assert environment.data_stack_name in artifacts[environment.stack_name]["dependencies"]


def test_the_network_cannot_go_from_under_the_service(templates: Templates, data_templates: Templates) -> None:
    """All that the service uses of the other stack is imported: CloudFormation refuses to delete what is in use."""
    for name, template in templates.items():
        assert "Fn::GetStackOutput" not in json.dumps(template)
        exports = {output["Export"]["Name"] for output in data_templates[name]["Outputs"].values()}
        text = json.dumps(template)
        assert exports
        assert all(f'{{"Fn::ImportValue": "{export}"}}' in text for export in exports)


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


@pytest.mark.parametrize(("name", "days"), [("dev", 7), ("staging", 30), ("prod", 365)])
def test_no_log_is_kept_for_ever(templates: Templates, data_templates: Templates, name: str, days: int) -> None:
    """Traffic, database and application logs are kept as the table says, and every log group has a retention."""
    groups = [group for found in (templates, data_templates) for group in resources(found[name], "AWS::Logs::LogGroup")]
    assert all(group["Properties"].get("RetentionInDays") for group in groups)
    kept = [group["Properties"]["RetentionInDays"] for group in groups]
    assert kept.count(days) >= 4


def test_costs_can_be_told_apart(templates: Templates, data_templates: Templates) -> None:
    """What costs money carries the application's and the environment's name."""
    for name in templates:
        found = [
            *resources(data_templates[name], "AWS::RDS::DBInstance"),
            *resources(data_templates[name], "AWS::EC2::NatGateway"),
            *resources(templates[name], "AWS::ElasticLoadBalancingV2::LoadBalancer"),
        ]
        assert len(found) >= 3
        for resource in found:
            tags = {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}
            assert (tags["application"], tags["environment"]) == ("orders", name)


def test_environments_differ_in_values_and_not_in_kind(templates: Templates, data_templates: Templates) -> None:
    """Staging has every type of resource that production has, so production meets nothing for the first time."""
    for found in (templates, data_templates):
        types = {name: {item["Type"] for item in template["Resources"].values()} for name, template in found.items()}
        assert types["staging"] | {"AWS::CodeDeploy::DeploymentConfig"} == types["prod"] | {
            "AWS::CodeDeploy::DeploymentConfig"
        }
