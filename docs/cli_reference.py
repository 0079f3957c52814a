"""Writes docs/cli.md from the commands' own help: `make docs`. A test fails when the page is stale."""

from collections.abc import Iterator
from pathlib import Path

import click

from bluegreen.cli import main

PAGE = Path(__file__).with_name("cli.md")


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """Yield each command's full name and its help, parents first."""
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None  # noqa: S101 - it was just listed
            yield from commands(child, click.Context(child, info_name=name, parent=context))


def page() -> str:
    """Return the page."""
    context = click.Context(main, info_name="bluegreen", **main.context_settings)
    sections = [f"## {name}\n\n```text\n{text}\n```\n" for name, text in commands(main, context)]
    return "# Command line\n\nMade from `--help` by `make docs`.\n\n" + "\n".join(sections)


if __name__ == "__main__":
    PAGE.write_text(page())
