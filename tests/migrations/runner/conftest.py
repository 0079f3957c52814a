"""Plain Alembic projects: the env.py of Alembic's own templates, unchanged, and revisions that a test writes."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import alembic
import pytest

from bluegreen.migrations.options import Options
from bluegreen.migrations.runner import execute
from bluegreen.release.migrations.result import Result, last_in

TEMPLATES = Path(alembic.__file__).parent / "templates"
LOGGING = """
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys =
[logger_root]
level = WARNING
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
"""


class Project:
    """An Alembic project in a folder, whose revisions form one line."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.ini = folder / "alembic.ini"
        self._head: str | None = None
        (folder / "migrations" / "versions").mkdir(parents=True)
        location = f"[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = {url}\npath_separator = os\n"
        self.ini.write_text(location + LOGGING)
        self.env = folder / "migrations" / "env.py"
        self.use_template("generic")

    def use_template(self, name: str, driver: str = "postgresql+psycopg") -> None:
        """Take the env.py of one of Alembic's templates as it is."""
        self.env.write_text((TEMPLATES / name / "env.py").read_text())
        self.ini.write_text(self.ini.read_text().replace("postgresql+psycopg:", f"{driver}:"))

    def path(self, revision: str) -> Path:
        return self.folder / "migrations" / "versions" / f"{revision}.py"

    def add(
        self, revision: str, upgrade: str, downgrade: str = "pass", *, head: str = "", after: str = ""
    ) -> "Project":
        """Write the next revision; `head` are lines of its module, `after` what it follows when not the last one."""
        body = [
            f'"""Revision {revision}."""',
            "import sqlalchemy as sa",
            "from alembic import context, op",
            f"revision = {revision!r}",
            f"down_revision = {after or self._head!r}",
            textwrap.dedent(head),
            f"def upgrade():\n{textwrap.indent(textwrap.dedent(upgrade), '    ')}",
            f"def downgrade():\n{textwrap.indent(textwrap.dedent(downgrade), '    ')}",
        ]
        self.path(revision).write_text("\n".join(body) + "\n")
        self._head = revision
        return self

    def sql(self, revision: str, *statements: str, downgrade: str = "pass", head: str = "") -> "Project":
        """Write a revision that runs statements as they are."""
        return self.add(revision, "\n".join(f"op.execute({one!r})" for one in statements), downgrade, head=head)

    def outside(self, revision: str, *statements: str, head: str = "") -> "Project":
        """Write a revision that runs statements outside any transaction."""
        lines = "\n".join(f"    op.execute({one!r})" for one in statements)
        return self.add(revision, f"with op.get_context().autocommit_block():\n{lines}", head=head)


@pytest.fixture
def project(tmp_path: Path, database) -> Project:
    return Project(tmp_path / "app", database.url())


@pytest.fixture
def run(project: Project, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Runs a command in this process; the gate finds nothing, unless a test asks for the fixture `gate`."""
    if "gate" not in request.fixturenames:
        monkeypatch.setattr("bluegreen.migrations.runner.judge", lambda *_: {})
    # alembic.ini's logging would turn off the loggers of other tests.
    monkeypatch.setattr("logging.config.fileConfig", lambda *_, **__: None)

    def run(command: str = "run", *, to: str | None = None, ini: Path | None = None, **options: object) -> Result:
        given = replace(Options(deadline_seconds=20, lock_timeout_ms=200), **options)
        return execute(command, given, ini=str(ini or project.ini), to=to)

    return run


@pytest.fixture
def gate() -> None:
    """Lets `run` ask the real gate."""


class Command:
    """`python -m bluegreen.migrations` as a process of its own, as the task runs it."""

    def __init__(self, project: Project, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bluegreen.migrations", *arguments],
            cwd=project.folder,
            env=os.environ | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.output = self.errors = ""

    def end(self) -> None:
        """End it at once, if it still runs, and close what it printed to."""
        with self.process:
            self.process.kill()

    def result(self, seconds: float = 30) -> Result:
        """Wait for its end, and read the last line that it printed."""
        self.output, self.errors = self.process.communicate(timeout=seconds)
        found = last_in(self.output.splitlines()[-1:])
        assert found is not None, self.output + self.errors
        return found


@pytest.fixture
def command(project: Project, request: pytest.FixtureRequest) -> Callable[..., Command]:
    def start(*arguments: str, environment: dict[str, str] | None = None) -> Command:
        started = Command(project, *arguments, environment=environment)
        request.addfinalizer(started.end)
        return started

    return start
