"""`bluegreen stack-policy`: no update replaces or deletes what nobody can make again."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from bluegreen.errors import BluegreenError

if TYPE_CHECKING:
    from bluegreen.operations.stack_policy import Protection

NOT_IN_FORCE = 1
_STACK = click.option("--stack", metavar="NAME", required=True, help="The deployed stack.")
_YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group("stack-policy")
def stack_policy() -> None:
    """Keep updates from replacing or deleting databases, buckets, keys and the like.

    A stack policy is no part of a template: it is set once, and every later deploy is held to it. Credentials and the
    region come from the environment, such as AWS_PROFILE and AWS_REGION.
    """


@stack_policy.command()
@_STACK
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def show(stack: str, *, as_json: bool) -> None:
    """Show what a stack has to lose, and whether it is protected.

    The exit code is 0 when it is, or has nothing to lose, and 1 when it is not.
    """
    found = _look(stack)[1]
    click.echo(json.dumps(found.to_dict(), indent=2) if as_json else _text(found))
    sys.exit(0 if found.in_force or not found.lasting else NOT_IN_FORCE)


@stack_policy.command("set")
@_STACK
@_YES
def set_(stack: str, *, yes: bool) -> None:
    """Protect a stack: an update that would replace or delete what lasts fails before it begins to.

    Another policy that is in force is shown first, and goes.
    """
    from bluegreen.operations.stack_policy import PROTECTING  # noqa: PLC0415 - `--help` need not wait for boto3

    _put(stack, PROTECTING, "Protect it?", yes=yes)


@stack_policy.command()
@_STACK
@_YES
def lift(stack: str, *, yes: bool) -> None:
    """Allow every update again, for one that must replace something. Set the policy again after it."""
    from bluegreen.operations.stack_policy import LIFTED  # noqa: PLC0415 - likewise

    _put(stack, LIFTED, "Allow every update?", yes=yes)


def _put(stack: str, policy: Any, question: str, *, yes: bool) -> None:
    from bluegreen.operations.stack_policy import put  # noqa: PLC0415 - likewise

    given, found = _look(stack)
    click.echo(_text(found), err=True)
    if found.policy == policy:
        click.echo("nothing to change", err=True)
        return
    if not yes and not sys.stdin.isatty():
        raise BluegreenError("nobody can be asked: standard input is no terminal", hint="--yes goes on without asking")
    if not yes and not click.confirm(question, err=True):
        click.echo("nothing was changed", err=True)
        sys.exit(NOT_IN_FORCE)
    put(given, stack, policy)
    click.echo(_text(_look(stack)[1]))


def _look(stack: str) -> "tuple[Any, Protection]":
    from bluegreen.operations.aws import clients  # noqa: PLC0415 - likewise
    from bluegreen.operations.stack_policy import look  # noqa: PLC0415 - likewise

    given = clients()
    return given, look(given, stack)


def _text(found: "Protection") -> str:
    from bluegreen.operations.stack_policy import LIFTED  # noqa: PLC0415 - likewise

    said = "protected" if found.in_force else "NOT protected"
    lines = [f"{found.stack} is {said}: {len(found.lasting)} resources that nobody can make again"]
    lines += [f"  {one.logical_id}  {one.type}" for one in found.lasting]
    if found.policy not in (None, LIFTED) and not found.in_force:
        lines += ["another policy is in force:", json.dumps(found.policy, indent=2)]
    return "\n".join(lines)
