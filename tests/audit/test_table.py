"""What makes an audit fail."""

import dataclasses
from typing import Any

import pytest

from audit.__main__ import beside_the_peer
from audit.table import Line

GOOD = Line(
    stack="ProdStack",
    resources=100,
    nag=0,
    nag_acknowledged=9,
    nist=0,
    nist_acknowledged=9,
    lint=0,
    checks_passed=200,
    checks_failed=10,
    unexplained=[],
    broad=[],
)
PEER = dataclasses.replace(GOOD, stack="peer", resources=63, checks_passed=155, checks_failed=31, ours=False)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"resources": 400}, "ProdStack: 400 resources; fewer than 400 are allowed"),
        ({"nag": 1}, "ProdStack: 1 findings of AwsSolutions without an acknowledgement"),
        ({"nist": 2}, "ProdStack: 2 findings of NIST 800-53 R5 without an acknowledgement"),
        ({"lint": 3}, "ProdStack: 3 findings of cfn-lint"),
        ({"unexplained": ["A B: C"]}, "ProdStack: not explained in audit/explained.toml: A B: C"),
        ({"broad": ["R: action *"]}, "ProdStack: allows too much: R: action *"),
    ],
)
def test_says_what_is_wrong_with_a_stack(change: dict[str, Any], complaint: str) -> None:
    """Each limit that a stack passes is one complaint in words; a good stack has none."""
    assert GOOD.complaints == []
    assert dataclasses.replace(GOOD, **change).complaints == [complaint]


def test_a_peer_is_only_there_to_compare() -> None:
    """What is wrong with the peer's stack fails nothing."""
    assert dataclasses.replace(PEER, lint=5).complaints == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"checks_failed": 50}, "ProdStack: 0.50 failures per resource, the peer has 0.49"),
        ({"checks_passed": 154}, "ProdStack: 154 checks pass, of the peer's 155"),
    ],
)
def test_says_where_the_peer_is_better(change: dict[str, Any], complaint: str) -> None:
    """More failures for each resource, or fewer checks that pass, than the peer's smallest stack fail the audit."""
    assert beside_the_peer([GOOD, PEER]) == []
    assert beside_the_peer([dataclasses.replace(GOOD, **change), PEER]) == [complaint]
