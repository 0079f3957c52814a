"""What is to be deployed, as `cdk -c …` says it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from .environments import ENVIRONMENTS, Environment

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_POLICY = re.compile(r"(?!/)([\w+=,.@-]{1,128}/)*[\w+=,.@-]{1,128}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")


class ChoiceError(ValueError):
    """The context does not say what to deploy."""


@dataclass(frozen=True)
class Choice:
    """What to deploy.

    Args:
        version: The image's tag.
        environments: Whose stacks are made.
        recovery_region: Where protected ones can recover; nowhere when None.
        region: Their own region; None when it is not known, and never with `recovery_region`.
        migrator_secret: The ARN of the promoted replica's master secret; None while nothing has failed over.
        permissions_boundary: The name of the managed policy that bounds every role; none does when None.
    """

    version: str
    environments: Sequence[Environment]
    recovery_region: str | None = None
    region: str | None = None
    migrator_secret: str | None = None
    permissions_boundary: str | None = None

    @classmethod
    def from_context(cls, get: Callable[[str], Any]) -> Self:
        """Read the CDK's context.

        Args:
            get: Returns the value of a key, None when it was not given.

        Returns:
            The choice; every environment when none was named.

        Raises:
            ChoiceError: If the version is missing, no tag, or one that moves, if no environment has the given name, if
                the regions are none, the same, or one is missing, or if the permissions boundary is no policy's name.

        Example:
            >>> Choice.from_context({"version": "v2", "environment": "dev"}.get).environments[0].stack_name
            'DevStack'
        """
        region, recovery_region = (_region(name, get(name)) for name in ("region", "recovery_region"))
        if recovery_region is not None and region in {None, recovery_region}:
            raise ChoiceError(
                f"recovery_region {recovery_region!r} needs another region that it recovers, got {region!r}; name "
                "production's own with -c region="
            )
        return cls(
            _version(get("version")),
            _environments(get("environment")),
            recovery_region,
            region,
            _migrator_secret(get("migrator_secret"), recovery_region),
            _policy_name(get("permissions_boundary")),
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


def _region(name: str, value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not _REGION.fullmatch(value)):
        raise ChoiceError(f"{name} must be an AWS region such as eu-west-1, got {value!r}")
    return value


def _migrator_secret(value: Any, recovery_region: str | None) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or f":secretsmanager:{recovery_region}:" not in value:
        raise ChoiceError(f"migrator_secret must be the ARN of a secret in recovery_region, got {value!r}")
    return value


def _policy_name(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not _POLICY.fullmatch(value)):
        raise ChoiceError(
            f"permissions_boundary must be the name of a managed policy of the account, with its path if it has one, "
            f"got {value!r}"
        )
    return value
