"""What has drifted, without what is meant to differ from the template. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DELETED = "DELETED"
MODIFIED = "MODIFIED"
_MOST_SAID = 50
"""How many resources are named in a message: SNS takes 256 KiB."""
_LONGEST_VALUE = 120


@dataclass(frozen=True)
class Drift:
    """One resource that is not as its template says.

    Args:
        logical_id: Its name in the template.
        type: Such as "AWS::EC2::SecurityGroup".
        changes: What differs, a line each; empty when it was deleted.
    """

    logical_id: str
    type: str
    changes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.logical_id} ({self.type}) {'differs:' if self.changes else 'was deleted'}"]
        return "\n".join(lines + [f"  {change}" for change in self.changes])


def drifts(found: Iterable[Mapping[str, Any]], expected: Mapping[str, Iterable[str]]) -> list[Drift]:
    """Return the drift that nobody meant.

    Args:
        found: CloudFormation's "StackResourceDrifts".
        expected: By type, the property paths that may differ, with all that is below them.

    Example:
        >>> change = {"PropertyPath": "/DesiredCount", "DifferenceType": "NOT_EQUAL", "ExpectedValue": "0"}
        >>> service = {"LogicalResourceId": "Service", "ResourceType": "AWS::ECS::Service"}
        >>> modified = {"StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": [change | {"ActualValue": "3"}]}
        >>> drifts([service | modified], {"AWS::ECS::Service": ["/DesiredCount"]})
        []
        >>> drifts([service | modified], {})[0].changes
        ('/DesiredCount: 0 -> 3',)
    """
    seen = []
    for one in found:
        name, kind, status = one["LogicalResourceId"], one["ResourceType"], one["StackResourceDriftStatus"]
        meant = tuple(expected.get(kind, ()))
        changes = tuple(
            _say(change)
            for change in one.get("PropertyDifferences", ())
            if not any(f"{change['PropertyPath']}/".startswith(f"{path}/") for path in meant)
        )
        if status == DELETED or (status == MODIFIED and changes):
            seen.append(Drift(name, kind, () if status == DELETED else changes))
    return sorted(seen, key=lambda drift: drift.logical_id)


def message(stack: str, found: list[Drift], runbook: str) -> str:
    """Return what people are told.

    Args:
        stack: The stack's name.
        found: Its drift, of which there is some.
        runbook: Where it is written what to do.
    """
    more = [f"and {len(found) - _MOST_SAID} more"] if len(found) > _MOST_SAID else []
    said = [str(drift) for drift in found[:_MOST_SAID]]
    head = f"{len(found)} resources of {stack} are not as its template says. Severity: warning. Runbook: {runbook}"
    return "\n\n".join([head, *said, *more])


def _say(change: Mapping[str, str]) -> str:
    values = (_cut(change.get(name, "")) for name in ("ExpectedValue", "ActualValue"))
    return f"{change['PropertyPath']}: {' -> '.join(values)}"


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"
