"""Backups that nobody can delete, copies in a second region, and the tests that prove both can be restored."""

from .backup_copies import BackupCopies
from .backup_rule import BackupRule, VaultLock
from .backups import DEFAULT_RULES, Backups

__all__ = [
    "DEFAULT_RULES",
    "BackupCopies",
    "BackupRule",
    "Backups",
    "VaultLock",
]
