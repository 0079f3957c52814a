"""Runs what is pending, the oldest revision first."""

from alembic.runtime.migration import MigrationStep, RevisionStep

from .environment import Visit
from .options import Options
from .progress import Progress
from .project import Project, RevisionSource, source_of
from .stepping import Stepper


def upgrade(project: Project, options: Options, progress: Progress) -> None:
    """Run all pending revisions, each in a transaction of its own.

    Args:
        project: Whose.
        options: How.
        progress: What is through, even when this raises.

    Raises:
        MigrationError: And what else `Stepper.all` raises.
    """

    def choose(stay: Visit) -> tuple[RevisionSource, MigrationStep] | None:
        pending = project.pending(stay.revisions())
        if not pending:
            return None
        step = RevisionStep(project.script.revision_map, pending[0], is_upgrade=True)
        return source_of(pending[0]), step

    Stepper(project, options, progress).all(choose)
