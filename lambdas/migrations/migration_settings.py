"""What the construct put into the function's environment."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bluegreen.release.migrations.after_failure import AfterFailure
from bluegreen.release.migrations.restore_point import Backup

SHORTEST_TASK_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's settings.

    Args:
        machine: The state machine's ARN.
        ledger: The ledger's table.
        database: The database instance's identifier.
        history: What the Alembic history is called; the task definitions' family when services share none.
        cluster: The cluster's ARN.
        task_definition: The ARN of the task definition that this version's migrations run from.
        log_group: Where the runner writes.
        version: The version that the stack asks for.
        service: The service's name.
        notifications: The topic that is told what became of a schema; None for none.
        backup: What is made before anything changes.
        after_failure: What becomes of the schema when the release fails later.
        lock_timeout_ms: How long a statement of a migration may wait for a lock, in milliseconds.
        deadline_seconds: How long a run may take.
        grades: Changes to the gate's grades.
        contract: The declared contract release's version and reason; None when there is none.
        ini: Where alembic.ini is in the image; None for the runner's own choice.
    """

    machine: str
    ledger: str
    database: str
    history: str
    cluster: str
    task_definition: str
    log_group: str
    version: str
    service: str
    notifications: str | None
    backup: Backup
    after_failure: AfterFailure
    lock_timeout_ms: int
    deadline_seconds: int
    grades: Mapping[str, str]
    contract: Mapping[str, str] | None
    ini: str | None

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
            machine=environment["BLUEGREEN_STATE_MACHINE_ARN"],
            ledger=environment["BLUEGREEN_LEDGER"],
            database=environment["BLUEGREEN_DATABASE"],
            history=given.get("history") or family_of(environment["BLUEGREEN_TASK_DEFINITION"]),
            cluster=environment["BLUEGREEN_CLUSTER"],
            task_definition=environment["BLUEGREEN_TASK_DEFINITION"],
            log_group=environment["BLUEGREEN_TASK_LOG_GROUP"],
            version=environment["BLUEGREEN_VERSION"],
            service=environment["BLUEGREEN_SERVICE"],
            notifications=environment.get("BLUEGREEN_NOTIFICATIONS") or None,
            backup=Backup(given["backup"]),
            after_failure=AfterFailure(given["after_failure"]),
            lock_timeout_ms=int(given["lock_timeout_ms"]),
            deadline_seconds=int(given["deadline_seconds"]),
            grades=given.get("grades") or {},
            contract=given.get("contract"),
            ini=given.get("ini"),
        )

    @property
    def family(self) -> str:
        """The family of the migrations' task definitions."""
        return family_of(self.task_definition)

    def plan_command(self, seconds: int) -> list[str]:
        """Return the runner's arguments for a plan."""
        return ["plan", *self._options(seconds)]

    def migrate_command(self, command: str, to: str | None, token: int, seconds: int) -> list[str]:
        """Return the runner's arguments for what changes the database.

        Args:
            command: run, create or downgrade.
            to: The revision that a downgrade goes to.
            token: The lease's token.
            seconds: How long it may take.
        """
        target = ["--to", to] if to is not None else []
        return [command, *target, "--token", str(token), *self._options(seconds)]

    def _options(self, seconds: int) -> list[str]:
        options = ["--lock-timeout-ms", str(self.lock_timeout_ms), "--deadline-seconds", str(seconds)]
        if self.ini:
            options += ["--ini", self.ini]
        if self.contract and self.contract.get("version") == self.version:
            options.append("--contract")
        if self.grades:
            options += ["--grades", json.dumps(dict(self.grades), sort_keys=True)]
        return options


def family_of(task_definition: str) -> str:
    """Return a task definition's family.

    Example:
        >>> family_of("arn:aws:ecs:eu-west-1:111122223333:task-definition/orders-migrations:7")
        'orders-migrations'
    """
    return task_definition.rpartition("/")[2].partition(":")[0]
