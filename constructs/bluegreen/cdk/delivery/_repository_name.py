"""A repository's name on GitHub."""

import re

_REPOSITORY = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_BRANCH = re.compile(r"(?!refs/)(?!.*//)[A-Za-z0-9][A-Za-z0-9._/-]{0,243}")


def require_repository(repository: str) -> None:
    """Refuse what is no repository's name.

    Raises:
        ValueError: If it is none, or a pattern.

    Example:
        >>> require_repository("example/orders")
    """
    if not _REPOSITORY.fullmatch(repository):
        raise ValueError(f'repository must be "owner/name" of one repository, no pattern, got {repository!r}')


def require_branch(branch: str) -> None:
    """Refuse what is no branch's name.

    Raises:
        ValueError: If it is none, or a pattern.

    Example:
        >>> require_branch("release/2026")
    """
    if not _BRANCH.fullmatch(branch):
        raise ValueError(
            f'branch must be one branch such as "main", no pattern and without refs/heads/, got {branch!r}'
        )
