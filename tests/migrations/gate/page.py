"""Writes what docs/migrations-gate.md takes from the code: `python tests/migrations/gate/page.py`."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from bluegreen.migrations.gate import rules
from bluegreen.migrations.gate.rules import Rule

sys.path.append(str(Path(__file__).parent))  # run by itself, and by a test as no package

import table

PAGE = Path(__file__).parents[3] / "docs" / "migrations-gate.md"


def page(text: str) -> str:
    """Return the page with everything between its marks written anew."""
    parts = {
        "locks": _rules(rules.LOCKS),
        "clients": _rules(rules.CLIENTS),
        "data": _rules(rules.DATA),
        "unseen": _rules(rules.UNSEEN),
        "transactions": _rules(rules.TRANSACTIONS),
        "gate": _rules(rules.GATE),
        "not-asked": _not_asked(),
        "figures": _figures(),
    }
    for name, part in parts.items():
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        text = re.sub(f"{start}.*?{end}", lambda _, new=f"{start}\n{part}\n{end}": new, text, flags=re.DOTALL)
    return text


def _rules(group: Mapping[str, Rule]) -> str:
    rows = ["| rule | grade | lock | what breaks | the safe way |", "|---|---|---|---|---|"]
    for name, rule in group.items():
        mark = "" if rule.squawk else " *"
        rows.append(f"| `{name}`{mark} | {rule.grade} | {rule.lock} | {rule.breaks} | {rule.rewrite} |")
    return "\n".join(rows)


def _not_asked() -> str:
    rows = ["| squawk's rule | why not |", "|---|---|"]
    return "\n".join([*rows, *(f"| `{name}` | {rule.breaks} |" for name, rule in rules.NOT_ASKED.items())])


def _figures() -> str:
    return "\n".join(["```text", *table.lines(table.judged()), "```"])


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
