"""`bluegreen migrations`: look at a deployed service's migrations, plan, run and take them back."""

import json
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NoReturn, TypeVar

import click

from bluegreen.errors import BluegreenError

from .migrations_check import check

FAILED = 1
_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group()
def migrations() -> None:
    """See, run and take back a service's migrations; check a project's.

    What is started here is the same as in a release: the same task, lease, checks and record. Credentials and the
    region come from the environment, such as AWS_PROFILE and AWS_REGION. Only check needs no AWS.

    The exit code is 0 when all is well, 1 when migrations were refused or failed, and 2 when the command could not be
    carried out.
    """


def _of_a_service(command: _Command) -> _Command:
    """Add the options of every command that works on a deployed service."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, progress to the other output."),
        click.option("--service", metavar="NAME", help="Whose migrations, when the stack has several."),
        click.option("--stack", metavar="NAME", required=True, help="The deployed stack."),
    ):
        command = option(command)
    return command


migrations.add_command(check)
_yes = click.option("--yes", is_flag=True, help="Do not ask; for scripts.")


@migrations.command()
@_of_a_service
def status(stack: str, service: str | None, *, as_json: bool) -> None:
    """Show the schema, the lease and the newest runs."""
    from .migrations_view import status_text  # noqa: PLC0415 - `--help` need not wait for boto3

    found = _Deployed(stack, service)
    told = found.migrations.status()
    click.echo(json.dumps(asdict(told), indent=2) if as_json else status_text(told))


@migrations.command()
@_of_a_service
def plan(stack: str, service: str | None, *, as_json: bool) -> None:
    """Show what is pending; change nothing.

    A task with the deployed image reads the database, and the gate judges what it would run.
    """
    found = _Deployed(stack, service)
    _end(found.play("plan"), as_json=as_json)


@migrations.command()
@_of_a_service
@_yes
def run(stack: str, service: str | None, *, as_json: bool, yes: bool) -> None:
    """Show what is pending, ask, and migrate.

    As a release would: with the same restore point first. Ctrl-C leaves the run to itself.
    """
    _check_asking(yes=yes)
    found = _Deployed(stack, service)
    planned = found.play("plan")
    if planned.outcome != "pending":
        _end(planned, as_json=as_json)
    _ask(_text(planned), f"Migrate {found.database}?", yes=yes)
    _end(found.play("run"), as_json=as_json)


@migrations.command()
@_of_a_service
@_yes
@click.option("--to", metavar="REVISION", required=True, help="The revision to go back to.")
def downgrade(stack: str, service: str | None, *, as_json: bool, yes: bool, to: str) -> None:
    """Show what would be taken back, ask, and take it back.

    It runs from the image that brought the revisions, and is refused when one is not reversible or rows would be lost.
    """
    from .migrations_view import downgrade_text  # noqa: PLC0415 - `--help` need not wait for it

    _check_asking(yes=yes)
    found = _Deployed(stack, service)
    _ask(downgrade_text(found.migrations.status(), to), f"Take {found.database} back to {to}?", yes=yes)
    _end(found.play("downgrade", to), as_json=as_json)


@migrations.command("restore-plan")
@_of_a_service
@click.argument("run_id", metavar="[RUN]", required=False)
def restore_plan(run_id: str | None, stack: str, service: str | None, *, as_json: bool) -> None:
    """Show how to restore to before RUN; do nothing.

    Every step, and what would be lost. Without RUN it is the newest run with a restore point. A restore is never
    automatic: it loses every write since.
    """
    from bluegreen.operations.restore import plan_restore  # noqa: PLC0415 - likewise

    from .migrations_view import restore_text  # noqa: PLC0415

    found = _Deployed(stack, service)
    made = plan_restore(found.migrations.status(), run_id, found.resources, found.clients)
    click.echo(json.dumps(asdict(made), indent=2) if as_json else restore_text(made))


class _Deployed:
    """The migrations of a deployed service, as every command here needs them."""

    def __init__(self, stack: str, service: str | None) -> None:
        from bluegreen.operations.aws import clients  # noqa: PLC0415 - `--help` need not wait for boto3
        from bluegreen.operations.migrations import Migrations  # noqa: PLC0415
        from bluegreen.operations.stack import resources  # noqa: PLC0415

        self.clients = clients()
        self.resources = resources(self.clients, stack)
        self.migrations = Migrations.of(self.resources, stack, service, self.clients)
        self._again = f"bluegreen migrations status --stack {stack}{f' --service {service}' if service else ''}"

    @property
    def database(self) -> str:
        """The database's name, for a question."""
        return self.migrations.status().database

    def play(self, mode: str, to: str | None = None) -> Any:
        """Start a run, show its progress, and return its record."""
        from bluegreen.release.migrations.ledger import Mode  # noqa: PLC0415 - likewise

        from .migrations_view import Progress  # noqa: PLC0415

        run_id = self.migrations.start(Mode(mode), to)
        with Progress(run_id, mode) as progress:
            try:
                return self.migrations.follow(run_id, progress.show)
            except KeyboardInterrupt:
                progress.close()
                click.echo(f"run {run_id} goes on without you; `{self._again}` shows it", err=True)
                sys.exit(128 + signal.SIGINT)


def _check_asking(*, yes: bool) -> None:
    """Refuse before anything is started when nobody can be asked."""
    if not yes and not _can_ask():
        raise BluegreenError("nobody can be asked: standard input is no terminal", hint="--yes goes on without asking")


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _ask(shown: str, question: str, *, yes: bool) -> None:
    """Show a plan, and end unless the answer is yes."""
    click.echo(f"{shown}\n", err=True)
    if not yes and not click.confirm(question, err=True):
        click.echo("nothing was changed", err=True)
        sys.exit(FAILED)


def _end(record: Any, *, as_json: bool) -> NoReturn:
    """Print a record, and end with its exit code."""
    click.echo(json.dumps(record.to_dict(), indent=2) if as_json else _text(record))
    sys.exit(0 if record.passed else FAILED)


def _text(record: Any) -> str:
    from .migrations_view import record_text  # noqa: PLC0415 - likewise

    return record_text(record)
