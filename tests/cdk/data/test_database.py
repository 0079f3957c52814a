"""A database: what it is by default, what changes it, who may come in, and what is refused."""

import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from bluegreen.cdk import AlembicMigrations
from bluegreen.cdk.data import BackupReplication, Engine, EnvironmentKey
from tests.cdk.data.conftest import add_database, isolated_vpc
from tests.cdk.support import Synthesized, actions

InFolder = Callable[[Callable[[cdk.Stack], object]], Synthesized]


def test_production_ready_by_default(defaults: Synthesized) -> None:
    """Said nothing, it is encrypted, has a standby and backups, refuses deletion, and is patched by itself."""
    instance = defaults.one("AWS::RDS::DBInstance")
    expected = {
        "DBInstanceIdentifier": "shop-prod",
        "DBInstanceClass": "db.t4g.medium",
        "Engine": "postgres",
        "EngineVersion": "18",
        "StorageType": "gp3",
        "AllocatedStorage": "20",
        "MaxAllocatedStorage": 40,
        "StorageEncrypted": True,
        "MultiAZ": True,
        "PubliclyAccessible": False,
        "BackupRetentionPeriod": 7,
        "DeletionProtection": True,
        "DeleteAutomatedBackups": False,
        "CopyTagsToSnapshot": True,
        "AutoMinorVersionUpgrade": True,
        "EnableIAMDatabaseAuthentication": True,
        "EnablePerformanceInsights": True,
        "DatabaseInsightsMode": "standard",
        "PerformanceInsightsRetentionPeriod": 7,
        "MonitoringInterval": 60,
        "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
    }
    assert {name: instance["Properties"].get(name) for name in expected} == expected
    assert (instance["DeletionPolicy"], instance["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")


def test_the_key_encrypts_everything_there_is(defaults: Synthesized) -> None:
    """Data, statistics, both passwords and both logs are under the one key that was given."""
    (key,) = (name for name, found in defaults.resources.items() if found["Type"] == "AWS::KMS::Key")
    arn = {"Fn::GetAtt": [key, "Arn"]}
    instance = defaults.one("AWS::RDS::DBInstance")["Properties"]
    assert instance["KmsKeyId"] == instance["PerformanceInsightsKMSKeyId"] == arn
    assert instance["MasterUserSecret"] == {"KmsKeyId": arn}
    assert [found["Properties"]["KmsKeyId"] for found in defaults.of_type("AWS::SecretsManager::Secret")] == [arn]
    assert [found["Properties"]["KmsKeyId"] for found in defaults.of_type("AWS::Logs::LogGroup")] == [arn, arn]


def test_no_connection_without_tls(defaults: Synthesized, aurora: Synthesized) -> None:
    """The server refuses what is not encrypted on the way, on RDS and on Aurora."""
    for found, type_name, family in (
        (defaults, "AWS::RDS::DBParameterGroup", "postgres18"),
        (aurora, "AWS::RDS::DBClusterParameterGroup", "aurora-postgresql18"),
    ):
        group = found.one(type_name)["Properties"]
        assert (group["Family"], group["Parameters"]["rds.force_ssl"]) == (family, "1")


def test_rds_keeps_the_masters_password(defaults: Synthesized, aurora: Synthesized) -> None:
    """No template holds or resolves a master password: RDS makes it, and changes it every week."""
    for found, type_name in ((defaults, "AWS::RDS::DBInstance"), (aurora, "AWS::RDS::DBCluster")):
        server = found.one(type_name)["Properties"]
        assert server["ManageMasterUserPassword"] is True
        assert "MasterUserPassword" not in server


def test_the_alarm_on_connections_knows_the_limit(defaults: Synthesized) -> None:
    """It fires above 90 % of the connections that the parameter group lets in."""
    most = defaults.one("AWS::RDS::DBParameterGroup")["Properties"]["Parameters"]["max_connections"]
    alarm = defaults.one("AWS::CloudWatch::Alarm", MetricName="DatabaseConnections")["Properties"]
    assert (most, alarm["Threshold"], alarm["Statistic"]) == ("320", 288, "Maximum")


def test_alerts_and_their_limits(defaults: Synthesized) -> None:
    """Each alarm watches this instance by its name, and leads to its runbook."""
    alarms = {
        alarm["Properties"]["MetricName"]: alarm["Properties"] for alarm in defaults.of_type("AWS::CloudWatch::Alarm")
    }
    limits = {
        name: (alarm["ComparisonOperator"], alarm["Threshold"], alarm["EvaluationPeriods"] * alarm["Period"] // 60)
        for name, alarm in alarms.items()
    }
    assert limits == {
        "CPUUtilization": ("GreaterThanThreshold", 80, 15),
        "DatabaseConnections": ("GreaterThanThreshold", 288, 5),
        "FreeStorageSpace": ("LessThanThreshold", 4 * 1024**3, 5),
        "FreeableMemory": ("LessThanThreshold", int(0.2 * 1024**3), 15),
        "ReadLatency": ("GreaterThanThreshold", 0.05, 15),
        "WriteLatency": ("GreaterThanThreshold", 0.05, 15),
    }
    for alarm in alarms.values():
        assert alarm["Dimensions"] == [{"Name": "DBInstanceIdentifier", "Value": "shop-prod"}]
        assert "Runbook: docs/runbooks.md#database-" in alarm["AlarmDescription"]


def test_logs_end(defaults: Synthesized, aurora: Synthesized) -> None:
    """The log groups are there before RDS would make ones that keep everything for ever."""
    for found, type_name, place, kinds in (
        (defaults, "AWS::RDS::DBInstance", "instance", ["postgresql", "upgrade"]),
        (aurora, "AWS::RDS::DBCluster", "cluster", ["postgresql"]),
    ):
        groups = {
            name: group["Properties"]
            for name, group in found.resources.items()
            if group["Type"] == "AWS::Logs::LogGroup"
        }
        assert [group["LogGroupName"] for group in groups.values()] == [
            f"/aws/rds/{place}/shop-prod/{kind}" for kind in kinds
        ]
        assert {group["RetentionInDays"] for group in groups.values()} == {30}
        assert set(groups) <= set(found.one(type_name)["DependsOn"])


def test_nobody_is_let_in(defaults: Synthesized) -> None:
    """Its security group has no rule that lets anybody in, and none that lets it out."""
    group = defaults.one("AWS::EC2::SecurityGroup")["Properties"]
    assert "SecurityGroupIngress" not in group
    assert [rule["CidrIp"] for rule in group["SecurityGroupEgress"]] == ["255.255.255.255/32"]
    assert not defaults.of_type("AWS::EC2::SecurityGroupIngress")


def test_aurora_sizes_itself(aurora: Synthesized) -> None:
    """Two serverless instances in an encrypted, protected cluster; the second follows the first."""
    cluster = aurora.one("AWS::RDS::DBCluster")
    assert cluster["Properties"]["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 8}
    assert (cluster["Properties"]["StorageEncrypted"], cluster["Properties"]["DeletionProtection"]) == (True, True)
    assert (cluster["DeletionPolicy"], cluster["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")
    first, second = aurora.of_type("AWS::RDS::DBInstance")
    assert {one["Properties"]["DBInstanceClass"] for one in (first, second)} == {"db.serverless"}
    assert [one["Properties"]["DBInstanceIdentifier"] for one in (first, second)] == ["shop-prod-1", "shop-prod-2"]
    assert any(name.startswith("DatabaseInstance1") for name in second["DependsOn"])
    alarms = {alarm["Properties"]["MetricName"] for alarm in aurora.of_type("AWS::CloudWatch::Alarm")}
    assert alarms == {"CPUUtilization", "DatabaseConnections", "AuroraReplicaLagMaximum"}


def test_what_an_environment_may_choose(in_folder: InFolder) -> None:
    """Without standby and protection it is cheap, and goes with its stack; the rest stays as it is."""
    found = in_folder(
        lambda stack: add_database(
            stack,
            engine=Engine.postgres("t3.micro"),
            multi_az=False,
            protected=False,
            backup_days=1,
            advanced_insights=True,
            parameters={"log_min_duration_statement": "50"},
        )
    )
    instance = found.one("AWS::RDS::DBInstance")
    expected = {
        "MultiAZ": False,
        "DeletionProtection": False,
        "DeleteAutomatedBackups": True,
        "BackupRetentionPeriod": 1,
        "DatabaseInsightsMode": "advanced",
        "PerformanceInsightsRetentionPeriod": 465,
        "StorageEncrypted": True,
    }
    assert {name: instance["Properties"].get(name) for name in expected} == expected
    assert instance["DeletionPolicy"] == "Delete"
    assert "KmsKeyId" not in instance["Properties"]
    parameters = found.one("AWS::RDS::DBParameterGroup")["Properties"]["Parameters"]
    assert (parameters["log_min_duration_statement"], parameters["rds.force_ssl"]) == ("50", "1")


def test_events_reach_a_topic_that_lets_rds_publish(in_folder: InFolder) -> None:
    """Failovers and failures are told to the topic, whose policy lets RDS in for this account only."""
    found = in_folder(lambda stack: add_database(stack, notifications=sns.Topic(stack, "Topic")))
    subscription = found.one("AWS::RDS::EventSubscription")
    assert subscription["Properties"]["SourceIds"] == ["shop-prod"]
    assert {"failover", "failure"} <= set(subscription["Properties"]["EventCategories"])
    (statement,) = found.one("AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.rds.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert any(name.startswith("TopicPolicy") for name in subscription["DependsOn"])


def test_another_region_has_the_backups(in_folder: InFolder) -> None:
    """RDS sends backups and logs to the other region, under a key of that region."""
    key = "arn:aws:kms:eu-central-1:111122223333:key/3f1c"
    replication = BackupReplication(region="eu-central-1", key_arn=key, days=14)
    instance = in_folder(lambda stack: add_database(stack, replication=replication)).one("AWS::RDS::DBInstance")
    found = {name: value for name, value in instance["Properties"].items() if name.startswith("AutomaticBackup")}
    assert found == {
        "AutomaticBackupReplicationRegion": "eu-central-1",
        "AutomaticBackupReplicationKmsKeyId": key,
        "AutomaticBackupReplicationRetentionPeriod": 14,
    }


def test_a_source_of_replicas_has_a_password_of_its_own(in_folder: InFolder) -> None:
    """RDS refuses replicas of what it keeps the password of: the password is resolved from a secret of ours."""
    found = in_folder(lambda stack: add_database(stack, replicable=True))
    instance = found.one("AWS::RDS::DBInstance")["Properties"]
    assert "ManageMasterUserPassword" not in instance
    assert "{{resolve:secretsmanager:" in json.dumps(instance["MasterUserPassword"])
    assert len(found.of_type("AWS::SecretsManager::Secret")) == 2


def two_stacks(folder: Any) -> tuple[Synthesized, Synthesized]:
    """A database with a key in one stack, and in another a task's role that reads both passwords and is let in."""
    app = cdk.App(outdir=str(folder))
    data = cdk.Stack(app, "Data")
    database = add_database(data, key=EnvironmentKey(data, "Key").key)
    service = cdk.Stack(app, "Service")
    role = iam.Role(service, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    for secret in (database.migrator, database.application_user):
        for variable in database.variables(secret).values():
            variable.grant_read(role)
    group = ec2.SecurityGroup(service, "Group", vpc=isolated_vpc(service))
    database.let_in(group, "The tasks")
    app.synth()
    templates = [json.loads((folder / f"{name}.template.json").read_text()) for name in ("Data", "Service")]
    return Synthesized(templates[0]), Synthesized(templates[1])


def test_readers_of_another_stack_may_decrypt(tmp_path: Any) -> None:
    """A role of a later stack reads and decrypts both passwords by its own policy: the key knows nothing of it."""
    data, service = two_stacks(tmp_path)
    statements = service.statements("Role")
    assert actions(statements) == {"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "kms:Decrypt"}
    (decrypt,) = (one for one in statements if one["Action"] == "kms:Decrypt")
    assert "secretsmanager." in json.dumps(decrypt["Condition"]["StringLike"]["kms:ViaService"])
    assert "Role" not in json.dumps(data.one("AWS::KMS::Key")["Properties"]["KeyPolicy"]["Statement"][1:])
    rule = service.one("AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (5432, 5432, "tcp")
    assert not data.of_type("AWS::EC2::SecurityGroupIngress")


def test_migrations_take_the_instance_and_refuse_the_cluster(stack: cdk.Stack) -> None:
    """Migrations run against an RDS instance; on Aurora they are refused when the app is synthesized."""
    found = add_database(stack)
    assert found.instance is not None
    assert found.cluster is None
    AlembicMigrations(found.instance, found.variables(found.migrator), environment=found.environment())
    aurora = add_database(stack, "Aurora", identifier="other", engine=Engine.aurora_serverless(1, 2))
    assert aurora.instance is None
    with pytest.raises(ValueError, match=r"^database must be an RDS instance, .* Aurora clusters are not"):
        AlembicMigrations(aurora.cluster, aurora.variables(aurora.migrator))  # type: ignore[arg-type]


KEY = "arn:aws:kms:eu-west-1:111122223333:key/3f1c"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "Shop"}, "name must be 1-63 lower-case letters"),
        ({"name": "rdsadmin"}, "name must be 1-63 lower-case letters"),
        ({"name": "pg_shop"}, "name must be 1-63 lower-case letters"),
        ({"identifier": "shop--prod"}, "identifier must be 1-61 lower-case letters"),
        ({"identifier": "1shop"}, "identifier must be 1-61 lower-case letters"),
        ({"backup_days": 0}, "backup_days must be 1-35, got 0"),
        ({"backup_days": 36}, "backup_days must be 1-35, got 36"),
        ({"maintenance_window": "sun:00:15-sun:01:00"}, "backup_window and maintenance_window must not overlap"),
        ({"parameters": {"rds.force_ssl": "0"}}, "parameters must leave rds.force_ssl at"),
        (
            {"replication": BackupReplication(region="eu-west-1", key_arn=KEY)},
            "replication must be in another region than the original, got eu-west-1 for both",
        ),
        (
            {"engine": Engine.aurora_serverless(1, 2), "replicable": True},
            "replication and replicable must be omitted for Aurora",
        ),
    ],
)
def test_refuses_what_rds_refuses(stack: cdk.Stack, wrong: dict[str, Any], message: str) -> None:
    """A name, figure or combination that a deployment would fail over is refused at synth."""
    with pytest.raises(ValueError, match=f"^{message}"):
        add_database(stack, **wrong)


def test_refuses_a_network_with_one_zone(stack: cdk.Stack) -> None:
    """A subnet group needs isolated subnets in two zones."""
    with pytest.raises(ValueError, match=r"^vpc must have isolated subnets in at least two zones, got 1"):
        add_database(stack, vpc=isolated_vpc(stack, "Small", zones=1))


def test_refuses_a_network_that_is_open_throughout(stack: cdk.Stack) -> None:
    """A network whose every subnet has a way out gets no database."""
    with pytest.raises(ValueError, match=r"^vpc must have isolated subnets in at least two zones, got 0"):
        add_database(stack, vpc=ec2.Vpc(stack, "Open"))


@pytest.mark.parametrize("days", [0, 36, True])
def test_refuses_replicated_backups_that_rds_would_not_keep(days: int) -> None:
    """Retention in the other region has the same limits."""
    with pytest.raises(ValueError, match=f"^days must be 1-35, got {days}"):
        BackupReplication(region="eu-central-1", key_arn=KEY, days=days)


def test_refuses_what_is_no_region() -> None:
    """A misspelt region is refused before RDS is asked."""
    with pytest.raises(ValueError, match=r"^region must be the name of an AWS region, .* got 'Frankfurt'"):
        BackupReplication(region="Frankfurt", key_arn=KEY)
