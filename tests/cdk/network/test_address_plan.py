"""How a VPC's addresses are divided, and what is refused."""

import re
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.cdk.network.address_plan import AddressPlan, require_disjoint, vpc_network

NETWORKS = st.builds(
    lambda prefix, number: IPv4Network(((10 << 24) + (number % 2 ** (prefix - 8)) * 2 ** (32 - prefix), prefix)),
    st.integers(16, 24),
    st.integers(0, 2**16),
)


@given(NETWORKS, st.integers(2, 6))
def test_subnets_share_no_address_and_stay_inside(cidr: IPv4Network, zones: int) -> None:
    """Whatever can be divided is divided into three subnets a zone, inside the VPC, apart, each on its own boundary."""
    try:
        plan = AddressPlan.divide(cidr, zones)
    except ValueError:
        assert cidr.prefixlen >= 23
        return
    subnets = list(plan.subnets())
    assert len(subnets) == 3 * zones
    assert all(subnet.subnet_of(cidr) for subnet in subnets)
    require_disjoint(list(map(str, subnets)))
    assert all(subnet.prefixlen <= 27 for subnet in subnets[zones:])


@given(NETWORKS, st.integers(2, 3))
def test_tasks_get_at_least_half(cidr: IPv4Network, zones: int) -> None:
    """In two or three zones private subnets have half of the VPC or more; twice as large ones would not fit."""
    if cidr.prefixlen > 22:
        return
    plan = AddressPlan.divide(cidr, zones)
    assert plan.private_prefix < plan.edge_prefix
    private = zones * 2 ** (32 - plan.private_prefix)
    assert 2 * private >= cidr.num_addresses
    edges = 2 * zones * 2 ** (32 - plan.edge_prefix)
    assert 2 * private + edges > cidr.num_addresses


@given(st.integers(16, 24), st.integers(2, 3), st.integers(1, 9000), st.integers(0, 17))
def test_room_is_refused_exactly_when_both_colours_do_not_fit(
    prefix: int, zones: int, most_tasks: int, endpoints: int
) -> None:
    """Each private subnet alone holds twice the tasks, the endpoints and 16 other interfaces, beside AWS's five."""
    try:
        plan = AddressPlan.divide(IPv4Network((10 << 24, prefix)), zones)
    except ValueError:
        return
    fits = 2 ** (32 - plan.private_prefix) >= 2 * most_tasks + endpoints + 16 + 5
    if fits:
        plan.require_room(most_tasks, endpoints)
        return
    with pytest.raises(ValueError, match="room for both colours") as refusal:
        plan.require_room(most_tasks, endpoints)
    advice = str(refusal.value).split("; ")[1]
    if advice == "lower most_tasks":
        with pytest.raises(ValueError, match="room for both colours"):
            AddressPlan.divide(IPv4Network("10.0.0.0/16"), zones).require_room(most_tasks, endpoints)
    else:
        taken = IPv4Network((0, int(advice.removeprefix("take a /"))))
        AddressPlan.divide(taken, zones).require_room(most_tasks, endpoints)


@pytest.mark.parametrize(
    ("cidr", "zones", "private", "edge"),
    [
        ("10.0.0.0/16", 3, 18, 21),
        ("10.0.0.0/16", 2, 18, 21),
        ("10.0.0.0/20", 3, 22, 25),
        ("10.0.0.0/22", 3, 24, 27),
        ("10.0.0.0/23", 3, 26, 27),
        ("10.0.0.0/24", 2, 26, 27),
    ],
)
def test_the_division(cidr: str, zones: int, private: int, edge: int) -> None:
    """Tasks get what is left when load balancers and data stores have a 32nd of the VPC each, or a /27."""
    plan = AddressPlan.divide(vpc_network(cidr), zones)
    assert (plan.private_prefix, plan.edge_prefix) == (private, edge)


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.0.0.0", "cidr must be an IPv4 network such as 10.0.0.0/16, known at synth, got '10.0.0.0'"),
        ("", "cidr must be an IPv4 network .* got ''"),
        ("fd00::/56", "cidr must be an IPv4 network .* got 'fd00::/56'"),
        ("10.0.0.0/33", "cidr must be an IPv4 network .* got '10.0.0.0/33'"),
        ("${Token[TOKEN.1]}", "cidr must be an IPv4 network .* known at synth"),
        ("10.0.0.5/16", "cidr must be written with its network's first address, got '10.0.0.5/16'; write 10.0.0.0/16"),
        ("10.0.0.0/255.255.0.0", "cidr must be written with .* write 10.0.0.0/16"),
        ("10.0.0.0/8", "cidr must be /16-/28, which AWS allows a VPC, got '10.0.0.0/8'"),
        ("10.0.0.0/29", "cidr must be /16-/28, which AWS allows a VPC, got '10.0.0.0/29'"),
        ("8.8.0.0/16", "cidr must be in 10.0.0.0/8, 172.16.0.0/12, .* got '8.8.0.0/16'; other addresses belong"),
        ("172.32.0.0/16", "cidr must be in .* got '172.32.0.0/16'"),
    ],
)
def test_refuses_what_no_vpc_should_have(cidr: str, message: str) -> None:
    """A VPC's addresses are a private IPv4 network of a size that AWS allows, written as AWS wants it."""
    with pytest.raises(ValueError, match=f"^{message}"):
        vpc_network(cidr)


def test_refuses_networks_that_overlap() -> None:
    """Two networks that share an address are named; those that only touch are not."""
    require_disjoint(["10.0.0.0/17", "10.0.128.0/17"])
    with pytest.raises(ValueError, match=r"^networks must not overlap, got 10.0.0.0/16 and 10.0.128.0/17; choose"):
        require_disjoint(["10.0.0.0/16", "10.1.0.0/16", "10.0.128.0/17"])


@pytest.mark.parametrize(("prefix", "zones", "enough"), [(24, 3, 23), (25, 2, 24), (28, 2, 24), (23, 6, 22)])
def test_refuses_too_small_a_vpc(prefix: int, zones: int, enough: int) -> None:
    """Where no load balancer fits into each zone, a size is named in which it does."""
    with pytest.raises(ValueError, match=f"in each of {zones} zones, .* take a /{enough} or larger"):
        AddressPlan.divide(IPv4Network((10 << 24, prefix)), zones)
    AddressPlan.divide(IPv4Network((10 << 24, enough)), zones)


def test_the_pages_table_is_what_the_plan_says() -> None:
    """Each row of docs/network.md names the subnets of a VPC in three zones, and a number of tasks that just fits."""
    page = (Path(__file__).parents[3] / "docs" / "network.md").read_text()
    rows = re.findall(r"^\| /(\d+) \| /(\d+) \| /(\d+) \| (\d+) \|$", page, re.MULTILINE)
    assert len(rows) == 4
    for prefix, private, edge, most_tasks in (map(int, row) for row in rows):
        plan = AddressPlan.divide(IPv4Network((10 << 24, prefix)), 3)
        assert (plan.private_prefix, plan.edge_prefix) == (private, edge)
        plan.require_room(most_tasks, 0)
        if most_tasks < 5000:  # which Network allows at most
            with pytest.raises(ValueError, match="room for both colours"):
                plan.require_room(most_tasks + 1, 0)
