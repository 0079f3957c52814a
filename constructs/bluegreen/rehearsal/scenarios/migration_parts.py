"""What the scenarios about migrations share: the ledger, the database, and where each of them begins."""

import json
import os
import subprocess
import sys
from typing import Any

from bluegreen.rehearsal import database
from bluegreen.rehearsal.commands import stack_name
from bluegreen.rehearsal.database import Database
from bluegreen.rehearsal.deploy import Deploy, Outcome
from bluegreen.rehearsal.evidence import Event
from bluegreen.rehearsal.stage import DidNotHappenError, Stage

GROUP = "migrations"
STEP = "BeforeInstall"
"""The lifecycle event whose hook migrates."""

RUNNER = "bluegreen-migrations/"
"""How the application_name of the runner's sessions begins."""

REVISIONS = {
    "adds-note": "1001",
    "half-done": "1003",
    "adds-flag": "1004",
    "slow-backfill": "1007",
    "reversible": "1008",
}
"""Where a version leaves the database, in the order in which the scenarios release them."""

COMMAND_SECONDS = 120


class Ledger:
    """What the ledger of a stack holds, as DynamoDB tells it.

    Args:
        stage: The stage.
        stack: The stack with the ledger; the application's when omitted.
    """

    def __init__(self, stage: Stage, stack: str | None = None) -> None:
        self._stage = stage
        self._table = physical_id(stage, "AWS::DynamoDB::Table", stack)

    def items(self) -> dict[str, dict[str, Any]]:
        """Return every item by its sort key."""
        pages = self._stage.client("dynamodb").get_paginator("scan").paginate(TableName=self._table)
        return {item["sk"]["S"]: item for page in pages for item in page["Items"]}

    def instance(self) -> str:
        """Return the identifier of the database instance that the ledger is about."""
        (name,) = {item["pk"]["S"].partition("#")[2] for item in self.items().values()}
        return str(name)

    def holder(self) -> str:
        """Return the execution that holds the lease; empty when it is free."""
        return str(self.items()["lease"].get("holder", {}).get("S", ""))

    def state(self) -> dict[str, Any]:
        """Return where the schema is."""
        (state,) = [item for key, item in self.items().items() if key.startswith("state#")]
        return _document(state)

    def run(self, deploy: Deploy) -> dict[str, Any]:
        """Return the record of a command's release.

        Raises:
            LookupError: If it started no deployment, or several.
        """
        if len(deploy.deployments) != 1:
            raise LookupError(f"the deploy of {deploy.version} made {len(deploy.deployments)} deployments")
        return _document(self.items()[f"run#{deploy.deployments[0]}"])


def _document(item: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(item["document"]["S"])
    return found


def physical_id(stage: Stage, kind: str, stack: str | None = None) -> str:
    """Return the physical id of the only resource of a type in a stack.

    Args:
        stage: The stage.
        kind: The CloudFormation type.
        stack: The stack's name; the application's when omitted.

    Raises:
        LookupError: If there is none, or there are several.
    """
    pages = stage.client("cloudformation").get_paginator("list_stack_resources")
    found = [
        one["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack_name(stack or stage.stack))
        for one in page["StackResourceSummaries"]
        if one["ResourceType"] == kind
    ]
    if len(found) != 1:
        raise LookupError(f"one {kind} is wanted of {stack or stage.stack}, which has {len(found)}")
    return str(found[0])


def database_of(stage: Stage) -> Database:
    """Return the database that the application's service migrates."""
    return database.find(stage.client, Ledger(stage).instance())


def bring_to(stage: Stage, version: str) -> Database:
    """Bring the database to where a version leaves it, by releasing that version unless it is there already."""
    found = database_of(stage)
    if found.revision() != REVISIONS[version]:
        stage.note(f"the database is at {found.revision()}; {version} brings it to {REVISIONS[version]}")
        stage.expect_outcome(stage.deploy(version), Outcome.SUCCEEDED)
    stage.expect(
        found.revision() == REVISIONS[version],
        f"the database must be at {REVISIONS[version]}, but is at {found.revision()}",
    )
    return found


def hook_span(stage: Stage, deployment: str) -> tuple[float, float]:
    """Return when the hook of a release was called and when it answered, as `time.monotonic()`.

    Raises:
        DidNotHappenError: If it was not called, or did not answer.
    """
    steps = stage.events("lifecycle", id=deployment, event=STEP)
    begun = [one.at for one in steps if one.facts["status"] == "started"]
    ended = [one.at for one in steps if one.facts["status"] in {"succeeded", "failed"}]
    if not begun or not ended:
        raise DidNotHappenError(f"{STEP} of {deployment} did not begin and end")
    return begun[0], ended[0]


def hook_seconds(stage: Stage, deploy: Deploy) -> float:
    """Return how many real seconds the hook of a command's only release took.

    Raises:
        DidNotHappenError: If it was not called, or did not answer.
    """
    (deployment,) = deploy.deployments
    begun, ended = hook_span(stage, deployment)
    return ended - begun


def wait_for_hook(stage: Stage, seconds: float, since: float) -> Event:
    """Wait until a release's migration begins."""
    return stage.wait_for_event("lifecycle", seconds, since, event=STEP, status="started")


def expect_untouched(stage: Stage, found: Database, before: list[list[str]], what: str) -> None:
    """Check that columns, indexes and constraints are what they were."""
    after = found.catalogue()
    changed = [" ".join(row).strip() for row in (*before, *after) if (row in before) != (row in after)]
    stage.expect(not changed, f"{what} must leave the schema as it was, but changed: {'; '.join(changed)}")


def migrations_command(stage: Stage, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `bluegreen migrations` as an operator does, on the application's stack."""
    command = [sys.executable, "-c", "from bluegreen.cli import main; main()", "migrations", *arguments]
    stage.note(f"bluegreen migrations {' '.join(arguments)}")
    done = subprocess.run(
        [*command, "--stack", stack_name(stage.stack)],
        env={**os.environ, **stage.environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    told = (done.stdout.strip() or done.stderr.strip()).splitlines()
    stage.note(f"it ended with {done.returncode}: {' '.join(told)[:300]}")
    return done
