from typing import Any

import pytest

from bluegreen.release.migrations.findings import Finding, Grade, Phase
from bluegreen.release.migrations.report import WIDTH, blocking, review
from bluegreen.release.migrations.result import RevisionReport


def finding(**changed: Any) -> Finding:
    given: dict[str, Any] = {
        "rule": "some-rule",
        "grade": Grade.BLOCK,
        "revision": "8c1f",
        "statement": "UPDATE orders SET note = ''",
        "breaks": "it breaks",
        "rewrite": "do it so",
    }
    return Finding(**given | changed)


def revision(*findings: Finding, phase: Phase = Phase.EXPAND, **changed: Any) -> RevisionReport:
    return RevisionReport(revision="8c1f", phase=phase, findings=findings, **changed)


@pytest.mark.parametrize(
    ("found", "phase", "contract", "verdict", "count"),
    [
        (finding(), Phase.EXPAND, False, "BLOCKS: some-rule", "1 finding blocks, 0 warnings, 0 let pass"),
        (finding(), Phase.CONTRACT, True, "BLOCKS: some-rule", "1 finding blocks, 0 warnings, 0 let pass"),
        (finding(grade=Grade.WARN), Phase.EXPAND, False, "warns: some-rule", "0 findings block, 1 warning, 0 let pass"),
        (
            finding(grade=Grade.CONTRACT),
            Phase.EXPAND,
            True,
            "BLOCKS outside a contract release: some-rule",
            "1 finding blocks, 0 warnings, 0 let pass",
        ),
        (
            finding(grade=Grade.CONTRACT),
            Phase.CONTRACT,
            False,
            "BLOCKS outside a contract release: some-rule",
            "1 finding blocks, 0 warnings, 0 let pass",
        ),
        (
            finding(grade=Grade.CONTRACT),
            Phase.CONTRACT,
            True,
            "passes in this contract release: some-rule",
            "0 findings block, 1 warning, 0 let pass",
        ),
        (
            finding(override="the table is empty"),
            Phase.EXPAND,
            False,
            "let pass by the revision: some-rule",
            "0 findings block, 0 warnings, 1 let pass",
        ),
    ],
)
def test_a_review_says_what_each_finding_means_for_this_release(
    found: Finding, phase: Phase, verdict: str, count: str, *, contract: bool
) -> None:
    """The verdict and the count follow the grade, the revision's phase, the release's, and an override."""
    text = review([revision(found, phase=phase)], contract=contract)
    assert f"  {verdict}\n" in text
    assert text.endswith(f"1 revision: {count}")
    assert bool(blocking([revision(found, phase=phase)], contract=contract)) == ("BLOCKS" in text)


def test_a_reason_that_lets_a_finding_pass_is_shown() -> None:
    """What somebody wrote into the revision stands in the review, and how to override does not."""
    text = review([revision(finding(override="the table is empty"))])
    assert "    reason     the table is empty" in text
    assert "allow =" not in text


def test_a_revision_without_findings_is_named() -> None:
    """A reader sees that a revision was looked at, and how it runs."""
    text = review([revision(message="Add an index", reversible=True, transactional=False)])
    assert text.startswith("8c1f  Add an index  (expand, reversible, outside any transaction)\n  nothing found\n")


def test_prose_is_wrapped_and_a_statement_is_not() -> None:
    """A statement stays on one line, to be copied; everything else fits a terminal."""
    statement = "ALTER TABLE orders " + ", ".join(f"DROP COLUMN column_{number}" for number in range(20))
    lines = review([revision(finding(statement=statement, breaks="word " * 60))]).splitlines()
    assert f"    statement  {statement}" in lines
    assert all(len(line) <= WIDTH for line in lines if statement not in line)
