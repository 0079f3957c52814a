"""The backups of one environment."""

from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk.recovery import Backups

from .environments import APPLICATION, Environment


def copies_vault(environment: Environment) -> str:
    """Return the name of the vault in the recovery region, which the stacks of both regions must know."""
    return f"{APPLICATION}-{environment.name}-copies"


def define_backups(
    scope: Construct,
    environment: Environment,
    *,
    database_arn: str,
    key: kms.IKey | None = None,
    recovery_region: str | None = None,
) -> Backups:
    """Define vault, plan and lock.

    Args:
        scope: The stack with the data.
        environment: How often, and how long.
        database_arn: What is backed up.
        key: The environment's key.
        recovery_region: Where copies go; nowhere when omitted.

    Returns:
        The backups.
    """
    region = recovery_region if environment.protected else None
    return Backups(
        scope,
        "Backups",
        resources=[database_arn],
        rules=environment.backup_rules,
        key=key,
        lock=environment.vault_lock,
        copy_to_region=region,
        copies_vault=copies_vault(environment) if region else None,
    )
