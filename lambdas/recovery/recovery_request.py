"""What one execution of the state machine is asked to do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from bluegreen.release.recovery.record import Kind, drill_instance


@dataclass(frozen=True, kw_only=True)
class Request:
    """One recovery.

    Args:
        id: Its name, and the execution's.
        kind: What it is for.
        by: Who asks.
        instance: The restored instance; None when AWS Backup could not restore any.
        job: AWS Backup's restore job, which waits for a verdict; None for a drill.
        problem: Why there is nothing to look at; empty when there is.
    """

    id: str
    kind: Kind
    by: str
    instance: str | None
    job: str | None = None
    problem: str = ""

    @classmethod
    def of_drill(cls, drill: str, by: str) -> Self:
        """Make the request of a drill."""
        return cls(id=drill, kind=Kind.DRILL, by=by, instance=drill_instance(drill))

    @classmethod
    def of_test(cls, detail: Mapping[str, Any]) -> Self:
        """Make the request of a restore test that AWS Backup has restored, or failed to.

        Args:
            detail: The detail of its event `Restore Job State Change`.
        """
        job, created = str(detail["restoreJobId"]), detail.get("createdResourceArn")
        completed = detail["status"] == "COMPLETED" and created
        why = detail.get("statusMessage") or detail["status"]
        return cls(
            id=f"test-{job}"[:80],
            kind=Kind.RESTORE_TEST,
            by=str(detail.get("restoreTestingPlanArn") or "AWS Backup"),
            instance=str(created).rpartition(":")[2] if completed else None,
            job=job,
            problem="" if completed else f"AWS Backup could not restore: {why}",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_dict` and JSON made of it."""
        return cls(**{**document, "kind": Kind(document["kind"])})
