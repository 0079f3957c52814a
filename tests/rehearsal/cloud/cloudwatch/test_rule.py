from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud.cloudwatch.judgement import State
from bluegreen.rehearsal.cloud.cloudwatch.rule import RuleError, parse_rule

RED, GREEN, GREY = State.ALARM, State.OK, State.INSUFFICIENT_DATA


@pytest.mark.parametrize(
    ("rule", "states", "holds"),
    [
        ("ALARM(a)", {"a": RED}, True),
        ('ALARM("a b")', {"a b": RED}, True),
        ("ALARM(arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a)", {"a": RED}, True),
        ("ALARM(a)", {"a": GREY}, False),
        ("OK(a)", {"a": GREEN}, True),
        ("INSUFFICIENT_DATA(a)", {"a": GREY}, True),
        ("NOT ALARM(a)", {"a": GREEN}, True),
        ("NOT NOT ALARM(a)", {"a": GREEN}, False),
        ("ALARM(a) OR ALARM(b)", {"a": GREEN, "b": RED}, True),
        ("ALARM(a) AND ALARM(b)", {"a": GREEN, "b": RED}, False),
        ("ALARM(a) OR ALARM(b) AND FALSE", {"a": RED, "b": RED}, True),
        ("(ALARM(a) OR ALARM(b)) AND FALSE", {"a": RED, "b": RED}, False),
        ("NOT (ALARM(a) OR TRUE)", {"a": RED}, False),
        ("ALARM(a) AND NOT ALARM(b)", {"a": RED, "b": GREEN}, True),
        ("TRUE", {}, True),
        ("FALSE", {}, False),
    ],
)
def test_rules(rule: str, states: dict[str, State], *, holds: bool) -> None:
    """A rule holds as its words say; NOT binds tighter than AND, and AND tighter than OR."""
    assert parse_rule(rule).holds(states) is holds


def test_tells_which_alarms_it_looks_at() -> None:
    """The children are the names, without quotes and without the ARN's prefix."""
    assert parse_rule('ALARM("a") OR OK(arn:aws:cloudwatch:r:1:alarm:b) OR ALARM(a)').children == {"a", "b"}


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("", "expected an alarm's state but found end"),
        ("ALARM(a", "cannot read"),
        ("RED(a)", "cannot read 'RED"),
        ("ALARM(a) ALARM(b)", "expected AND, OR or the end"),
        ("(ALARM(a)", "a parenthesis is not closed"),
        ("ALARM(a) AND", "expected an alarm's state but found end"),
        ("AT_LEAST(1, ALARM, (a))", "cannot read"),
        (" OR ".join(f"ALARM(a{n})" for n in range(101)), "at most 100 alarms"),
        (" OR ".join(["TRUE"] * 400), "at most 500 elements"),
    ],
)
def test_refuses_wrong_rules(rule: str, problem: str) -> None:
    """A rule that is not well formed or too long is refused with the reason."""
    with pytest.raises(RuleError, match=problem):
        parse_rule(rule)


def rules() -> st.SearchStrategy[str]:
    return st.recursive(
        st.sampled_from(["ALARM(a)", "ALARM(b)", "TRUE", "FALSE"]),
        lambda inner: (
            st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda parts: f"({' '.join(parts)})")
            | inner.map(lambda part: f"NOT {part}")
        ),
        max_leaves=8,
    )


@given(rule=rules())
def test_rules_agree_with_python(rule: str) -> None:
    """A rule holds for exactly the states for which the same words hold in Python."""
    python = rule.replace("ALARM(a)", "a").replace("ALARM(b)", "b").replace("TRUE", "True").replace("FALSE", "False")
    python = python.replace("AND", "and").replace("OR", "or").replace("NOT", "not")
    for a, b in product([True, False], repeat=2):
        states = {"a": RED if a else GREEN, "b": RED if b else GREEN}
        assert parse_rule(rule).holds(states) is eval(python, {}, {"a": a, "b": b})  # noqa: S307 - made of six words
