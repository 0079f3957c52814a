"""A recorded exception: one version that may be released although alarms are red."""

from dataclasses import dataclass

_LONGEST_REASON = 200
"""Characters; it is told wherever the release is."""


@dataclass(frozen=True, kw_only=True)
class IgnoredAlarms:
    """Why one version may be released although alarms of the rollback policy are in ALARM when it starts.

    For the fix of what made them fire. Only the alarms that are red at that moment are not watched; the others are. It
    ends by itself with the next version.

    Args:
        version: The version, as the service's `version` has it.
        reason: Why, for everybody who reads the release's outcome; 1-200 characters.

    Raises:
        ValueError: If either is missing or too long.

    Example:
        >>> IgnoredAlarms(version="v5", reason="v5 fixes the errors that the alarm is about").version
        'v5'
    """

    version: str
    reason: str

    def __post_init__(self) -> None:
        if not self.version.strip():
            raise ValueError(f"version must name the version that may be released, got {self.version!r}")
        if not self.reason.strip() or len(self.reason) > _LONGEST_REASON:
            raise ValueError(
                f"reason must be 1-{_LONGEST_REASON} characters, got {len(self.reason.strip())}; say why the red "
                "alarms do not speak against this version"
            )
