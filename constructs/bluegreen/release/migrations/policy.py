"""What a service's author decides about a migration whose release failed later."""

from enum import StrEnum


class AfterFailure(StrEnum):
    """What becomes of the schema when a release fails after its migration.

    `KEEP` leaves it expanded: the version before works with it. `DOWNGRADE` takes the release's revisions back once the
    version before serves again, if all of them can be taken back and no row would be lost.
    """

    KEEP = "keep"
    DOWNGRADE = "downgrade"
