"""What is to be deployed, as `cdk -c …` says it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from .environments import ENVIRONMENTS, Environment

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")


class ChoiceError(ValueError):
    """The context does not say what to deploy."""


@dataclass(frozen=True)
class Choice:
    """A version, the environments whose stacks are made, and the region that protected ones can recover in."""

    version: str
    environments: Sequence[Environment]
    recovery_region: str | None = None

    @classmethod
    def from_context(cls, get: Callable[[str], Any]) -> Self:
        """Read the CDK's context.

        Args:
            get: Returns the value of a key, None when it was not given.

        Returns:
            The choice; every environment when none was named.

        Raises:
            ChoiceError: If the version is missing, no tag, or one that moves, if no environment has the given name, or
                if the recovery region is none.

        Example:
            >>> Choice.from_context({"version": "v2", "environment": "dev"}.get).environments[0].stack_name
            'DevStack'
        """
        return cls(
            _version(get("version")), _environments(get("environment")), _recovery_region(get("recovery_region"))
        )


def _version(value: Any) -> str:
    if value is None or value == "":
        raise ChoiceError("version is missing; name the image's tag to deploy, such as -c version=v2")
    if not isinstance(value, str) or not _TAG.fullmatch(value):
        raise ChoiceError(
            f"version must be an image tag: 1-128 letters, digits, '_', '.' and '-', not beginning with '.' or '-', "
            f"got {value!r}"
        )
    if value == "latest":
        raise ChoiceError("version must be a tag that never moves, got 'latest'; a rollback could not find its image")
    return value


def _environments(name: Any) -> Sequence[Environment]:
    if name is None:
        return tuple(ENVIRONMENTS.values())
    if name not in ENVIRONMENTS:
        raise ChoiceError(f"environment must be one of {', '.join(ENVIRONMENTS)}, got {name!r}; leave it out for all")
    return (ENVIRONMENTS[name],)


def _recovery_region(name: Any) -> str | None:
    if name is not None and (not isinstance(name, str) or not _REGION.fullmatch(name)):
        raise ChoiceError(f"recovery_region must be an AWS region such as eu-west-1, got {name!r}")
    return name
