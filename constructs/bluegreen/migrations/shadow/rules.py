"""What the gate cannot say, because it only reads: findings from what a shadow run measured."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bluegreen.release.migrations.findings import Finding, Grade

from .catalogue import Change, How
from .compatibility import Break
from .measured import Measured, strength

GRADES: Mapping[str, Grade] = {
    "breaks-live": Grade.BLOCK,
    "hidden-ddl": Grade.BLOCK,
    "narrows-live": Grade.CONTRACT,
    "round-trip-fails": Grade.BLOCK,
    "shadow-access-exclusive": Grade.BLOCK,
    "shadow-rewrite": Grade.BLOCK,
    "shadow-several-tables": Grade.WARN,
    "upgrade-fails": Grade.BLOCK,
}
"""The rules that need a database, and how much each weighs when the project does not say otherwise."""

_HELD = "lock-held"  # what the gate says when it sees the same by reading
_BLOCKS_WRITES = "ShareLock"
_BLOCKS_READS = "AccessExclusiveLock"
_LONGEST = 160
_SHORTEST_REASON = 10
_DEFINES = re.compile(
    r"(CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE|TRUNCATE|REINDEX|CLUSTER|VACUUM|REFRESH|LOCK|REASSIGN|IMPORT|SECURITY)\b",
    re.IGNORECASE,
)
_GOES_THROUGH_ROWS = re.compile(
    r"(UPDATE|DELETE|MERGE|COPY|SELECT|WITH|DO|CALL|CREATE\s+(UNIQUE\s+)?INDEX|REFRESH)\b"
    r"|ALTER\s+TABLE\b.*\bVALIDATE\b|INSERT\b.*\bSELECT\b",
    re.IGNORECASE | re.DOTALL,
)
_COMMENTS = re.compile(r"^(\s+|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)


class Findings:
    """Makes the findings of one revision.

    Args:
        revision: Its Alembic id.
        allow: Its reasons for letting a rule's findings pass.
        transactional: Whether it runs in one transaction.
        grades: Changes to `GRADES`.
        known: The tables that the live version knows; nothing that is done to another hurts it.
    """

    def __init__(
        self,
        revision: str,
        *,
        allow: Mapping[str, str],
        transactional: bool,
        grades: Mapping[str, Grade],
        known: Iterable[str],
    ) -> None:
        self._revision = revision
        self._allow = allow
        self._transactional = transactional
        self._grades = {**GRADES, **grades}
        self._known = frozenset(known)
        names = "|".join(re.escape(table.rpartition(".")[2]) for table in self._known)
        self._names_known = re.compile(rf"\b({names})\b" if names else r"(?!)")

    def make(self, rule: str, *, breaks: str, rewrite: str, statement: str = "", lock: str = "") -> Finding:
        """Return a finding, with the revision's own reason for letting it pass if that says anything."""
        reason = self._allow.get(rule, "").strip()
        return Finding(
            rule=rule,
            grade=self._grades[rule],
            revision=self._revision,
            statement=one_line(statement),
            breaks=breaks,
            rewrite=rewrite,
            lock=lock,
            override=reason if len(reason) >= _SHORTEST_REASON else None,
        )

    def of_measured(self, measured: Sequence[Measured], said: Iterable[Finding]) -> Iterator[Finding]:
        """Judge what the statements did.

        Args:
            measured: In the order in which they ran.
            said: What the gate says already; it is not said again of the same statement.
        """
        said = tuple(said)
        known = [finding.statement for finding in said]
        for one in measured:
            hidden = _hidden(one)
            if hidden:
                yield self.make(
                    "hidden-ddl",
                    statement=one.statement,
                    lock=lock_text(one),
                    breaks=f"it does more than its text shows: {'; '.join(hidden)}",
                    rewrite="write it as statements of the revision, so that each can be judged",
                )
            elif one.rewritten and not any(same(one.statement, text) for text in known):
                yield self.make(
                    "shadow-rewrite",
                    statement=one.statement,
                    lock=lock_text(one),
                    breaks=f"the whole of {', '.join(one.rewritten)} was rewritten: nobody reads it meanwhile",
                    rewrite="add a new column, fill it in batches outside the release, switch, drop the old one later",
                )
        if self._transactional:
            told = [finding.statement for finding in said if finding.rule == _HELD]
            yield from self._held_too_long(measured, told)

    def _held_too_long(self, measured: Sequence[Measured], told: Sequence[str]) -> Iterator[Finding]:
        closed: dict[str, Measured] = {}
        for one in measured:
            if closed and self._goes_through_rows(one):
                if any(same(one.statement, text) for text in told):
                    return
                yield self.make(
                    "shadow-access-exclusive",
                    statement=one.statement,
                    lock="; ".join(
                        f"ACCESS EXCLUSIVE on {table}, held since {one_line(by.statement)}"
                        for table, by in closed.items()
                    ),
                    breaks="nobody reads or writes these tables until it has gone through its rows and is committed",
                    rewrite="give it a revision of its own: each is committed by itself",
                )
                return
            closed |= {table: one for table, mode in one.locks.items() if mode == _BLOCKS_READS}
        if len(closed) > 1:
            yield self.make(
                "shadow-several-tables",
                lock=f"ACCESS EXCLUSIVE on {', '.join(closed)}",
                breaks="a transaction that uses these tables in another order deadlocks with it, and one of both fails",
                rewrite="give each table a revision of its own",
            )

    def _goes_through_rows(self, one: Measured) -> bool:
        text = _text(one)
        return _GOES_THROUGH_ROWS.match(text) is not None and self._names_known.search(text) is not None

    def of_failure(self, failed: str | None) -> Iterator[Finding]:
        """Judge that the revision did not run at all."""
        if failed is not None:
            yield self.make(
                "upgrade-fails",
                breaks=f"it fails on an empty database: {failed}",
                rewrite="correct the revision; none after it was looked at",
            )

    def of_round_trip(self, how: str, why: Sequence[str]) -> Iterator[Finding]:
        """Judge a downgrade that claims to do something."""
        if why:
            yield self.make(
                "round-trip-fails",
                breaks=f"taking it back and running it again {how}: {'; '.join(why)}",
                rewrite="let downgrade() restore exactly what was there, or raise when it cannot",
            )

    def of_breaks(self, breaks: Iterable[Break], measured: Sequence[Measured]) -> Iterator[Finding]:
        """Judge what the live version's models would meet."""
        for one in breaks:
            finding = self.make(
                "breaks-live",
                statement=_naming(one.where, measured),
                breaks=f"{one.where}: {one.what}",
                rewrite=one.instead,
            )
            yield finding if one.fatal else replace(finding, grade=Grade.WARN)

    def of_catalogue(
        self, changes: Iterable[Change], live_checks: Iterable[str], said: Iterable[Finding]
    ) -> Iterator[Finding]:
        """Judge what models never show: rules of the database that the live version does not know.

        Args:
            changes: What the revision changed.
            live_checks: Names of the CHECK constraints that the live models state themselves.
            said: What the gate says already; of an object that it names there, it is not said again.
        """
        stated = set(live_checks)
        told = " ".join(finding.statement for finding in said)
        for change in changes:
            table, _, name = change.name.rpartition(".")
            what = None if name in stated else _narrowing(change, on_known_table=table in self._known)
            if what is not None and not re.search(rf"\b{re.escape(name.partition('(')[0])}\b", told):
                yield self.make(
                    "narrows-live",
                    breaks=f"{change.kind} {change.name}: {what}",
                    rewrite="let a release live by the new rule first; let the database hold it from a later one on",
                )


def _naming(where: str, measured: Sequence[Measured]) -> str:
    """Return the statement that names a table, and its column when there is one; empty when none does."""
    words = re.findall(r"\w+", where)
    named = [one.statement for one in measured if all(re.search(rf"\b{word}\b", one.statement) for word in words[:2])]
    return named[0] if named else ""


def _narrowing(change: Change, *, on_known_table: bool) -> str | None:  # noqa: PLR0911 - a table of cases
    """Say how a change narrows what the live version may do; None when it does not."""
    match change.kind, change.how:
        case (("check" | "exclusion" | "policy" | "rule"), (How.ADDED | How.CHANGED)) if on_known_table:
            if change.before != f"{change.after} NOT VALID":  # validating forbids nothing new
                return f"writes of the live version that it forbids fail ({change.after})"
        case "trigger", (How.ADDED | How.CHANGED | How.REMOVED) if on_known_table:
            return "what the live version writes has other effects than it knows"
        case "enum", How.CHANGED if not _only_more(change):
            return f"labels that the live version uses are gone (were {change.before}, are {change.after})"
        case "grants on", (How.CHANGED | How.REMOVED) if not _grants_kept(change):
            return f"rights changed from {change.before} to {change.after or 'the default'}"
        case (("function" | "view" | "materialized view" | "domain" | "extension" | "schema"), How.REMOVED):
            return "queries of the live version that use it fail"
        case (("function" | "view" | "materialized view" | "domain"), How.CHANGED):
            return "the live version may get other answers from it"
    return None


def _only_more(change: Change) -> bool:
    return set(change.before.split(", ")) <= set(change.after.split(", "))


def _grants_kept(change: Change) -> bool:
    before, after = _grants(change.before), _grants(change.after)
    return all(rights <= after.get(who, set()) for who, rights in before.items())


def _grants(text: str) -> dict[str, set[str]]:
    """Read an access list, `{reader=r/owner,writer=arw/owner}`: one letter a right."""
    items = (item.partition("=") for item in text.strip("{}").split(",") if item)
    return {who: set(rights.partition("/")[0].replace("*", "")) for who, _, rights in items}


def _hidden(one: Measured) -> list[str]:
    """Return what a statement defined or locked that its first word does not announce."""
    text = _text(one)
    pieces = [text] if "$" in text else text.split(";")
    if any(_DEFINES.match(piece.strip()) for piece in pieces):
        return []
    rewrites = [f"rewrites {table}" for table in one.rewritten]
    # What is defined says what is locked, and the finding tells the lock; a LOCK TABLE defines nothing.
    locks = [] if one.defined else [f"takes {lock} on {table}" for table, lock in _shown_locks(one, _BLOCKS_WRITES)]
    return [*one.defined, *rewrites, *locks]


def _text(one: Measured) -> str:
    return _COMMENTS.sub("", one.statement, count=1)


def lock_text(one: Measured) -> str:
    """Return the locks that hurt somebody, as PostgreSQL's documentation writes them.

    Example:
        >>> lock_text(Measured(statement="", seconds=0, locks={"public.orders": "AccessExclusiveLock"}))
        'ACCESS EXCLUSIVE on public.orders'
    """
    return ", ".join(f"{lock} on {table}" for table, lock in _shown_locks(one, _BLOCKS_WRITES))


def _shown_locks(one: Measured, weakest: str) -> list[tuple[str, str]]:
    return [
        (table, re.sub(r"(?<!^)(?=[A-Z])", " ", mode.removesuffix("Lock")).upper())
        for table, mode in one.locks.items()
        if strength(mode) >= strength(weakest)
    ]


def one_line(statement: str) -> str:
    """Return a statement on one line, shortened."""
    text = " ".join(statement.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def same(statement: str, told: str) -> bool:
    r"""Return whether a finding's shortened statement is this one.

    Example:
        >>> same("ALTER TABLE a\n  DROP b;", "ALTER TABLE a DROP ...")
        True
    """
    start = " ".join(told.split()).removesuffix("...").removesuffix("…").rstrip(" ;")
    return bool(start) and " ".join(statement.split()).startswith(start)
