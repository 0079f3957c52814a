"""What is made of what a shadow run measured."""

from dataclasses import replace
from typing import Any

import pytest

from bluegreen.migrations.shadow.catalogue import Change, How
from bluegreen.migrations.shadow.compatibility import Break
from bluegreen.migrations.shadow.measured import Measured
from bluegreen.migrations.shadow.rules import Findings
from bluegreen.release.migrations.findings import Finding, Grade

CLOSED = {"public.orders": "AccessExclusiveLock"}


def findings(*, transactional: bool = True, **allow: str) -> Findings:
    reasons = {rule.replace("_", "-"): reason for rule, reason in allow.items()}
    return Findings("2", allow=reasons, transactional=transactional, grades={}, known=["public.orders", "public.big"])


def measured(statement: str, **what: Any) -> Measured:
    return Measured(statement=statement, seconds=0.1, **what)


def rules(*statements: Measured, said: tuple[Finding, ...] = (), transactional: bool = True) -> list[str]:
    return [one.rule for one in findings(transactional=transactional).of_measured(statements, said)]


def of_gate(statement: str) -> Finding:
    return Finding(
        rule="changing-column-type", grade=Grade.BLOCK, revision="2", statement=statement, breaks="b", rewrite="r"
    )


RETYPE = measured("ALTER TABLE orders ALTER a TYPE bigint", locks=CLOSED, rewritten=("public.orders",))


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([measured("ALTER TABLE orders ADD a int", locks=CLOSED, defined=("ALTER TABLE public.orders",))], []),
        ([RETYPE], ["shadow-rewrite"]),
        ([measured("DO $$ ... $$", locks=CLOSED, defined=("ALTER TABLE public.orders",))], ["hidden-ddl"]),
        ([measured("/* x */ SELECT f()", locks=CLOSED)], ["hidden-ddl"]),
        ([measured("-- why\nALTER TABLE orders ADD a int", locks=CLOSED)], []),
        ([measured("SELECT 1; ALTER TABLE orders ADD a int", locks=CLOSED)], []),
        ([measured("UPDATE orders SET a = 1", locks={"public.orders": "RowExclusiveLock"})], []),
        (
            [measured("ALTER TABLE orders ADD a int", locks=CLOSED), measured("UPDATE orders SET a = 1 WHERE b")],
            ["shadow-access-exclusive"],
        ),
        (
            [measured("ALTER TABLE orders ADD a int", locks=CLOSED), measured("CREATE INDEX i ON big (a)")],
            ["shadow-access-exclusive"],
        ),
        (
            [measured("ALTER TABLE orders ADD a int", locks=CLOSED), measured("ALTER TABLE big VALIDATE CONSTRAINT c")],
            ["shadow-access-exclusive"],
        ),
        ([measured("ALTER TABLE orders ADD a int", locks=CLOSED), measured("INSERT INTO orders VALUES (1)")], []),
        ([measured("ALTER TABLE orders ADD a int", locks=CLOSED), measured("CREATE INDEX i ON new_one (a)")], []),
        (
            [measured("ALTER TABLE orders ADD a int", locks=CLOSED), measured("INSERT INTO new SELECT a FROM big")],
            ["shadow-access-exclusive"],
        ),
        ([measured("UPDATE big SET a = 1 WHERE b"), measured("ALTER TABLE orders ADD a int", locks=CLOSED)], []),
        (
            [
                measured("ALTER TABLE orders ADD a int", locks=CLOSED),
                measured("ALTER TABLE others ADD a int", locks={"public.others": "AccessExclusiveLock"}),
            ],
            ["shadow-several-tables"],
        ),
    ],
)
def test_each_kind_of_harm_has_its_rule(statements: list[Measured], expected: list[str]) -> None:
    """What hurts the version that serves is told by name, and what does not is not told."""
    assert rules(*statements) == expected


def test_locks_outside_a_transaction_are_not_held() -> None:
    """What is committed statement by statement holds no lock while the next one runs."""
    steps = (measured("ALTER TABLE orders ADD a int", locks=CLOSED), measured("UPDATE orders SET a = 1 WHERE b"))
    assert rules(*steps, transactional=False) == []


def test_what_the_gate_said_of_a_statement_is_not_said_again() -> None:
    """A rewrite that the gate foresaw is one finding, and one that it did not is another."""
    assert rules(RETYPE, said=(of_gate("ALTER TABLE orders ALTER a TYPE bigint"),)) == []
    assert rules(RETYPE, said=(of_gate("ALTER TABLE orders ALTER b TYPE bigint"),)) == ["shadow-rewrite"]


def test_a_revision_lets_pass_by_the_rules_name_and_a_reason() -> None:
    """Overrides of what only a database shows are written like all others."""
    (found,) = findings(shadow_rewrite="the table has ten rows").of_measured([RETYPE], ())
    assert found.override == "the table has ten rows"


def test_a_reason_that_says_nothing_lets_nothing_pass() -> None:
    """Ten characters are the least that a reason has, as for the gate's own rules."""
    (found,) = findings(shadow_rewrite="ok").of_measured([RETYPE], ())
    assert found.override is None


@pytest.mark.parametrize(
    ("change", "narrows"),
    [
        (Change(How.ADDED, "check", "public.orders.c", "", "CHECK ((a > 0))"), True),
        (Change(How.ADDED, "check", "public.orders.stated", "", "CHECK ((a > 0))"), False),
        (Change(How.ADDED, "check", "public.new.c", "", "CHECK ((a > 0))"), False),
        (Change(How.CHANGED, "check", "public.orders.c", "CHECK ((a > 0)) NOT VALID", "CHECK ((a > 0))"), False),
        (Change(How.CHANGED, "check", "public.orders.c", "CHECK ((a > 0))", "CHECK ((a > 1))"), True),
        (Change(How.REMOVED, "check", "public.orders.c", "CHECK ((a > 0))", ""), False),
        (Change(How.ADDED, "trigger", "public.orders.t", "", "CREATE TRIGGER"), True),
        (Change(How.CHANGED, "enum", "public.mood", "sad, ok", "sad, ok, happy"), False),
        (Change(How.CHANGED, "enum", "public.mood", "sad, ok", "sad, fine"), True),
        (Change(How.CHANGED, "grants on", "public.orders", "{app=arw/x}", "{app=arwd/x}"), False),
        (Change(How.CHANGED, "grants on", "public.orders", "{app=arw/x}", "{app=r/x}"), True),
        (Change(How.CHANGED, "grants on", "public.orders", "{app=arw/x,b=r/x}", "{app=arw/x}"), True),
        (Change(How.REMOVED, "function", "public.f()", "...", ""), True),
        (Change(How.CHANGED, "function", "public.f()", "a", "b"), True),
        (Change(How.ADDED, "function", "public.f()", "", "b"), False),
        (Change(How.REMOVED, "column", "public.orders.a", "text", ""), False),
    ],
)
def test_rules_of_the_database_that_the_live_version_does_not_know_narrow_it(change: Change, *, narrows: bool) -> None:
    """What models never show is judged by the catalogue; columns and tables are the models' affair."""
    found = list(findings().of_catalogue([change], ["stated"], ()))
    assert [one.rule for one in found] == (["narrows-live"] if narrows else [])


def test_what_the_gate_said_of_an_object_is_not_said_again() -> None:
    """One trigger is one finding; a second one that only the database shows is another."""
    trigger = Change(How.ADDED, "trigger", "public.orders.keep", "", "CREATE TRIGGER keep")
    said = of_gate("CREATE TRIGGER keep BEFORE INSERT ON orders EXECUTE FUNCTION f()")
    assert list(findings().of_catalogue([trigger], (), [said])) == []
    assert len(list(findings().of_catalogue([trigger], (), [of_gate("DO $$ ... $$")]))) == 1


def test_a_lock_that_the_gate_saw_being_held_is_told_once() -> None:
    """By reading, the gate sees a table locked by an earlier statement; only what it misses is added."""
    steps = (measured("ALTER TABLE orders ADD a int", locks=CLOSED), measured("UPDATE orders SET a = 1 WHERE b"))
    said = replace(of_gate("UPDATE orders SET a = 1 WHERE b"), rule="lock-held")
    assert rules(*steps, said=(said,)) == []


def test_a_hidden_rewrite_is_part_of_what_is_hidden() -> None:
    """A block that the gate cannot read, and that rewrites a table, says so even where the block was let pass."""
    block = measured("DO $$ $$", locks=CLOSED, rewritten=("public.orders",), defined=("ALTER TABLE public.orders",))
    (found,) = findings().of_measured([block], [of_gate("DO $$ $$")])
    assert found.rule == "hidden-ddl"
    assert found.breaks.endswith("ALTER TABLE public.orders; rewrites public.orders")


def test_a_break_is_shown_with_the_statement_that_made_it() -> None:
    """Of several statements the one that names the table and the column."""
    steps = [measured("ALTER TABLE orders DROP a"), measured("ALTER TABLE orders DROP note")]
    (found,) = findings().of_breaks([Break(where="orders.note", what="gone", instead="later")], steps)
    assert found.statement == "ALTER TABLE orders DROP note"
    assert found.grade is Grade.BLOCK


def test_what_may_only_surprise_the_live_version_warns() -> None:
    """A break that is not fatal blocks nothing."""
    (found,) = findings().of_breaks([Break(where="orders.a", what="odd", instead="i", fatal=False)], [])
    assert found.grade is Grade.WARN


def test_only_a_downgrade_that_claims_to_do_something_blocks() -> None:
    """A revision that cannot be taken back is told as such, and is no finding."""
    assert list(findings().of_round_trip("cannot be taken back", ())) == []
    assert [one.rule for one in findings().of_round_trip("fails", ("no such column",))] == ["round-trip-fails"]
