"""What linters say about data: nothing that is not acknowledged with a reason."""

import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk.data import Bucket, Cache, Engine, EnvironmentKey, Table
from bluegreen.cdk.watching import AlarmTopics
from examples.gallery import data
from tests.cdk.data.conftest import add_database, isolated_vpc
from tests.cdk.nagging import Finding, findings

BY_THE_APP = {"NIST.800.53.R5-IAMNoInlinePolicy": "acknowledged once for the app of whoever has policies inline"}


def smallest(app: cdk.App) -> None:
    """Everything without a standby, protection and snapshots, as it may be where nothing lasts."""
    stack = cdk.Stack(app, "Smallest")
    vpc, key = isolated_vpc(stack), EnvironmentKey(stack, "Key").key
    stores = (
        add_database(stack, vpc=vpc, engine=Engine.postgres("t3.micro"), multi_az=False, protected=False, key=key),
        Cache(stack, "Cache", vpc=vpc, identifier="shop-dev", nodes=1, snapshot_days=0, key=key),
        Table(stack, "Carts", partition_key="customer", protected=False, key=key),
        Bucket(stack, "Files", protected=False, key=key),
    )
    AlarmTopics(stack, "Alarms", key=key).tell([alert for store in stores for alert in store.alerts])


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[Finding]]:
    """The gallery's data and the smallest, synthesized once, with what both rule packs find."""
    folder = tmp_path_factory.mktemp("findings")

    def define(app: cdk.App) -> None:
        data.define(app)
        smallest(app)
        acknowledge(app, BY_THE_APP)

    return folder, findings(folder, define)


def test_both_rule_packs_find_nothing(assembly: tuple[Path, set[Finding]]) -> None:
    """All that AwsSolutions and NIST 800-53 find is that a database that is in no backup plan is in none."""
    assert assembly[1] == {("Smallest/Database/Instance", "NIST.800.53.R5-RDSInBackupPlan")}


def test_cfn_lint_finds_nothing(assembly: tuple[Path, set[Finding]]) -> None:
    """cfn-lint has no error and no warning."""
    templates = sorted(map(str, assembly[0].glob("*.template.json")))
    assert len(templates) == 3
    run = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), "--", *templates],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, ""), run.stdout + run.stderr
