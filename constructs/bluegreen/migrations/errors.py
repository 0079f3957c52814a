"""What stops a migration, in words for the release's record."""


class MigrationError(Exception):
    """A migration cannot go on; the message says what is wrong and what to do, never a row's value or a secret."""


class ProjectError(MigrationError):
    """The Alembic project in the image cannot be used as it is."""
