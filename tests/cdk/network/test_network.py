"""The network: what its template says, and what it refuses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms

from bluegreen.cdk.network import NEEDED_WITHOUT_NAT, Endpoint, Nat, Network
from tests.cdk.nagging import findings
from tests.cdk.support import Synthesized, add_service, synthesize

PUBLIC, PRIVATE, ISOLATED = "NetworkVpcPublicSubnet", "NetworkVpcPrivateSubnet", "NetworkVpcIsolatedSubnet"


@pytest.fixture(scope="module")
def open_network(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A network with everything omitted, and a service in it."""

    def define(stack: cdk.Stack) -> None:
        network = Network(stack, "Network")
        add_service(stack, cluster=ecs.Cluster(stack, "Cluster", vpc=network.vpc))

    return synthesize(tmp_path_factory.mktemp("open"), define)


@pytest.fixture(scope="module")
def shut_network(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A network without NAT, and a service in it."""

    def define(stack: cdk.Stack) -> None:
        network = Network(stack, "Network", nat=Nat.none(), endpoints=[Endpoint.KMS, Endpoint.LOGS])
        add_service(stack, cluster=ecs.Cluster(stack, "Cluster", vpc=network.vpc))

    return synthesize(tmp_path_factory.mktemp("shut"), define)


def routes(network: Synthesized, subnets: str) -> list[dict[str, Any]]:
    return [one["Properties"] for one in network.of_type("AWS::EC2::Route") if subnets in str(one)]


def entries(network: Synthesized, access_list: str) -> set[tuple[Any, ...]]:
    """Return a list's rules: direction, addresses, protocol, ports."""
    found = set()
    for name, one in network.resources.items():
        if one["Type"] == "AWS::EC2::NetworkAclEntry" and f"Network{access_list}" in name:
            rule = one["Properties"]
            ports = rule.get("PortRange", {})
            assert rule["RuleAction"] == "allow"
            found.add(
                (
                    "out" if rule["Egress"] else "in",
                    rule["CidrBlock"],
                    rule["Protocol"],
                    ports.get("From"),
                    ports.get("To"),
                )
            )
    return found


def members(network: Synthesized, access_list: str) -> list[str]:
    return sorted(
        one["Properties"]["SubnetId"]["Ref"]
        for name, one in network.resources.items()
        if one["Type"] == "AWS::EC2::SubnetNetworkAclAssociation" and f"Network{access_list}" in name
    )


def test_each_zone_has_three_subnets_where_the_plan_says(open_network: Synthesized) -> None:
    """The CDK lays the subnets out as the plan that was checked has them, and none gives out public addresses."""
    subnets = {
        name.partition("Subnet")[0] + name.partition("Subnet")[2][0]: one["Properties"]
        for name, one in open_network.resources.items()
        if one["Type"] == "AWS::EC2::Subnet"
    }
    assert {name.removeprefix("NetworkVpc"): subnet["CidrBlock"] for name, subnet in subnets.items()} == {
        "Private1": "10.0.0.0/18",
        "Private2": "10.0.64.0/18",
        "Private3": "10.0.128.0/18",
        "Public1": "10.0.192.0/21",
        "Public2": "10.0.200.0/21",
        "Public3": "10.0.208.0/21",
        "Isolated1": "10.0.216.0/21",
        "Isolated2": "10.0.224.0/21",
        "Isolated3": "10.0.232.0/21",
    }
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets.values())
    assert all(subnet["AvailabilityZone"]["Fn::Select"][1] == {"Fn::GetAZs": ""} for subnet in subnets.values())


def test_isolated_subnets_have_no_way_out(open_network: Synthesized, shut_network: Synthesized) -> None:
    """No route leads out of an isolated subnet, not even to S3."""
    for network in (open_network, shut_network):
        assert routes(network, ISOLATED) == []
        gateways = network.of_type("AWS::EC2::VPCEndpoint")
        assert not any("Isolated" in str(one["Properties"].get("RouteTableIds")) for one in gateways)


def test_private_subnets_leave_through_their_own_zone(open_network: Synthesized) -> None:
    """By default each zone's private subnet has that zone's gateway, so losing a zone takes nobody else's way out."""
    ways = [route["NatGatewayId"]["Ref"] for route in routes(open_network, PRIVATE)]
    assert len(set(ways)) == 3
    assert len(open_network.of_type("AWS::EC2::NatGateway")) == 3


def test_without_nat_nothing_private_reaches_the_internet(shut_network: Synthesized) -> None:
    """There is no gateway, no address for one, and no route from a private subnet."""
    assert routes(shut_network, PRIVATE) == []
    assert not shut_network.of_type("AWS::EC2::NatGateway")
    assert not shut_network.of_type("AWS::EC2::EIP")


@pytest.mark.parametrize("kind", ["open_network", "shut_network"])
def test_a_service_finds_the_private_subnets(kind: str, request: pytest.FixtureRequest) -> None:
    """A service starts its tasks in the three private subnets, with NAT and without."""
    network = request.getfixturevalue(kind)
    chosen = network.one("Custom::Release")["Properties"]["NetworkConfiguration"]["Subnets"]
    assert len(chosen) == 3
    assert all(subnet["Ref"].startswith(PRIVATE) for subnet in chosen)


def test_s3_and_dynamodb_cost_no_nat(open_network: Synthesized) -> None:
    """Both are reached from every private subnet by a gateway endpoint, which is free."""
    endpoints = [one["Properties"] for one in open_network.of_type("AWS::EC2::VPCEndpoint")]
    assert [one["VpcEndpointType"] for one in endpoints] == ["Gateway", "Gateway"]
    assert {one["ServiceName"]["Fn::Join"][1][-1] for one in endpoints} == {".s3", ".dynamodb"}
    assert all(len(one["RouteTableIds"]) == 3 for one in endpoints)


def test_without_nat_all_that_the_system_calls_is_inside(shut_network: Synthesized) -> None:
    """What the parts of the system need is there without asking, what is asked for too, and nothing twice."""
    inside = [
        one["Properties"]
        for one in shut_network.of_type("AWS::EC2::VPCEndpoint")
        if one["Properties"]["VpcEndpointType"] == "Interface"
    ]
    names = sorted(one["ServiceName"]["Fn::Join"][1][-1].removeprefix(".") for one in inside)
    assert names == sorted({*(endpoint.value for endpoint in NEEDED_WITHOUT_NAT), "kms", "logs"})
    assert all(one["PrivateDnsEnabled"] and len(one["SubnetIds"]) == 3 for one in inside)


def test_endpoints_answer_the_vpc_alone(shut_network: Synthesized) -> None:
    """The endpoints' one security group lets in HTTPS from the VPC's addresses, and nothing out."""
    group = shut_network.one("AWS::EC2::SecurityGroup", GroupDescription="AWS services, for all in the VPC")
    (rule,) = group["Properties"]["SecurityGroupIngress"]
    assert (rule["CidrIp"], rule["FromPort"], rule["ToPort"]) == ("10.0.0.0/16", 443, 443)
    assert [one["CidrIp"] for one in group["Properties"]["SecurityGroupEgress"]] == ["255.255.255.255/32"]


def test_data_stores_speak_with_the_vpc_only(open_network: Synthesized) -> None:
    """The isolated subnets' list lets TCP pass both ways with the VPC's own addresses, on no port below 1024."""
    assert entries(open_network, "IsolatedAccess") == {
        ("in", "10.0.0.0/16", 6, 1024, 65535),
        ("out", "10.0.0.0/16", 6, 1024, 65535),
    }
    assert len(members(open_network, "IsolatedAccess")) == 3
    assert all(name.startswith(ISOLATED) for name in members(open_network, "IsolatedAccess"))


ALWAYS = {
    ("in", "10.0.0.0/16", -1, None, None),
    ("in", "0.0.0.0/0", 1, None, None),
    ("out", "0.0.0.0/0", -1, None, None),
    ("in", "0.0.0.0/0", 6, 80, 80),
    ("in", "0.0.0.0/0", 6, 443, 443),
}
ANSWERS = ("in", "0.0.0.0/0", 6, 1024, 65535)


@pytest.mark.parametrize(("kind", "expected"), [("open_network", {*ALWAYS, ANSWERS}), ("shut_network", ALWAYS)])
def test_the_internet_reaches_two_ports_and_answers_nat(
    kind: str, expected: set[Any], request: pytest.FixtureRequest
) -> None:
    """The public subnets' list opens 80 and 443; the ports for answers only where a NAT gateway asks something."""
    network = request.getfixturevalue(kind)
    assert entries(network, "PublicAccess") == expected
    assert len(members(network, "PublicAccess")) == 3
    assert all(name.startswith(PUBLIC) for name in members(network, "PublicAccess"))


def test_icmp_is_the_one_message_that_sizes_packets(open_network: Synthesized) -> None:
    """The only ICMP let in is "fragmentation needed"."""
    (entry,) = [one["Properties"] for one in open_network.of_type("AWS::EC2::NetworkAclEntry") if "Icmp" in str(one)]
    assert entry["Icmp"] == {"Type": 3, "Code": 4}


def test_all_traffic_is_logged_by_a_role_that_can_only_log(open_network: Synthesized) -> None:
    """Accepted and refused traffic goes into one log group, all that the role may write to, for this account."""
    log = open_network.one("AWS::EC2::FlowLog")["Properties"]
    assert (log["TrafficType"], log["ResourceType"]) == ("ALL", "VPC")
    (statement,) = open_network.statements("NetworkFlowLogRole")
    assert statement["Resource"]["Fn::GetAtt"][0].startswith("NetworkFlowLogs")
    assert not any("*" in action for action in statement["Action"])
    role = open_network.under("NetworkFlowLogRole").popitem()[1]["Properties"]["AssumeRolePolicyDocument"]
    (trust,) = role["Statement"]
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_gateways_without_ports_are_told_of(open_network: Synthesized, shut_network: Synthesized) -> None:
    """One alert adds up the failures of all three gateways and names its runbook; without NAT there is none."""
    (alarm,) = open_network.under("NetworkNatPorts").values()
    metrics = [one["MetricStat"]["Metric"] for one in alarm["Properties"]["Metrics"] if "MetricStat" in one]
    assert {one["MetricName"] for one in metrics} == {"ErrorPortAllocation"}
    watched = {one["Dimensions"][0]["Value"]["Ref"] for one in metrics}
    assert watched == {name for name, one in open_network.resources.items() if one["Type"] == "AWS::EC2::NatGateway"}
    assert alarm["Properties"]["AlarmDescription"].endswith("docs/runbooks.md#nat-ports")
    assert not shut_network.under("NetworkNatPorts")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"zones": 1}, "zones must be 2-6, got 1"),
        ({"zones": 7}, "zones must be 2-6, got 7"),
        ({"most_tasks": 0}, "most_tasks must be 1-5000, got 0"),
        ({"public_ports": [0]}, "public_ports must be 1-65535, got 0"),
        ({"endpoints": ["lambda"]}, "'lambda' is not a valid Endpoint"),
        ({"peers": ["10.0.0.0/8"]}, "networks must not overlap, got 10.0.0.0/16 and 10.0.0.0/8"),
        ({"peers": ["anywhere"]}, "cidr must be an IPv4 network .* got 'anywhere'"),
        (
            {"cidr": "10.0.0.0/23"},
            "cidr must give each private subnet room for both colours, 100 tasks and 16 other .* got 59 .* take a /22",
        ),
        ({"cidr": "10.0.0.0/22", "most_tasks": 5000}, "cidr must give each private subnet .* take a /16"),
        ({"cidr": "192.168.0.0/26"}, "cidr must have room for three subnets in each of 3 zones"),
    ],
)
def test_refuses_networks_that_cannot_be(settings: Mapping[str, Any], message: str) -> None:
    """What could not be deployed, or not released in, is refused at synth with what to do."""
    with pytest.raises(ValueError, match=f"^{message}"):
        Network(cdk.Stack(cdk.App(), "Shop"), "Network", **settings)


def test_both_rule_packs_are_content(tmp_path: Path) -> None:
    """AwsSolutions and NIST 800-53 find nothing that the network has not given a reason for itself."""

    def define(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Shop")
        Network(stack, "Plain")
        Network(stack, "Shut", nat=Nat.none(), key=kms.Key(stack, "Key", enable_key_rotation=True))

    assert findings(tmp_path, define) == {
        ("Shop/Plain/FlowLogRole/Resource", "NIST.800.53.R5-IAMNoInlinePolicy"),  # every app of ours acknowledges it
        ("Shop/Shut/FlowLogRole/Resource", "NIST.800.53.R5-IAMNoInlinePolicy"),
        ("Shop/Plain/NatPorts/Resource", "NIST.800.53.R5-CloudWatchAlarmAction"),  # AlarmTopics.tell gives it one
    }


def test_every_endpoint_that_is_needed_has_its_reason() -> None:
    """The table of what the system calls says why, each in words of its own."""
    assert len(set(NEEDED_WITHOUT_NAT.values())) == len(NEEDED_WITHOUT_NAT)
    assert all(len(reason.split()) >= 6 for reason in NEEDED_WITHOUT_NAT.values())
