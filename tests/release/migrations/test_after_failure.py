"""What becomes of a schema whose release failed: every case."""

import dataclasses

import pytest

from bluegreen.release.migrations.after_failure import AwaitRollback, Downgrade, Keep, Nothing, decide
from bluegreen.release.migrations.ledger import NOT_BEGUN, RUNNING, AfterRelease, Mode, Record, State
from bluegreen.release.migrations.result import Outcome

RECORD = Record(
    id="d-1",
    mode=Mode.RUN,
    version="v2",
    by="deployment d-1",
    started="t",
    outcome="migrated",
    before=("a1",),
    after=("b2",),
    revisions=({"revision": "b2", "reversible": True},),
)
STATE = State(revisions=("b2",), heads=("b2",), compatible_with=("a1", "b2"), run="d-1")


@pytest.mark.parametrize("downgrades", [True, False])
@pytest.mark.parametrize("outcome", [*(one for one in Outcome if one is not Outcome.MIGRATED), RUNNING, NOT_BEGUN])
def test_only_what_was_migrated_needs_anything(*, outcome: str, downgrades: bool) -> None:
    """A run that changed nothing for certain, or has not ended, is left alone."""
    record = dataclasses.replace(RECORD, outcome=str(outcome))
    assert decide(record, STATE, downgrades=downgrades, rolled_back=True) == Nothing()
    assert decide(None, STATE, downgrades=downgrades, rolled_back=True) == Nothing()


@pytest.mark.parametrize(
    ("release", "downgrades", "rolled_back", "decision"),
    [
        (None, False, False, Keep("")),
        (None, False, True, Keep("")),
        (None, True, False, AwaitRollback()),
        (None, True, True, Downgrade("a1")),
        (AfterRelease.AWAITS_ROLLBACK, True, False, Nothing()),
        (AfterRelease.AWAITS_ROLLBACK, True, True, Downgrade("a1")),
        *((done, True, True, Nothing()) for done in AfterRelease if done is not AfterRelease.AWAITS_ROLLBACK),
        *((done, False, True, Nothing()) for done in AfterRelease),
    ],
)
def test_it_is_decided_once_and_taken_back_only_after_the_rollback(
    *, release: AfterRelease | None, downgrades: bool, rolled_back: bool, decision: object
) -> None:
    """Events come twice and in any order; the schema is taken back only when the version before serves alone."""
    record = dataclasses.replace(RECORD, release=release)
    assert decide(record, STATE, downgrades=downgrades, rolled_back=rolled_back) == decision


@pytest.mark.parametrize(
    ("record", "state", "why"),
    [
        (RECORD, None, "another run has changed the schema since"),
        (RECORD, dataclasses.replace(STATE, run="d-2"), "another run has changed the schema since"),
        (dataclasses.replace(RECORD, before=()), STATE, "there is no single revision to go back to"),
        (dataclasses.replace(RECORD, before=("a1", "a2")), STATE, "there is no single revision to go back to"),
        (
            dataclasses.replace(RECORD, revisions=({"revision": "b2", "reversible": False},)),
            STATE,
            "not reversible: b2",
        ),
    ],
)
def test_in_doubt_the_schema_is_kept_and_the_doubt_told(record: Record, state: State | None, why: str) -> None:
    """A downgrade that may lose something, or hit another run's work, is not begun."""
    decision = decide(record, state, downgrades=True, rolled_back=True)
    assert isinstance(decision, Keep)
    assert decision.why.startswith(why)
