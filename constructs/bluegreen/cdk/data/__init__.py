"""Where an environment keeps its data: encrypted, backed up, watched, and closed to all who are not let in."""

from .backup_replication import BackupReplication
from .database import Database
from .engine import Engine
from .environment_key import EnvironmentKey
from .replica import DatabaseReplica

__all__ = ["BackupReplication", "Database", "DatabaseReplica", "Engine", "EnvironmentKey"]
