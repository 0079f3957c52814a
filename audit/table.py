"""One line a stack: how much it is, and what the linters say."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.table import Table

MOST_RESOURCES = 400
"""Our own limit; CloudFormation's is 500."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is known of one stack.

    Args:
        stack: Its name.
        resources: How many.
        nag: Findings of AwsSolutions that nobody acknowledged.
        nag_acknowledged: Those that are meant, each with its reason.
        nist: The same of NIST 800-53 R5.
        nist_acknowledged: The same.
        lint: What cfn-lint said, notes included.
        checks_passed: Checks of checkov that passed.
        checks_failed: Checks that failed.
        unexplained: Those without an explanation, spelt out.
        broad: Statements that allow too much, spelt out.
        ours: Whether it is ours; the peer's is there to compare.
    """

    stack: str
    resources: int
    nag: int
    nag_acknowledged: int
    nist: int
    nist_acknowledged: int
    lint: int
    checks_passed: int
    checks_failed: int
    unexplained: Sequence[str]
    broad: Sequence[str]
    ours: bool = True

    @property
    def failures_per_resource(self) -> float:
        """Checks of checkov that failed, for each resource."""
        return self.checks_failed / self.resources

    @property
    def complaints(self) -> list[str]:
        """What must not be, in words; empty when the stack passes."""
        told = [
            (self.resources >= MOST_RESOURCES, f"{self.resources} resources; fewer than {MOST_RESOURCES} are allowed"),
            (self.nag, f"{self.nag} findings of AwsSolutions without an acknowledgement"),
            (self.nist, f"{self.nist} findings of NIST 800-53 R5 without an acknowledgement"),
            (self.lint, f"{self.lint} findings of cfn-lint"),
        ]
        wrong = [words for found, words in told if found]
        wrong += [f"not explained in audit/explained.toml: {one}" for one in self.unexplained]
        wrong += [f"allows too much: {one}" for one in self.broad]
        return [f"{self.stack}: {words}" for words in wrong] if self.ours else []

    def document(self) -> dict[str, object]:
        """Return what `--json` prints of it."""
        return asdict(self) | {"failures_per_resource": round(self.failures_per_resource, 3)}


def render(lines: Sequence[Line]) -> Table:
    """Return the table for people."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in (
        "stack",
        "resources",
        "AwsSolutions",
        "NIST 800-53",
        "cfn-lint",
        "checkov",
        "per resource",
        "broad",
    ):
        table.add_column(heading, justify="left" if heading == "stack" else "right", no_wrap=True)
    for line in lines:
        table.add_row(
            line.stack,
            str(line.resources),
            f"{line.nag} ({line.nag_acknowledged} meant)",
            f"{line.nist} ({line.nist_acknowledged} meant)",
            str(line.lint),
            f"{line.checks_passed} pass, {line.checks_failed} fail",
            f"{line.failures_per_resource:.2f}",
            str(len(line.broad)),
            style=None if line.ours else "dim",
        )
    return table
