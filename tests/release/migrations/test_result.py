import hypothesis
import pytest
from hypothesis import strategies as st

from bluegreen.release.migrations.findings import Finding, Grade, Phase
from bluegreen.release.migrations.result import LONGEST_LINE_BYTES, Outcome, Result, RevisionReport, last_in

texts = st.text(max_size=40)
findings = st.builds(
    Finding,
    grade=st.sampled_from(Grade),
    override=st.none() | texts,
    **dict.fromkeys(("rule", "revision", "statement", "breaks", "rewrite", "lock"), texts),
)
reports = st.builds(
    RevisionReport,
    revision=texts,
    down_revisions=st.tuples(texts),
    phase=st.sampled_from(Phase),
    sql=texts,
    findings=st.tuples(findings),
    seconds=st.none() | st.floats(0, 10),
)
results = st.builds(
    Result,
    command=texts,
    outcome=st.sampled_from(Outcome),
    before=st.tuples(texts),
    revisions=st.tuples(reports),
    failed_revision=st.none() | texts,
    message=texts,
    problems=st.tuples(texts),
)


@hypothesis.given(results, st.lists(texts))
def test_a_result_is_read_as_it_was_written(result: Result, noise: list[str]) -> None:
    """Whatever else is in the log around it, and on one line whatever it holds."""
    line = result.to_line()
    assert "\n" not in line
    assert last_in([*noise, line, *noise]) == result


def test_a_line_too_long_for_a_log_goes_without_its_sql() -> None:
    """Everything but the SQL is kept."""
    report = RevisionReport(revision="a1", sql="x" * LONGEST_LINE_BYTES)
    result = Result(command="plan", outcome=Outcome.PENDING, revisions=(report, RevisionReport(revision="b2")))
    assert len(result.to_line()) < 1000
    read = last_in([result.to_line()])
    assert read is not None
    assert [(one.revision, one.sql) for one in read.revisions] == [("a1", ""), ("b2", "")]


@pytest.mark.parametrize(
    ("grade", "override", "blocked"),
    [
        (Grade.BLOCK, None, {Phase.EXPAND, Phase.CONTRACT}),
        (Grade.CONTRACT, None, {Phase.EXPAND}),
        (Grade.WARN, None, set()),
        (Grade.BLOCK, "the table is empty", set()),
    ],
)
def test_a_finding_blocks_by_grade_phase_and_override(grade: Grade, override: str | None, blocked: set[Phase]) -> None:
    """A contract release lets pass what only takes away; a written reason lets anything pass."""
    finding = Finding(rule="r", grade=grade, revision="a", statement="s", breaks="b", rewrite="w", override=override)
    assert {phase for phase in Phase if finding.blocks(phase)} == blocked
