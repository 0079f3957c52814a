"""What the ledger keeps: which images work with a schema, and records that survive JSON."""

import json

import pytest

from bluegreen.release.migrations.findings import Finding, Grade, Phase
from bluegreen.release.migrations.ledger import (
    MOST_FINDINGS,
    MOST_REVISIONS,
    AfterRelease,
    Mode,
    Record,
    RestorePoint,
    State,
    compatible_after,
    compatible_before,
)
from bluegreen.release.migrations.result import Outcome, Result, RevisionReport


def result(*revisions: RevisionReport, outcome: Outcome = Outcome.MIGRATED, **changed: object) -> Result:
    at = (revisions[-1].revision,) if revisions else ("a1",)
    told = {"command": "run", "outcome": outcome, "before": ("a1",), "after": at, "heads": at, "revisions": revisions}
    return Result(**(told | changed))  # type: ignore[arg-type] # a result's members


def expand(revision: str) -> RevisionReport:
    return RevisionReport(revision=revision)


def contract(revision: str) -> RevisionReport:
    return RevisionReport(revision=revision, phase=Phase.CONTRACT)


@pytest.mark.parametrize(
    ("told", "works"),
    [
        (result(expand("b2")), ("a1", "b2")),
        (result(expand("b2"), expand("c3")), ("a1", "b2", "c3")),
        (result(contract("b2")), ("b2",)),
        (result(expand("b2"), contract("c3"), expand("d4")), ("c3", "d4")),
        (result(expand("b2"), outcome=Outcome.FAILED, heads=("c3",)), ("a1", "b2")),
        (result(outcome=Outcome.FAILED, heads=("c3",)), ("a1",)),
        (result(expand("b2"), outcome=Outcome.PENDING, after=("a1",)), ("a1", "b2")),
        (result(expand("b2"), before=("b2",), after=("a1",), heads=("b2",), command="downgrade"), ("a1",)),
    ],
    ids=[
        "an expansion",
        "two expansions",
        "a contraction",
        "a contraction between",
        "half of two",
        "none of one",
        "a plan",
        "a downgrade",
    ],
)
def test_what_expands_keeps_older_images_and_what_contracts_does_not(told: Result, works: tuple[str, ...]) -> None:
    """Every position since the last contraction works with the schema, also when a run stops in between."""
    before = ("a1", "b2") if told.command == "downgrade" else ("a1",)
    assert compatible_after(before, told, told.revisions) == works


STATE = State(revisions=("a1",), heads=("b2",), compatible_with=("o0", "a1"), run="d-1")


@pytest.mark.parametrize(
    ("known", "at", "works"),
    [
        (None, "a1", ("a1",)),
        (STATE, "a1", ("o0", "a1")),
        (STATE, "b2", ("o0", "a1", "b2")),
        (STATE, "x9", ("x9",)),
    ],
    ids=["unknown", "where it was", "where a lost run was to bring it", "where somebody else brought it"],
)
def test_what_is_not_known_is_not_trusted(known: State | None, at: str, works: tuple[str, ...]) -> None:
    """A database that is not where the ledger or a lost run left it works for certain with one position only."""
    assert compatible_before(known, result(before=(at,))) == works


def test_records_and_states_survive_json() -> None:
    """What is written into the ledger is read as it was, and what a newer version adds is left out."""
    record = Record(
        id="d-1",
        mode=Mode.RUN,
        version="v2",
        by="deployment d-1",
        started="2026-01-31T23:50:00+00:00",
        before=("a1",),
        restore_point=RestorePoint(snapshot="bluegreen-db-d-1"),
        release=AfterRelease.KEPT,
    ).with_result(result(expand("b2")))
    document = json.loads(json.dumps(record.to_dict()))
    assert Record.from_dict(document | {"newer": 1}) == record
    assert State.from_dict(json.loads(json.dumps(STATE.to_dict()))) == STATE


def test_a_record_stays_small() -> None:
    """Of very many revisions and findings a record keeps so many that a state machine can carry it."""
    finding = Finding(rule="r", grade=Grade.BLOCK, revision="x", statement="s", breaks="b", rewrite="w")
    told = result(*(RevisionReport(revision=f"r{number}", findings=(finding,) * 2) for number in range(500)))
    record = Record(id="d-1", mode=Mode.RUN, version="v2", by="d", started="t").with_result(told)
    assert len(record.revisions) == MOST_REVISIONS
    assert len(record.findings) == MOST_FINDINGS
    assert len(json.dumps(record.to_dict())) < 100_000


WARNING = Finding(rule="w", grade=Grade.WARN, revision="b2", statement="s", breaks="b", rewrite="w")
BLOCKING = Finding(rule="r", grade=Grade.BLOCK, revision="b2", statement="s", breaks="b", rewrite="w")


def test_a_plans_record_keeps_warnings_as_well() -> None:
    """Who asks for a plan reads all of it; what blocks comes first, and so stays when there is too much."""
    told = result(RevisionReport(revision="b2", findings=(WARNING,) * 30 + (BLOCKING,), transactional=False))
    record = Record(id="plan-1", mode=Mode.PLAN, version="v2", by="alice", started="t").with_result(told)
    assert [one["rule"] for one in record.findings] == ["r", *["w"] * (MOST_FINDINGS - 1)]
    assert record.revisions[0]["transactional"] is False


@pytest.mark.parametrize(
    ("grade", "override", "kept"),
    [(Grade.BLOCK, None, 1), (Grade.CONTRACT, None, 1), (Grade.WARN, None, 0), (Grade.BLOCK, "it is empty", 1)],
)
def test_a_record_keeps_what_blocks_or_was_overridden(grade: Grade, override: str | None, kept: int) -> None:
    """Warnings are left in the log; an override is recorded with its reason."""
    finding = Finding(rule="r", grade=grade, revision="b2", statement="s", breaks="b", rewrite="w", override=override)
    told = result(RevisionReport(revision="b2", findings=(finding,)))
    record = Record(id="d-1", mode=Mode.RUN, version="v2", by="d", started="t").with_result(told)
    assert len(record.findings) == kept
    assert record.revisions[0]["overrides"] == ({"r": override} if override else {})
