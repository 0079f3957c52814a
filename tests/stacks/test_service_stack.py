"""The stacks of the three environments: the promises that production rests on."""

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.environments import ENVIRONMENTS
from tests.stacks.support import Templates, properties, resources


def container(template: dict[str, Any], name: str = "app") -> dict[str, Any]:
    """Return the only container definition of this name: the application's, or the migrations'."""
    (found,) = (
        container
        for resource in resources(template, "AWS::ECS::TaskDefinition")
        for container in resource["Properties"]["ContainerDefinitions"]
        if container["Name"] == name
    )
    return dict(found)


def secrets_of(container: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return, for each secret variable, the export that names its secret and the field that is read."""
    found = {}
    for item in container["Secrets"]:
        arn, field = item["ValueFrom"]["Fn::Join"][1]
        found[item["Name"]] = (arn["Fn::ImportValue"], field.strip(":"))
    return found


FIELDS = {"DATABASE_USER": "username", "DATABASE_PASSWORD": "password"}


@pytest.mark.parametrize("name", ["app", "migrations"])
def test_credentials_reach_the_tasks_from_secrets_manager_only(
    name: str, templates: Templates, data_templates: Templates
) -> None:
    """User and password are fields of a secret that AWS generates; where the database is stands beside it as it is."""
    for environment, template in templates.items():
        found = secrets_of(container(template, name))
        assert {variable: field for variable, (_, field) in found.items() if variable in FIELDS} == FIELDS
        plain = {one["Name"] for one in container(template, name)["Environment"]}
        assert {one for one in plain if one.startswith("DATABASE_")} == {
            "DATABASE_HOST",
            "DATABASE_PORT",
            "DATABASE_NAME",
        }
        for secret in resources(data_templates[environment], "AWS::SecretsManager::Secret"):
            assert "SecretString" not in secret["Properties"]
            assert secret["Properties"]["GenerateSecretString"]["GenerateStringKey"] == "password"


def test_the_application_cannot_be_the_migrator(templates: Templates, data_templates: Templates) -> None:
    """Tasks connect as orders_app, migrations as the instance's master user, who makes the other one."""
    for name, template in templates.items():
        application, migrations = (secrets_of(container(template, one)) for one in ("app", "migrations"))
        (user,) = {export for export, _ in application.values()}
        (master,) = {export for variable, (export, _) in migrations.items() if variable in FIELDS}
        assert user != master
        assert migrations["BLUEGREEN_APPLICATION_USER"] == (user, "username")
        assert migrations["BLUEGREEN_APPLICATION_PASSWORD"] == (user, "password")
        made = {
            json.loads(secret["Properties"]["GenerateSecretString"]["SecretStringTemplate"])["username"]
            for secret in resources(data_templates[name], "AWS::SecretsManager::Secret")
        }
        assert made == {"orders_app"}
        instance = properties(data_templates[name], "AWS::RDS::DBInstance")
        assert instance["ManageMasterUserPassword"]
        assert "MasterUserPassword" not in instance
        policies = {secret: reading(template, secret) for secret in (user, master)}
        readers = {one.partition("ExecutionRole")[0] for one in policies[user]}
        assert readers == {"OrdersTask", "OrdersMigrationsTask", "RecoveryCheck"}
        assert {one.partition("ExecutionRole")[0] for one in policies[master]} == {"OrdersMigrationsTask"}


def reading(template: dict[str, Any], export: str) -> set[str]:
    """Return the policies that name a secret."""
    return {
        name
        for name, resource in template["Resources"].items()
        if resource["Type"].startswith("AWS::IAM::")
        and "secretsmanager:GetSecretValue" in json.dumps(resource)
        and export in json.dumps(resource)
    }


def test_production_migrates_and_releases_within_a_deploys_hour(templates: Templates) -> None:
    """The defaults leave room for migrations, the tasks' start and the canary: no release is handed on."""
    for template in templates.values():
        release = properties(template, "Custom::Release")
        assert release["HookSeconds"]["BeforeInstall"] == 20 * 60
        assert "HandsOn" not in release


def test_tasks_start_once_the_database_has_its_tables(templates: Templates) -> None:
    """The first release waits for the first migration, and that for everything that it runs with."""
    for template in templates.values():
        (release,) = resources(template, "Custom::Release")
        ((name, migrations),) = (
            (name, item) for name, item in template["Resources"].items() if item["Type"] == "Custom::Migrations"
        )
        others = {one for one in template["Resources"] if one.startswith("OrdersMigrations")} - {name}
        function = migrations["Properties"]["ServiceToken"]["Fn::GetAtt"][0]
        assert name in release["DependsOn"]
        assert set(migrations["DependsOn"]) | {function} == others


def test_only_tasks_reach_the_database(templates: Templates, data_templates: Templates) -> None:
    """Application, migrations and the check of restores get in, by PostgreSQL's port; no subnet of it is public."""
    for name, template in templates.items():
        data = data_templates[name]
        ((database, group),) = (
            (logical_id, resource)
            for logical_id, resource in data["Resources"].items()
            if resource["Type"] == "AWS::EC2::SecurityGroup"
        )
        assert "SecurityGroupIngress" not in group["Properties"]
        assert not resources(data, "AWS::EC2::SecurityGroupIngress")
        rules = [
            imported(resource["Properties"], data)
            for resource in resources(template, "AWS::EC2::SecurityGroupIngress")
            if "Fn::ImportValue" in resource["Properties"]["GroupId"]
        ]
        assert {json.dumps(rule["GroupId"]) for rule in rules} == {json.dumps({"Fn::GetAtt": [database, "GroupId"]})}
        assert properties(data, "AWS::RDS::DBInstance")["Port"] == "5432"
        assert {(rule["FromPort"], rule["ToPort"]) for rule in rules} == {(5432, 5432)}
        clients = {rule["SourceSecurityGroupId"]["Fn::GetAtt"][0].partition("SecurityGroup")[0] for rule in rules}
        assert clients == {"Orders", "OrdersMigrationsTask", "RecoveryCheck"}
        subnets = properties(data, "AWS::RDS::DBSubnetGroup")["SubnetIds"]
        assert all(subnet["Ref"].startswith("NetworkVpcIsolated") for subnet in subnets)


def imported(properties: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Put what the data's stack exports in the place of what is imported."""
    return {
        name: data["Outputs"][value["Fn::ImportValue"].partition(":")[2]]["Value"]
        if isinstance(value, dict) and "Fn::ImportValue" in value
        else value
        for name, value in properties.items()
    }


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
        outputs = data_templates[name]["Outputs"].values()
        exports = {output["Export"]["Name"] for output in outputs if "Export" in output}
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
            (item["Properties"]["AlarmName"].split("-Orders-")[1], item["Properties"]["Threshold"])
            for item in found
            if "-Orders-" in item["Properties"]["AlarmName"]
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
    """Staging has every type of resource that production has, but subscriptions by mail: nothing is new there."""
    few = {"AWS::CodeDeploy::DeploymentConfig", "AWS::SNS::Subscription"}
    for found in (templates, data_templates):
        types = {name: {item["Type"] for item in template["Resources"].values()} for name, template in found.items()}
        assert types["staging"] | few == types["prod"] | few
