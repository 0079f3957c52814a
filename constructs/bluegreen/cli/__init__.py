"""The `bluegreen` command. Importing it loads click alone, so that help answers at once and without Node."""

import sys
from typing import Any

import click

from bluegreen import __version__
from bluegreen.errors import BluegreenError

from .drill import drill
from .migrations import migrations
from .rehearse import rehearse
from .stack_policy import stack_policy


class Commands(click.Group):
    """A group whose commands end with a message and a hint, not with a traceback, when an error is for people."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a `BluegreenError` becomes one line, a hint and its exit code."""
        try:
            return super().invoke(ctx)
        except BluegreenError as error:
            click.echo(f"error: {error}", err=True)
            if error.hint:
                click.echo(f"hint: {error.hint}", err=True)
            sys.exit(error.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bluegreen")
def main() -> None:
    """Releases of ECS Fargate services that cannot hurt their users."""


main.add_command(drill)
main.add_command(migrations)
main.add_command(rehearse)
main.add_command(stack_policy)
