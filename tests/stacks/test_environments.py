"""The table of environments: what it promises and what it refuses."""

import dataclasses
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_logs as logs

from bluegreen.cdk import Rollout
from bluegreen.cdk.network import Nat
from bluegreen.cdk.network.address_plan import require_disjoint
from stacks.environments import DEV, ENVIRONMENTS, PROD, STAGING
from stacks.network import define_network


def test_the_three_environments_have_their_stacks() -> None:
    """There are dev, staging and production, each with two stacks named after it."""
    assert {name: (found.stack_name, found.data_stack_name) for name, found in ENVIRONMENTS.items()} == {
        "dev": ("DevStack", "DevDataStack"),
        "staging": ("StagingStack", "StagingDataStack"),
        "prod": ("ProdStack", "ProdDataStack"),
    }


@pytest.mark.parametrize(
    ("environment", "tasks", "instance", "backup_days", "production_like"),
    [
        (DEV, (1, 2), "t3.micro", 7, False),
        (STAGING, (2, 4), "t3.small", 7, False),
        (PROD, (3, 10), "t3.medium", 30, True),
    ],
    ids=["dev", "staging", "prod"],
)
def test_sizes_and_protection(
    environment: Any, tasks: tuple[int, int], instance: str, backup_days: int, *, production_like: bool
) -> None:
    """Dev, staging and production have 1, 2 and 3 tasks; production alone has a standby and refuses deletion."""
    database = environment.database
    assert (environment.scaling.min_tasks, environment.scaling.max_tasks) == tasks
    assert (database.instance, database.backup_days) == (instance, backup_days)
    assert {environment.protected, database.protected, database.multi_az} == {production_like}


def test_production_releases_by_canary() -> None:
    """Production gives a candidate 10 % for 15 minutes, then all, and keeps the previous version for an hour."""
    assert Rollout.canary(percent=10, bake_minutes=15, keep_previous_minutes=60) == PROD.rollout
    assert (PROD.scaling.cpu_percent, PROD.scaling.memory_percent) == (70, 80)


def test_production_survives_a_zone() -> None:
    """Each of production's zones has its own way out; the others share one."""
    assert (PROD.zones, PROD.nat) == (3, Nat.one_per_zone())
    assert {(environment.zones, environment.nat) for environment in (DEV, STAGING)} == {(2, Nat.one())}


def test_networks_are_apart() -> None:
    """No environment's network overlaps with another's; one that did would be refused at synth."""
    require_disjoint([environment.cidr for environment in ENVIRONMENTS.values()])
    with pytest.raises(ValueError, match=r"^networks must not overlap, got 10.0.128.0/17 and 10.0.0.0/16"):
        define_network(cdk.Stack(cdk.App(), "Shop"), dataclasses.replace(STAGING, cidr="10.0.128.0/17"))


def test_logs_are_kept_longest_in_production() -> None:
    """A week, a month, a year."""
    assert [environment.log_retention for environment in (DEV, STAGING, PROD)] == [
        logs.RetentionDays.ONE_WEEK,
        logs.RetentionDays.ONE_MONTH,
        logs.RetentionDays.ONE_YEAR,
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "Prod"}, "name must be 1-20 lower-case letters, got 'Prod'"),
        ({"name": "../prod"}, "name must be 1-20 lower-case letters, got '../prod'"),
        ({"zones": 1}, "zones must be 2-3, got 1"),
        ({"protected": False}, "prod must refuse deletion, got protected=False"),
        (
            {"database": dataclasses.replace(PROD.database, protected=False)},
            "prod must refuse deletion, got protected=True and database.protected=False",
        ),
        ({"zones": 4}, "zones must be 2-3, got 4"),
        ({"cidr": "10.0.0.0/8"}, "cidr must be /16-/28, which AWS allows a VPC, got '10.0.0.0/8'"),
        ({"domain_name": "orders"}, "domain_name must be a DNS name of at most 64 characters, got 'orders'"),
        ({"domain_name": "https://a.example"}, "domain_name must be a DNS name .* got 'https://a.example'"),
        ({"domain_name": f"{'a' * 60}.example"}, "domain_name must be a DNS name of at most 64 characters"),
    ],
)
def test_refuses_environments_that_cannot_be(wrong: dict[str, Any], message: str) -> None:
    """A row of the table that cannot be deployed is refused when it is written."""
    with pytest.raises(ValueError, match=f"^{message}"):
        dataclasses.replace(PROD, **wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"instance": "db.t3.small"}, "instance must be a class without"),
        ({"instance": "small"}, "instance must be a class that RDS offers for PostgreSQL, got 'small'"),
        ({"instance": "t4g.4xlarge"}, "instance must be a class that RDS offers .* got 't4g.4xlarge'; t4g has micro"),
        ({"backup_days": 0}, "backup_days must be 1-35, got 0"),
        ({"backup_days": 36}, "backup_days must be 1-35, got 36"),
        ({"backup_days": True}, "backup_days must be 1-35, got True"),
        ({"storage_gib": 19}, "storage_gib must be 20-65536, got 19"),
    ],
)
def test_refuses_databases_that_cannot_be(wrong: dict[str, Any], message: str) -> None:
    """A database without backups, or of a size that RDS does not have, is refused when it is written."""
    with pytest.raises(ValueError, match=f"^{message}"):
        dataclasses.replace(PROD.database, **wrong)
