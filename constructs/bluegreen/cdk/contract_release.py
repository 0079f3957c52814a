"""A recorded declaration: one version that may take away what the version before it used."""

from dataclasses import dataclass

_LONGEST_REASON = 200
"""Characters; it is told wherever the release is."""


@dataclass(frozen=True, kw_only=True)
class ContractRelease:
    """Why one version's release may run revisions that take something away from the database.

    A version that still uses what is taken away stops working, and no rollback brings data back. So the version that
    serves must have stopped using it, in a release before this one. The declaration counts for its version only and
    ends by itself with the next one.

    Args:
        version: The version, as the service's `version` has it.
        reason: Why nothing needs any more what is taken away; 1-200 characters.

    Raises:
        ValueError: If either is missing or too long.

    Example:
        >>> ContractRelease(version="v9", reason="no version since v8 reads orders.note").version
        'v9'
    """

    version: str
    reason: str

    def __post_init__(self) -> None:
        if not self.version.strip():
            raise ValueError(f"version must name the version whose release is a contract one, got {self.version!r}")
        if not self.reason.strip() or len(self.reason) > _LONGEST_REASON:
            raise ValueError(
                f"reason must be 1-{_LONGEST_REASON} characters, got {len(self.reason.strip())}; say why nothing needs "
                "any more what is taken away"
            )
