"""What the construct put into the function's environment."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from bluegreen.release.recovery.objectives import Objectives
from bluegreen.release.recovery.record import Kind


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's settings.

    Args:
        ledger: The ledger's table.
        database: The live instance's identifier.
        log_group: Where the check's task writes.
        subnet_group: The subnets that an instance is restored into.
        security_group: The group of a restored instance, which lets in the check's task alone.
        instance_class: The class that an instance is restored with; the live one's when None.
        host_variable: What tells the check's task which host to connect to.
        inspect: The command of the check's task.
        objectives: What a drill must reach.
        test_point_seconds: How old the recovery point of a restore test may be.
        deadline_seconds: After which a recovery is given up and cleaned up.
    """

    ledger: str
    database: str
    log_group: str
    subnet_group: str
    security_group: str
    instance_class: str | None
    host_variable: str
    inspect: Sequence[str]
    objectives: Objectives
    test_point_seconds: int
    deadline_seconds: int

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the environment.

        Args:
            environment: The environment variables; the process's own when omitted.

        Returns:
            The settings.

        Raises:
            KeyError: If a variable or a setting is missing.
            ValueError: If one has a wrong value.
        """
        given: dict[str, Any] = json.loads(environment["BLUEGREEN_SETTINGS"])
        return cls(
            ledger=environment["BLUEGREEN_LEDGER"],
            database=environment["BLUEGREEN_DATABASE"],
            log_group=environment["BLUEGREEN_TASK_LOG_GROUP"],
            subnet_group=environment["BLUEGREEN_SUBNET_GROUP"],
            security_group=environment["BLUEGREEN_SECURITY_GROUP"],
            instance_class=given.get("instance_class"),
            host_variable=given["host_variable"],
            inspect=tuple(given["inspect"]),
            objectives=Objectives.from_dict(given["objectives"]),
            test_point_seconds=int(given["test_point_seconds"]),
            deadline_seconds=int(given["deadline_seconds"]),
        )

    def objectives_of(self, kind: Kind) -> Objectives:
        """Return what a recovery must reach: a recovery point of AWS Backup is as old as its schedule makes it."""
        if kind is Kind.DRILL:
            return self.objectives
        return replace(self.objectives, recovery_point_seconds=self.test_point_seconds)
