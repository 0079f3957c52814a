"""Every rule of the gate: what it weighs when nobody says otherwise, what breaks, and how to reach the same safely."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bluegreen.release.migrations.findings import Grade

BROKEN = "gate-broken"
NOT_VISIBLE = "sql-not-visible"
BAD_REASON = "override-without-reason"
UNKNOWN_OVERRIDE = "override-of-nothing"
UNUSED_OVERRIDE = "override-unused"

FINAL = frozenset({BROKEN, BAD_REASON, UNKNOWN_OVERRIDE, UNUSED_OVERRIDE})
"""What no revision can let pass, and no grade can change: they are about the gate itself."""

SHADOW = frozenset(
    {
        "breaks-live",
        "hidden-ddl",
        "narrows-live",
        "round-trip-fails",
        "shadow-access-exclusive",
        "shadow-rewrite",
        "shadow-several-tables",
        "upgrade-fails",
    }
)
"""Rules of the shadow run, which the gate cannot find, but a revision may let pass and a project may grade."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Args:
        grade: What it weighs; None when it is not asked for.
        breaks: What goes wrong for the version that still serves, or for the data; why it is not asked for, if so.
        rewrite: How to reach the same safely.
        lock: The strongest lock that hurts; empty when none does.
        squawk: Whether squawk finds it; else our own checks do.
    """

    grade: Grade | None
    breaks: str
    rewrite: str = ""
    lock: str = ""
    squawk: bool = False


_AE = "ACCESS EXCLUSIVE"
_SRE = "SHARE ROW EXCLUSIVE"
_LATER = "stop using it in this release, and remove it in a later one that is declared contract"
_BESIDE = "add the new one beside it, write both, move readers over, and remove the old one in a later contract release"
_CONCURRENTLY = (
    "alone in its revision, in `with op.get_context().autocommit_block():`, with postgresql_concurrently=True"
)
_NOT_VALID = "add it NOT VALID (postgresql_not_valid=True), and VALIDATE CONSTRAINT in a revision of its own"
_BATCHES = "fill rows in small batches outside the release, by a job that can be stopped and begun again"


def _block(breaks: str, rewrite: str, lock: str = "", *, squawk: bool = False) -> Rule:
    return Rule(grade=Grade.BLOCK, breaks=breaks, rewrite=rewrite, lock=lock, squawk=squawk)


def _contract(breaks: str, rewrite: str = _LATER, lock: str = "", *, squawk: bool = False) -> Rule:
    return Rule(grade=Grade.CONTRACT, breaks=breaks, rewrite=rewrite, lock=lock, squawk=squawk)


def _warn(breaks: str, rewrite: str, lock: str = "", *, squawk: bool = False) -> Rule:
    return Rule(grade=Grade.WARN, breaks=breaks, rewrite=rewrite, lock=lock, squawk=squawk)


def _not_asked(why: str) -> Rule:
    return Rule(grade=None, breaks=why, squawk=True)


LOCKS: dict[str, Rule] = {
    "require-concurrent-index-creation": _block(
        "every write to the table waits until the whole index is built",
        f"build it {_CONCURRENTLY}",
        "SHARE",
        squawk=True,
    ),
    "require-concurrent-index-deletion": _warn(
        "every reader and writer of the table waits behind it while it waits for its lock",
        f"drop it {_CONCURRENTLY}",
        _AE,
        squawk=True,
    ),
    "require-concurrent-reindex": _block(
        "reads and writes that could use the index wait until it is built again",
        "REINDEX ... CONCURRENTLY, alone in a revision with an autocommit block",
        _AE,
        squawk=True,
    ),
    "require-concurrent-partition-detach": _warn(
        "every reader and writer of the parent waits behind it while it waits for its lock",
        "DETACH PARTITION ... CONCURRENTLY, alone in a revision with an autocommit block",
        _AE,
        squawk=True,
    ),
    "constraint-missing-not-valid": _block(
        "reads or writes of the table wait while every row is looked at", _NOT_VALID, _AE, squawk=True
    ),
    "adding-foreign-key-constraint": _block(
        "writes to both tables wait while every row is looked at", _NOT_VALID, f"{_SRE} on both tables", squawk=True
    ),
    "adding-field-with-default": _block(
        "the table is written anew, with every reader and writer waiting",
        "add the column without a default (or with a constant one), and fill old rows in batches outside the release",
        _AE,
        squawk=True,
    ),
    "adding-required-field": _block(
        "fails when the table has rows; else every INSERT of the version that still serves fails",
        "give it a constant server_default, or let it be nullable until no version leaves it out",
        _AE,
        squawk=True,
    ),
    "adding-serial-primary-key-field": _block(
        "reads and writes wait while the index is built and every row is looked at",
        f"build a unique index {_CONCURRENTLY}, then ADD PRIMARY KEY USING INDEX (columns already NOT NULL)",
        _AE,
        squawk=True,
    ),
    "disallowed-unique-constraint": _block(
        "reads and writes wait while the index is built",
        f"build a unique index {_CONCURRENTLY}, then ADD CONSTRAINT ... UNIQUE USING INDEX",
        _AE,
        squawk=True,
    ),
    "changing-column-type": _block(
        "the table may be written anew, with every reader and writer waiting; the version that still serves may not"
        " read or write the new type",
        f"{_BESIDE}; a varchar that only grows changes nothing else: allow it, with that reason",
        _AE,
        squawk=True,
    ),
    "ban-alter-domain-with-add-constraint": _block(
        "every table with a column of the domain is locked and looked at",
        "put a CHECK on the tables' columns instead, NOT VALID, and validate it in a revision of its own",
        "SHARE on every table that uses it",
        squawk=True,
    ),
    "set-not-null": _block(
        "reads and writes wait while every row is looked at, and an INSERT without it fails from then on",
        "first ADD CONSTRAINT ... CHECK (column IS NOT NULL) NOT VALID, then VALIDATE CONSTRAINT in a revision of its"
        " own; SET NOT NULL after that looks at nothing",
        _AE,
    ),
    "table-rewrite": _block(
        "the whole relation is written anew, with every reader and writer waiting",
        "do it outside a release, with a tool that rewrites beside the live table (pg_repack); refresh a materialized"
        " view CONCURRENTLY, by a job",
        _AE,
    ),
    "lock-held": _block(
        "a lock that an earlier statement of the transaction took is held until this one has gone through its rows",
        "put them into two revisions: each runs in a transaction of its own",
        _AE,
    ),
    "lock-table": _block(
        "others who write wait until the transaction ends",
        "leave locking to the statements that need it",
        "what it names",
    ),
    "attach-partition": _warn(
        "the partition, and a default partition, are looked at row by row while locked, unless a CHECK proves them",
        "first give the partition a validated CHECK that says what its bounds say",
        "SHARE UPDATE EXCLUSIVE on the parent, ACCESS EXCLUSIVE on the partition",
    ),
    "create-partition": _warn(
        "every reader and writer of the parent waits behind it while it waits for its lock",
        "create it as a table of its own, then ATTACH PARTITION, which lets readers and writers of the parent go on",
        f"{_AE} on the parent",
    ),
}

CLIENTS: dict[str, Rule] = {
    "ban-drop-column": _contract("queries of the version that still serves name it, and fail", squawk=True, lock=_AE),
    "ban-drop-table": _contract("queries of the version that still serves name it, and fail", squawk=True, lock=_AE),
    "ban-drop-view": _contract("queries of the version that still serves name it, and fail", squawk=True, lock=_AE),
    "ban-drop-function": _contract("the version that still serves may call it, and fails", squawk=True),
    "ban-drop-type": _contract("columns, casts or queries that use it fail", squawk=True),
    "ban-drop-domain": _contract("columns or queries that use it fail", squawk=True),
    "ban-drop-schema": _contract("everything in it is gone for the version that still serves", squawk=True),
    "ban-drop-sequence": _contract("its INSERTs that take the next value fail", squawk=True),
    "ban-drop-extension": _contract("its functions, types and operators are gone", squawk=True),
    "ban-drop-constraint": _contract(
        "what the version that still serves takes for granted no longer holds; its ON CONFLICT fails without the"
        " unique constraint",
        squawk=True,
        lock=_AE,
    ),
    "ban-drop-index": _contract(
        "its queries are planned without it, which may make them slow; a unique index also held a promise",
        squawk=True,
    ),
    "ban-drop-default": _contract(
        "an INSERT that leaves the column out writes NULL, or fails where NULL is refused", squawk=True, lock=_AE
    ),
    "ban-drop-generated-expression": _contract(
        "rows that the version that still serves writes no longer get the value", squawk=True, lock=_AE
    ),
    "ban-drop-policy": _contract("rows or side effects that it relies on change at once", squawk=True, lock=_AE),
    "ban-drop-trigger": _contract("what the trigger did for its writes is no longer done", squawk=True, lock=_AE),
    "ban-drop-not-null": _warn(
        "once the candidate writes NULL, the version that still serves reads NULL where it never did",
        "let no version write NULL before every version can read it",
        _AE,
        squawk=True,
    ),
    "renaming-column": _contract(
        "queries of the version that still serves name it, and fail", _BESIDE, _AE, squawk=True
    ),
    "renaming-table": _contract(
        "queries of the version that still serves name it, and fail",
        "leave its name; or rename it and, in the same revision, create a view of the old name: allow it, with that"
        " reason",
        _AE,
        squawk=True,
    ),
    "renaming-object": _contract(
        "what names it fails; a renamed enum value is one that is unknown", _BESIDE, squawk=True
    ),
    "ban-set-schema": _contract(
        "queries of the version that still serves no longer find it", _BESIDE, _AE, squawk=True
    ),
    "ban-alter-identity": _contract(
        "INSERTs that give the column a value, or leave it out, may fail", _BESIDE, _AE, squawk=True
    ),
    "ban-alter-generated-expression": _contract("values that are read or written change", _BESIDE, _AE, squawk=True),
    "ban-new-write-restriction": _contract(
        "an INSERT or UPDATE of the version that still serves may be refused",
        "release a version that writes only what the new rule allows, then add the rule in a later release",
        squawk=True,
    ),
    "ban-set-default": _warn(
        "an INSERT that leaves the column out writes another value than before",
        "let the new version write the value itself",
        _AE,
        squawk=True,
    ),
    "ban-disable-trigger": _contract("side effects of its writes change at once", squawk=True, lock=_SRE),
    "ban-replica-identity": _contract(
        "consumers of logical replication stop, or get other rows; UPDATEs may be refused", squawk=True
    ),
    "ban-revoke": _contract("its queries are denied", squawk=True),
    "ban-replace-view-function": _warn(
        "the version that still serves runs the new body at once, with the same signature",
        "when it does other than before, create it under a new name",
        squawk=True,
    ),
    "ban-create-policy": _contract("rows may become invisible to it, or its writes be refused", squawk=True, lock=_AE),
    "ban-alter-policy-condition": _contract(
        "rows may become invisible to it, or its writes be refused", squawk=True, lock=_AE
    ),
    "ban-alter-policy-roles": _contract(
        "rows may become invisible to it, or its writes be refused", squawk=True, lock=_AE
    ),
    "ban-alter-row-level-security": _contract(
        "rows may become invisible to it, or its writes be refused", squawk=True, lock=_AE
    ),
    "ban-alter-function-options": _contract("what it calls runs otherwise at once", squawk=True),
    "ban-alter-view-options": _contract("what it reads is checked otherwise at once", squawk=True),
    "ban-alter-role-options": _block(
        "every session of the role changes, also of versions and services that this release does not know",
        "change roles where they are made, not in a release",
        squawk=True,
    ),
    "ban-alter-database-options": _block(
        "every session changes, also of versions and services that this release does not know",
        "set it in the parameter group",
        squawk=True,
    ),
    "ban-alter-system-options": _block("the whole server changes", "set it in the parameter group", squawk=True),
    "ban-alter-extension": _contract("its functions, types and operators change or go", squawk=True),
    "ban-add-enum-value": _warn(
        "once the candidate writes it, the version that still serves reads a value that it does not know; it can never"
        " be taken back",
        "release a version that reads it before one that writes it",
        squawk=True,
    ),
    "ban-add-composite-attribute": _contract(
        "values of the type that are read get another shape", _BESIDE, squawk=True
    ),
    "ban-detach-inheritance": _contract("rows vanish from the parent's queries", squawk=True),
    "ban-alter-sequence-values": _contract(
        "keys that its INSERTs take next may be taken already, or jump", "leave sequences to their owners", squawk=True
    ),
    "inherit": _contract("rows appear in the parent's queries", "read both tables by a view", _AE),
    "create-trigger": _contract(
        "it fires for the writes of the version that still serves, which may get slow, be changed or fail",
        "add it when every version that writes can live with it; where it keeps an old and a new column in step,"
        " allow it, with that reason",
        _SRE,
    ),
    "create-rule": _contract(
        "queries of the version that still serves are rewritten", "write what it should do into the application", _AE
    ),
    "grant": _warn(
        "whoever it names may do more from now on, and keeps that when the release is rolled back",
        "leave the application's privileges to the runner, which gives them for every new table",
    ),
    "identifier-too-long": _warn(
        "PostgreSQL cuts the name at 63 bytes, and the model's name differs", "give it a shorter name", squawk=True
    ),
}

DATA: dict[str, Rule] = {
    "update-without-where": _block(
        "every row is locked until it is all done, and written anew: writers wait, the table doubles",
        _BATCHES,
        "ROW EXCLUSIVE, and every row",
    ),
    "delete-without-where": _block("every row is gone, for the version that still serves too", _LATER, "every row"),
    "truncate": _block("every row is gone, for the version that still serves too", _LATER, _AE),
    "backfill-in-release": _warn(
        "its rows stay locked until it is all done, the release waits for it, and rows that the version that still"
        " serves writes afterwards are not in it",
        _BATCHES,
        "the rows it finds",
    ),
    "delete-in-release": _warn(
        "the rows are gone, for the version that still serves too; a downgrade does not bring them back",
        "delete when no version reads them, by a job outside the release",
        "the rows it finds",
    ),
    "ban-drop-database": _block("everything is gone", "do it by hand, if ever", squawk=True),
}

UNSEEN: dict[str, Rule] = {
    NOT_VISIBLE: _block(
        "what it does is decided while it runs, so nobody has judged it",
        "write its SQL without reading the database; move data by a job outside the release; or allow it, and say in"
        " the reason what it does and to how many rows",
    ),
    "do-block": _block(
        "nothing in a DO block is judged",
        "write its statements into the revision one by one; or allow it, and say in the reason what it does",
    ),
    "opaque-call": _block(
        "nothing that the function or procedure does is judged",
        "write its statements into the revision; or allow it, and say in the reason what it does",
    ),
    "dynamic-sql": _warn(
        "the function builds SQL when it is called, which nobody has judged", "write the statements out"
    ),
    "unjudged-statement": _block(
        "the gate knows nothing of this kind of statement",
        "leave it out; or allow it, and say in the reason what it locks and whom it reaches",
    ),
    "syntax-error": _block(
        "squawk cannot read it, so what stands here is not judged",
        "write it so that PostgreSQL's grammar reads it; or allow it, and say in the reason what it does",
        squawk=True,
    ),
}

TRANSACTIONS: dict[str, Rule] = {
    "not-in-transaction": _block(
        "PostgreSQL refuses it in a transaction: the revision fails", f"run it {_CONCURRENTLY}"
    ),
    "not-alone": _block(
        "outside a transaction nothing is taken back: when a later statement fails, the earlier ones stay and the"
        " revision cannot be run again",
        "give the autocommit block a revision of its own, with one statement",
    ),
    "concurrently-if-not-exists": _block(
        "an index that a failed attempt left INVALID is there, so this does nothing and counts as done",
        "leave IF NOT EXISTS out: the runner removes an INVALID index before it tries again",
    ),
    "transaction-control": _block(
        "it ends or divides the transaction that makes the revision whole", "leave BEGIN and COMMIT to the runner"
    ),
    "session-setting": _block(
        "it undoes what the runner set for the session: its lock timeout, its role, where tables are found",
        "leave it out; name schemas and owners where they are needed",
    ),
}

GATE: dict[str, Rule] = {
    BROKEN: _block("nothing was judged, and silence is no pass", "see why in the statement above"),
    BAD_REASON: _block("the override does not count", "write why it is safe here, in at least 10 characters"),
    UNKNOWN_OVERRIDE: _block("no rule has this name, so it lets nothing pass", "correct the name, or remove it"),
    UNUSED_OVERRIDE: _warn("nothing was found that it would let pass", "remove it"),
}

_OWN_IS_BETTER = "a check of our own sees more of it: "
_STYLE = "style: nothing breaks and nothing waits"
NOT_ASKED: dict[str, Rule] = {
    "require-lock-timeout": _not_asked("the runner sets lock_timeout for every session, and tries again"),
    "require-statement-timeout": _not_asked("the runner holds the deadline"),
    "require-timeout-settings": _not_asked("another name of the two above"),
    "adding-not-nullable-field": _not_asked(f"{_OWN_IS_BETTER}set-not-null"),
    "ban-concurrent-index-creation-in-transaction": _not_asked(f"{_OWN_IS_BETTER}not-in-transaction"),
    "ban-truncate-cascade": _not_asked(f"{_OWN_IS_BETTER}truncate"),
    "transaction-nesting": _not_asked(f"{_OWN_IS_BETTER}transaction-control"),
    "ban-uncommitted-transaction": _not_asked(f"{_OWN_IS_BETTER}transaction-control"),
    "prefer-repack": _not_asked(f"{_OWN_IS_BETTER}table-rewrite"),
    "prefer-robust-stmts": _not_asked("Alembic knows what ran, and IF NOT EXISTS hides what failed"),
    "ban-add-column": _not_asked(
        "it is what expanding means; an INSERT without column names is the one thing it breaks"
    ),
    "ban-create-domain-with-constraint": _not_asked("a new domain harms nobody; changing it is judged"),
    "ban-duplicate-column-assignments": _not_asked("PostgreSQL refuses it itself"),
    "require-enum-value-ordering": _not_asked(_STYLE),
    "require-table-schema": _not_asked(_STYLE),
    "prefer-bigint-over-int": _not_asked(_STYLE),
    "prefer-bigint-over-smallint": _not_asked(_STYLE),
    "prefer-identity": _not_asked(_STYLE),
    "prefer-text-field": _not_asked(_STYLE),
    "prefer-timestamp-tz": _not_asked(_STYLE),
    "ban-char-field": _not_asked(_STYLE),
    "unused-ignore": _not_asked("comments are taken out before squawk reads a statement"),
}

RULES: dict[str, Rule] = LOCKS | CLIENTS | DATA | UNSEEN | TRANSACTIONS | GATE | NOT_ASKED
"""By name: squawk's names for what squawk finds."""

NEW_IS_HARMLESS = (LOCKS | CLIENTS | DATA).keys() - {"lock-held", "backfill-in-release"}
"""What harms nobody when it happens to something that the version that still serves does not know; the
two left out are about the tables that are read, or locked before."""

_ALWAYS_APPLIED = frozenset({"syntax-error", "unused-ignore"})


def graded(changes: Mapping[str, Grade]) -> Mapping[str, Rule]:
    """Return the rules with their grades changed.

    Args:
        changes: By name; a rule that is not asked for otherwise then is.

    Raises:
        ValueError: If there is no such rule, or its grade is final.
    """
    changes = {name: grade for name, grade in changes.items() if name not in SHADOW}
    for name in changes:
        if name not in RULES:
            raise ValueError(f"no rule of the gate is called {name!r}; see docs/migrations-gate.md for their names")
        if name in FINAL:
            raise ValueError(f"the grade of {name} cannot be changed: it is about the gate itself")
    return RULES | {name: replace(RULES[name], grade=Grade(grade)) for name, grade in changes.items()}


def to_ask_for(rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """Return the rules to name to squawk, which applies some only then."""
    return tuple(name for name, rule in rules.items() if rule.squawk and rule.grade and name not in _ALWAYS_APPLIED)
