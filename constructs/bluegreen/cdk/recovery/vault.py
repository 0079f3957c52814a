"""A backup vault, as both regions have one."""

import re

from aws_cdk import RemovalPolicy, Token
from aws_cdk import aws_backup as backup
from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk._names import computed_name

from .backup_rule import VaultLock

_LONGEST_NAME = 50
_NAME = re.compile(r"[A-Za-z0-9_-]{2,50}")
_UNIQUE_LENGTH = 9


def define_vault(
    scope: Construct, name: str | None, *, key: kms.IKey | None, lock: VaultLock | None
) -> backup.CfnBackupVault:
    """Define a vault. It is retained: AWS deletes none that holds a backup, and backups outlive what they are of.

    Args:
        scope: Where.
        name: Its name. One made of the stack's name and id when None, so that a stack made again gets a new vault.
        key: What encrypts it; AWS Backup's own key when None.
        lock: What keeps backups from being deleted; nothing when None.

    Returns:
        The vault.

    Raises:
        ValueError: If the name is none that AWS Backup takes.
    """
    vault = backup.CfnBackupVault(
        scope,
        "Vault",
        backup_vault_name=_name(scope) if name is None else require_vault_name(name),
        encryption_key_arn=key.key_arn if key else None,
        lock_configuration=backup.CfnBackupVault.LockConfigurationTypeProperty(
            min_retention_days=lock.min_days,
            max_retention_days=lock.max_days,
            changeable_for_days=lock.changeable_for_days,
        )
        if lock
        else None,
    )
    vault.apply_removal_policy(RemovalPolicy.RETAIN)
    return vault


def require_vault_name(name: str) -> str:
    """Return the name.

    Raises:
        ValueError: If it is none that AWS Backup takes.
    """
    if not Token.is_unresolved(name) and not _NAME.fullmatch(name):
        raise ValueError(f"vault_name must be 2-50 letters, digits, '-' and '_', got {name!r}")
    return name


def _name(scope: Construct) -> str:
    """Return the stack's name with the first part of its id, which no stack has twice."""
    guid = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    unique = Token.as_string({"Fn::Select": [0, {"Fn::Split": ["-", guid]}]})
    return f"{computed_name(scope, max_length=_LONGEST_NAME - _UNIQUE_LENGTH)}-{unique}"
