"""How the environments differ, to be read when it changes; and that each difference has a reason."""

import dataclasses
from itertools import pairwise

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from stacks.environments import DEV, ENVIRONMENTS, PROD, STAGING, Environment
from stacks.parity import REASONS, differences, require_parity
from tests.stacks.support import Templates
from tests.stacks.template_diff import describe

ALL = list(ENVIRONMENTS.values())
PAIRS = list(pairwise(ENVIRONMENTS))


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_what_changes_on_the_way_to_production(
    pair: tuple[str, str], templates: Templates, data_templates: Templates, snapshot: SnapshotAssertion
) -> None:
    """From each environment to the next, the stacks differ as they did when that was last reviewed."""
    before, after = pair
    found = {
        kind: describe(stacks[before], stacks[after])
        for kind, stacks in (("service", templates), ("data", data_templates))
    }
    assert 0 < sum(map(len, found.values())) < 300
    assert found == snapshot(extension_class=JSONSnapshotExtension)


def test_a_difference_is_described_in_a_line() -> None:
    """What changed is told, but not names of environments and hashes."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders-dev", "Delay": 1}}
    topic = {"Type": "AWS::SNS::Topic"}
    before = {"Resources": {"Jobs0A1B2C3D": queue}}
    later = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders-prod", "Delay": 2}}
    assert describe(before, {"Resources": {"JobsFFFFFFFF": later, "Mail": topic}}) == [
        "AWS::SNS::Topic: 0 -> 1",
        "AWS::SQS::Queue Jobs: Delay: 1 -> 2",
    ]


def test_each_difference_has_a_reason() -> None:
    """The reference's table has a reason of some words for each field that differs, and for no other."""
    require_parity(ALL)
    assert set(differences(ALL)) == set(REASONS)
    assert all(len(reason.split()) >= 4 for reason in REASONS.values())
    assert len(set(REASONS.values())) >= len(REASONS) - 3


@pytest.mark.parametrize(
    ("environments", "reasons", "message"),
    [
        ([DEV, PROD], {}, r"cpu differs \(256, 1024\) without a reason"),
        ([PROD, PROD], {"cpu": "it is bigger"}, "cpu has a reason to differ, but does not"),
        ([dataclasses.replace(PROD, zones=2)], {}, "prod must have three zones"),
        ([dataclasses.replace(PROD, domain_name=None)], {}, "prod must have a domain name, and so TLS"),
        ([dataclasses.replace(PROD, rollout=DEV.rollout)], {}, "prod must have a rollout that shows a release to few"),
        ([dataclasses.replace(PROD, scaling=STAGING.scaling)], {}, "prod must have a task in each zone"),
        ([dataclasses.replace(PROD, on_demand_tasks=1)], {}, "prod must have tasks that Fargate cannot take away"),
        ([dataclasses.replace(PROD, emails={})], {}, "prod must have somebody to wake"),
        ([dataclasses.replace(PROD, vault_lock=None)], {}, "prod must have backups for 30 days, and a locked vault"),
        (
            [dataclasses.replace(PROD, database=dataclasses.replace(PROD.database, multi_az=False))],
            {},
            "prod must have a standby database in another zone",
        ),
    ],
)
def test_refuses_environments_that_are_not_alike(
    environments: list[Environment], reasons: dict[str, str], message: str
) -> None:
    """A difference without a reason, a reason without one, and a production that lacks something are refused."""
    with pytest.raises(ValueError, match=f"^the environments are not alike: .*{message}"):
        require_parity(environments, reasons)


def test_environments_that_are_the_same_need_no_reasons() -> None:
    """Nothing is wrong with environments that do not differ."""
    require_parity([DEV, DEV], {})
