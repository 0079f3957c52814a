"""No security group lets the world in, but to the listeners of a public load balancer."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from .rule import Found, Rule, Template, properties, resources

_WIDEST = {4: 8, 6: 16}
"""The shortest prefix that somebody can own, by version of the protocol. A shorter one is the world by another name."""
_ALL_PORTS = (0, 65535)
_WITH_PORTS = {"tcp", "udp", "6", "17"}


def _find(template: Template) -> Found:
    doors = _public_listeners(template)
    for name, group, rule in _rules(template):
        source = next((rule[key] for key in ("CidrIp", "CidrIpv6") if isinstance(rule.get(key), str)), None)
        if source is None or not is_world(source):
            continue
        first, last = port_range(rule)
        if not doors.get(group, set()) >= set(range(first, last + 1)):
            yield name, f"lets {source} in to {_say(first, last)}"


OPEN_SECURITY_GROUP = Rule(
    name="open-security-group",
    says="no security group lets the world in, but to the listeners of a public load balancer",
    fix="name the security group that may come in, or the network that somebody owns",
    find=_find,
)


def is_world(cidr: str) -> bool:
    """Return whether addresses are more than anybody owns.

    Args:
        cidr: A network; private networks are somebody's, however large.

    Example:
        >>> is_world("0.0.0.0/0"), is_world("128.0.0.0/1"), is_world("10.0.0.0/8"), is_world("203.0.113.0/24")
        (True, True, False, False)
    """
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False  # no address: CloudFormation refuses it
    return network.prefixlen < _WIDEST[network.version] and not network.is_private


def port_range(rule: Mapping[str, Any]) -> tuple[int, int]:
    """Return the first and the last port of a rule; all of them where it names none or its protocol has none.

    Example:
        >>> port_range({"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81}), port_range({"IpProtocol": "-1"})
        ((80, 81), (0, 65535))
    """
    first, last = rule.get("FromPort"), rule.get("ToPort")
    if str(rule.get("IpProtocol")).lower() not in _WITH_PORTS:
        return _ALL_PORTS
    try:
        return (int(str(first)), int(str(last)))
    except ValueError:
        return _ALL_PORTS  # known only when it is deployed


def _rules(template: Template) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the resource, the group and the rule of everything that lets somebody in."""
    for name, resource in resources(template, "AWS::EC2::SecurityGroup"):
        for rule in properties(resource).get("SecurityGroupIngress") or []:
            yield name, name, rule
    for name, resource in resources(template, "AWS::EC2::SecurityGroupIngress"):
        yield name, _target(properties(resource).get("GroupId")), properties(resource)


def _public_listeners(template: Template) -> dict[str, set[int]]:
    """Return the ports of the listeners behind each security group of a public load balancer."""
    groups = {
        name: {_target(group) for group in properties(resource).get("SecurityGroups") or []}
        for name, resource in resources(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
        if properties(resource).get("Scheme", "internet-facing") == "internet-facing"
    }
    found: dict[str, set[int]] = {}
    for _, listener in resources(template, "AWS::ElasticLoadBalancingV2::Listener"):
        for group in groups.get(_target(properties(listener).get("LoadBalancerArn")), ()):
            port = properties(listener).get("Port")
            if isinstance(port, int):  # else it is known only when it is deployed
                found.setdefault(group, set()).add(port)
    return found


def _target(reference: object) -> str:
    """Return the logical id that is referred to."""
    match reference:
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), *_]}:
            return name
    return ""


def _say(first: int, last: int) -> str:
    if (first, last) == _ALL_PORTS:
        return "every port"
    return f"port {first}" if first == last else f"ports {first}-{last}"
