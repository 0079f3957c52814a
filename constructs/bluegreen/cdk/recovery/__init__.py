"""Backups that nobody can delete, copies in a second region, and the tests that prove both can be restored."""

from .backup_copies import BackupCopies
from .backup_rule import BackupRule, VaultLock
from .backups import DEFAULT_RULES, Backups
from .checks import DataChecks, RecoveryObjectives
from .recovery_drill import RecoveryDrill
from .restore_testing import RestoreTesting

__all__ = [
    "DEFAULT_RULES",
    "BackupCopies",
    "BackupRule",
    "Backups",
    "DataChecks",
    "RecoveryDrill",
    "RecoveryObjectives",
    "RestoreTesting",
    "VaultLock",
]
