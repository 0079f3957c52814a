"""`python -m bluegreen.migrations`: one command, one line of result as the last thing printed, one exit code."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from bluegreen.release.migrations.findings import Grade
from bluegreen.release.migrations.result import Outcome, Result
from bluegreen.release.recovery.inspection import Inspection

_INSPECT = "say how many rows the tables have and how new they are; changes nothing, for drills of recovery"
_LACKS = "the image lacks {}; install what the extra bluegreen[migrations] names"
_GOOD = {Outcome.NOTHING_PENDING, Outcome.PENDING, Outcome.MIGRATED}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The command line; the process's own when omitted.

    Returns:
        0 when it went well, else 1. A plan on a database that is ahead of the image went well.
    """
    options = _parser().parse_args(arguments)
    if options.command == "inspect":
        return _inspect(options)
    result = _run(options)
    sys.stdout.flush()
    sys.stderr.flush()
    print(result.to_line(), flush=True)  # noqa: T201 - the release's function reads it from the log
    ahead_is_fine = options.command == "plan" and result.outcome is Outcome.AHEAD
    return 0 if result.outcome in _GOOD or ahead_is_fine else 1


def _inspect(given: argparse.Namespace) -> int:
    try:
        from .inspecting import inspect  # noqa: PLC0415 - `--help` needs no Alembic
    except ModuleNotFoundError as error:
        found = Inspection(error=_LACKS.format(error.name))
    else:
        found = inspect(given.table, given.newest, deadline_seconds=given.deadline_seconds, ini=given.ini)
    sys.stdout.flush()
    sys.stderr.flush()
    print(found.to_line(), flush=True)  # noqa: T201 - the drill's function reads it from the log
    return 1 if found.error else 0


def _run(given: argparse.Namespace) -> Result:
    try:
        from .errors import StoppedError  # noqa: PLC0415 - `--help` needs no Alembic
        from .options import APPLICATION_PASSWORD, APPLICATION_USER, OWNER_ROLE, Options  # noqa: PLC0415
        from .runner import execute  # noqa: PLC0415
    except ModuleNotFoundError as error:
        return Result(command=given.command, outcome=Outcome.FAILED, message=_LACKS.format(error.name))

    def stop(_signal: int, _frame: object) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the rest is cleaning up
        raise StoppedError(1)

    signal.signal(signal.SIGTERM, stop)
    options = Options(
        token=given.token,
        lock_timeout_ms=given.lock_timeout_ms,
        deadline_seconds=given.deadline_seconds,
        contract=given.contract,
        grades=given.grades,
        owner_role=os.environ.get(OWNER_ROLE) or None,
        application_user=os.environ.get(APPLICATION_USER) or None,
        application_password=os.environ.get(APPLICATION_PASSWORD) or None,
    )
    return execute(given.command, options, ini=given.ini, to=getattr(given, "to", None))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bluegreen.migrations", description="run an Alembic project's revisions as part of a release"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    texts = {
        "plan": "say what is pending and what the gate says of it; changes nothing",
        "create": "run everything on an empty database; of one that Alembic knows say what plan says",
        "run": "run what is pending",
        "downgrade": "take revisions back, unless rows would be lost",
    }
    for name, text in texts.items():
        command = commands.add_parser(name, help=text, description=text)
        _add_options(command)
        if name == "downgrade":
            command.add_argument("--to", required=True, metavar="REV", help="the revision to go back to, or base")
    _add_inspection(commands.add_parser("inspect", help=_INSPECT, description=_INSPECT))
    return parser


def _add_inspection(command: argparse.ArgumentParser) -> None:
    _add_ini(command)
    command.add_argument(
        "--table", action="append", default=[], metavar="NAME", help="count its rows (default: every readable table's)"
    )
    command.add_argument(
        "--newest", action="append", default=[], metavar="TABLE.COLUMN", help="tell a timestamp's greatest value"
    )
    command.add_argument(
        "--deadline-seconds", type=_positive, default=600, metavar="N", help="when to give up (default: 600)"
    )


def _add_ini(command: argparse.ArgumentParser) -> None:
    command.add_argument("--ini", metavar="PATH", help="alembic.ini (default: $ALEMBIC_CONFIG, else alembic.ini)")


def _add_options(command: argparse.ArgumentParser) -> None:
    _add_ini(command)
    command.add_argument(
        "--token", type=_at_least_zero, default=0, metavar="N", help="fencing token (default: 0, no ledger)"
    )
    command.add_argument(
        "--lock-timeout-ms", type=_positive, default=500, metavar="N", help="longest wait for a lock (default: 500)"
    )
    command.add_argument(
        "--deadline-seconds", type=_positive, default=1200, metavar="N", help="when to give up (default: 1200)"
    )
    command.add_argument("--contract", action="store_true", help="the release is declared a contract release")
    command.add_argument(
        "--grades", type=_grades, default={}, metavar="JSON", help='changed grades, as {"rule": "block|contract|warn"}'
    )


def _at_least_zero(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be at least 0, got {value}")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def _grades(text: str) -> Mapping[str, Grade]:
    try:
        return {str(rule): Grade(grade) for rule, grade in json.loads(text).items()}
    except (ValueError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f'must be JSON like {{"rule": "warn"}}, got {text}') from error


if __name__ == "__main__":
    sys.exit(main())
