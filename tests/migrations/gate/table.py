"""Judges every sample, and prints how often the gate is right: `python tests/migrations/gate/table.py`."""

import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from bluegreen.migrations.gate import judge
from bluegreen.migrations.project import Project, RevisionSource, source_of
from bluegreen.release.migrations.findings import Finding, Phase

sys.path.append(str(Path(__file__).parent))  # run by itself, and by a test as no package

from samples import SAMPLES, Sample, Truth

_REVISION = """\"\"\"Sample.\"\"\"

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down!r}
{head}

def upgrade():
    {body}


def downgrade():
    pass
"""


@dataclass(frozen=True)
class Judged:
    """A sample and what the gate says of it."""

    sample: Sample
    verdict: Truth
    findings: tuple[Finding, ...]

    @property
    def warned(self) -> bool:
        """Whether it passes with a warning."""
        return self.verdict is Truth.SAFE and bool(self.findings)


@dataclass(frozen=True)
class Score:
    """How often the gate is right that something must not run in an ordinary release.

    Args:
        hits: Harmful and refused.
        false_alarms: Harmless and refused.
        misses: Harmful and let pass.
        passes: Harmless and let pass.
        warned_misses: Of the misses, those that it warns of.
        same: Refused for as long as the sample's label says: until a contract release, or for ever.
    """

    hits: int
    false_alarms: int
    misses: int
    passes: int
    warned_misses: int
    same: int

    @property
    def precision(self) -> float:
        """The share of refusals that are right."""
        return self.hits / (self.hits + self.false_alarms)

    @property
    def recall(self) -> float:
        """The share of what is harmful that is refused."""
        return self.hits / (self.hits + self.misses)


def sources(upgrades: tuple[str, ...], head: str = "") -> list[RevisionSource]:
    """Write revisions into files as a project has them, and read them as the runner does.

    Args:
        upgrades: The body of each one's `upgrade()`, in their order.
        head: What the last one declares besides.
    """
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder, "versions")
        versions.mkdir()
        for number, body in enumerate(upgrades, 1):
            text = _REVISION.format(
                revision=number,
                down=str(number - 1) if number > 1 else None,
                head=head if number == len(upgrades) else "",
                body=body.replace("\n", "\n    "),
            )
            Path(versions, f"{number}.py").write_text(text, encoding="utf-8")
        config = Config()
        config.set_main_option("script_location", folder)
        config.set_main_option("path_separator", "os")
        return [source_of(one) for one in Project(config, ScriptDirectory.from_config(config)).pending(())]


@cache
def judged() -> tuple[Judged, ...]:
    """Judge every sample once."""
    return tuple(_judged(one) for one in SAMPLES)


def _judged(sample: Sample) -> Judged:
    findings = tuple(one for found in judge(sources(sample.upgrades), {}).values() for one in found)
    verdict = Truth.SAFE
    if any(one.blocks(Phase.EXPAND) for one in findings):
        verdict = Truth.CONTRACT
    if any(one.blocks(Phase.CONTRACT) for one in findings):
        verdict = Truth.NEVER
    return Judged(sample, verdict, findings)


def score(table: tuple[Judged, ...]) -> Score:
    """Count."""
    harmful = [one for one in table if one.sample.truth is not Truth.SAFE]
    harmless = [one for one in table if one.sample.truth is Truth.SAFE]
    missed = [one for one in harmful if one.verdict is Truth.SAFE]
    return Score(
        hits=len(harmful) - len(missed),
        false_alarms=sum(one.verdict is not Truth.SAFE for one in harmless),
        misses=len(missed),
        passes=sum(one.verdict is Truth.SAFE for one in harmless),
        warned_misses=sum(one.warned for one in missed),
        same=sum(one.verdict is one.sample.truth for one in table),
    )


def lines(table: tuple[Judged, ...]) -> list[str]:
    """Return the table as text."""
    rows = [f"{'pending revisions':<68} {'truth':<9} {'gate':<9} {'':<11} rules"]
    for one in table:
        verdict = "warns" if one.warned else one.verdict
        rules = ", ".join(dict.fromkeys(found.rule for found in one.findings))
        rows.append(f"{one.sample.name:<68} {one.sample.truth:<9} {verdict:<9} {_mark(one):<11} {rules}".rstrip())
    found = score(table)
    total = len(table)
    return [
        *rows,
        "",
        f"{total} samples: {found.hits} harmful refused, {found.passes} harmless pass",
        f"{found.false_alarms} false alarms; {found.misses} misses, {found.warned_misses} of them with a warning",
        f"precision {found.precision:.2f}, recall {found.recall:.2f}, the same grade as the label {found.same}/{total}",
    ]


def _mark(one: Judged) -> str:
    harmful, refused = one.sample.truth is not Truth.SAFE, one.verdict is not Truth.SAFE
    if harmful == refused:
        return ""
    return "MISS" if harmful else "FALSE ALARM"


if __name__ == "__main__":
    print("\n".join(lines(judged())))  # noqa: T201 - what it is for
