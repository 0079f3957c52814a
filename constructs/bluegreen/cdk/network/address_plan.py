"""How a VPC's addresses are divided. Pure arithmetic: a plan is refused at synth, not half-way through a deployment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from itertools import combinations

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
_LARGEST_VPC, _SMALLEST_VPC = 16, 28
_RESERVED = 5
"""AWS keeps the first four addresses of a subnet and the last."""
_SMALLEST_SUBNET = 27
"""A load balancer wants a /27 in each zone; tasks have no use for less."""
_OTHER_INTERFACES = 16
"""Eight for an internal load balancer, the others for functions in the VPC and for tasks that run once."""


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """A private, a public and an isolated subnet in each zone; the private ones, where the tasks are, get most.

    Args:
        cidr: The VPC's addresses.
        zones: How many zones.
        private_prefix: The prefix of each private subnet.
        edge_prefix: The prefix of each public and of each isolated subnet.
    """

    cidr: IPv4Network
    zones: int
    private_prefix: int
    edge_prefix: int

    @classmethod
    def divide(cls, cidr: IPv4Network, zones: int) -> "AddressPlan":
        """Divide the addresses.

        Args:
            cidr: The VPC's addresses.
            zones: How many zones.

        Returns:
            The plan.

        Raises:
            ValueError: If they are too few for a load balancer in each zone, and as many tasks.
        """
        edge_prefix = min(cidr.prefixlen + 5, _SMALLEST_SUBNET)
        left = cidr.num_addresses - 2 * zones * 2 ** (32 - edge_prefix)
        for prefix in range(cidr.prefixlen + 1, _SMALLEST_SUBNET + 1):
            if zones * 2 ** (32 - prefix) <= left:
                return cls(cidr=cidr, zones=zones, private_prefix=prefix, edge_prefix=edge_prefix)
        enough = 32 - (3 * zones * 2 ** (32 - _SMALLEST_SUBNET) - 1).bit_length()
        raise ValueError(
            f"cidr must have room for three subnets in each of {zones} zones, each a /{_SMALLEST_SUBNET} at least, got "
            f"{cidr}; take a /{enough} or larger"
        )

    @property
    def usable(self) -> int:
        """How many interfaces fit into each private subnet."""
        return int(2 ** (32 - self.private_prefix)) - _RESERVED

    def subnets(self) -> Iterator[IPv4Network]:
        """Give the subnets in their order: private, public, isolated. Larger ones first leave no gaps."""
        address = int(self.cidr.network_address)
        for prefix in (self.private_prefix, self.edge_prefix, self.edge_prefix):
            for _ in range(self.zones):
                yield IPv4Network((address, prefix))
                address += 2 ** (32 - prefix)

    def require_room(self, most_tasks: int, endpoints: int) -> None:
        """Refuse a plan whose private subnets cannot each hold both colours, should the other zones be lost.

        Args:
            most_tasks: How many tasks a colour has at most.
            endpoints: How many interface endpoints are in each subnet.

        Raises:
            ValueError: If a private subnet is too small.
        """
        others = endpoints + _OTHER_INTERFACES
        if self.usable >= 2 * most_tasks + others:
            return
        enough = (
            prefix
            for prefix in range(self.cidr.prefixlen, _LARGEST_VPC - 1, -1)
            if AddressPlan.divide(IPv4Network((0, prefix)), self.zones).usable >= 2 * most_tasks + others
        )
        prefix = next(enough, None)
        raise ValueError(
            f"cidr must give each private subnet room for both colours, {2 * most_tasks} tasks and {others} other "
            f"interfaces, got {self.usable} usable addresses in a /{self.private_prefix} of {self.cidr}; "
            + (f"take a /{prefix}" if prefix is not None else "lower most_tasks")
        )


def vpc_network(cidr: str) -> IPv4Network:
    """Read the addresses of a VPC.

    Args:
        cidr: A network of private addresses, /16-/28.

    Returns:
        The network.

    Raises:
        ValueError: If it is none that a VPC should have.

    Example:
        >>> vpc_network("10.0.0.0/16").num_addresses
        65536
    """
    network = _network(cidr)
    if not _LARGEST_VPC <= network.prefixlen <= _SMALLEST_VPC:
        raise ValueError(f"cidr must be /{_LARGEST_VPC}-/{_SMALLEST_VPC}, which AWS allows a VPC, got {cidr!r}")
    if not any(network.subnet_of(private) for private in _PRIVATE):
        raise ValueError(
            f"cidr must be in {', '.join(map(str, _PRIVATE))}, got {cidr!r}; other addresses belong to somebody, whom "
            "this network could then not reach"
        )
    return network


def require_disjoint(cidrs: Sequence[str]) -> None:
    """Refuse networks that share addresses: traffic between them could never be routed.

    Args:
        cidrs: Networks, each of any size.

    Raises:
        ValueError: If two overlap.

    Example:
        >>> require_disjoint(["10.0.0.0/16", "10.1.0.0/16"])
    """
    for one, other in combinations(map(_network, cidrs), 2):
        if one.overlaps(other):
            raise ValueError(
                f"networks must not overlap, got {one} and {other}; choose addresses that neither its peers nor other "
                "environments and regions have"
            )


def _network(cidr: str) -> IPv4Network:
    try:
        loose = ip_network(cidr, strict=False)
    except ValueError:
        loose = None
    if not isinstance(loose, IPv4Network) or "/" not in cidr:
        raise ValueError(f"cidr must be an IPv4 network such as 10.0.0.0/16, known at synth, got {cidr!r}")
    if cidr != str(loose):
        raise ValueError(f"cidr must be written with its network's first address, got {cidr!r}; write {loose}")
    return loose
