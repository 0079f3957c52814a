"""What the gate makes of a revision, beside the samples of the table."""

from pathlib import Path
from typing import Any

import pytest
import table
from samples import Sample

from bluegreen.migrations.gate import judge, rules
from bluegreen.migrations.project import RevisionSource
from bluegreen.migrations.shadow import rules as shadow
from bluegreen.release.migrations.findings import Finding, Grade, Phase
from bluegreen.release.migrations.report import review
from bluegreen.release.migrations.result import RevisionReport


def revision(*statements: str, **changes: Any) -> RevisionSource:
    values: dict[str, Any] = {
        "revision": "r1",
        "down_revisions": (),
        "message": "",
        "phase": Phase.EXPAND,
        "allow": {},
        "transactional": True,
        "reversible": False,
        "statements": statements,
        "unrendered": "",
        "path": Path("r1.py"),
    }
    return RevisionSource(**values | changes)


def findings(*statements: str, grades: dict[str, Grade] | None = None, **changes: Any) -> tuple[Finding, ...]:
    return judge([revision(*statements, **changes)], grades or {})["r1"]


def rules_of(*statements: str, **changes: Any) -> list[str]:
    return [one.rule for one in findings(*statements, **changes)]


UPDATE = "UPDATE orders SET a = 1 WHERE id = 0"
DROP = "ALTER TABLE orders DROP COLUMN product"


def test_a_finding_says_all_that_a_reviewer_needs() -> None:
    """Revision, statement on one line, lock and table, what breaks, and the safe way."""
    (found,) = findings('ALTER TABLE public."Orders"\n  DROP COLUMN product')
    assert found == Finding(
        rule="ban-drop-column",
        grade=Grade.CONTRACT,
        revision="r1",
        statement='ALTER TABLE public."Orders" DROP COLUMN product',
        breaks="queries of the version that still serves name it, and fail",
        rewrite="stop using it in this release, and remove it in a later one that is declared contract",
        lock="ACCESS EXCLUSIVE on Orders",
    )


def test_the_review_of_findings_reads_as_one() -> None:
    """What the gate finds goes into the one rendering that everybody reads."""
    text = review([RevisionReport(revision="r1", message="Drop it", findings=findings(DROP))])
    assert "BLOCKS outside a contract release: ban-drop-column" in text
    assert "ACCESS EXCLUSIVE on orders" in text


def test_findings_come_by_revision_in_their_order() -> None:
    """Every revision has its own, an empty tuple when there is nothing."""
    found = judge([revision("SELECT 1", revision="a"), revision(DROP, revision="b"), revision(revision="c")], {})
    assert {name: [one.rule for one in ones] for name, ones in found.items()} == {
        "a": [],
        "b": ["ban-drop-column"],
        "c": [],
    }


@pytest.mark.parametrize(
    "earlier",
    ["CREATE TABLE orders (id int)", "ALTER TABLE orders ADD COLUMN product text"],
    ids=["table", "column"],
)
def test_what_an_earlier_pending_revision_makes_is_new(earlier: str) -> None:
    """A drop of it harms nobody; without the earlier revision it does."""
    assert judge([revision(earlier, revision="a"), revision(DROP)], {})["r1"] == ()
    assert rules_of(DROP) == ["ban-drop-column"]


@pytest.mark.parametrize("name", ["other.orders", '"Orders"', "orders2"])
def test_a_table_of_another_name_is_not_new(name: str) -> None:
    """Schema, quotes and case make another table."""
    assert "ban-drop-column" in rules_of(f"CREATE TABLE {name} (id int)", DROP)


def test_alike_findings_are_told_once() -> None:
    """Twenty updates of one table are one finding that says how many; those of another table are another."""
    found = findings(*(UPDATE.replace("0", str(number)) for number in range(20)))
    assert [one.statement for one in found] == [UPDATE]
    assert found[0].breaks.endswith("(and 19 more statements like it)")
    assert len(findings(DROP, DROP.replace("orders", "customers"))) == 2


def test_several_statements_in_one_call_are_judged_each() -> None:
    """A text of several statements hides none of them, whatever stands in strings and comments."""
    text = "SELECT ';'; /* ; */ TRUNCATE a; -- x\nALTER TABLE é DROP COLUMN ß; DO $x$ ; $x$"
    assert rules_of(text, "LOCK TABLE b -- the end") == ["truncate", "ban-drop-column", "do-block", "lock-table"]


@pytest.mark.parametrize(
    "comment", ["-- squawk-ignore", "-- squawk-ignore-file", "/* squawk-ignore ban-drop-column */"]
)
def test_a_comment_silences_nothing(comment: str) -> None:
    """Squawk's own way to ignore a rule gives no reason, so it does nothing here."""
    assert rules_of(f"{comment}\n{DROP}") == ["ban-drop-column"]


@pytest.mark.parametrize("text", ["ALTER TABL orders", "SELECT 'no end", "SELECT $$ no end", "/* no end", "SELECT (1"])
def test_what_cannot_be_read_blocks(text: str) -> None:
    """A text that the grammar does not know is not judged, and so never passes."""
    assert any(one.blocks(Phase.CONTRACT) for one in findings(text, DROP))


def test_sql_that_is_not_known_blocks_and_says_why() -> None:
    """A revision that reads the database is judged by nobody."""
    (found,) = findings(statements=None, unrendered="upgrade() needs a database")
    assert (found.rule, found.grade) == ("sql-not-visible", Grade.BLOCK)
    assert found.statement == "upgrade() needs a database"


def test_an_override_lets_its_rule_pass_with_its_reason() -> None:
    """The finding stays, with the reason, and blocks no more; others still do."""
    reason = "no version reads it since May"
    found = findings(DROP, "TRUNCATE a", allow={"ban-drop-column": reason})
    assert [(one.rule, one.override, one.blocks(Phase.EXPAND)) for one in found] == [
        ("ban-drop-column", reason, False),
        ("truncate", None, True),
    ]


@pytest.mark.parametrize(
    ("allow", "expected"),
    [
        ({"ban-drop-column": "because"}, ("override-without-reason", True)),
        ({"ban-drop-column": "   short    "}, ("override-without-reason", True)),
        ({"drop-column": "no version reads it"}, ("override-of-nothing", True)),
        ({"gate-broken": "no version reads it"}, ("override-of-nothing", True)),
        ({"override-unused": "no version reads it"}, ("override-of-nothing", True)),
        ({"truncate": "no version reads it"}, ("override-unused", False)),
    ],
)
def test_an_override_that_is_wrong_is_a_finding(allow: dict[str, str], expected: tuple[str, bool]) -> None:
    """No reason, no such rule, nothing to let pass: each is told, and the first two block."""
    found = findings(DROP, allow=allow)
    assert found[0].override is None
    assert [(one.rule, one.blocks(Phase.CONTRACT)) for one in found[1:]] == [expected]


def test_an_override_is_not_unused_while_all_is_still_new() -> None:
    """A column is new until it is released, then in use; the reason for that later day warns of nothing."""
    index = revision(
        "CREATE UNIQUE INDEX CONCURRENTLY i ON orders (note)",
        transactional=False,
        allow={"ban-new-write-restriction": "no note is kept twice"},
    )
    assert judge([revision("ALTER TABLE orders ADD note text", revision="a"), index], {})["r1"] == ()
    assert [one.override for one in judge([index], {})["r1"]] == ["no note is kept twice"]


def test_a_copy_into_a_new_table_holds_the_locks_that_are_held() -> None:
    """The rows that it reads are many, even if the table that it writes is new."""
    copy = ("CREATE TABLE old (id int)", "ALTER TABLE orders ADD a int", "INSERT INTO old SELECT id FROM orders")
    assert rules_of(*copy) == ["lock-held", "backfill-in-release"]


def test_a_grade_can_be_changed() -> None:
    """Up, down, and for a rule that is not asked for otherwise."""
    grades = {"ban-drop-column": Grade.WARN, "ban-add-column": Grade.BLOCK, "require-table-schema": Grade.WARN}
    found = findings(DROP, "ALTER TABLE orders ADD a text", grades=grades)
    assert {(one.rule, one.grade) for one in found} == {
        ("ban-drop-column", Grade.WARN),
        ("ban-add-column", Grade.BLOCK),
        ("require-table-schema", Grade.WARN),
    }


@pytest.mark.parametrize("rule", ["drop-column", "gate-broken", "override-unused"])
def test_a_grade_of_no_rule_is_refused(rule: str) -> None:
    """A wrong name would change nothing in silence, and the gate's own findings stay as they are."""
    with pytest.raises(ValueError, match=rule):
        judge([], {rule: Grade.WARN})


def test_rules_of_the_shadow_run_are_left_to_it() -> None:
    """A revision may let them pass and a project may grade them; the gate cannot find them, and says nothing of it."""
    assert shadow.GRADES.keys() == rules.SHADOW
    assert not rules.SHADOW & rules.RULES.keys()
    assert findings("SELECT 1", allow=dict.fromkeys(rules.SHADOW, "ok"), grades={"breaks-live": Grade.WARN}) == ()


def test_an_unknown_rule_of_squawk_blocks_by_its_own_name(monkeypatch) -> None:
    """A rule that we have not graded is not taken for harmless; a revision can let it pass by its name."""
    monkeypatch.setattr(rules, "RULES", {name: rule for name, rule in rules.RULES.items() if name != "ban-drop-column"})
    (found,) = findings(DROP)
    assert (found.rule, found.grade) == ("ban-drop-column", Grade.BLOCK)
    assert "Dropping a column may break existing clients" in found.breaks
    assert not findings(DROP, allow={"ban-drop-column": "no version reads it"})[0].blocks(Phase.EXPAND)


def test_every_rule_says_what_breaks_and_how_to_do_better() -> None:
    """A rule that is asked for has both texts, and every rule that squawk of this version knows is graded."""
    assert all(rule.breaks and (rule.rewrite or rule.grade is None) for rule in rules.RULES.values())
    assert len([rule for rule in rules.RULES.values() if rule.squawk]) >= 70


def test_own_checks_and_squawk_agree_on_the_tables() -> None:
    """Rules that samples break are in the table of rules, so that none is told without a text."""
    told = {found.rule for one in table.judged() for found in one.findings}
    assert told <= rules.RULES.keys()
    assert isinstance(table.judged()[0].sample, Sample)
