"""What CloudFormation is to be told about a custom resource."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer.

    Args:
        succeeded: Whether the resource is as the stack asks.
        reason: Why, in one line; shown in the stack's events.
        resource_id: The resource's physical id.
        ends: Whether the request is over; otherwise the release goes on without CloudFormation.
        attributes: What the template can read of the resource.
    """

    succeeded: bool
    reason: str
    resource_id: str
    ends: bool = True
    attributes: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """The status as CloudFormation spells it."""
        return "SUCCESS" if self.succeeded else "FAILED"
