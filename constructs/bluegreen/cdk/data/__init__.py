"""Where an environment keeps its data: encrypted, backed up, watched, and closed to all who are not let in."""

from .backup_replication import BackupReplication
from .bucket import Bucket, BucketReplica
from .cache import Cache
from .database import Database
from .engine import Engine
from .environment_key import EnvironmentKey
from .replica import DatabaseReplica
from .table import Table, TableReplica

__all__ = [
    "BackupReplication",
    "Bucket",
    "BucketReplica",
    "Cache",
    "Database",
    "DatabaseReplica",
    "Engine",
    "EnvironmentKey",
    "Table",
    "TableReplica",
]
