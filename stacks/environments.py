"""What differs between the environments, in one table. Everything else is the same in all of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import aws_logs as logs

from bluegreen.cdk import Rollout, Scaling
from bluegreen.cdk.data import Engine
from bluegreen.cdk.network import Nat
from bluegreen.cdk.network.address_plan import vpc_network
from bluegreen.cdk.recovery import DEFAULT_RULES, BackupRule, VaultLock
from bluegreen.cdk.watching import Severity

APPLICATION = "orders"
"""The name of the application, its image, and its database."""

_DOMAIN = re.compile(r"(?=.{1,64}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


def _require(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be {low}-{high}, got {value!r}")


@dataclass(frozen=True, kw_only=True)
class Database:
    """The PostgreSQL instance of an environment.

    Args:
        instance: The class without "db.", such as "t3.small".
        storage_gib: What it starts with, 20-65536 GiB; it grows to twice that by itself.
        backup_days: How long backups are kept, and how far back a restore to any moment reaches, 1-35 days.
        multi_az: Whether a standby in another zone takes over when the instance fails.
        protected: Whether it refuses deletion, and leaves a last snapshot and its backups when it goes all the same.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> Database(instance="t3.micro", backup_days=7).storage_gib
        20
    """

    instance: str
    backup_days: int
    storage_gib: int = 20
    multi_az: bool = False
    protected: bool = False

    def __post_init__(self) -> None:
        _require("backup_days", self.backup_days, 1, 35)
        self.engine  # noqa: B018 - made here so that a class or size that RDS does not have is refused in this table

    @property
    def engine(self) -> Engine:
        """PostgreSQL of this size."""
        return Engine.postgres(self.instance, storage_gib=self.storage_gib)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment.

    Args:
        name: Lower-case letters; the stacks are named after it.
        cpu: CPU units of a task; 1024 are one virtual CPU.
        memory_mib: Memory of a task, one that Fargate offers with `cpu`.
        scaling: How many tasks.
        on_demand_tasks: How many of them Fargate cannot take away while the rest runs on Spot, for less, 0-`scaling`'s
            greatest. All of them when omitted.
        traced_percent: How many requests are traced, 0-100.
        rollout: How a release moves traffic.
        zones: Availability zones, 2-3, each with its subnets.
        cidr: The network's addresses, which no other environment has.
        nat: How tasks reach the internet.
        log_retention: How long logs are kept.
        database: The PostgreSQL instance.
        backup_rules: When backups go into the vault, and how long they stay.
        vault_lock: What keeps them from being deleted before; nothing when omitted.
        domain_name: The name that users call, at most 64 characters: makes the service HTTPS, in a zone of its own that
            the parent domain delegates to. Plain HTTP when omitted.
        journey_minutes: How often it is asked from outside, 1-60 minutes; each time costs.
        access_log_days: How long it is kept who called, 1-3650 days.
        archive_days: How long the application's log is kept in the archive when its log
            group has forgotten it, 120-36500 days.
        protected: Whether the stack with the data refuses deletion.
        monthly_dollars: What it may cost in a month before somebody is told, 1-1,000,000 US dollars.
        emails: Who gets the alerts of which severity by e-mail; nobody when omitted.

    Raises:
        ValueError: If a value is out of range.
    """

    name: str
    cpu: int
    memory_mib: int
    scaling: Scaling
    rollout: Rollout
    zones: int
    cidr: str
    nat: Nat
    log_retention: logs.RetentionDays
    database: Database
    monthly_dollars: int
    backup_rules: Sequence[BackupRule] = (BackupRule.daily(keep_days=7),)
    vault_lock: VaultLock | None = None
    on_demand_tasks: int | None = None
    traced_percent: int = 5
    domain_name: str | None = None
    journey_minutes: int = 5
    access_log_days: int = 30
    archive_days: int = 120
    protected: bool = False
    emails: Mapping[Severity, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z]{1,20}", self.name):
            raise ValueError(f"name must be 1-20 lower-case letters, got {self.name!r}")
        _require("zones", self.zones, 2, 3)
        vpc_network(self.cidr)
        _require("monthly_dollars", self.monthly_dollars, 1, 1_000_000)
        _require("traced_percent", self.traced_percent, 0, 100)
        if self.on_demand_tasks is not None:
            _require("on_demand_tasks", self.on_demand_tasks, 0, self.scaling.max_tasks)
        if self.name == "prod" and not (self.protected and self.database.protected):
            raise ValueError(
                f"prod must refuse deletion, got protected={self.protected} and database.protected="
                f"{self.database.protected}; set both, or give the environment another name"
            )
        if self.domain_name is not None and not _DOMAIN.fullmatch(self.domain_name):
            raise ValueError(f"domain_name must be a DNS name of at most 64 characters, got {self.domain_name!r}")

    @property
    def stack_name(self) -> str:
        """The service's stack: name and id, such as "ProdStack"."""
        return f"{self.name.capitalize()}Stack"

    @property
    def data_stack_name(self) -> str:
        """The stack of network and database: name and id, such as "ProdDataStack"."""
        return f"{self.name.capitalize()}DataStack"

    @property
    def recovery_stack_name(self) -> str:
        """The stack of what waits in another region: name and id, such as "ProdRecoveryStack"."""
        return f"{self.name.capitalize()}RecoveryStack"


DEV = Environment(
    name="dev",
    cpu=256,
    memory_mib=512,
    scaling=Scaling(min_tasks=1, max_tasks=2),
    on_demand_tasks=0,
    traced_percent=100,
    journey_minutes=60,
    rollout=Rollout.all_at_once(keep_previous_minutes=5),
    zones=2,
    cidr="10.2.0.0/16",
    nat=Nat.one(),
    log_retention=logs.RetentionDays.ONE_WEEK,
    database=Database(instance="t3.micro", backup_days=7),
    monthly_dollars=160,  # a quarter more than docs/costs.md estimates
)
STAGING = Environment(
    name="staging",
    cpu=512,
    memory_mib=1024,
    scaling=Scaling(min_tasks=2, max_tasks=4),
    on_demand_tasks=1,
    traced_percent=100,
    journey_minutes=15,
    rollout=Rollout.linear(percent=25, every_minutes=2, keep_previous_minutes=15),
    zones=2,
    cidr="10.1.0.0/16",
    nat=Nat.one(),
    log_retention=logs.RetentionDays.ONE_MONTH,
    database=Database(instance="t3.small", backup_days=7),
    monthly_dollars=220,
    domain_name="orders.staging.example.com",
)
PROD = Environment(
    name="prod",
    cpu=1024,
    memory_mib=2048,
    scaling=Scaling(min_tasks=3, max_tasks=10, cpu_percent=70, memory_percent=80),
    rollout=Rollout.canary(percent=10, bake_minutes=15, keep_previous_minutes=60),
    zones=3,
    cidr="10.0.0.0/16",
    nat=Nat.one_per_zone(),
    log_retention=logs.RetentionDays.ONE_YEAR,
    database=Database(instance="t3.medium", storage_gib=100, backup_days=30, multi_az=True, protected=True),
    monthly_dollars=660,
    backup_rules=DEFAULT_RULES,
    # One that somebody can take away: whoever is sure makes it `VaultLock.compliance`, which nobody can.
    vault_lock=VaultLock.governance(min_days=7, max_days=365),
    domain_name="orders.example.com",
    access_log_days=90,
    protected=True,
    archive_days=2557,
    emails={Severity.CRITICAL: ["on-call@example.com"], Severity.WARNING: ["orders-team@example.com"]},
)
ENVIRONMENTS: Mapping[str, Environment] = {environment.name: environment for environment in (DEV, STAGING, PROD)}
