"""What each rule finds in a template, and what it leaves alone."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.cdk.guardrails.guard_rails import RULES
from bluegreen.cdk.guardrails.open_groups import OPEN_SECURITY_GROUP, is_world
from bluegreen.cdk.guardrails.rule import examine
from bluegreen.cdk.guardrails.stores import LOG_WITHOUT_KEY, LOST_STATE

ALL = (*RULES, LOG_WITHOUT_KEY, LOST_STATE)
KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def found(resource: dict[str, Any], **others: dict[str, Any]) -> list[tuple[str, str, str]]:
    template = {"Resources": {"It": resource, **others}}
    return [(one.place, one.rule.name, one.says) for one in examine("Shop", template, ALL)]


def store(name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{name}", "Properties": properties, **KEPT}


def group(source: str, ports: tuple[int, int] = (80, 80), protocol: str = "tcp") -> dict[str, Any]:
    key = "CidrIpv6" if ":" in source else "CidrIp"
    rule = {key: source, "IpProtocol": protocol, "FromPort": ports[0], "ToPort": ports[1]}
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": [rule]}}


def balancer(scheme: str = "internet-facing") -> dict[str, Any]:
    given = {"Scheme": scheme, "SecurityGroups": [{"Fn::GetAtt": ["It", "GroupId"]}]}
    return {
        "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": given},
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {"LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80},
        },
    }


@pytest.mark.parametrize(
    ("resource", "rule", "says"),
    [
        (store("RDS::DBInstance"), "unencrypted-store", "does not say StorageEncrypted"),
        (store("RDS::DBInstance", StorageEncrypted=False), "unencrypted-store", "does not say StorageEncrypted"),
        (store("RDS::DBCluster", StorageEncrypted="false"), "unencrypted-store", "does not say StorageEncrypted"),
        (
            store("RDS::DBInstance", SourceDBInstanceIdentifier="orders"),
            "unencrypted-store",
            "does not say StorageEncrypted",
        ),
        (store("S3::Bucket"), "unencrypted-store", "does not say BucketEncryption"),
        (store("SNS::Topic"), "unencrypted-store", "does not say KmsMasterKeyId"),
        (store("SQS::Queue", SqsManagedSseEnabled=False), "unencrypted-store", "does not say KmsMasterKeyId"),
        (store("EFS::FileSystem"), "unencrypted-store", "does not say Encrypted"),
        (
            store("ElastiCache::ReplicationGroup", AtRestEncryptionEnabled=True),
            "unencrypted-store",
            "does not say TransitEncryptionEnabled",
        ),
        (store("Logs::LogGroup", KmsKeyId="key"), "log-retention", "keeps what is written for ever"),
        (store("Logs::LogGroup", RetentionInDays=7), "log-without-key", "does not say KmsKeyId"),
        (
            store("ECS::Service", NetworkConfiguration={"AwsvpcConfiguration": {"AssignPublicIp": "ENABLED"}}),
            "public-address",
            "gives tasks a public address in NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp",
        ),
        (
            store("StepFunctions::StateMachine", DefinitionString='{"a": {"AssignPublicIp":"ENABLED"}}'),
            "public-address",
            "gives tasks a public address in DefinitionString",
        ),
        (
            store("RDS::DBInstance", StorageEncrypted=True, PubliclyAccessible=True),
            "public-address",
            "has a public address by PubliclyAccessible",
        ),
        (
            store("RDS::DBInstance", StorageEncrypted=True, MasterUserPassword="hunter2"),
            "literal-secret",
            "has a secret in MasterUserPassword",
        ),
        (
            store("SecretsManager::Secret", SecretString="hunter2"),
            "literal-secret",
            "has a secret in SecretString: its name says that it is one",
        ),
        (
            store("Lambda::Function", Environment={"Variables": {"API_PASSWORD": "hunter2"}}),
            "literal-secret",
            "has a secret in the variable API_PASSWORD: its name says that it is one",
        ),
        (
            store(
                "ECS::TaskDefinition", ContainerDefinitions=[{"Environment": [{"Name": "DB_PASSWORD", "Value": "x1"}]}]
            ),
            "literal-secret",
            "has a secret in the variable DB_PASSWORD: its name says that it is one",
        ),
        (
            {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain"},
            "lost-state",
            "has UpdateReplacePolicy None",
        ),
        (
            {"Type": "AWS::KMS::Key", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"},
            "lost-state",
            "has DeletionPolicy Delete and UpdateReplacePolicy Delete",
        ),
        (group("0.0.0.0/0"), "open-security-group", "lets 0.0.0.0/0 in to port 80"),
        (group("::/0", (0, 65535), "-1"), "open-security-group", "lets ::/0 in to every port"),
        (group("128.0.0.0/1", (20, 21)), "open-security-group", "lets 128.0.0.0/1 in to ports 20-21"),
    ],
)
def test_finds_what_breaks_a_rule(resource: dict[str, Any], rule: str, says: str) -> None:
    """Each way to break a rule is found once, with stack, resource, rule and what is wrong."""
    assert found(resource) == [("Shop.It", rule, says)]


@pytest.mark.parametrize(
    "resource",
    [
        store("RDS::DBInstance", StorageEncrypted=True, MasterUserPassword="{{resolve:secretsmanager:it}}"),
        store("RDS::DBInstance", SourceDBInstanceIdentifier="orders", KmsKeyId="key"),
        {"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": {"Ref": "Cluster"}}},
        store("DynamoDB::Table"),
        store("SQS::Queue"),
        store("SQS::Queue", SqsManagedSseEnabled=False, KmsMasterKeyId="key"),
        store("SNS::Topic", KmsMasterKeyId={"Ref": "Key"}),
        store("ECS::Service", NetworkConfiguration={"AwsvpcConfiguration": {"AssignPublicIp": "DISABLED"}}),
        store("SecretsManager::Secret", GenerateSecretString={"GenerateStringKey": "password"}),
        store("Lambda::Function", Environment={"Variables": {"LOG_LEVEL": "info", "PASSWORD_ARN": {"Ref": "It"}}}),
        store("Logs::LogGroup", RetentionInDays=7, KmsKeyId="key"),
        group("203.0.113.0/24"),
        group("10.0.0.0/8", (0, 65535), "-1"),
        {"Type": "AWS::EC2::SecurityGroup"},
    ],
)
def test_leaves_alone_what_keeps_the_rules(resource: dict[str, Any]) -> None:
    """What is encrypted, private, kept or somebody's own is not found."""
    assert found(resource) == []


def test_the_world_may_come_to_a_public_listener_alone() -> None:
    """The world may reach the port of a listener of a public load balancer, but no other, unknown or internal one."""
    assert found(group("0.0.0.0/0"), **balancer()) == []
    assert len(found(group("0.0.0.0/0", (80, 81)), **balancer())) == 1
    assert len(found(group("0.0.0.0/0"), **balancer("internal"))) == 1
    unknown = balancer()
    unknown["Listener"]["Properties"]["Port"] = {"Ref": "Port"}
    assert len(found(group("0.0.0.0/0"), **unknown)) == 1


def test_a_rule_apart_from_its_group_is_found_too() -> None:
    """An ingress of its own is judged by the group that it belongs to."""
    ingress = {"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "GroupId": {"Ref": "It"}}
    apart = {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": ingress}
    empty = {"Type": "AWS::EC2::SecurityGroup"}
    assert [(place, rule) for place, rule, _ in found(empty, Apart=apart)] == [("Shop.Apart", "open-security-group")]


@given(address=st.ip_addresses(), length=st.integers(0, 32))
def test_all_that_is_the_world_holds_public_addresses(address: Any, length: int) -> None:
    """A network counts as the world only when it is wider than anybody owns, and a part of it never does alone."""
    network = ipaddress.ip_network((address, length), strict=False)
    wide = length < (8 if network.version == 4 else 16)
    assert is_world(str(network)) == (wide and not network.is_private)
    assert wide or not is_world(str(network))


@given(listener=st.integers(1, 65535), first=st.integers(1, 65535), more=st.integers(0, 3))
def test_one_port_too_many_is_one_too_many(listener: int, first: int, more: int) -> None:
    """Open ports are accepted exactly when the listener's is the only one."""
    last = min(first + more, 65535)
    others = balancer()
    others["Listener"]["Properties"]["Port"] = listener
    template = {"Resources": {"It": group("0.0.0.0/0", (first, last)), **others}}
    assert (list(OPEN_SECURITY_GROUP.find(template)) == []) == (first == last == listener)
