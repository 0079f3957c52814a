"""From a template to monthly costs: what stands there is counted, what flows is assumed in usage.toml."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Template = Mapping[str, Any]
_MIB_IN_GIB = 1024
_CPU_UNITS = 1024
_SECONDS_PER_HOUR = 3600
_SPOT = "FARGATE_SPOT"


@dataclass(frozen=True)
class Item:
    """One line of an estimate.

    Args:
        what: What costs, in words.
        dollars: US dollars a month.
    """

    what: str
    dollars: float


@dataclass(frozen=True)
class Prices:
    """The table of prices.

    Args:
        table: What prices.toml holds.
    """

    table: Mapping[str, Any]

    def hourly(self, name: str) -> float:
        """Return the price of something that runs all month."""
        return float(self.table["hourly"][name]) * float(self.table["hours_per_month"])

    def monthly(self, name: str) -> float:
        """Return the price of something billed by the month."""
        return float(self.table["monthly"][name])

    def each(self, name: str) -> float:
        """Return the price of one of something that is counted."""
        return float(self.table["each"][name])

    def instance(self, name: str) -> float:
        """Return the price of a database instance in one zone that runs all month.

        Raises:
            KeyError: If the table lacks the class.
        """
        hourly = self.table["hourly"]["instance"]
        if name not in hourly:
            raise KeyError(f"costs/prices.toml has no price for {name}; it has {', '.join(hourly)}")
        return float(hourly[name]) * float(self.table["hours_per_month"])


@dataclass(frozen=True)
class Estimator:
    """Estimates one environment.

    Args:
        resources: Every resource of its stacks.
        prices: The prices.
        usage: What it is assumed to see in a month.
    """

    resources: Sequence[Mapping[str, Any]]
    prices: Prices
    usage: Mapping[str, float]

    @classmethod
    def of(cls, templates: Sequence[Template], prices: Prices, usage: Mapping[str, float]) -> "Estimator":
        """Return the estimator of an environment with these stacks."""
        return cls([one for template in templates for one in template["Resources"].values()], prices, usage)

    def items(self) -> list[Item]:
        """Return what costs, the most expensive first; what costs nothing is left out."""
        lines = [
            *self._network(),
            *self._tasks(),
            *self._databases(),
            *self._edge(),
            *self._watching(),
            *self._keeping(),
        ]
        return sorted((item for item in lines if item.dollars), key=lambda item: -item.dollars)

    def _all(self, type_name: str) -> list[Mapping[str, Any]]:
        return [one.get("Properties", {}) for one in self.resources if one["Type"] == type_name]

    def _network(self) -> Iterator[Item]:
        prices, gateways = self.prices, len(self._all("AWS::EC2::NatGateway"))
        if gateways:
            traffic = self.usage["nat_gib"] * prices.each("nat_gib")
            yield Item(_count(gateways, "NAT gateway"), gateways * prices.hourly("nat_gateway") + traffic)
        endpoints = [one for one in self._all("AWS::EC2::VPCEndpoint") if one.get("VpcEndpointType") == "Interface"]
        zones = sum(len(one.get("SubnetIds", [])) for one in endpoints)
        yield Item(_count(len(endpoints), "interface endpoint"), zones * prices.hourly("interface_endpoint_zone"))
        balancers = self._all("AWS::ElasticLoadBalancingV2::LoadBalancer")
        public = sum(len(one["Subnets"]) for one in balancers if one.get("Scheme") == "internet-facing")
        addresses = len(self._all("AWS::EC2::EIP")) + public
        yield Item(f"{addresses} public IPv4 addresses", addresses * prices.hourly("public_ipv4"))
        capacity = self.usage["capacity_units"] * prices.hourly("load_balancer_capacity_unit")
        each = prices.hourly("load_balancer") + capacity
        yield Item(_count(len(balancers), "load balancer"), len(balancers) * each)

    def _tasks(self) -> Iterator[Item]:
        for target in self._all("AWS::ApplicationAutoScaling::ScalableTarget"):
            definition = self._service_task()
            platform = definition.get("RuntimePlatform", {}).get("CpuArchitecture", "X86_64")
            kind = "arm" if platform == "ARM64" else "x86"
            vcpu, gib = int(definition["Cpu"]) / _CPU_UNITS, int(definition["Memory"]) / _MIB_IN_GIB
            task = vcpu * self.prices.hourly(f"fargate_vcpu_{kind}") + gib * self.prices.hourly(f"fargate_gib_{kind}")
            count = int(target["MinCapacity"])
            share = self._price_share(count)
            spot = ", partly on Spot" if share < 1 else ""
            yield Item(f"{_count(count, 'task')} of {vcpu:g} vCPU and {gib:g} GiB ({kind}{spot})", count * task * share)

    def _service_task(self) -> Mapping[str, Any]:
        """Return the service's task definition: the one whose container listens."""
        for definition in self._all("AWS::ECS::TaskDefinition"):
            if any(container.get("PortMappings") for container in definition["ContainerDefinitions"]):
                return definition
        raise ValueError("a service is scaled, but no task definition has a container that listens")

    def _price_share(self, count: int) -> float:
        """Return how much of the price on demand so many tasks cost, by their capacity providers' bases and weights."""
        spot = float(self.prices.table["hourly"]["fargate_spot_share"])
        for release in self._all("Custom::Release"):
            strategy = release.get("CapacityProviderStrategy") or []
            price = {one["CapacityProvider"]: spot if one["CapacityProvider"] == _SPOT else 1.0 for one in strategy}
            total = sum(int(one["Weight"]) for one in strategy)
            if not total:
                return 1
            weighted = sum(int(one["Weight"]) * price[one["CapacityProvider"]] for one in strategy) / total
            based = {one["CapacityProvider"]: min(int(one["Base"]), count) for one in strategy}
            rest = count - sum(based.values())
            return (sum(number * price[name] for name, number in based.items()) + rest * weighted) / count
        return 1

    def _databases(self) -> Iterator[Item]:
        for database in self._all("AWS::RDS::DBInstance"):
            name = str(database["DBInstanceClass"]).removeprefix("db.")
            zones = 2 if database.get("MultiAZ") else 1
            gib = int(database.get("AllocatedStorage", 0))
            storage = gib * self.prices.monthly("database_gib")
            cost = zones * (self.prices.instance(name) + storage)
            yield Item(f"PostgreSQL {name}, {gib} GiB, {'two zones' if zones > 1 else 'one zone'}", cost)

    def _edge(self) -> Iterator[Item]:
        prices = self.prices
        for firewall in self._all("AWS::WAFv2::WebACL"):
            rules = len(firewall["Rules"])
            requests = self._millions_of_requests() * prices.each("million_requests_waf")
            cost = prices.monthly("web_acl") + rules * prices.monthly("web_acl_rule") + requests
            yield Item(f"web firewall with {rules} rules", cost)
        zones, checks = len(self._all("AWS::Route53::HostedZone")), len(self._all("AWS::Route53::HealthCheck"))
        per_check = prices.monthly("health_check") + prices.monthly("health_check_https")
        yield Item("hosted zone and health check", zones * prices.monthly("hosted_zone") + checks * per_check)

    def _watching(self) -> Iterator[Item]:
        prices = self.prices
        alarms = self._all("AWS::CloudWatch::Alarm")
        metrics = sum(_metrics_of(alarm, int(prices.table["monthly"]["anomaly_alarm_metrics"])) for alarm in alarms)
        composite = len(self._all("AWS::CloudWatch::CompositeAlarm"))
        cost = metrics * prices.monthly("alarm_metric") + composite * prices.monthly("composite_alarm")
        yield Item(f"{len(alarms)} alarms on {metrics} metrics, {composite} composite", cost)
        dashboards = len(self._all("AWS::CloudWatch::Dashboard"))
        yield Item(f"{dashboards} dashboards", dashboards * prices.monthly("dashboard"))
        custom = self.usage["custom_metrics"]
        yield Item(f"{custom:g} metrics of its own", custom * prices.monthly("custom_metric"))
        runs = sum(_runs(canary["Schedule"]["Expression"], prices) for canary in self._all("AWS::Synthetics::Canary"))
        yield Item(f"{runs:,.0f} canary runs", runs * prices.each("canary_run"))
        archived = prices.each("log_archive_gib") if self._all("AWS::KinesisFirehose::DeliveryStream") else 0
        gib = self.usage["log_gib"]
        yield Item(f"{gib:g} GiB of logs", gib * (prices.each("log_gib") + archived))

    def _keeping(self) -> Iterator[Item]:
        prices = self.prices
        managed = sum(bool(one.get("ManageMasterUserPassword")) for one in self._all("AWS::RDS::DBInstance"))
        secrets, keys = len(self._all("AWS::SecretsManager::Secret")) + managed, len(self._all("AWS::KMS::Key"))
        cost = secrets * prices.monthly("secret") + keys * prices.monthly("key")
        yield Item(f"{_count(secrets, 'secret')} and {_count(keys, 'key')}", cost)
        if self._all("AWS::Backup::BackupPlan"):
            gib = self.usage["backup_gib"]
            yield Item(f"{gib:g} GiB of backups", gib * prices.monthly("snapshot_gib"))

    def _millions_of_requests(self) -> float:
        seconds = float(self.prices.table["hours_per_month"]) * _SECONDS_PER_HOUR
        return self.usage["requests_per_second"] * seconds / 1e6


def _count(number: int, what: str) -> str:
    """Return a number with its noun.

    Example:
        >>> _count(1, "key"), _count(2, "key")
        ('1 key', '2 keys')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _metrics_of(alarm: Mapping[str, Any], anomaly: int) -> int:
    """Return how many metrics an alarm is billed for.

    Example:
        >>> _metrics_of({"MetricName": "CPUUtilization"}, 3)
        1
        >>> stats = [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "a/b"}]
        >>> _metrics_of({"Metrics": stats}, 3)
        2
    """
    queries = alarm.get("Metrics")
    if not queries:
        return 1
    if any("ANOMALY_DETECTION_BAND" in str(query.get("Expression", "")) for query in queries):
        return anomaly
    return sum("MetricStat" in query for query in queries)


def _runs(expression: str, prices: Prices) -> float:
    """Return how often a canary runs in a month.

    Raises:
        ValueError: If its schedule is no rate.

    Example:
        >>> _runs("rate(5 minutes)", Prices({"hours_per_month": 730}))
        8760.0
    """
    found = re.fullmatch(r"rate\((\d+) (minute|hour)s?\)", expression)
    if not found:
        raise ValueError(f"a canary's schedule must be a rate to be estimated, got {expression!r}")
    minutes = int(found[1]) * (60 if found[2] == "hour" else 1)
    return float(prices.table["hours_per_month"]) * 60 / minutes
