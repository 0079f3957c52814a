"""What a check's verdict is, and what a person reads of it."""

import json
from dataclasses import replace

import pytest

from bluegreen.migrations.shadow.check import Check, Judged
from bluegreen.migrations.shadow.measured import Measured
from bluegreen.migrations.shadow.report import document, text
from bluegreen.release.migrations.findings import Finding, Grade, Phase
from bluegreen.release.migrations.result import RevisionReport

DROP = Finding(rule="r", grade=Grade.CONTRACT, revision="2", statement="DROP TABLE t", breaks="b", rewrite="w")
ALTER = Measured(statement="ALTER TABLE t ADD a int", seconds=0.25, locks={"public.t": "AccessExclusiveLock"})


def found(*, phase: Phase = Phase.EXPAND, contract: bool = False, findings: tuple[Finding, ...] = ()) -> Check:
    report = RevisionReport(revision="2", message="Two", phase=phase, findings=findings)
    judged = Judged(report=report, measured=(ALTER,), round_trip="equal", differences=(), changes=())
    return Check(revisions=(judged,), since=("1",), heads=("2",), live=("1",), not_run=(), contract=contract)


@pytest.mark.parametrize(
    ("phase", "contract", "findings", "passed"),
    [
        (Phase.EXPAND, False, (), True),
        (Phase.EXPAND, False, (DROP,), False),
        (Phase.EXPAND, True, (DROP,), False),
        (Phase.CONTRACT, False, (), False),
        (Phase.CONTRACT, True, (DROP,), True),
        (Phase.CONTRACT, True, (replace(DROP, grade=Grade.BLOCK),), False),
        (Phase.EXPAND, False, (replace(DROP, override="nobody reads it any more"),), True),
        (Phase.EXPAND, False, (replace(DROP, grade=Grade.WARN),), True),
    ],
)
def test_the_verdict_follows_grade_phase_and_override(
    *, phase: Phase, contract: bool, findings: tuple[Finding, ...], passed: bool
) -> None:
    """What a release would refuse is blocked here as well, a contract revision in an expanding release included."""
    check = found(phase=phase, contract=contract, findings=findings)
    assert check.passed is passed
    assert ("PASSES" in text(check)) is passed
    assert json.loads(json.dumps(document(check)))["passed"] is passed


def test_a_person_reads_what_was_measured() -> None:
    """Statement, seconds and lock on one line, under the revision's round trip."""
    lines = text(found()).splitlines()
    at = lines.index("2: taken back and run again, the schema follows exactly")
    assert lines[at + 1].split("  ")[1] == "ALTER TABLE t ADD a int"
    assert lines[at + 1].endswith("0.250  ACCESS EXCLUSIVE on public.t")


def test_a_lock_that_could_not_be_measured_is_not_said_to_be_none() -> None:
    """Outside a transaction a lock is gone before anybody can look."""
    check = found()
    (judged,) = check.revisions
    outside = replace(judged, report=replace(judged.report, transactional=False), measured=(replace(ALTER, locks={}),))
    assert "not measured: outside a transaction" in text(replace(check, revisions=(outside,)))


def test_what_was_not_looked_at_is_said() -> None:
    """Neither a missing live version nor revisions after a failed one are passed over in silence."""
    told = text(replace(found(), live=None, not_run=("3", "4")))
    assert "not compared with the models of the version that serves: give its checkout with --live" in told
    assert "not looked at, after one that failed: 3, 4" in told


def test_a_contract_revision_in_an_expanding_release_is_named() -> None:
    """The verdict says which revision waits for a release of its own."""
    assert text(found(phase=Phase.CONTRACT)).endswith(
        "BLOCKED by contract revisions (2) in a release that is not declared contract"
    )
