"""What each choice adds to an environment in a month, before what flows through it."""

from collections.abc import Iterator

from bluegreen.cdk.network import NEEDED_WITHOUT_NAT

from .estimate import Item, Prices

_LEAST_ACU = 0.5


def options(prices: Prices, zones: int) -> Iterator[Item]:
    """Say what the optional parts cost.

    Args:
        prices: The table.
        zones: Availability zones of the environment.

    Yields:
        One line an option.
    """
    nat, address = prices.hourly("nat_gateway"), prices.hourly("public_ipv4")
    yield Item(f"a NAT gateway in each of {zones} zones instead of one", (zones - 1) * (nat + address))
    count = len(NEEDED_WITHOUT_NAT)
    endpoints = count * zones * prices.hourly("interface_endpoint_zone")
    yield Item(f"{count} interface endpoints in {zones} zones instead of one NAT gateway", endpoints - nat - address)
    yield Item("a standby of a t4g.medium database with 100 GiB", _database(prices, 100))
    yield Item("a replica of it in another region", _database(prices, 100))
    yield Item(
        "Aurora Serverless at its least instead of a t4g.medium", _aurora(prices) - prices.instance("t4g.medium")
    )
    least = float(prices.table["hourly"]["elasticache_serverless_valkey_least_gib"])
    yield Item("a serverless Valkey cache at its least", least * prices.hourly("elasticache_serverless_valkey_gib"))
    yield Item("copies of 100 GiB of backups in another region", 100 * prices.monthly("snapshot_gib"))
    yield Item("a journey every 5 minutes", 12 * float(prices.table["hours_per_month"]) * prices.each("canary_run"))
    yield Item(
        "a task of 1 vCPU and 2 GiB more", prices.hourly("fargate_vcpu_x86") + 2 * prices.hourly("fargate_gib_x86")
    )
    yield Item("the same on Graviton", prices.hourly("fargate_vcpu_arm") + 2 * prices.hourly("fargate_gib_arm"))
    yield Item("a million traces", prices.each("million_traces"))
    yield Item("a million requests through an HTTP API", prices.each("million_requests_http_api"))
    yield Item("a customer's own key", prices.monthly("key"))


def _database(prices: Prices, gib: int) -> float:
    return prices.instance("t4g.medium") + gib * prices.monthly("database_gib")


def _aurora(prices: Prices) -> float:
    return _LEAST_ACU * prices.hourly("aurora_capacity_unit")
