"""What is refused at synth, with the value got and what is allowed."""

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest

from bluegreen.cdk.recovery import (
    BackupCopies,
    BackupRule,
    Backups,
    DataChecks,
    RecoveryObjectives,
    VaultLock,
)

LOCK = VaultLock.governance(min_days=7, max_days=90)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: BackupRule.daily(keep_days=0), "keep_days of daily must be 1-36500, got 0"),
        (lambda: BackupRule.daily(hour=24), "hour must be 0-23, got 24"),
        (lambda: BackupRule(name="a b", schedule="rate(1 day)", keep_days=1), "name must be 1-50 letters"),
        (lambda: BackupRule(name="a", schedule="daily", keep_days=1), r"schedule must be cron\(…\) or rate\(…\)"),
        (
            lambda: BackupRule(name="a", schedule="rate(1 day)", keep_days=36, continuous=True),
            "keep_days of a must be 1-35, got 36",
        ),
        (
            lambda: BackupRule(name="a", schedule="rate(1 day)", keep_days=1, done_within_minutes=90),
            "done_within_minutes of a must be 120-10080, got 90",
        ),
        (lambda: VaultLock.governance(min_days=9, max_days=8), "max_days must be 9-36500, got 8"),
        (
            lambda: VaultLock.compliance(min_days=1, max_days=8, changeable_for_days=2),
            "changeable_for_days must be 3-36500, got 2",
        ),
        (lambda: RecoveryObjectives(recovery_time_minutes=0), "recovery_time_minutes must be 1-1440, got 0"),
        (lambda: DataChecks(tables="orders"), "tables must be a list of names, got 'orders'"),
        (lambda: DataChecks(tables=["orders;"]), "tables must be names such as table or schema.table, got 'orders;'"),
        (lambda: DataChecks(newest=["created_at"]), "newest must be names such as table.column"),
        (lambda: DataChecks(least_percent=0), "least_percent must be 1-100, got 0"),
        (lambda: DataChecks(tables=["a"], least_rows={"b": 1}), "least_rows must name tables that are counted"),
    ],
)
def test_values_out_of_range_are_refused(make: Callable[[], Any], said: str) -> None:
    """Each value object refuses what AWS would, before anything is deployed."""
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "resources or tags must say what is backed up, got neither"),
        ({"tags": {"a": "b"}, "rules": []}, "rules must be at least one"),
        ({"tags": {"a": "b"}, "rules": [BackupRule.daily(), BackupRule.daily()]}, "each with a name of its own"),
        (
            {"tags": {"a": "b"}, "lock": LOCK},
            "keep_days of monthly must be 7-90, which the vault's lock allows",
        ),
        ({"tags": {"a": "b"}, "copy_to_region": "eu-west-1"}, "must be given together"),
        (
            {"tags": {"a": "b"}, "copy_to_region": "eu-central-1", "copies_vault": "copies"},
            "copy_to_region must be another than the stack's, got 'eu-central-1'",
        ),
        ({"tags": {"a": "b"}, "vault_name": "a vault"}, "vault_name must be 2-50 letters"),
    ],
)
def test_backups_that_cannot_be_are_refused(given: dict[str, Any], said: str) -> None:
    """A plan without resources, with a lock that forbids it, or with copies in its own region is refused."""
    stack = cdk.Stack(cdk.App(), "Shop", env=cdk.Environment(region="eu-central-1"))
    with pytest.raises(ValueError, match=said):
        Backups(stack, "Backups", **given)


def test_copies_need_a_name_that_aws_takes() -> None:
    """The vault's name joins two stacks, so a wrong one is refused where it is given."""
    with pytest.raises(ValueError, match="vault_name must be 2-50 letters"):
        BackupCopies(cdk.Stack(cdk.App(), "Abroad"), "Copies", vault_name="x")
