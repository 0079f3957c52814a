import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud.cloudwatch.judgement import EXTRA_PERIODS, Missing, State, judge

POINTS = {"0": False, "X": True, "-": None}
ALARM, OK, INSUFFICIENT, KEEP = State.ALARM, State.OK, State.INSUFFICIENT_DATA, None


@pytest.mark.parametrize(
    ("points", "to_alarm", "expected"),
    [
        # The user guide's first table: 3 out of 3.
        ("0-X-X", 3, (OK, OK, OK, OK)),
        ("----0", 3, (OK, OK, OK, OK)),
        ("-----", 3, (INSUFFICIENT, KEEP, ALARM, OK)),
        ("0XX-X", 3, (ALARM, ALARM, ALARM, ALARM)),
        ("--X--", 3, (ALARM, KEEP, ALARM, OK)),
        # Rows of its earlier edition.
        ("0----", 3, (OK, OK, OK, OK)),
        ("----X", 3, (INSUFFICIENT, KEEP, ALARM, OK)),
        ("X----", 3, (ALARM, KEEP, ALARM, OK)),
        # The second table: 2 out of 3.
        ("0-X-X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("00X0X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("0-X--", 2, (OK, OK, ALARM, OK)),
        ("----0", 2, (OK, OK, ALARM, OK)),
        ("---X-", 2, (ALARM, KEEP, ALARM, OK)),
        ("----X", 2, (INSUFFICIENT, KEEP, ALARM, OK)),
    ],
)
def test_every_row_of_the_guide(points: str, to_alarm: int, expected: tuple[State | None, ...]) -> None:
    """Each example of the user guide comes out as printed: for missing, ignore, breaching and notBreaching."""
    found = tuple(
        judge([POINTS[p] for p in points], evaluation_periods=3, to_alarm=to_alarm, missing=treatment)
        for treatment in (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)
    )
    assert found == expected


@pytest.mark.parametrize(("points", "expected"), [("0000X", ALARM), ("000X0", OK), ("XXXX0", OK)])
def test_one_of_one_looks_at_the_newest_point_only(points: str, expected: State) -> None:
    """With nothing missing only the newest evaluation periods count; older ones are not needed."""
    found = judge([POINTS[p] for p in points[-3:]], evaluation_periods=1, to_alarm=1, missing=Missing.MISSING)
    assert found is expected


@given(
    evaluation_periods=st.integers(1, 6),
    data=st.data(),
    missing=st.sampled_from(Missing),
)
def test_full_data_ignores_the_treatment(evaluation_periods: int, data: st.DataObject, missing: Missing) -> None:
    """Without gaps the state is ALARM exactly when M of the newest N points breach, whatever the treatment."""
    to_alarm = data.draw(st.integers(1, evaluation_periods))
    size = evaluation_periods + EXTRA_PERIODS
    points = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    found = judge(points, evaluation_periods=evaluation_periods, to_alarm=to_alarm, missing=missing)
    assert found is (ALARM if sum(points[-evaluation_periods:]) >= to_alarm else OK)


@given(points=st.lists(st.sampled_from([True, False, None]), min_size=5, max_size=5), to_alarm=st.integers(1, 3))
def test_breaching_is_never_calmer_than_not_breaching(points: list[bool | None], to_alarm: int) -> None:
    """Whatever turns an alarm red with notBreaching turns it red with breaching too."""

    def state(missing: Missing) -> State | None:
        return judge(points, evaluation_periods=3, to_alarm=to_alarm, missing=missing)

    assert state(Missing.NOT_BREACHING) is OK or state(Missing.BREACHING) is ALARM
