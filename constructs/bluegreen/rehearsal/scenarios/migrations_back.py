"""Group migrations: the ways back, and two services that share a database."""

import itertools
from collections.abc import Mapping, Sequence

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .checks import ends_on_candidate, none_failed
from .estate_pairs import FEWEST_OF_TWO, load_both
from .estate_parts import APPLICATION, begin_with
from .migration_parts import GROUP, REVISIONS, Ledger, bring_to, database_of, hook_span, migrations_command
from .scenario import Scenario

SHARING = {"arrangement": "sharing"}
SHARED_REVISION = "0002"
STARTED_BY = "AWS Step Functions"

KEPT_SECONDS = 30.0
"""Real time until the ledger says what becomes of a schema after its release failed."""


def _after_migration(stage: Stage) -> None:
    """Fail a release after its migration, then deploy an image that is older than the schema."""
    found = bring_to(stage, "slow-backfill")
    stage.inject({"fault": "missing-on-test", "version": "reversible"})
    failed = stage.deploy("reversible")
    stage.expect_outcome(failed, Outcome.ROLLED_BACK, "AfterAllowTestTraffic")
    stage.inject(None)
    ledger = Ledger(stage)
    stage.wait_until(lambda: ledger.run(failed)["release"], KEPT_SECONDS, "the ledger says what became of the schema")
    kept = ledger.run(failed)["release"]
    stage.expect(kept == "kept", f"the ledger must say that the schema is kept, got {kept}")
    stage.expect(found.revision() == REVISIONS["reversible"], f"the schema must stay, but is at {found.revision()}")

    older = stage.deploy("adds-note")
    stage.expect_outcome(older, Outcome.SUCCEEDED)
    outcome = ledger.run(older)["outcome"]
    stage.expect(outcome == "ahead", f"the ledger must say that the schema is ahead of the image, got {outcome}")


def _downgrade(stage: Stage) -> None:
    """Take a revision back by hand: refused while that would lose a row, done without one; then release again."""
    found = bring_to(stage, "reversible")
    target = REVISIONS["slow-backfill"]
    found.rows("INSERT INTO coupons VALUES ('SPRING', 10)")
    refused = migrations_command(stage, "downgrade", "--to", target, "--yes")
    stage.expect(refused.returncode == 1, f"a downgrade that loses a row must be refused, got {refused.returncode}")
    said = refused.stdout + refused.stderr
    stage.expect("coupons" in said, f"it must say which rows would be lost, got: {said.strip()}")
    stage.expect(found.revision() == REVISIONS["reversible"], f"the schema must stay, but is at {found.revision()}")

    found.rows("DELETE FROM coupons")
    done = migrations_command(stage, "downgrade", "--to", target, "--yes")
    stage.expect(done.returncode == 0, f"the downgrade must work, got {done.returncode}: {done.stderr.strip()[-500:]}")
    stage.expect(found.revision() == target, f"the schema must be back at {target}, but is at {found.revision()}")
    stage.expect(not found.value("SELECT to_regclass('coupons')"), "the table coupons must be gone")
    stage.expect_outcome(stage.deploy(), Outcome.SUCCEEDED)


def _two_services(stage: Stage) -> None:
    """Release both services at once, with a revision that takes its time."""
    begin_with(stage, "shared-1", SHARING)
    load_both(stage)
    deploy = stage.deploy("shared-2", context=SHARING)
    stage.expect_outcome(deploy, Outcome.SUCCEEDED)
    stage.expect(len(deploy.deployments) == 2, f"both services must be released, got {len(deploy.deployments)}")  # noqa: PLR2004 - both
    revision = database_of(stage).revision()
    stage.expect(revision == SHARED_REVISION, f"the database must be at {SHARED_REVISION}, but is at {revision}")
    spans = _task_spans(stage)
    stage.expect(len(spans) == 2, f"both services must have run migrations, got tasks of {', '.join(spans)}")  # noqa: PLR2004 - both
    met = overlaps(spans)
    stage.expect(not met, f"the migrations of two services must not run at the same time, but did {met} times")
    hooks = {id_: [hook_span(stage, id_)] for id_ in deploy.deployments}
    stage.expect(overlaps(hooks), "the two hooks must be called at the same time, or nothing is proven")
    waits = [min(begin for begin, _ in tasks) for tasks in spans.values()]
    stage.figures["waited_cloud_seconds"] = max(waits) - min(waits)


def _task_spans(stage: Stage) -> dict[str, list[tuple[float, float]]]:
    """Return when each migration's task was created and stopped, by its family."""
    ecs = stage.client("ecs")
    cluster = stage.service_of("Orders").cluster
    arns = ecs.list_tasks(cluster=cluster, startedBy=STARTED_BY, desiredStatus="STOPPED")["taskArns"]
    spans: dict[str, list[tuple[float, float]]] = {}
    for task in ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]:
        family = task["taskDefinitionArn"].rpartition("/")[2].partition(":")[0]
        span = task["createdAt"].timestamp(), task["stoppedAt"].timestamp()
        spans.setdefault(family, []).append(span)
    return spans


def overlaps(spans: Mapping[str, Sequence[tuple[float, float]]]) -> int:
    """Return how many pairs of spans of different families have a moment in common.

    Example:
        >>> overlaps({"orders": [(0, 2), (5, 6)], "billing": [(2, 3), (4, 7)]})
        1
    """
    return sum(
        one[0] < other[1] and other[0] < one[1]
        for mine, yours in itertools.combinations(spans.values(), 2)
        for one in mine
        for other in yours
    )


BACK = (
    Scenario(
        name="two-services-one-database",
        summary="two services that migrate one PostgreSQL 16 are released at once: one waits for the other",
        group=GROUP,
        reads_back=True,
        expected=Outcome.SUCCEEDED,
        checks=(none_failed,),
        play=_two_services,
        application=APPLICATION,
        stack="SharingStack",
        fewest_per_second=FEWEST_OF_TWO,
    ),
    Scenario(
        name="rollback-after-migration",
        summary="smoke tests fail after the migration: the schema stays, the old version works, older images too",
        group=GROUP,
        reads_back=True,
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, ends_on_candidate),
        play=_after_migration,
    ),
    Scenario(
        name="downgrade",
        summary="a revision is taken back by hand: refused while a row would be lost, done without",
        group=GROUP,
        reads_back=True,
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, ends_on_candidate),
        play=_downgrade,
    ),
)
