"""What each construct renders, to be read when it changes. The rules that matter have tests of their own."""

import json
import re
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from bluegreen.cdk import HttpCheck, RollbackPolicy, Rollout, SmokeTests
from tests.cdk.support import Synthesized, add_migrating_service, add_service, migrations, synthesize

PARTS = {
    "task": ("OrdersTask",),
    "traffic": ("OrdersTraffic", "OrdersSecurityGroup"),
    "service": ("OrdersService", "OrdersApplication"),
    "deployed-state": ("OrdersDeployedState",),
    "release": ("OrdersRelease",),
    "deployment": ("OrdersDeploymentDeployment",),
    "codedeploy-role": ("OrdersDeploymentRole",),
    "smoke-tests": ("OrdersSmokeTests",),
    "provider": tuple(f"BlueGreenReleaseProvider{part}" for part in ("Function", "LogGroup", "Backstop")),
    "provider-services": ("BlueGreenReleaseProviderServices",),
    "provider-role": ("BlueGreenReleaseProviderRole",),
}

PARTS_OF_MIGRATIONS = {
    "migrations-task": ("OrdersMigrationsTask",),
    "migrations-function": ("OrdersMigrationsFunction", "OrdersMigrationsLogGroup", "OrdersMigrations08D4C758"),
    "migrations-rules": ("OrdersMigrationsLostRun", "OrdersMigrationsEndedRelease"),
    "migrations-state-machine-role": ("OrdersMigrationsStateMachineRole",),
    "ledger": ("BlueGreenReleaseLedger",),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A service with every part that this file shows, and no alarms or scaling, which are shown elsewhere."""

    def define(stack: cdk.Stack) -> None:
        arn = "arn:aws:acm:eu-west-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
        add_service(
            stack,
            certificate=acm.Certificate.from_certificate_arn(stack, "Certificate", arn),
            domain_name="orders.example.com",
            environment={"LOG_LEVEL": "info"},
            rollout=Rollout.canary(20, 10, approval_wait_minutes=5),
            rollback=RollbackPolicy.none(),
            hooks=[SmokeTests(HttpCheck("/health"))],
        )

    return synthesize(tmp_path_factory.mktemp("shop"), define)


@pytest.fixture(scope="module")
def migrating(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A service with migrations, with an owner of the tables."""
    return synthesize(
        tmp_path_factory.mktemp("migrating"),
        lambda stack: add_migrating_service(stack, hooks=[migrations(stack, owner_role="shop_owner")]),
    )


@pytest.mark.parametrize("part", PARTS)
def test_renders_as_reviewed(part: str, shop: Synthesized, snapshot: SnapshotAssertion) -> None:
    """A part of the service renders as it did when it was last reviewed."""
    check(shop, PARTS[part], snapshot)


@pytest.mark.parametrize("part", PARTS_OF_MIGRATIONS)
def test_migrations_render_as_reviewed(part: str, migrating: Synthesized, snapshot: SnapshotAssertion) -> None:
    """A part of the migrations renders as it did when it was last reviewed."""
    check(migrating, PARTS_OF_MIGRATIONS[part], snapshot)


def check(stack: Synthesized, prefixes: tuple[str, ...], snapshot: SnapshotAssertion) -> None:
    """Compare the resources whose logical ids begin so."""
    resources: dict[str, Any] = {}
    for prefix in prefixes:
        resources |= stack.under(prefix)
    assert 0 < len(json.dumps(resources, indent=2).splitlines()) < 300
    assert normalised(resources) == snapshot(extension_class=JSONSnapshotExtension)


def normalised(value: Any) -> Any:
    """Replace what changes with every edit of a function: the hashes of its asset."""
    if isinstance(value, dict):
        return {key: normalised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normalised(item) for item in value]
    return re.sub(r"\b[0-9a-f]{64}\b", "<asset-hash>", value) if isinstance(value, str) else value
