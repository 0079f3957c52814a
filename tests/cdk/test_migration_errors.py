"""What migrations refuse at synth, and what they say."""

from typing import Any

import aws_cdk as cdk
import pytest

from bluegreen.cdk import AlembicMigrations, ContractRelease
from tests.cdk.support import add_migrating_service, add_service, migrations


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lock_timeout_ms": 99}, "lock_timeout_ms must be 100-5000, got 99"),
        ({"lock_timeout_ms": 5001}, "lock_timeout_ms must be 100-5000, got 5001"),
        ({"deadline_minutes": 4}, "deadline_minutes must be 5-50, got 4"),
        ({"deadline_minutes": 51}, "deadline_minutes must be 5-50, got 51"),
        ({"deadline_minutes": True}, "deadline_minutes must be 5-50, got True"),
        ({"backup": "none"}, "backup must be one of snapshot, pitr, both, got 'none'"),
        ({"after_failure": "restore"}, "after_failure must be one of keep, downgrade, got 'restore'"),
        (
            {"lint": {"drop-index": "ignore"}},
            r"lint\['drop-index'\] must be one of block, contract, warn, got",
        ),
        ({"lint": {"Drop Index": "warn"}}, "lint must name rules such as .*, got 'Drop Index'"),
        ({"lint": {f"rule-{n}": "warn" for n in range(200)}}, "settings must be at most 2000 characters as JSON, got"),
        ({"command": ()}, r"command must be a list of words that starts the runner, got \(\)"),
        ({"command": "python"}, "command must be a list of words that starts the runner, got 'python'"),
        ({"command": ["migrate", "--password=hunter2"]}, "command option password looks like a secret"),
        (
            {"history": "a b"},
            "history must be 1-100 letters, digits, '.', '_' and '-', got 'a b'; omit it unless shared",
        ),
        ({"ini": " "}, "ini must be a path in the image, got ' '; omit it for alembic.ini"),
        ({"owner_role": "Owner"}, "owner_role must be 1-63 lower-case letters, .*, got 'Owner'"),
        ({"owner_role": "pg_owner"}, "owner_role must be 1-63 lower-case letters, .*, got 'pg_owner'"),
        ({"owner_role": "a" * 64}, "owner_role must be 1-63 lower-case letters"),
        ({"secrets": {}}, "secrets must hold what env.py reads to connect, got none"),
        ({"environment": {"DATABASE_PASSWORD": "${X}"}}, "environment and secrets must not share names"),
        ({"environment": {"API_KEY": "hunter2"}}, "environment variable API_KEY looks like a secret"),
        ({"environment": {"BLUEGREEN_X": "1"}}, "variables must not begin with BLUEGREEN_, got BLUEGREEN_X"),
        ({"cpu": 300}, "cpu must be one of"),
        ({"memory_mib": 513}, "memory_mib must be one of 512, 1024, 2048 with cpu=256, got 513"),
    ],
)
def test_refuses_what_cannot_work(wrong: dict[str, Any], message: str) -> None:
    """A value out of its range is refused when it is written, with the range and what to do."""
    with pytest.raises(ValueError, match=f"^{message}"):
        migrations(cdk.Stack(cdk.App()), **wrong)


@pytest.mark.parametrize("edge", [{"lock_timeout_ms": 100}, {"lock_timeout_ms": 5000}, {"deadline_minutes": 50}])
def test_takes_what_just_works(edge: dict[str, int]) -> None:
    """The ends of the ranges are allowed; with the longest deadline the hook still fits CodeDeploy's hour."""
    assert migrations(cdk.Stack(cdk.App()), **edge).longest_seconds <= 3300


def test_refuses_a_cluster_of_databases() -> None:
    """Aurora is refused by name: a snapshot of an instance is what is taken."""
    cluster: Any = object()  # as a caller without a type checker gives it
    with pytest.raises(ValueError, match=r"^database must be an RDS instance, got object; Aurora clusters are"):
        AlembicMigrations(cluster, {})


def test_refuses_migrations_twice() -> None:
    """Two migrations of one service want the same step, and only one can have it."""
    stack = cdk.Stack(cdk.App())
    hook = migrations(stack)
    with pytest.raises(ValueError, match=r"^hooks must have migrations once, got them twice for Default/Orders; one"):
        add_migrating_service(stack, hooks=[hook, hook])


def test_refuses_a_plan_that_nobody_would_see_the_end_of() -> None:
    """The default start and the default canary leave room for 15 minutes of migration, and none for 25."""
    stack = cdk.Stack(cdk.App())
    with pytest.raises(ValueError, match=r"^notifications must be given for a release longer than 53 minutes"):
        add_service(stack, hooks=[migrations(stack, deadline_minutes=25)])


def test_refuses_to_show_the_migrations_of_a_service_without() -> None:
    """Asking the hook for a service that it does not belong to names the service."""
    stack = cdk.Stack(cdk.App())
    hook = migrations(stack)
    with pytest.raises(ValueError, match=r"^service must have migrations among its hooks, got .*Orders without any"):
        hook.of(add_service(stack))


@pytest.mark.parametrize(
    ("version", "reason", "message"),
    [
        (" ", "because", "version must name the version whose release is a contract one, got ' '"),
        ("v9", " ", "reason must be 1-200 characters, got 0; say why"),
        ("v9", "x" * 201, "reason must be 1-200 characters, got 201; say why"),
    ],
)
def test_a_contract_release_says_which_and_why(version: str, reason: str, message: str) -> None:
    """A declaration without version or reason is refused."""
    with pytest.raises(ValueError, match=f"^{message}"):
        ContractRelease(version=version, reason=reason)
