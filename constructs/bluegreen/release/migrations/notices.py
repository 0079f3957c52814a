"""What the owner of a service reads when a failed release leaves a migrated schema behind."""

from bluegreen.release.notice import Notice, subject

from .ledger import Record, position


def kept(service: str, record: Record, works_with_before: bool, why: str) -> Notice:  # noqa: FBT001 - a fact
    """Say that the schema stays as it is.

    Args:
        service: The service's name.
        record: The release's run.
        works_with_before: Whether the version before works with it, as the ledger says.
        why: Why it is not taken back although this was asked for; empty when it was not.

    Example:
        >>> from .ledger import Mode
        >>> run = Record(id="d-1", mode=Mode.RUN, version="v2", by="d-1", started="t", before=("a1",), after=("b2",))
        >>> notice = kept("orders", run, True, "")
        >>> notice.subject
        'orders: the release of v2 failed; its schema stays at b2'
        >>> print(notice.text)
        The release of v2 (d-1) failed after it had migrated the database from a1 to b2.
        The schema stays at b2: the version before works with it. Fix forward, or take it back by hand:
        bluegreen migrations downgrade --to a1
    """
    here = position(record.after)
    fits = "the version before works with it" if works_with_before else "look whether the version before works with it"
    because = f" It is not taken back: {why}." if why else ""
    return Notice(
        subject(f"{service}: the release of {record.version} failed; its schema stays at {here}"),
        f"The release of {record.version} ({record.id}) failed after it had migrated the database from "
        f"{position(record.before)} to {here}.{because}\n"
        f"The schema stays at {here}: {fits}. Fix forward, or take it back by hand:\n"
        f"bluegreen migrations downgrade --to {position(record.before)}",
    )


def downgraded(service: str, record: Record, downgrade: Record) -> Notice:
    """Say how the downgrade after a failed release went.

    Args:
        service: The service's name.
        record: The release's run.
        downgrade: The run that took it back, or tried.
    """
    if downgrade.passed:
        what = f"its schema is back at {position(downgrade.after)}"
    else:
        what = "its schema could NOT be taken back"
    return Notice(
        subject(f"{service}: the release of {record.version} failed; {what}"),
        f"The release of {record.version} ({record.id}) failed after it had migrated the database; {what}.\n"
        f"{downgrade.message}.\nbluegreen migrations status shows both runs.",
    )
