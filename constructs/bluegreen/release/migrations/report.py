"""What a person reads about pending revisions: a code review in plain text, the same in CI, a log and a terminal."""

from collections.abc import Iterable, Sequence
from textwrap import fill

from .findings import Finding, Grade, Phase
from .result import RevisionReport

WIDTH = 110
"""Columns; what is written by people is wrapped, a statement never is, so that it can be copied."""

_LABEL = 11


def review(revisions: Sequence[RevisionReport], *, contract: bool = False) -> str:
    """Return the findings of each revision as a reviewer would write them, and one line that counts them.

    Args:
        revisions: In the order in which they run.
        contract: Whether the release is declared contract; when omitted, it is not.

    Returns:
        Lines without colour, without a line break at the end.

    Example:
        >>> drop = Finding(
        ...     rule="drop-column",
        ...     grade=Grade.CONTRACT,
        ...     revision="8c1f",
        ...     statement="ALTER TABLE orders DROP COLUMN note",
        ...     breaks="the version that still serves reads it: its queries fail",
        ...     rewrite="stop reading it in this release, drop it in a later one",
        ...     lock="ACCESS EXCLUSIVE on orders",
        ... )
        >>> print(review([RevisionReport(revision="8c1f", message="Drop the note", findings=(drop,))]))
        8c1f  Drop the note  (expand, cannot be taken back)
          BLOCKS outside a contract release: drop-column
            statement  ALTER TABLE orders DROP COLUMN note
            lock       ACCESS EXCLUSIVE on orders
            breaks     the version that still serves reads it: its queries fail
            instead    stop reading it in this release, drop it in a later one
            override   phase = "contract" in the revision and in the release, or
                       allow = {"drop-column": "why it is safe here"} in the revision
        <BLANKLINE>
        1 revision: 1 finding blocks, 0 warnings, 0 let pass
        >>> print(review([]))
        no revision is pending
    """
    if not revisions:
        return "no revision is pending"
    sections = [_section(one, _phase(one, contract=contract)) for one in revisions]
    return "\n\n".join([*sections, _count(revisions, contract=contract)])


def blocking(revisions: Iterable[RevisionReport], *, contract: bool = False) -> tuple[Finding, ...]:
    """Return the findings for which a release must not run the revisions.

    Args:
        revisions: Which.
        contract: Whether the release is declared contract; when omitted, it is not.

    Returns:
        In the order of the revisions.
    """
    return tuple(
        finding for one in revisions for finding in one.findings if finding.blocks(_phase(one, contract=contract))
    )


def finding_lines(finding: Finding, phase: Phase) -> list[str]:
    """Return one finding as a reviewer would write it, indented below its revision.

    Args:
        finding: Which.
        phase: `CONTRACT` when both the revision and the release are declared contract.
    """
    return [
        f"  {_verdict(finding, phase)}: {finding.rule}",
        *([f"    {'statement':<{_LABEL}}{finding.statement}"] if finding.statement else []),
        *_field("lock", finding.lock),
        *_field("breaks", finding.breaks),
        *_field("instead", finding.rewrite),
        *_how_to_override(finding, phase),
    ]


def _phase(revision: RevisionReport, *, contract: bool) -> Phase:
    return Phase.CONTRACT if contract and revision.phase is Phase.CONTRACT else Phase.EXPAND


def _section(revision: RevisionReport, phase: Phase) -> str:
    kind = [revision.phase, "reversible" if revision.reversible else "cannot be taken back"]
    if not revision.transactional:
        kind.append("outside any transaction")
    title = "  ".join(part for part in (revision.revision, revision.message, f"({', '.join(kind)})") if part)
    if not revision.findings:
        return f"{title}\n  nothing found"
    return "\n".join([title, *(line for finding in revision.findings for line in finding_lines(finding, phase))])


def _verdict(finding: Finding, phase: Phase) -> str:
    if finding.override is not None:
        return "let pass by the revision"
    if finding.grade is Grade.WARN:
        return "warns"
    if finding.grade is Grade.BLOCK:
        return "BLOCKS"
    return "BLOCKS outside a contract release" if finding.blocks(phase) else "passes in this contract release"


def _how_to_override(finding: Finding, phase: Phase) -> list[str]:
    if finding.override is not None:
        return _field("reason", finding.override)
    if not finding.blocks(phase):
        return []
    allow = f'allow = {{"{finding.rule}": "why it is safe here"}} in the revision'
    if finding.grade is Grade.BLOCK:
        return [f"    {'override':<{_LABEL}}{allow}"]
    return [
        f'    {"override":<{_LABEL}}phase = "contract" in the revision and in the release, or',
        f"    {'':<{_LABEL}}{allow}",
    ]


def _field(label: str, text: str) -> list[str]:
    if not text:
        return []
    hanging = " " * (4 + _LABEL)
    return fill(
        text,
        WIDTH,
        initial_indent=f"    {label:<{_LABEL}}",
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    ).splitlines()


def _count(revisions: Sequence[RevisionReport], *, contract: bool) -> str:
    findings = [finding for one in revisions for finding in one.findings]
    blocks = len(blocking(revisions, contract=contract))
    passed = sum(finding.override is not None for finding in findings)
    warnings = len(findings) - blocks - passed
    return (
        f"{_number(len(revisions), 'revision')}: {_number(blocks, 'finding')} block{'s' if blocks == 1 else ''}, "
        f"{_number(warnings, 'warning')}, {passed} let pass"
    )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
