"""`bluegreen drill`: is the stack ready for a disaster, what is to be done, and does it work?"""

import json
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import click

FAILED = 1
_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group()
def drill() -> None:
    """Be ready for a disaster: check, read the steps, and practise.

    Each command checks what there is to recover with, against a recovery time of an hour and a recovery point of five
    minutes, and prints the steps with the names of this stack. Nothing is changed unless --run is given. Credentials
    and the region come from the environment, such as AWS_PROFILE and AWS_REGION.

    The exit code is 0 when all is ready and what ran succeeded, 1 when something is missing or failed, and 2 when the
    command could not be carried out.
    """


def _of_a_stack(command: _Command) -> _Command:
    """Add the options of every command."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, progress to the other output."),
        click.option("--stack", metavar="NAME", required=True, help="The deployed stack of the service."),
    ):
        command = option(command)
    return command


@drill.command()
@_of_a_stack
@click.option("--run", is_flag=True, help="Recover the database for practice, beside the live one; then delete it.")
def database(stack: str, *, as_json: bool, run: bool) -> None:
    """The database has failed, or its data are damaged.

    With --run the database is restored to its latest moment, into an instance of its own that nobody but a check can
    reach. The check counts rows and looks how new they are; the reached RTO and RPO are written down; the instance is
    deleted. It costs an instance for less than an hour, and users notice nothing of it.
    """
    if run:
        _practise(stack, as_json=as_json)
    _plan("database", stack, as_json=as_json)


@drill.command()
@_of_a_stack
def region(stack: str, *, as_json: bool) -> None:
    """The region has failed: go on in another one."""
    _plan("region", stack, as_json=as_json)


@drill.command()
@_of_a_stack
def loss(stack: str, *, as_json: bool) -> None:
    """Everything in the account is lost: build it anew from the copies."""
    _plan("loss", stack, as_json=as_json)


@drill.command()
@_of_a_stack
def breach(stack: str, *, as_json: bool) -> None:
    """Somebody has broken in: isolate, rotate, restore to before."""
    _plan("breach", stack, as_json=as_json)


def _plan(disaster: str, stack: str, *, as_json: bool) -> None:
    from bluegreen.operations.drill_plan import plan_drill  # noqa: PLC0415 - `--help` need not wait for boto3

    from .drill_view import plan_text  # noqa: PLC0415

    clients, found, deployed = _deployed(stack)
    plan = plan_drill(disaster, stack, found, deployed, clients)
    click.echo(json.dumps({**asdict(plan), "ready": plan.ready}, indent=2) if as_json else plan_text(plan))
    sys.exit(0 if plan.ready else FAILED)


def _practise(stack: str, *, as_json: bool) -> None:
    from .drill_view import DrillProgress, record_text  # noqa: PLC0415 - likewise

    _, _, deployed = _deployed(stack)
    recovery = deployed.start()
    with DrillProgress(recovery) as progress:
        try:
            record = deployed.follow(recovery, progress.show)
        except KeyboardInterrupt:
            progress.close()
            click.echo(f"the drill {recovery} goes on and cleans up without you", err=True)
            sys.exit(128 + signal.SIGINT)
    click.echo(json.dumps(record.to_dict(), indent=2) if as_json else record_text(record))
    sys.exit(0 if record.passed else FAILED)


def _deployed(stack: str) -> Any:
    """Return AWS, the stack's resources, and its drill."""
    from bluegreen.operations.aws import clients  # noqa: PLC0415 - likewise
    from bluegreen.operations.drill import Drill  # noqa: PLC0415
    from bluegreen.operations.stack import resources  # noqa: PLC0415

    given = clients()
    found = resources(given, stack)
    return given, found, Drill.of(found, stack, given)
