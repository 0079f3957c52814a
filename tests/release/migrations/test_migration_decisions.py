"""What a release makes of a runner's result: every outcome, in every mode, with every state of the ledger."""

import pytest

from bluegreen.release.migrations.decisions import End, Protect, after_migration, after_plan
from bluegreen.release.migrations.ledger import Mode, State
from bluegreen.release.migrations.result import Outcome, Result

FITS = State(revisions=("c3",), heads=("c3",), compatible_with=("a1", "c3"), run="d-1")
DIRTY = State(revisions=("c3",), heads=("c3",), compatible_with=("a1", "c3"), run="d-1", dirty="half-way")
CONTRACTED = State(revisions=("c3",), heads=("c3",), compatible_with=("c3",), run="d-1")
STATES = [None, FITS, DIRTY, CONTRACTED]
BAD = {Outcome.REFUSED, Outcome.FAILED, Outcome.DIRTY, Outcome.FENCED_OFF}


def told(outcome: Outcome, command: str = "plan") -> Result:
    return Result(command=command, outcome=outcome, before=("c3",), after=("c3",), heads=("a1",), message="boom")


@pytest.mark.parametrize("known", STATES, ids=["unknown", "fits", "dirty", "contracted"])
@pytest.mark.parametrize("mode", [Mode.RUN, Mode.CREATE, Mode.PLAN])
@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_is_known_to_be_right_passes_a_plan(outcome: Outcome, mode: Mode, known: State | None) -> None:
    """Pending revisions are protected or end a dry run; an older image passes only where it fits; bad is bad."""
    decision = after_plan(mode, told(outcome), known)
    if outcome is Outcome.PENDING and mode is not Mode.PLAN:
        assert decision == Protect()
        return
    assert isinstance(decision, End)
    passes = {Outcome.NOTHING_PENDING, Outcome.PENDING} | ({Outcome.AHEAD} if known is FITS else set())
    assert decision.passed is (outcome in passes)
    assert decision.outcome is (Outcome.FAILED if outcome is Outcome.MIGRATED else outcome)
    assert decision.passed or "boom" in decision.message or outcome in {Outcome.AHEAD, Outcome.MIGRATED}


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_is_done_passes_a_migration(outcome: Outcome) -> None:
    """A run passes when it has migrated, or somebody else had; everything else fails the release."""
    decision = after_migration(told(outcome, "run"))
    assert decision.passed is (outcome in {Outcome.MIGRATED, Outcome.NOTHING_PENDING})
    assert decision.outcome is (Outcome.FAILED if outcome is Outcome.PENDING else outcome)
    assert outcome not in BAD or "boom" in decision.message


@pytest.mark.parametrize(
    ("known", "why", "back"),
    [
        (None, "the ledger does not know this database", "with the image that has it: alembic downgrade a1"),
        (DIRTY, "the database is not clean: half-way", "bluegreen migrations downgrade --to a1"),
        (CONTRACTED, "the ledger says that only images at c3 work with it", "bluegreen migrations downgrade --to a1"),
    ],
)
def test_an_older_image_that_does_not_fit_is_told_why_and_what_to_do(known: State | None, why: str, back: str) -> None:
    """The message names the positions, the reason and what takes the schema back: without a ledger, Alembic itself."""
    decision = after_plan(Mode.RUN, told(Outcome.AHEAD), known)
    assert isinstance(decision, End)
    assert why in decision.message
    assert decision.message.endswith(
        f"; release an image that has that revision, or take the schema back first: {back}"
    )
