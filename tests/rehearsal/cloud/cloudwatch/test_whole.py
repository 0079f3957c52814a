"""A long period's statistic from its minutes is what all its samples come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud.cloudwatch.reading import MetricReader, metric_name
from bluegreen.rehearsal.cloud.cloudwatch.series import Series
from bluegreen.rehearsal.cloud.cloudwatch.statistics import statistic
from bluegreen.rehearsal.cloud.cloudwatch.whole import whole
from bluegreen.rehearsal.cloud.metrics import MetricStore

STATISTICS = ["Sum", "SampleCount", "Minimum", "Maximum", "Average", "PR(:5)", "PR(2:)", "PR(2:5)"]
MINUTES = st.lists(st.lists(st.integers(0, 10), min_size=1), min_size=1)


@given(name=st.sampled_from(STATISTICS), minutes=MINUTES)
def test_minutes_come_to_what_all_samples_come_to(name: str, minutes: list[list[float]]) -> None:
    """However samples are spread over minutes, the statistic is that of all of them."""
    joined = whole(name)
    assert joined is not None
    everything = [value for minute in minutes for value in minute]
    assert joined.join([joined.part(minute) for minute in minutes]) == pytest.approx(statistic(name)(everything))


@pytest.mark.parametrize("name", ["p95", "tm90", "IQM", "PR(:)"])
def test_what_minutes_do_not_tell_is_read_from_the_samples(name: str) -> None:
    """A percentile of an hour does not follow from those of its minutes."""
    assert whole(name) is None


def test_a_sample_that_comes_late_still_counts() -> None:
    """A minute is remembered only when no sample can reach it any more."""
    store = MetricStore()
    metric = {"Namespace": "Test", "MetricName": "Requests"}
    document = {"Metric": metric, "Period": 300, "Stat": "Sum"}
    reader = MetricReader(store)

    def total(now: float) -> float:
        series = reader._series(document, [0.0], now)
        assert isinstance(series, Series)
        return series.points[0.0]

    store.record("Test", "Requests", {}, 1, at=10)
    store.record("Test", "Requests", {}, 1, at=290)
    assert metric_name(metric) in store.names()
    assert total(now=300) == 2
    store.record("Test", "Requests", {}, 1, at=295)
    assert total(now=310) == 3
    store.record("Test", "Requests", {}, 5, at=20)
    assert total(now=310) == 3  # its minute was settled at 180
