"""The user's Alembic project as it lies in the image: its revisions and heads, read without a database."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from bluegreen.release.migrations.findings import Phase
from bluegreen.release.migrations.result import RevisionReport

from .errors import ProjectError
from .rendering import render_sql
from .syntax import is_reversible, leaves_its_transaction

_LONGEST_SQL = 4000
_TOML = "pyproject.toml"


@dataclass(frozen=True, kw_only=True)
class RevisionSource:
    """One revision as its file states it.

    Args:
        revision: Its Alembic id.
        down_revisions: The ids that it builds on; none for the first.
        message: The first line of its docstring.
        phase: The file's `phase`; `EXPAND` when it has none.
        allow: The file's `allow`: reasons for letting a finding pass, by the rule's name.
        transactional: Whether it runs in one transaction; one with an autocommit block does not.
        reversible: Whether its downgrade does something, judged by its syntax tree.
        statements: What its upgrade runs, one text for each call of Alembic, without a final semicolon; None when that
            is not known before it runs.
        unrendered: Why `statements` is None; empty otherwise.
        path: Its file.
    """

    revision: str
    down_revisions: tuple[str, ...]
    message: str
    phase: Phase
    allow: Mapping[str, str]
    transactional: bool
    reversible: bool
    statements: tuple[str, ...] | None
    unrendered: str
    path: Path

    def report(self) -> RevisionReport:
        """Return what a result tells of it before it ran."""
        sql = ";\n".join(self.statements or ())
        return RevisionReport(
            revision=self.revision,
            down_revisions=self.down_revisions,
            message=self.message,
            phase=self.phase,
            transactional=self.transactional,
            reversible=self.reversible,
            sql=sql if len(sql) <= _LONGEST_SQL else f"{sql[:_LONGEST_SQL]} ...",
        )


class Project:
    """An Alembic project.

    Args:
        config: Alembic's configuration.
        script: Its directory of revisions.

    Raises:
        ProjectError: If a revision cannot be imported, or there are several heads.
    """

    def __init__(self, config: Config, script: ScriptDirectory) -> None:
        self.config = config
        self.script = script
        self.scripts: Mapping[str, Script] = _load(script)
        self.heads = tuple(script.get_heads())
        """The newest revision; none in a project without revisions."""
        if len(self.heads) > 1:
            raise ProjectError(
                f"the project has {len(self.heads)} heads, {', '.join(sorted(self.heads))}; join them with"
                " `alembic merge heads`, so that a release has one end"
            )

    @classmethod
    def open(cls, ini: str | None = None) -> "Project":
        """Read a project as the `alembic` command would.

        Args:
            ini: Path of alembic.ini, or of a pyproject.toml; when omitted, that of ALEMBIC_CONFIG, else alembic.ini in
                the working directory.

        Returns:
            The project.

        Raises:
            ProjectError: If it is not there, or cannot be used.
        """
        path = Path(ini or os.environ.get("ALEMBIC_CONFIG") or "alembic.ini")
        if not path.is_file():
            raise ProjectError(
                f"no Alembic configuration at {path} (working directory {Path.cwd()}); name it with --ini or"
                " ALEMBIC_CONFIG"
            )
        if path.name == _TOML:
            config = Config(toml_file=path)
        else:
            config = Config(path, toml_file=_TOML if Path(_TOML).is_file() else None)
        try:
            script = ScriptDirectory.from_config(config)
        except CommandError as error:
            raise ProjectError(f"{path}: {error}") from error
        return cls(config, script)

    def unknown(self, revisions: Collection[str]) -> tuple[str, ...]:
        """Return those of a database's revisions that the project does not have: it is older than the database."""
        return tuple(sorted(set(revisions) - self.scripts.keys()))

    def pending(self, current: Sequence[str]) -> tuple[Script, ...]:
        """Return the revisions between a database's and the heads, in the order to run them.

        Args:
            current: The database's revisions, all of them known here; none for an empty database.
        """
        if not self.heads:
            return ()
        missing = self.script.iterate_revisions("heads", tuple(current), implicit_base=True)
        return tuple(reversed(list(missing)))

    def between(self, current: Sequence[str], target: str) -> tuple[Script, ...]:
        """Return the revisions that a downgrade to `target` takes back, the newest first.

        Args:
            current: The database's revisions.
            target: A revision before them, or `base`.

        Raises:
            ProjectError: If `target` does not lie before them.
        """
        try:
            return tuple(self.script.iterate_revisions(tuple(current), target, select_for_downgrade=True))
        except CommandError as error:
            raise ProjectError(f"cannot go from {', '.join(current) or 'base'} back to {target}: {error}") from error


def source_of(script: Script) -> RevisionSource:
    """Read one revision: what its file declares, its syntax tree and its SQL.

    Raises:
        ProjectError: If `phase` or `allow` is not what it may be.
    """
    path = Path(script.path)
    tree = path.read_text(encoding="utf-8")
    rendering = render_sql(script)
    return RevisionSource(
        revision=script.revision,
        down_revisions=_down_revisions(script),
        message=script.doc.partition("\n")[0],
        phase=_phase(script),
        allow=_allow(script),
        transactional=not (rendering.leaves_transaction or leaves_its_transaction(tree)),
        reversible=is_reversible(tree),
        statements=rendering.statements,
        unrendered=rendering.why_not,
        path=path,
    )


def _down_revisions(script: Script) -> tuple[str, ...]:
    down = script.down_revision
    if down is None:
        return ()
    return (down,) if isinstance(down, str) else tuple(down)


def _load(script: ScriptDirectory) -> dict[str, Script]:
    """Import every revision; Alembic itself would tell a broken one by a bare traceback."""
    try:
        return {one.revision: one for one in script.walk_revisions()}
    except CommandError as error:
        raise ProjectError(f"the revisions cannot be read: {error}") from error
    except Exception as error:
        raise ProjectError(f"a revision cannot be imported: {_where(error)}{type(error).__name__}: {error}") from error


def _where(error: Exception) -> str:
    """Name the innermost file of the user's own that an exception passed through."""
    if isinstance(error, SyntaxError):
        return ""  # its text names file and line
    frame, found = error.__traceback__, ""
    while frame is not None:
        path = Path(frame.tb_frame.f_code.co_filename)
        if path.suffix == ".py" and "site-packages" not in path.parts and path.parent != Path(__file__).parent:
            found = f"{path.name}, line {frame.tb_lineno}: "
        frame = frame.tb_next
    return found


def _phase(script: Script) -> Phase:
    value = getattr(script.module, "phase", Phase.EXPAND)
    try:
        return Phase(value)
    except ValueError:
        allowed = " or ".join(f'"{one.value}"' for one in Phase)
        raise ProjectError(f"revision {script.revision}: phase must be {allowed}, got {value!r}") from None


def _allow(script: Script) -> Mapping[str, str]:
    value = getattr(script.module, "allow", {})
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise ProjectError(
            f'revision {script.revision}: allow must map rules to reasons, as {{"rule": "reason"}}, got {value!r}'
        )
    return dict(value)
