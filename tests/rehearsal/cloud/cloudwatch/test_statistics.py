import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud.cloudwatch.statistics import UnknownStatisticError, samples_needed, statistic

HUNDRED = [float(value) for value in range(1, 101)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SampleCount", 100),
        ("Sum", 5050),
        ("Average", 50.5),
        ("Minimum", 1),
        ("Maximum", 100),
        ("p0", 1),
        ("p50", 50),
        ("p95", 95),
        ("p99", 99),
        ("p99.9", 100),
        ("p100", 100),
        ("tm90", 45.5),
        ("TM(2%:98%)", 50.5),
        ("TM(:90%)", 45.5),
        ("IQM", 50.5),
        ("PR(:30)", 30),
        ("PR(10:30)", 20),
        ("PR(90:)", 10),
        ("PR(0.5:1)", 1),
    ],
)
def test_statistics_of_one_to_a_hundred(name: str, expected: float) -> None:
    """Each statistic gives its textbook value; a percentile rank excludes its lower bound only."""
    assert statistic(name)(HUNDRED) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["p101", "P95", "median", "tm", "PR(:)", "TM(1:2)", "WM(10%:90%)", "", "PR(1.2.3:)"])
def test_refuses_unknown_statistics_by_name(name: str) -> None:
    """A statistic that does not exist, or is not emulated, is refused with its name."""
    with pytest.raises(UnknownStatisticError, match="statistic must be one of"):
        statistic(name)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), percent=st.integers(0, 100))
def test_a_percentile_is_a_sample_that_enough_samples_do_not_exceed(values: list[float], percent: int) -> None:
    """At least `percent` of the samples are at most the percentile, which is itself a sample."""
    found = statistic(f"p{percent}")(values)
    assert found in values
    assert sum(value <= found for value in values) >= percent / 100 * len(values) - 1e-9


@pytest.mark.parametrize(("name", "expected"), [("p99", 1000), ("p95", 200), ("p50", 20), ("p10", 100), ("Average", 0)])
def test_samples_needed_for_a_significant_percentile(name: str, expected: float) -> None:
    """A percentile needs ten samples beyond it, as the user guide states."""
    assert samples_needed(name) == pytest.approx(expected)
