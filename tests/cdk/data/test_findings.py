"""What linters say about data: nothing that is not acknowledged with a reason."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
import pytest
from constructs import IConstruct

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


def define(app: cdk.App) -> None:
    """The gallery's data and the smallest."""
    data.define(app)
    smallest(app)
    acknowledge(app, BY_THE_APP)


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[Finding]]:
    """The gallery's data and the smallest, synthesized once, with what both rule packs find."""
    folder = tmp_path_factory.mktemp("findings")
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


def test_every_acknowledgement_is_needed_and_has_its_own_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the constructs' acknowledgements each of them appears as a finding, and no reason serves two rules."""
    acknowledged: list[tuple[str, str, str]] = []

    def record(scope: IConstruct, reasons: Mapping[str, str]) -> None:
        acknowledged.extend((scope.node.path, rule, reason) for rule, reason in reasons.items())

    for module in ("_cluster", "_instance", "_secrets", "_server", "bucket", "cache", "replica", "table"):
        monkeypatch.setattr(f"bluegreen.cdk.data.{module}.acknowledge", record)
    found = findings(tmp_path, define)
    unneeded = {
        (scope, rule)
        for scope, rule, _ in acknowledged
        if not any(f"{path}/".startswith(f"{scope}/") and rule == one for path, one in found)
    }
    assert acknowledged
    assert unneeded == set()
    reasons = {reason for _, _, reason in acknowledged}
    assert all(len(reason.split()) >= 4 for reason in reasons)
    shared = {reason for reason in reasons if len({rule for _, rule, one in acknowledged if one == reason}) > 1}
    assert shared == set()
