import json
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from bluegreen.rehearsal.cloud.acceptance import Acceptance, kinds, schemas, validation, values
from bluegreen.rehearsal.cloud.acceptance.accepted_type import AcceptedType
from bluegreen.rehearsal.cloud.api import Document
from tests.rehearsal.cloud.running import Cloud

WHERE = values.Where("eu-west-1", "123456789012")
NAME = "ProdStack-Thing1A2B-0123456789AB"


def made(type_name: str, **properties: object) -> tuple[str, Document]:
    created = values.make_up(schemas.schema(type_name), NAME, properties, WHERE)
    return created.physical_id, dict(created.attributes)


@pytest.mark.parametrize(
    ("type_name", "begins"),
    [
        ("AWS::EC2::NatGateway", "nat-"),
        ("AWS::EC2::NetworkAcl", "acl-"),
        ("AWS::EC2::VPCEndpoint", "vpce-"),
        ("AWS::EC2::EIP", "192.0.2."),
        ("AWS::Backup::BackupVault", NAME),
        ("AWS::Synthetics::Canary", NAME.lower()),
        ("AWS::WAFv2::WebACL", f"{NAME}|"),
        ("AWS::IAM::OIDCProvider", "arn:aws:iam::123456789012:"),
        ("AWS::KinesisFirehose::DeliveryStream", NAME),
    ],
)
def test_ref_returns_an_id_of_the_form_that_the_type_has(type_name: str, begins: str) -> None:
    """A physical id is the type's primary identifier, in its own form, made up where AWS would make it up."""
    assert made(type_name)[0].startswith(begins)


def test_ref_returns_the_name_that_the_template_gives() -> None:
    """A resource that is named in its template has that name."""
    assert made("AWS::Backup::BackupVault", BackupVaultName="orders")[0] == "orders"


def test_an_arn_names_service_region_and_account() -> None:
    """An ARN that is made up has the service's own name, the region where the service has one, and the account."""
    assert made("AWS::WAFv2::WebACL")[1]["Arn"].startswith("arn:aws:wafv2:eu-west-1:123456789012:")
    assert made("AWS::KinesisFirehose::DeliveryStream")[1]["Arn"].startswith("arn:aws:firehose:eu-west-1:")
    assert made("AWS::CloudFront::VpcOrigin")[1]["Arn"].startswith("arn:aws:cloudfront::123456789012:")


def test_an_address_that_is_made_up_leads_nowhere() -> None:
    """Whoever calls an endpoint with nothing behind it gets no answer from somebody else."""
    attributes = made("AWS::ElastiCache::ServerlessCache")[1]
    assert attributes["Endpoint.Address"].endswith(".invalid")
    assert attributes["Endpoint.Port"].isdigit()


def test_every_type_of_aws_can_be_made_up() -> None:
    """Each of AWS's resource types gets an id and every attribute that its schema names."""
    for type_name in schemas.type_names():
        schema = schemas.schema(type_name)
        created = values.make_up(schema, NAME, {}, WHERE)
        assert created.physical_id, type_name
        assert set(created.attributes) == set(schema.read_only), type_name


@pytest.mark.parametrize(
    ("type_name", "properties", "complaint"),
    [
        ("AWS::EC2::NetworkAcl", {}, r"#: required key \[VpcId\] not found"),
        ("AWS::EC2::NetworkAcl", {"VpcId": "vpc-1", "Vpc": "x"}, r"#: extraneous key \[Vpc\] is not permitted"),
        ("AWS::EC2::NetworkAcl", {"VpcId": "vpc-1", "Id": "acl-1"}, r"#: extraneous key \[Id\] is not permitted"),
        ("AWS::EC2::NetworkAcl", {"VpcId": ["vpc-1"]}, "#/VpcId: expected type: String, found: JSONArray"),
        (
            "AWS::WAFv2::WebACL",
            {"DefaultAction": {"Allow": {}}, "Scope": "LOCAL", "VisibilityConfig": {}},
            r"#/Scope: #: LOCAL is not a valid enum value; allowed: CLOUDFRONT, REGIONAL",
        ),
        (
            "AWS::WAFv2::WebACL",
            {"DefaultAction": {"Allow": {}}, "Scope": "REGIONAL", "VisibilityConfig": {"MetricName": "x"}},
            r"#/VisibilityConfig: required key \[SampledRequestsEnabled\] not found",
        ),
    ],
)
def test_properties_that_cloudformation_refuses_are_refused(
    type_name: str, properties: Document, complaint: str
) -> None:
    """What AWS's schema does not allow fails the resource, with the place and the reason."""
    with pytest.raises(ValueError, match=complaint):
        validation.check(schemas.schema(type_name), properties)


def test_numbers_and_truth_may_be_texts() -> None:
    """CloudFormation takes any leaf as a text, and so does the check."""
    acl = {"NetworkAclId": "acl-1", "RuleAction": "allow", "RuleNumber": "100", "Protocol": "-1", "Egress": "true"}
    validation.check(schemas.schema("AWS::EC2::NetworkAclEntry"), acl)


def test_a_change_keeps_the_resource_unless_the_property_is_create_only() -> None:
    """A property that can be changed in place keeps id and attributes; another one makes a new resource."""
    kind = AcceptedType("AWS::EC2::NetworkAcl", WHERE)
    one = kind.create(NAME, {"VpcId": "vpc-1"})
    tagged = {"VpcId": "vpc-1", "Tags": [{"Key": "a", "Value": "b"}]}
    assert kind.update(one.physical_id, NAME, {"VpcId": "vpc-1"}, tagged) == one
    assert kind.update(one.physical_id, NAME, tagged, {"VpcId": "vpc-2"}).physical_id != one.physical_id


def test_a_named_resource_is_not_replaced_under_its_name() -> None:
    """Two resources cannot have one name: CloudFormation asks for another name, and so does the local cloud."""
    kind = AcceptedType("AWS::Backup::BackupVault", WHERE)
    before = {"BackupVaultName": "orders", "EncryptionKeyArn": "arn:one"}
    kind.create(NAME, before)
    with pytest.raises(ValueError, match=r"custom-named resource requires replacing.* Rename orders"):
        kind.update("orders", NAME, before, before | {"EncryptionKeyArn": "arn:two"})


@pytest.mark.parametrize(
    "type_name",
    ["AWS::ECS::TaskSet", "AWS::ElasticLoadBalancingV2::TrustStore", "AWS::CodeDeploy::DeploymentConfig"],
)
def test_what_a_release_depends_on_is_never_accepted_without_emulation(type_name: str) -> None:
    """A type whose silent acceptance would let a rehearsal claim what it did not see is refused, and says why."""
    handlers: dict[str, Document] = {}
    Acceptance(region="eu-west-1", account="123456789012").install(handlers, {"AWS::ECS::Service"})
    with pytest.raises(ValueError, match=f"does not emulate {type_name}, and accepting it"):
        handlers[type_name]["create"]("Thing", {}, "ProdStack")
    assert "AWS::ECS::Service" not in handlers


def test_what_is_kept_as_a_record_is_listed_too() -> None:
    """A type that ministack only keeps is listed like one that nobody knows; one that it runs is not."""
    acceptance = Acceptance(region="eu-west-1", account="123456789012")
    known: dict[str, dict[str, Any]] = {
        name: {"create": lambda *_: ("id", {})} for name in ("AWS::WAFv2::WebACL", "AWS::SQS::Queue")
    }
    acceptance.install(known, set())
    for type_name in ("AWS::WAFv2::WebACL", "AWS::SQS::Queue"):
        known[type_name]["create"]("One", {}, "ProdStack")
    assert acceptance.snapshot() == [{"type": "AWS::WAFv2::WebACL", "count": 1, "stacks": ["ProdStack"]}]


@pytest.mark.parametrize(
    ("type_name", "properties", "part"),
    [
        ("AWS::SNS::Subscription", {"Protocol": "email-json"}, "e-mail"),
        ("AWS::SNS::Subscription", {"Protocol": "lambda"}, ""),
        ("AWS::S3::Bucket", {"LifecycleConfiguration": {"Rules": []}}, "lifecycle rules"),
        ("AWS::S3::Bucket", {}, ""),
    ],
)
def test_a_part_that_is_only_kept_is_listed_by_its_name(type_name: str, properties: Document, part: str) -> None:
    """A type that ministack runs is listed only for what of it has nothing behind it."""
    acceptance = Acceptance(region="eu-west-1", account="123456789012")
    known: dict[str, dict[str, Any]] = {type_name: {"create": lambda *_: ("id", {})}}
    acceptance.install(known, set())
    known[type_name]["create"]("One", properties, "ProdStack")
    assert [one["type"] for one in acceptance.snapshot()] == ([f"{type_name} ({part})"] if part else [])


def test_the_table_names_only_types_that_aws_has() -> None:
    """A slip in the table's names would let a type go unlisted."""
    services = {name.rpartition("::")[0] for name in schemas.type_names()}
    named = kinds._PARTS.keys() | kinds._RECORDED_TYPES | kinds._REFUSED_TYPES | kinds._ONLY_IN_DOCKER
    assert named <= schemas.type_names().keys()
    assert services >= kinds._RECORDED_SERVICES | kinds._REFUSED_SERVICES


def test_a_stack_with_such_types_deploys_changes_and_goes(cloud: Cloud) -> None:
    """CloudFormation creates what nobody emulates, resolves references to it, replaces it, and deletes it."""
    cloudformation = cloud.client("cloudformation")

    def template(vpc: str) -> str:
        return json.dumps(
            {
                "Resources": {
                    "Acl": {"Type": "AWS::EC2::NetworkAcl", "Properties": {"VpcId": vpc}},
                    "Entry": {
                        "Type": "AWS::EC2::NetworkAclEntry",
                        "Properties": {
                            "NetworkAclId": {"Ref": "Acl"},
                            "RuleAction": "allow",
                            "RuleNumber": 100,
                            "Protocol": -1,
                        },
                    },
                    "Nat": {"Type": "AWS::EC2::NatGateway", "Properties": {"SubnetId": "subnet-1"}},
                },
                "Outputs": {
                    "Acl": {"Value": {"Ref": "Acl"}},
                    "Nat": {"Value": {"Fn::GetAtt": ["Nat", "NatGatewayId"]}},
                },
            }
        )

    def outputs(operation: str, vpc: str) -> dict[str, str]:
        getattr(cloudformation, f"{operation}_stack")(StackName="accepted", TemplateBody=template(vpc))
        waiter = cloudformation.get_waiter(f"stack_{operation}_complete")
        waiter.wait(StackName="accepted", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
        (stack,) = cloudformation.describe_stacks(StackName="accepted")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    created, updated = outputs("create", "vpc-1"), outputs("update", "vpc-2")
    assert created["Acl"].startswith("acl-")
    assert created["Nat"].startswith("nat-")
    assert updated["Acl"] != created["Acl"]
    assert updated["Nat"] == created["Nat"]
    cloudformation.delete_stack(StackName="accepted")
    waiter = cloudformation.get_waiter("stack_delete_complete")
    waiter.wait(StackName="accepted", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})


def test_a_resource_that_its_schema_refuses_fails_its_stack(cloud: Cloud) -> None:
    """The stack's events name the property that CloudFormation does not take."""
    cloudformation = cloud.client("cloudformation")
    refused = {"Resources": {"Acl": {"Type": "AWS::EC2::NetworkAcl", "Properties": {"Vpc": "vpc-1"}}}}
    cloudformation.create_stack(StackName="refused", TemplateBody=json.dumps(refused))
    waiter = cloudformation.get_waiter("stack_create_complete")
    with pytest.raises(WaiterError):
        waiter.wait(StackName="refused", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    events = cloudformation.describe_stack_events(StackName="refused")["StackEvents"]
    assert any("extraneous key [Vpc]" in event.get("ResourceStatusReason", "") for event in events)
