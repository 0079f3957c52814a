"""`bluegreen drill`: what it checks, says and does, with AWS's answers made up."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bluegreen.cli import main
from bluegreen.operations import aws, drill_estate, waiting
from tests.operations.deployed import FakeTime, refusal
from tests.operations.drilled import INSTANCE, LOST, NOW, RECOVERED, Drilled

DISASTERS = ("database", "region", "loss", "breach")


@pytest.fixture
def drilled(monkeypatch: pytest.MonkeyPatch) -> Drilled:
    given = Drilled()
    monkeypatch.setattr(aws, "clients", lambda: given)
    monkeypatch.setattr(waiting, "RealTime", FakeTime)
    monkeypatch.setattr(drill_estate, "_now", lambda: NOW)
    return given


def call(*arguments: str, stack: str = "ProdStack") -> Result:
    return CliRunner().invoke(main, ["drill", *arguments, "--stack", stack])


@pytest.mark.usefixtures("drilled")
@pytest.mark.parametrize("disaster", DISASTERS)
def test_a_stack_that_is_ready_is_told_so(disaster: str) -> None:
    """Every check of every disaster is well, the steps are numbered, and the exit code is 0."""
    end = call(disaster)
    assert end.exit_code == 0, end.output
    assert "RTO 60 min, RPO 5 min" in end.stdout
    assert f"more in docs/disaster-recovery.md#{disaster}" in end.stdout
    assert "\n  bad" not in end.stdout
    assert "\n1. " in end.stdout


@pytest.mark.usefixtures("drilled")
@pytest.mark.parametrize(
    ("disaster", "command"),
    [
        (
            "database",
            "--source-db-instance-identifier orders-prod --target-db-instance-identifier orders-prod-restored-",
        ),
        ("database", "--manage-master-user-password"),
        ("database", "aws ecs update-service --cluster prod --service orders --desired-count 0"),
        ("region", "aws rds promote-read-replica --db-instance-identifier orders-prod-replica"),
        ("region", "npx cdk deploy ProdFailoverStack "),
        ("loss", "--backup-vault-name orders-prod-copies --region eu-west-1"),
        ("loss", "npx cdk deploy ProdDataStack "),
        ("breach", "--rotate-master-user-password --apply-immediately --db-instance-identifier orders-prod"),
    ],
)
def test_steps_name_what_this_account_has(disaster: str, command: str) -> None:
    """Commands hold the names of the stack's own instance, service, vault and stacks."""
    assert command in call(disaster).stdout


def without(operation: str, answer: Any) -> Callable[[Drilled], None]:
    def change(drilled: Drilled) -> None:
        drilled.answers[operation] = answer

    return change


@pytest.mark.parametrize(
    ("disaster", "change", "said"),
    [
        ("database", lambda one: one.change(LatestRestorableTime=NOW - timedelta(minutes=11)), "moment: 11 min ago"),
        ("database", lambda one: one.change(LatestRestorableTime=None), "moment: none: set how long backups are kept"),
        ("database", lambda one: one.change(MultiAZ=False), "standby in another zone: none"),
        ("database", lambda one: one.records.pop(0), "last drill: none yet: `bluegreen drill database --run`"),
        ("database", lambda one: one.records.insert(0, LOST), "last drill: failed 1 h 0 min ago: orders has 100 rows"),
        ("region", lambda one: one.change(ReadReplicaDBInstanceIdentifiers=["orders-reader"]), "another region: none:"),
        ("region", without("backup.list_copy_jobs", {"CopyJobs": []}), "newest copy in another region: none"),
        ("loss", lambda one: one.change(DeletionProtection=False), "deletion protection: off"),
        ("loss", without("backup.describe_backup_vault", {"BackupVaultName": "v"}), "backups locked: v has no lock"),
        ("loss", without("backup.list_recovery_points_by_resource", {"RecoveryPoints": []}), "no vault has a recovery"),
        (
            "breach",
            without("secretsmanager.describe_secret", {"ARN": "a", "LastRotatedDate": NOW - timedelta(days=91)}),
            "master password rotated: 91 d 0 h ago",
        ),
        ("breach", lambda one: one.change(MasterUserSecret=None), "rotated: RDS does not keep it"),
    ],
)
def test_what_is_missing_is_told_and_exit_code_1(
    drilled: Drilled, disaster: str, change: Callable[[Drilled], None], said: str
) -> None:
    """What would fail on the day fails now, with what was seen and what to do."""
    change(drilled)
    end = call(disaster)
    assert end.exit_code == 1
    (bad,) = [line for line in end.stdout.splitlines() if line.startswith("  bad")]
    assert said in bad


def test_what_cannot_be_read_is_unknown_and_no_failure(drilled: Drilled) -> None:
    """A call that is denied says so, and holds nothing against the stack."""
    drilled.answers["backup.list_copy_jobs"] = refusal("AccessDeniedException", "not you", "ListCopyJobs")
    end = call("region")
    assert end.exit_code == 0
    assert "unknown newest copy in another region: AWS denies ListCopyJobs: not you" in end.stdout


def test_a_database_that_is_gone_is_told(drilled: Drilled) -> None:
    """The steps of the day after a deletion still come."""
    drilled.answers["rds.describe_db_instances"] = refusal("DBInstanceNotFound", "gone", "DescribeDBInstances")
    end = call("loss")
    assert end.exit_code == 1
    assert "the instance is gone" in end.stdout
    assert "npx cdk deploy ProdStack" in end.stdout


def test_a_drill_is_followed_and_told(drilled: Drilled) -> None:
    """Progress goes to the other output, the RTO and RPO reached and the rows to this one."""
    end = call("database", "--run")
    assert end.exit_code == 0
    assert end.stderr == "drill d-1: wait for the restored instance\ndrill d-1: recovered\n"
    assert end.stdout == (
        "recovered: orders-prod as bluegreen-drill-d-1\n"
        "\n"
        "RTO         1234 s, at most 3600 s\n"
        "RPO         200 s, at most 300 s\n"
        "rows        orders: 990 of 1000\n"
        "schema      0005\n"
        f"drill       d-1, by {RECOVERED.by}\n"
        "cleaned up  yes\n"
    )
    assert [event["step"] for event in drilled.asked] == ["start", "recovery", "recovery"]


def test_a_drill_that_fails_is_exit_code_1(drilled: Drilled) -> None:
    """What is missing is said first."""
    drilled.end = LOST
    end = call("database", "--run")
    assert end.exit_code == 1
    assert end.stdout.startswith(
        "NOT recovered: orders-prod as bluegreen-drill-d-1\n  orders has 100 rows of 1000, at least 95 % are required\n"
    )


@pytest.mark.usefixtures("drilled")
def test_json_is_one_document() -> None:
    """With --json, standard output is the plan, or the record of the drill."""
    plan = json.loads(call("loss", "--json").stdout)
    assert (plan["disaster"], plan["ready"], plan["database"]) == ("loss", True, INSTANCE["DBInstanceIdentifier"])
    assert json.loads(call("database", "--run", "--json").stdout) == json.loads(json.dumps(RECOVERED.to_dict()))


def test_a_stack_without_a_drill_is_refused(drilled: Drilled) -> None:
    """Exit code 2 says that nothing was checked."""
    drilled.resources["ProdStack"].pop("RecoveryDrillFunction1A2B3C4D")
    end = call("database")
    assert end.exit_code == 2
    assert "the stack 'ProdStack' must have one recovery drill, it has none" in end.stderr


def test_a_drill_that_never_ends_is_given_up(drilled: Drilled) -> None:
    """After four hours the command says what to delete by hand."""
    drilled.end = LOST.__class__(**{**LOST.__dict__, "ended": None, "passed": None})
    end = call("database", "--run")
    assert end.exit_code == 2
    assert "did not end within 4 h" in end.stderr
    assert "delete the instance bluegreen-drill-d-1 by hand" in end.stderr
