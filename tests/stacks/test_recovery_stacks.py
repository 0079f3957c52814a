"""What waits in another region, and the service that moves there."""

import ipaddress
import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from stacks.choice import Choice, ChoiceError
from stacks.environments import ENVIRONMENTS, PROD
from stacks.recovery_stack import recovery_cidr
from stacks.reference import define_reference
from tests.cdk.nagging import Finding, findings

from .support import properties

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-1a2b-AbCdEf"
GIVEN = {"version": "v7", "recovery_region": "eu-west-1", "region": "eu-central-1", "migrator_secret": SECRET}


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[Finding]]:
    """Production with everything in its recovery region, and what both rule packs find."""
    folder = tmp_path_factory.mktemp("recovery")

    def define(app: cdk.App) -> None:
        define_reference(app, [PROD], **GIVEN)

    return folder, findings(folder, define)


@pytest.fixture(scope="module")
def template(synthesized: tuple[Path, set[Finding]]) -> Any:
    """Return a stack's template."""
    return lambda stack: json.loads((synthesized[0] / f"{stack}.template.json").read_text())


def test_both_packs_find_nothing_abroad(synthesized: tuple[Path, set[Finding]]) -> None:
    """What waits and what moves is as clean as what it stands in for."""
    assert {one for one in synthesized[1] if one[0].startswith(("ProdRecoveryStack", "ProdFailoverStack"))} == set()


def test_backups_are_copied_into_the_vault_that_waits(template: Any) -> None:
    """The plan of one region names the vault of the other, which nothing else joins."""
    vault = properties(template("ProdRecoveryStack"), "AWS::Backup::BackupVault")["BackupVaultName"]
    rules = properties(template("ProdDataStack"), "AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"]
    for rule in rules:
        (copy,) = rule["CopyActions"]
        assert json.dumps(copy["DestinationBackupVaultArn"]).endswith(f':backup-vault:{vault}"]]}}')


def test_the_replica_follows_a_database_that_may_have_one(template: Any) -> None:
    """It names production's instance in its region; that one's password is not kept by RDS, or it could not follow."""
    replica = properties(template("ProdRecoveryStack"), "AWS::RDS::DBInstance")
    assert ":rds:eu-central-1:" in json.dumps(replica["SourceDBInstanceIdentifier"])
    assert json.dumps(replica["SourceDBInstanceIdentifier"]).endswith(':db:orders-prod"]]}')
    assert "ManageMasterUserPassword" not in properties(template("ProdDataStack"), "AWS::RDS::DBInstance")


def test_no_network_has_the_recovery_networks_addresses() -> None:
    """The networks may be joined."""
    recovery = ipaddress.ip_network(recovery_cidr(PROD))
    assert not any(recovery.overlaps(ipaddress.ip_network(one.cidr)) for one in ENVIRONMENTS.values())


def test_the_service_moves_onto_the_replica(template: Any) -> None:
    """Its tasks connect to the replica, its migrations with the master's secret that RDS keeps there."""
    text = json.dumps(template("ProdFailoverStack"))
    assert "ProdRecoveryStack:ExportsOutputFnGetAttReplica" in text
    assert f"{SECRET}:password::" in text


def test_nothing_waits_abroad_unless_a_region_is_named(assembly: Path) -> None:
    """Without regions neither stack is made."""
    assert not [one.name for one in assembly.glob("*.template.json") if one.name.startswith(("ProdRec", "ProdFail"))]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"recovery_region": "Ireland", "region": "eu-central-1"}, "recovery_region must be an AWS region"),
        ({"recovery_region": "eu-west-1"}, "needs another region that it recovers, got None"),
        ({"recovery_region": "eu-west-1", "region": "eu-west-1"}, "needs another region that it recovers"),
        ({"migrator_secret": "orders"}, "migrator_secret must be the ARN of a secret in recovery_region"),
    ],
)
def test_regions_that_cannot_be_are_refused(given: dict[str, str], said: str) -> None:
    """A region that is none, its own recovery, or half a pair is refused before anything is synthesized."""
    with pytest.raises(ChoiceError, match=said):
        Choice.from_context({"version": "v7", **given}.get)
