"""What a service's author decides about its migrations."""

from enum import StrEnum


class Backup(StrEnum):
    """What must be there to go back to before a migration runs.

    `SNAPSHOT` takes a snapshot of the instance and waits until it is available. `PITR` takes none, and waits until the
    instance can be restored to a moment at most five minutes ago. `BOTH` does both.
    """

    SNAPSHOT = "snapshot"
    PITR = "pitr"
    BOTH = "both"


class AfterFailure(StrEnum):
    """What becomes of the schema when a release fails after its migration.

    `KEEP` leaves it expanded: the version before works with it. `DOWNGRADE` takes the release's revisions back once the
    version before serves again, if all of them can be taken back and no row would be lost.
    """

    KEEP = "keep"
    DOWNGRADE = "downgrade"
