import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud.cloudwatch.evaluation import QueryError, evaluate, read_queries
from bluegreen.rehearsal.cloud.cloudwatch.reading import as_array
from bluegreen.rehearsal.cloud.cloudwatch.series import Series
from bluegreen.rehearsal.cloud.cloudwatch.syntax import ExpressionError, parse

GRID = [0.0, 60.0, 120.0, 180.0, 240.0]
Points = list[float | None]


def run(expression: str, **metrics: Points) -> list[Points]:
    """Evaluate an expression over metrics given point by point; None is a missing point."""
    queries = read_queries(
        [{"Id": "result", "Expression": expression}]
        + [
            {
                "Id": name,
                "MetricStat": {"Metric": {"Namespace": "n", "MetricName": name}, "Period": 60, "Stat": "Sum"},
                "ReturnData": False,
            }
            for name in metrics
        ]
    )

    def read(metric: dict[str, dict[str, str]]) -> Series:
        points = zip(GRID, metrics[metric["Metric"]["MetricName"]], strict=False)
        return Series({at: value for at, value in points if value is not None}, 60)

    value = evaluate(queries, GRID[: len(next(iter(metrics.values()), GRID))], read)["result"]
    grid = GRID[: len(next(iter(metrics.values()), GRID))]
    return [[series.points.get(at) for at in grid] for series in as_array(value)]


M1: Points = [30, 20, 0, 0]
M2: Points = [20, None, 20, None]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # The user guide's examples of comparison and logical operators.
        ("m1 < m2", [0, 0, 1, 0]),
        ("m1 >= 30", [1, 0, 0, 0]),
        ("m1 > 15 AND m2 > 15", [1, 0, 0, 0]),
        ("m1 > 15 && m2 > 15", [1, 0, 0, 0]),
        ("m1 > 25 OR m2 > 15", [1, 0, 1, 0]),
        ("m1 > 25 || m2 > 15", [1, 0, 1, 0]),
        # Arithmetic: a missing side is 0, a division by zero drops the point.
        ("m1 + m2", [50, 20, 20, 0]),
        ("m1 - m2", [10, 20, -20, 0]),
        ("m1 * m2", [600, 0, 0, 0]),
        ("m1 / m2", [1.5, None, 0, None]),
        ("100 * m1 / m1", [100, 100, None, None]),
        ("m2 + 1", [21, None, 21, None]),
        ("-m2", [-20, None, -20, None]),
        ("m1 ^ 2", [900, 400, 0, 0]),
        ("2 ^ 3 ^ 1 + m1 * 0", [8, 8, 8, 8]),
        ("-2 ^ 2 + m1 * 0", [-4, -4, -4, -4]),
        ("(1 + 2) * 3 - 4 / 2 + m1 * 0", [7, 7, 7, 7]),
        ("1 + 2 * 3 - 4 / 2 + m1 * 0", [5, 5, 5, 5]),
        ("m1 == 0 OR m1 == 20 AND m1 > 25", [0, 0, 1, 1]),
        ("m1 != 0", [1, 1, 0, 0]),
        ("m1 <= 20", [0, 1, 1, 1]),
        ("(0 - m1) ^ 0.5", [None, None, 0, 0]),
        # Functions of a series and of arrays.
        ("ABS(m1 - 25)", [5, 5, 25, 25]),
        ("CEIL(m1 / 7)", [5, 3, 0, 0]),
        ("FLOOR(m1 / 7)", [4, 2, 0, 0]),
        ("LOG10(m2 * 5)", [2, None, 2, None]),
        ("LOG(m1)", [math.log(30), math.log(20), None, None]),
        ("SUM([m1, m2])", [50, 20, 20, 0]),
        ("AVG([m1, m2])", [25, 10, 10, 0]),
        ("MAX([m1, m2])", [30, 20, 20, 0]),
        ("MIN([m1, m2])", [20, 20, 0, 0]),
        ("STDDEV([m1, m2])", [5, 0, 10, 0]),
        ("DATAPOINT_COUNT([m1, m2])", [2, 1, 2, 1]),
        ("SUM(METRICS())", [50, 20, 20, 0]),
        ('SUM(METRICS("2"))', [20, None, 20, None]),
        ("m1 / METRIC_COUNT(METRICS())", [15, 10, 0, 0]),
        ("SUM(METRICS() * 2)", [100, 40, 40, 0]),
        ("SUM([m1, m2] - [m2, m1])", [0, 0, 0, 0]),
        ("m1 - MIN(m1)", [30, 20, 0, 0]),
        ("m1 - AVG(m2)", [10, 0, -20, -20]),
        ("m1 * 0 + SUM(m2)", [40, 40, 40, 40]),
        ("m1 / PERIOD(m1)", [0.5, 1 / 3, 0, 0]),
        ("FILL(m2, 7)", [20, 7, 20, 7]),
        ("FILL(m2, REPEAT)", [20, 20, 20, 20]),
        ("FILL(m2, LINEAR)", [20, 20, 20, None]),
        ("FILL(m2, m1)", [20, 20, 20, 0]),
        ("FILL(m2, MIN(m1))", [20, 0, 20, 0]),
        ("DIFF(m1)", [None, -10, -20, 0]),
        ("DIFF_TIME(m2)", [None, None, 120, None]),
        ("RATE(m1) * 60", [None, -10, -20, 0]),
        ("RUNNING_SUM(m1)", [30, 50, 50, 50]),
        ("TIME_SERIES(MAX(m1))", [30, 30, 30, 30]),
        ("FIRST([m1, m2])", [30, 20, 0, 0]),
        ("LAST([m1, m2])", [20, None, 20, None]),
        # IF: dropped where it has no value to take.
        ("IF(m1 < 25, m1)", [None, 20, 0, 0]),
        ("IF(m1 > 15, 1, 0)", [1, 1, 0, 0]),
        ("IF(m2 > 15, 1, 0)", [1, None, 1, None]),
        ("IF(m1 >= 20, 100 * m2 / m1)", [100 * 20 / 30, 0, None, None]),
        ("IF(1, m1, m2)", [30, 20, 0, 0]),
        ("IF(0, m1, m2)", [20, None, 20, None]),
        ("IF(0, m1)", [None, None, None, None]),
    ],
)
def test_expressions(expression: str, expected: Points) -> None:
    """Each operator and function gives what the user guide says, or what its module says where the guide is silent."""
    (found,) = run(expression, m1=M1, m2=M2)
    assert found == [value if value is None else pytest.approx(value) for value in expected]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(c, t, f)", [30, 0, 20, None, None]),
        ("IF(c, 5, f)", [5, 5, 20, None, None]),
        ("IF(c, t, 5)", [30, 0, 5, 5, None]),
    ],
)
def test_if_by_the_tables_of_the_guide(expression: str, expected: Points) -> None:
    """IF over series and scalars comes out as in the user guide's three tables."""
    (found,) = run(expression, c=[1, 1, 0, 0, None], t=[30, None, 0, 0, 30], f=[0, 0, 20, None, 20])
    assert found == expected


def test_canary_judgement_of_the_reference_notes() -> None:
    """The relative rule of the reference notes is red for a bad small side, whichever of the two groups that is."""
    rule = (
        "IF(r1<r2,"
        " IF(1.0986*e1-(e1+e2)*LOG(1+2*r1/(r1+r2))>4.6 AND e1/r1-e2/r2>0.005,1,0),"
        " IF(1.0986*e2-(e1+e2)*LOG(1+2*r2/(r1+r2))>4.6 AND e2/r2-e1/r1>0.005,1,0)) >= 1"
    )
    good, bad = [0.0, 1000.0], [20.0, 100.0]
    for small in ((bad, good), (good, bad)):
        (e1, r1), (e2, r2) = small
        assert run(rule, e1=[e1], r1=[r1], e2=[e2], r2=[r2]) == [[1]]
    assert run(rule, e1=[2], r1=[100], e2=[20], r2=[1000]) == [[0]]


def test_an_array_gives_a_series_for_each_metric() -> None:
    """METRICS()/10 is an array: each metric divided."""
    assert run("METRICS() / 10", m1=[30], m2=[20]) == [[3], [2]]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("SQRT(m1)", "unknown function SQRT"),
        ("EXP(m1)", "unknown function EXP"),
        ("SEARCH(m1)", "unknown function SEARCH"),
        ("sum(m1)", "unknown function sum"),
        ("AVG(m1)", "gives a scalar"),
        ("5", "gives a scalar"),
        ("m1 + m9", "refers to m9"),
        ("result + 1", "must not refer to itself"),
        ("m1 +", "expected a value but found the end"),
        ("m1 m2", "expected an operator or the end"),
        ("NOT m1", "expected an operator or the end"),
        ("(m1", "expected )"),
        ("m1 ? 2", "unexpected character '?'"),
        ("", "expected a value"),
        ("ABS(5)", "ABS takes a time series"),
        ("ABS(m1, m2)", "ABS takes 1 argument, got 2"),
        ("FILL(m1)", "FILL takes 2 arguments"),
        ("FILL(m1, ZERO)", "REPEAT or LINEAR, got ZERO"),
        ("IF(m1)", "IF takes 2 or 3 arguments, got 1"),
        ("IF([m1], 1, 2)", "not arrays"),
        ("PERIOD(m1 + 1)", "PERIOD takes a metric"),
        ("SUM([m1, 5])", "an array holds time series only"),
        ("METRICS(5)", "METRICS takes nothing or one string"),
        ("m1 + 'text'", "stands where a value belongs"),
        ("m1 + REPEAT", "stands where a value belongs"),
        ("[m1, m2] + [m1]", "same length, got 2 and 1"),
        ("(" * 150 + "m1" + ")" * 150, "nests deeper than"),
        ("m1" + "+m1" * 300, "more than 200 operators"),
        ("-" * 150 + "m1", "nests deeper than"),
    ],
)
def test_refuses_wrong_expressions(expression: str, problem: str) -> None:
    """An expression that CloudWatch would refuse is refused with the reason and the part at fault."""
    with pytest.raises(QueryError) as refusal:
        run(expression, m1=[1.0], m2=[1.0])
    assert problem in str(refusal.value)


def test_expressions_may_use_other_expressions_in_any_order() -> None:
    """An expression may name another that comes later; the one that needs nothing is evaluated first."""
    metric = {"Metric": {"Namespace": "n", "MetricName": "x"}, "Period": 60, "Stat": "Sum"}
    queries = read_queries(
        [
            {"Id": "rate", "Expression": "100 * half / m"},
            {"Id": "half", "Expression": "m / 2"},
            {"Id": "m", "MetricStat": metric},
        ]
    )
    assert list(queries) == ["m", "half", "rate"]


def numbers() -> st.SearchStrategy[str]:
    return st.integers(0, 99).map(str) | st.sampled_from(["m1", "m2"])


def expressions() -> st.SearchStrategy[str]:
    return st.recursive(
        numbers(),
        lambda inner: (
            st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({' '.join(parts)})")
            | inner.map(lambda part: f"-{part}")
        ),
        max_leaves=12,
    )


@given(expression=expressions(), a=st.integers(-50, 50), b=st.integers(-50, 50))
def test_arithmetic_agrees_with_python(expression: str, a: int, b: int) -> None:
    """Wherever Python finds a value, so does metric math, and the same one; where Python divides by zero, none."""
    (found,) = run(f"({expression}) + 0 * one", m1=[a], m2=[b], one=[1])
    try:
        expected = eval(expression, {}, {"m1": a, "m2": b})  # noqa: S307 - made of digits, two names and operators
    except ZeroDivisionError:
        # A series that was dropped counts as 0 when it meets the other one, so only the lone expression tells.
        return
    if found[0] is not None and "/" not in expression:
        assert found[0] == pytest.approx(expected)


@given(text=st.text(alphabet="m12+-*/^()[],<>=&|AND OR.\"'", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail in any other way than by saying what is wrong."""
    with contextlib.suppress(ExpressionError):
        parse(text)
