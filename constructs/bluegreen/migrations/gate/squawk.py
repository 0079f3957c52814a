"""Runs squawk, and takes nothing but a whole answer of the pinned version for an answer."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VERSION = "2.70.0"
"""Its rules are graded by name: another version may have others, and judge otherwise by the same name."""

_SECONDS = 30
_CANARY = "bluegreen_canary"
_FOUND_NOTHING, _FOUND_SOMETHING = 0, 1


class Broken(Exception):  # noqa: N818 - a state, told as a finding
    """Squawk is missing, is another version, crashed, or answered what it never answers."""


@dataclass(frozen=True)
class Remark:
    """What one of squawk's rules says.

    Args:
        rule: Its name.
        offset: Where, in bytes of the source.
        message: Its words.
    """

    rule: str
    offset: int
    message: str


def lint(sql: str, *, transactional: bool, ask_for: tuple[str, ...]) -> tuple[Remark, ...]:
    """Return what squawk's rules say of some statements.

    A statement that it must object to goes along: its silence would mean that it did not get that far.

    Args:
        sql: The statements, without comments: in one, `squawk-ignore` would silence it without a reason.
        transactional: Whether they run in one transaction.
        ask_for: The rules that it applies only when asked.

    Returns:
        In its order.

    Raises:
        Broken: If it is not certain that it judged all of it.
    """
    canary = f"\n;ALTER TABLE {_CANARY} DROP COLUMN {_CANARY};"
    code, output = ask(
        "--reporter=json",
        "--assume-in-transaction" if transactional else "--no-assume-in-transaction",
        *(f"--include={rule}" for rule in ask_for),
        sql=sql + canary,
    )
    if code not in {_FOUND_NOTHING, _FOUND_SOMETHING}:
        raise Broken(f"squawk ended with exit code {code}")
    source = (sql + canary).encode()
    end = len(sql.encode())
    remarks = _remarks(output, source)
    if not any(one.rule == "ban-drop-column" and one.offset >= end for one in remarks):
        raise Broken("squawk did not object to a statement that it must object to")
    return tuple(one for one in remarks if one.offset < end)


def _remarks(output: str, source: bytes) -> list[Remark]:
    starts = [0]
    for line in source.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    try:
        return [
            Remark(one["rule_name"], starts[one["line"]] + one["column"], one["message"]) for one in json.loads(output)
        ]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise Broken(f"squawk's answer cannot be read ({type(error).__name__})") from error


def ask(*arguments: str, sql: str) -> tuple[int, str]:
    """Run squawk over some SQL, without any file: an image's file system may be read-only.

    Args:
        arguments: Its options.
        sql: What it reads.

    Returns:
        Its exit code and output.

    Raises:
        Broken: If it is not there, is another version, or does not end.
    """
    return _run(_program(), "--config=/dev/null", *arguments, sql=sql)


@cache
def _program() -> str:
    """Find it beside the interpreter, where the image's package manager put it; then anywhere."""
    found = shutil.which("squawk", path=str(Path(sys.executable).parent)) or shutil.which("squawk")
    if found is None:
        raise Broken(f"squawk is not installed; install squawk-cli=={VERSION} in the image")
    _, output = _run(found, "--version", sql="")
    if output.split() != ["squawk", VERSION]:
        raise Broken(
            f"squawk must be {VERSION}, got {output.strip()[:50] or 'no version'}; install squawk-cli=={VERSION}"
        )
    return found


def _run(program: str, *arguments: str, sql: str) -> tuple[int, str]:
    try:
        done = subprocess.run(
            [program, *arguments], input=sql.encode(), capture_output=True, check=False, timeout=_SECONDS
        )
        return done.returncode, done.stdout.decode()
    except (OSError, subprocess.SubprocessError, UnicodeError) as error:
        raise Broken(f"squawk cannot be run ({type(error).__name__})") from error
