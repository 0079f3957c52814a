"""What every error that a person should read has in common."""


class BluegreenError(Exception):
    """An error with a message for people, a next step, and the exit code of a command that ends with it.

    Args:
        message: What is wrong, the value, and what is allowed; lower case, no final period.
        hint: What to do next; omitted when the message already says it.

    Example:
        >>> BluegreenError("no bluegreen.toml in /app", hint="write one").hint
        'write one'
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class RehearsalError(BluegreenError):
    """A rehearsal cannot start or go on: a file, a port, a program or a part of the local cloud is not as needed."""
