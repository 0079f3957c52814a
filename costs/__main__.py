"""`python -m costs [--write]`: prints the estimate, or writes it to docs/costs.md, where a test looks for it."""

import argparse
import json
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from stacks.environments import ENVIRONMENTS, Environment
from stacks.reference import define_reference

from .estimate import Estimator, Item, Prices
from .options import options

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGE = ROOT / "docs" / "costs.md"
_PREFACE = """\
An estimate, in US dollars a month: what the synthesized templates hold, at list prices of {region}
([costs/prices.toml](../costs/prices.toml): a table of {date} that says which prices were compared with anything), with
what flows as [costs/usage.toml](../costs/usage.toml) assumes. No discount, no free tier, no tax, no data sent to users.
Nobody has compared it with a bill. Change the two files and run `make costs`.
"""
_AFTERWORD = """\
A release runs both versions at once: for as long as it lasts, and while the previous version is kept, the tasks cost
twice. Functions, state machines, the ledger's table, CodeDeploy and the log of the network's flow cost cents at this
traffic, and are left out."""


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(prog="costs", description="Estimate what each environment costs in a month.")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    write = parser.parse_args().write
    with tempfile.TemporaryDirectory(prefix="bluegreen-costs-") as folder:
        app = cdk.App(outdir=folder, context=json.loads((ROOT / "cdk.json").read_text())["context"])
        define_reference(app, list(ENVIRONMENTS.values()), version="v1")
        app.synth()
        text = page(Path(folder))
    if write:
        PAGE.write_text(text)
    else:
        sys.stdout.write(text)


def page(assembly: Path) -> str:
    """Return the page.

    Args:
        assembly: The folder of the synthesized reference deployment.

    Returns:
        Markdown.
    """
    prices = Prices(_read("prices.toml"))
    usage = _read("usage.toml")
    return "\n".join(_lines(assembly, prices, usage)) + "\n"


def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads((HERE / name).read_text())


def _lines(assembly: Path, prices: Prices, usage: Mapping[str, Any]) -> Iterator[str]:
    table = prices.table
    yield "# What an environment costs\n"
    yield _PREFACE.format(date=table["date"], region=table["region"])
    for environment in ENVIRONMENTS.values():
        items = Estimator.of(_templates(assembly, environment), prices, usage[environment.name]).items()
        yield f"## {environment.name}: {sum(item.dollars for item in items):,.0f} a month\n"
        yield from _table(items)
    yield "## What choices add\n"
    yield from _table(list(options(prices, zones=3)))
    yield _AFTERWORD


def _table(items: Sequence[Item]) -> Iterator[str]:
    yield "| what | dollars |"
    yield "|---|---:|"
    for item in items:
        yield f"| {item.what} | {item.dollars:,.2f} |"
    yield ""


def _templates(assembly: Path, environment: Environment) -> list[Mapping[str, Any]]:
    names = (environment.data_stack_name, environment.stack_name)
    return [json.loads((assembly / f"{name}.template.json").read_text()) for name in names]


if __name__ == "__main__":
    main()
