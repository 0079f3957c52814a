"""Network access lists: what may pass a subnet's edge, whatever a security group lets in.

They keep no state: answers need rules of their own, in the other direction. The VPC's own name server and clock are
reached all the same, because no list applies to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge

_EVERYWHERE = "0.0.0.0/0"
_ALL, _TCP, _ICMP = -1, 6, 1
_ANY_CLIENT_PORT = (1024, 65535)
"""What a load balancer, a NAT gateway or a function of Lambda may use as its own port."""
_FRAGMENTATION_NEEDED = ec2.CfnNetworkAclEntry.IcmpProperty(type=3, code=4)


@dataclass(frozen=True)
class _Rule:
    cidr: str
    protocol: int
    ports: tuple[int, int] | None = None
    egress: bool = False


def public_list(
    scope: Construct, vpc: ec2.Vpc, cidr: IPv4Network, *, ports: Sequence[int], answers: bool
) -> ec2.CfnNetworkAcl:
    """Define the list of the public subnets, where load balancers and NAT gateways are.

    Args:
        scope: The network.
        vpc: Its VPC.
        cidr: The VPC's addresses.
        ports: What the internet may reach.
        answers: Whether something in there asks the internet, which answers on any of the asker's ports. This opens
            port 3389 with all others above 1023; nothing in a public subnet listens there.

    Returns:
        The list.
    """
    rules = [_Rule(_EVERYWHERE, _TCP, (port, port)) for port in ports]
    rules += [_Rule(_EVERYWHERE, _TCP, _ANY_CLIENT_PORT)] if answers else []
    rules += [
        _Rule(str(cidr), _ALL),
        _Rule(_EVERYWHERE, _ICMP),  # or large packets vanish on their way to whom a smaller size was announced
        _Rule(_EVERYWHERE, _ALL, egress=True),
    ]
    return _define(scope, "PublicAccess", vpc, vpc.public_subnets, rules)


def isolated_list(scope: Construct, vpc: ec2.Vpc, cidr: IPv4Network) -> ec2.CfnNetworkAcl:
    """Define the list of the isolated subnets: TCP with the VPC's own addresses, and no port below 1024.

    Args:
        scope: The network.
        vpc: Its VPC.
        cidr: The VPC's addresses.

    Returns:
        The list.
    """
    rules = [_Rule(str(cidr), _TCP, _ANY_CLIENT_PORT, egress=egress) for egress in (False, True)]
    return _define(scope, "IsolatedAccess", vpc, vpc.isolated_subnets, rules)


def _define(
    scope: Construct, construct_id: str, vpc: ec2.Vpc, subnets: Sequence[ec2.ISubnet], rules: Sequence[_Rule]
) -> ec2.CfnNetworkAcl:
    inside = Construct(scope, construct_id)
    access_list = ec2.CfnNetworkAcl(inside, "List", vpc_id=vpc.vpc_id)
    list_id = access_list.attr_id  # each look at it crosses into Node
    for number, rule in enumerate(rules, start=1):
        ec2.CfnNetworkAclEntry(
            inside,
            f"Rule{number}",
            network_acl_id=list_id,
            rule_number=100 * number,
            rule_action="allow",
            egress=rule.egress,
            cidr_block=rule.cidr,
            protocol=rule.protocol,
            port_range=_port_range(rule.ports) if rule.ports else None,
            icmp=_FRAGMENTATION_NEEDED if rule.protocol == _ICMP else None,
        )
    for number, subnet in enumerate(subnets, start=1):
        ec2.CfnSubnetNetworkAclAssociation(
            inside, f"Subnet{number}", network_acl_id=list_id, subnet_id=subnet.subnet_id
        )
    acknowledge(
        inside,
        {
            "AwsSolutions-VPC3": "the list is a second fence behind the security groups: one rule too many in a group "
            "opens no data store to the internet"
        },
    )
    return access_list


def _port_range(ports: tuple[int, int]) -> ec2.CfnNetworkAclEntry.PortRangeProperty:
    return ec2.CfnNetworkAclEntry.PortRangeProperty(from_=ports[0], to=ports[1])
