import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import psycopg
import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.postgres import PostgresError, free_address
from bluegreen.rehearsal.cloud.rds import Rds
from bluegreen.rehearsal.cloud.rds.resource_types import DBInstanceType, SecretTargetAttachmentType
from tests.rehearsal.cloud.checked import Checked
from tests.rehearsal.cloud.running import started

PROPERTIES = {
    "DBInstanceIdentifier": "Orders-DB",
    "Engine": "postgres",
    "EngineVersion": "17.4",
    "DBInstanceClass": "db.t3.micro",
    "AllocatedStorage": "20",
    "MultiAZ": "true",
    "MasterUsername": "orders",
    "MasterUserPassword": "it's",
    "DBName": "shop",
}


def make_rds(folder: Path) -> Rds:
    return Rds(
        clock=Clock(60),
        journal=Journal(lambda: 1.0),
        client={}.__getitem__,
        folder=folder,
        region="eu-west-1",
        account="123456789012",
    )


@pytest.fixture(scope="module")
def rds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rds]:
    folder = tmp_path_factory.mktemp("rds")
    made = make_rds(folder)
    DBInstanceType(made).create("generated", PROPERTIES)
    pid = made.snapshot()["instances"][0]["pid"]
    yield made
    made.stop()
    made.stop()
    assert not psutil.pid_exists(pid)
    assert list((folder / "rds").iterdir()) == []


def connect(rds: Rds, password: str, database: str = "shop") -> "psycopg.Connection[Any]":
    endpoint = rds.described(rds.instance("orders-db"))["Endpoint"]
    return psycopg.connect(
        host=endpoint["Address"], port=endpoint["Port"], user="orders", password=password, dbname=database
    )


def test_an_instance_is_described_as_rds_does(rds: Rds) -> None:
    """The identifier is lower case, the endpoint is real, and settings without anything behind them are repeated."""
    (described,) = Checked(rds).describe_db_instances(DBInstanceIdentifier="orders-db")["DBInstances"]
    assert described["DBInstanceStatus"] == "available"
    assert described["Endpoint"]["Address"].startswith("127.79.")
    assert (described["AllocatedStorage"], described["MultiAZ"], described["DBName"]) == (20, True, "shop")
    assert described["BackupRetentionPeriod"] == 1
    (again,) = Checked(rds).describe_db_instances()["DBInstances"]
    assert again["DBInstanceArn"] == described["DBInstanceArn"]
    with pytest.raises(ApiError, match="DBInstance other not found"):
        Checked(rds).describe_db_instances(DBInstanceIdentifier="other")


def test_the_master_user_owns_the_database_and_is_no_superuser(rds: Rds) -> None:
    """It makes tables, roles and databases, but a migration that needs a superuser fails here as it would on RDS."""
    with connect(rds, "it's") as connection:
        connection.execute("CREATE TABLE orders (id int)")
        connection.execute("CREATE ROLE reader")
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE ROLE boss SUPERUSER")


def test_a_changed_password_takes_the_place_of_the_old_one(rds: Rds) -> None:
    """An update changes what new connections must give, and keeps changed settings."""
    kind = DBInstanceType(rds)
    changed = PROPERTIES | {"MasterUserPassword": "n\"e'w", "BackupRetentionPeriod": 30}
    assert kind.update("orders-db", PROPERTIES, changed).physical_id == "orders-db"
    assert rds.described(rds.instance("orders-db"))["BackupRetentionPeriod"] == 30
    with connect(rds, "n\"e'w", "postgres") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(rds, "it's")
    kind.update("orders-db", changed, PROPERTIES)


class FakeSecrets:
    def __init__(self, text: str) -> None:
        self.text = text
        self.writes = 0

    def get_secret_value(self, **request: str) -> dict[str, str]:
        return {"ARN": f"arn:{request['SecretId']}", "SecretString": self.text}

    def put_secret_value(self, **request: str) -> None:
        self.text = request["SecretString"]
        self.writes += 1


def test_an_attachment_writes_where_the_database_is(rds: Rds) -> None:
    """The secret gains the connection's facts and keeps its own fields; unchanged, it gets no new version."""
    secret = FakeSecrets('{"username": "orders", "password": "x"}')
    kind = SecretTargetAttachmentType(rds, {"secretsmanager": secret}.__getitem__)
    properties = {"SecretId": "db", "TargetId": "orders-db", "TargetType": "AWS::RDS::DBInstance"}
    assert kind.create("generated", properties).physical_id == "arn:db"
    assert json.loads(secret.text) == {
        "username": "orders",
        "password": "x",
        "engine": "postgres",
        "host": rds.described(rds.instance("orders-db"))["Endpoint"]["Address"],
        "port": 5432,
        "dbname": "shop",
        "dbInstanceIdentifier": "orders-db",
    }
    kind.update("arn:db", properties, properties)
    assert secret.writes == 1


def test_a_second_secret_may_be_attached_for_another_user(rds: Rds) -> None:
    """It learns where the database is and keeps its own user; no role is made, as RDS makes none."""
    secret = FakeSecrets('{"username": "orders_app", "password": "y"}')
    kind = SecretTargetAttachmentType(rds, {"secretsmanager": secret}.__getitem__)
    kind.create("generated", {"SecretId": "app", "TargetId": "orders-db", "TargetType": "AWS::RDS::DBInstance"})
    document = json.loads(secret.text)
    assert (document["username"], document["dbname"], document["port"]) == ("orders_app", "shop", 5432)
    with connect(rds, "it's") as connection:
        assert connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'orders_app'").fetchone() is None


@pytest.mark.parametrize(
    ("change", "text", "error", "words"),
    [
        ({"TargetType": "AWS::RDS::DBCluster"}, "{}", ValueError, "got AWS::RDS::DBCluster"),
        ({"TargetId": "other"}, "{}", ApiError, "DBInstance other not found"),
        ({}, "[]", TypeError, "JSON object"),
        ({}, "plain", ValueError, "Expecting value"),
    ],
)
def test_an_attachment_that_cannot_be_made_is_refused(
    rds: Rds, change: dict[str, str], text: str, error: type[Exception], words: str
) -> None:
    """Another kind of target, an instance that is not there, or a secret that is no JSON object."""
    secret = FakeSecrets(text)
    properties = {"SecretId": "db", "TargetId": "orders-db", "TargetType": "AWS::RDS::DBInstance"} | change
    with pytest.raises(error, match=words):
        SecretTargetAttachmentType(rds, {"secretsmanager": secret}.__getitem__).create("generated", properties)
    assert secret.writes == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "already exists"),
        ({"DBInstanceIdentifier": "1st"}, "not a valid identifier"),
        ({"DBInstanceIdentifier": "other", "Engine": "mysql"}, "only the engine postgres, got mysql"),
        ({"DBInstanceIdentifier": "other", "MasterUserPassword": ""}, "with a MasterUserPassword or Manage"),
        ({"DBInstanceIdentifier": "other", "MasterUsername": "rdsadmin"}, "reserved word"),
    ],
)
def test_an_instance_that_cannot_run_here_is_refused(rds: Rds, change: dict[str, str], words: str) -> None:
    """The refusal names what is wrong, and nothing is left of the attempt."""
    with pytest.raises(ApiError, match=words):
        DBInstanceType(rds).create("generated", PROPERTIES | change)
    assert [one["name"] for one in rds.snapshot()["instances"]] == ["orders-db"]


def test_a_protected_instance_is_not_deleted(rds: Rds) -> None:
    """Deletion protection holds, whoever asks."""
    rds.keep("orders-db", {"DeletionProtection": "true"})
    for delete in (
        lambda: DBInstanceType(rds).delete("orders-db", PROPERTIES),
        lambda: Checked(rds).delete_db_instance(DBInstanceIdentifier="orders-db", SkipFinalSnapshot=True),
    ):
        with pytest.raises(ApiError, match="disable deletion protection"):
            delete()
    assert rds.snapshot()["instances"][0]["pid"] is not None
    rds.keep("orders-db", {"DeletionProtection": False})


def test_settings_are_shown_in_the_forms_of_the_api(rds: Rds) -> None:
    """What a template calls otherwise, or gives as a text, is described with RDS's own names and types."""
    asked = {
        "DBParameterGroupName": "orders",
        "DBSubnetGroupName": "isolated",
        "VPCSecurityGroups": ["sg-1"],
        "EnableIAMDatabaseAuthentication": "true",
        "EnableCloudwatchLogsExports": ["postgresql"],
        "MonitoringInterval": "60",
        "Tags": [{"Key": "environment", "Value": "prod"}],
    }
    DBInstanceType(rds).update("orders-db", PROPERTIES, PROPERTIES | asked)
    (described,) = Checked(rds).describe_db_instances(DBInstanceIdentifier="orders-db")["DBInstances"]
    assert described["DBParameterGroups"] == [{"DBParameterGroupName": "orders", "ParameterApplyStatus": "in-sync"}]
    assert described["DBSubnetGroup"]["DBSubnetGroupName"] == "isolated"
    assert described["VpcSecurityGroups"] == [{"VpcSecurityGroupId": "sg-1", "Status": "active"}]
    assert described["IAMDatabaseAuthenticationEnabled"] is True
    assert described["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert described["MonitoringInterval"] == 60
    assert Checked(rds).list_tags_for_resource(ResourceName=described["DBInstanceArn"])["TagList"] == asked["Tags"]


def test_a_property_that_cloudformation_does_not_know_is_refused(rds: Rds) -> None:
    """A slip in a template's property fails here as it does at AWS."""
    with pytest.raises(ValueError, match=r"extraneous key \[BackupRetention\] is not permitted"):
        DBInstanceType(rds).create("generated", PROPERTIES | {"BackupRetention": 7})


def test_a_taken_address_is_passed_over() -> None:
    """Two clouds on one machine do not meet: an address with a listener at the port is not given out."""
    with socket.socket() as taken:
        address = free_address(45_432)
        taken.bind((address, 45_432))
        taken.listen()
        assert free_address(45_432) != address


def test_without_postgresql_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A missing wheel is named by the extra that brings it, and leaves nothing behind."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    made = make_rds(tmp_path)
    with pytest.raises(PostgresError, match="not installed") as refused:
        made.create("orders", PROPERTIES)
    assert refused.value.hint == "pip install 'bluegreen[rehearsal]'"
    assert made.snapshot() == {"instances": []}
    made.stop()


def test_a_server_that_cannot_be_set_up_shows_its_log(tmp_path: Path) -> None:
    """What PostgreSQL refuses is told in its own words, and the server it refused in does not run on."""
    made = make_rds(tmp_path)
    with pytest.raises(PostgresError, match=r"(?s)psql ended with exit code 3: .*\"pg_boss\" is reserved") as refused:
        made.create("orders", PROPERTIES | {"MasterUsername": "pg_boss", "MasterUserPassword": "never-shown"})
    assert "never-shown" not in str(refused.value)
    assert made.snapshot() == {"instances": []}
    running = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
    assert not [command for command in running if str(tmp_path) in command]
    made.stop()


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    with started("database_in_ministack.py", tmp_path) as cloud:
        yield cloud.endpoint


TEMPLATE = {
    "Resources": {
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "GenerateSecretString": {
                    "SecretStringTemplate": '{"username": "orders"}',
                    "GenerateStringKey": "password",
                    "ExcludePunctuation": True,
                    "PasswordLength": 48,
                }
            },
        },
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "Engine": "postgres",
                "DBName": "shop",
                "MasterUsername": {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:username::}}"},
                "MasterUserPassword": {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password::}}"},
            },
        },
        "Second": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "Engine": "postgres",
                "DBName": "shop",
                "MasterUsername": "owner",
                "ManageMasterUserPassword": True,
            },
        },
        "Attachment": {
            "Type": "AWS::SecretsManager::SecretTargetAttachment",
            "Properties": {
                "SecretId": {"Ref": "Secret"},
                "TargetId": {"Ref": "Database"},
                "TargetType": "AWS::RDS::DBInstance",
            },
        },
    },
    "Outputs": {
        "Managed": {"Value": {"Fn::GetAtt": ["Second", "MasterUserSecret.SecretArn"]}},
        "SecondAddress": {"Value": {"Fn::GetAtt": ["Second", "Endpoint.Address"]}},
        "Secret": {"Value": {"Ref": "Attachment"}},
        "Address": {"Value": {"Fn::GetAtt": ["Database", "Endpoint.Address"]}},
        "Port": {"Value": {"Fn::GetAtt": ["Database", "Endpoint.Port"]}},
    },
}


def test_a_template_gets_a_database_whose_secret_opens_it(endpoint: str) -> None:
    """Whoever reads the secret can connect, be it the template's own or that of RDS; deletion ends it all."""

    def client(name: str) -> Any:
        make: Any = boto3.Session("test", "test", region_name="eu-west-1").client
        return make(name, endpoint_url=endpoint)

    stacks = client("cloudformation")
    stacks.create_stack(StackName="data", TemplateBody=json.dumps(TEMPLATE))
    patience = {"Delay": 0.2, "MaxAttempts": 150}
    stacks.get_waiter("stack_create_complete").wait(StackName="data", WaiterConfig=patience)
    (stack,) = stacks.describe_stacks(StackName="data")["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    secret = json.loads(client("secretsmanager").get_secret_value(SecretId=outputs["Secret"])["SecretString"])
    assert outputs["Secret"].startswith("arn:aws:secretsmanager:eu-west-1:")
    assert (secret["password"].isalnum(), len(secret["password"])) == (True, 48)
    assert (secret["host"], str(secret["port"])) == (outputs["Address"], outputs["Port"])
    with psycopg.connect(
        host=secret["host"],
        port=secret["port"],
        user=secret["username"],
        password=secret["password"],
        dbname=secret["dbname"],
    ) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("orders", "shop")
    managed = json.loads(client("secretsmanager").get_secret_value(SecretId=outputs["Managed"])["SecretString"])
    assert managed.keys() == {"username", "password"}
    assert ":secret:rds!db-" in outputs["Managed"]
    with psycopg.connect(
        host=outputs["SecondAddress"], port=5432, user="owner", password=managed["password"], dbname="shop"
    ) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("owner",)
    instance, second = client("rds").describe_db_instances()["DBInstances"]
    assert instance["DBInstanceIdentifier"].startswith("data-")
    assert [one["MasterUserSecret"]["SecretArn"] for one in (instance, second) if "MasterUserSecret" in one] == [
        outputs["Managed"]
    ]
    stacks.delete_stack(StackName="data")
    stacks.get_waiter("stack_delete_complete").wait(StackName="data", WaiterConfig=patience)
    assert client("rds").describe_db_instances()["DBInstances"] == []
    assert client("secretsmanager").list_secrets()["SecretList"] == []
