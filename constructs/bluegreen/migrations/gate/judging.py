"""Puts together what squawk and our own checks say of pending revisions, graded, with what a revision lets pass."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from bluegreen.migrations.project import RevisionSource
from bluegreen.release.migrations.findings import Finding, Grade

from . import rules as names
from .checks import Transaction, check
from .pending import Pending, touches
from .rules import Rule
from .squawk import Broken, Remark, lint
from .tree import Node, blank, parse

_LONGEST_STATEMENT = 160
_SHORTEST_REASON = 10
_SAID_BETTER_BY = {
    # A unique or primary key cannot be NOT VALID, so its own rule must tell what to do.
    "constraint-missing-not-valid": {
        "adding-foreign-key-constraint",
        "disallowed-unique-constraint",
        "adding-serial-primary-key-field",
        "lock-held",
    },
    "ban-new-write-restriction": {"set-not-null", "adding-required-field"},
    "ban-disable-trigger": {"ban-alter-row-level-security"},
    "ban-replace-view-function": {"create-trigger", "create-rule"},
}


def judge(revisions: Sequence[RevisionSource], grades: Mapping[str, Grade]) -> dict[str, tuple[Finding, ...]]:
    """Return what is wrong with pending revisions while the version before them still serves.

    Args:
        revisions: All that are pending, in the order in which they run: what one makes is new to the next.
        grades: Changes to the rules' grades, by name.

    Returns:
        Findings by revision, in the order of its statements; an empty tuple when nothing was found.

    Raises:
        ValueError: If a rule of `grades` does not exist, or its grade is final.
    """
    rules = names.graded(grades)
    pending = Pending()
    return {one.revision: tuple(_judged(one, rules, pending)) for one in revisions}


@dataclass(frozen=True)
class _Found:
    """A rule broken at a statement.

    Args:
        rule: Its name.
        statement: Where.
        message: What squawk says.
        excused: Whether it hurts nobody here, because what it happens to is new, or another rule says it better.
    """

    rule: str
    statement: Node
    message: str = ""
    excused: bool = False


def _judged(revision: RevisionSource, rules: Mapping[str, Rule], pending: Pending) -> Iterator[Finding]:
    if revision.statements is None:
        findings = [_of_gate(names.NOT_VISIBLE, revision, revision.unrendered, rules)]
        excused: set[str] = set()
    else:
        try:
            found = _found(revision, rules, pending) if revision.statements else []
        except Broken as error:
            yield _of_gate(names.BROKEN, revision, str(error), rules)
            return
        told = [_finding(one, revision, rules.get(one.rule)) for one in found if not one.excused]
        findings = _gathered([one for one in told if one is not None])
        excused = {one.rule for one in found if one.excused}
    yield from _overridden(revision, findings, excused, rules)


def _gathered(findings: list[Finding]) -> list[Finding]:
    """Tell once what is wrong with many statements in one way: a reader, and an override, take them as one."""
    alike: dict[tuple[str, str], dict[str, Finding]] = {}
    for one in findings:
        alike.setdefault((one.rule, one.lock), {}).setdefault(one.statement, one)
    return [
        replace(first, breaks=f"{first.breaks} (and {len(rest)} more statements like it)") if rest else first
        for first, *rest in (list(ones.values()) for ones in alike.values())
    ]


def _found(revision: RevisionSource, rules: Mapping[str, Rule], pending: Pending) -> list[_Found]:
    """Go through the statements in their order, as the database will."""
    sql = "\n;\n".join(revision.statements or ())
    sql = blank(sql, parse(sql)[1])
    root, _ = parse(sql)
    # Squawk would take a table for new that may have been there.
    perhaps = [one for one in root.children if one.kind.startswith("CREATE_TABLE") and one.has("IF_NOT_EXISTS")]
    remarks = lint(blank(sql, perhaps), transactional=revision.transactional, ask_for=names.to_ask_for(rules))
    transaction = Transaction(open=revision.transactional, pending=pending)
    found = []
    for statement in root.children:
        here = [one for one in remarks if statement.start <= one.offset < statement.end]
        both = [
            *(_Found(rule, statement) for rule in check(statement, transaction)),
            *(_Found(one.rule, statement, one.message, _is_harmless(one, statement, pending)) for one in here),
        ]
        heard = {one.rule for one in both if not one.excused}
        new = names.NEW_IS_HARMLESS if pending.is_new(statement) else set()
        found += [
            replace(one, excused=True) if one.rule in new or heard & _SAID_BETTER_BY.get(one.rule, set()) else one
            for one in both
        ]
        if statement.kind not in {"SEMICOLON", "EMPTY_STMT"}:
            transaction.note(statement)
    within = [(one.start, one.end) for one in root.children]
    lost = [one for one in remarks if not any(start <= one.offset < end for start, end in within)]
    return found + [_Found(one.rule, root, one.message) for one in lost]


def _is_harmless(remark: Remark, statement: Node, pending: Pending) -> bool:
    """Return whether what squawk objects to cannot hurt, because the column it is about is new."""
    action = statement.at(remark.offset) or statement
    column = pending.column(statement, action.child("COLUMN_NAME_REF"))
    adds = action.kind == "ADD_COLUMN"
    match remark.rule:
        case "ban-drop-column" | "renaming-column" | "ban-set-default" | "ban-drop-not-null" | "ban-alter-identity":
            harmless = column is not None
        case "ban-drop-default":
            harmless = column is not None and not column.required
        case "renaming-object":
            harmless = statement.kind == "ALTER_INDEX"  # no query names an index
        case "ban-alter-generated-expression":
            harmless = adds
        case "adding-foreign-key-constraint":
            # PostgreSQL looks at no row of a column that is NULL in all of them.
            harmless = adds and not action.has("DEFAULT_CONSTRAINT")
        case "ban-new-write-restriction":
            # With NOT NULL it has a default, or adding-required-field speaks.
            constrained = statement if statement.kind == "CREATE_INDEX" else action
            harmless = adds or pending.are_left_null(statement, constrained)
        case _:
            harmless = False
    return harmless


def _finding(found: _Found, revision: RevisionSource, rule: Rule | None) -> Finding | None:
    if rule is None:
        rule = Rule(
            grade=Grade.BLOCK,
            breaks=f"squawk has a rule that this gate does not know: {found.message}",
            rewrite="judge it by squawk's documentation, and allow it by its name",
        )
    if rule.grade is None:
        return None
    return Finding(
        rule=found.rule,
        grade=rule.grade,
        revision=revision.revision,
        statement=_short(found.statement.text),
        breaks=f"{rule.breaks}: {found.message}" if found.rule == "syntax-error" else rule.breaks,
        rewrite=rule.rewrite,
        lock=_lock(rule.lock, found.statement),
    )


def _lock(mode: str, statement: Node) -> str:
    """Name what is locked; a rule of other objects than tables, views and indexes locks none that hurts."""
    if not mode.isupper():
        return mode
    others = [one.name() for one in statement.all("VIEW_REF", "INDEX_REF")]
    locked = touches(statement) or others
    return f"{mode} on {', '.join(dict.fromkeys(locked))}" if locked else ""


def _of_gate(rule: str, revision: RevisionSource, text: str, rules: Mapping[str, Rule]) -> Finding:
    """Return a finding that is about no statement."""
    kind = rules[rule]
    return Finding(
        rule=rule,
        grade=kind.grade or Grade.BLOCK,
        revision=revision.revision,
        statement=_short(text),
        breaks=kind.breaks,
        rewrite=kind.rewrite,
    )


def _overridden(
    revision: RevisionSource, findings: list[Finding], excused: AbstractSet[str], rules: Mapping[str, Rule]
) -> Iterator[Finding]:
    """Yield the findings with the revision's reasons, and what is wrong with the reasons."""
    reasons = {rule: reason.strip() for rule, reason in revision.allow.items() if rule not in names.FINAL}
    good = {rule: reason for rule, reason in reasons.items() if len(reason) >= _SHORTEST_REASON}
    for one in findings:
        yield replace(one, override=good.get(one.rule))
    # What is new today is in use when the revisions before this one are released earlier: the reason is for that day.
    heard = {one.rule for one in findings} | excused
    for rule, reason in revision.allow.items():
        if rule in names.SHADOW:
            continue
        text = f'allow = {{"{rule}": "{reason}"}}'
        if rule not in reasons or (rule not in rules and rule not in heard):
            yield _of_gate(names.UNKNOWN_OVERRIDE, revision, text, rules)
        elif rule not in good:
            yield _of_gate(names.BAD_REASON, revision, text, rules)
        elif rule not in heard:
            yield _of_gate(names.UNUSED_OVERRIDE, revision, text, rules)


def _short(text: str) -> str:
    line = " ".join(text.rstrip(";").split())
    return line if len(line) <= _LONGEST_STATEMENT else f"{line[:_LONGEST_STATEMENT]} ..."
