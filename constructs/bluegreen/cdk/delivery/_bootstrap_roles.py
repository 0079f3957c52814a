"""The roles that `cdk bootstrap` made: through them, and no other way, the cdk deploys."""

import re
from collections.abc import Sequence

from bluegreen.cdk._arns import Arns

DEFAULT_QUALIFIER = "hnb659fds"
"""What `cdk bootstrap` puts into its roles' names unless told otherwise."""

_QUALIFIER = re.compile(r"[A-Za-z0-9]{1,10}")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_KINDS = ("deploy", "file-publishing", "image-publishing", "lookup")


def bootstrap_role_arns(own: Arns, qualifier: str, further_regions: Sequence[str]) -> list[str]:
    """Return the ARNs of the four roles that the cdk takes on, in the stack's account.

    Args:
        own: Writes the ARNs of the stack of whoever takes them on.
        qualifier: The bootstrap's qualifier.
        further_regions: The regions of its bootstraps beside the stack's own.

    Returns:
        The ARNs; none has a wildcard.

    Raises:
        ValueError: If the qualifier or a region is none.
    """
    if not _QUALIFIER.fullmatch(qualifier):
        raise ValueError(f"qualifier must be 1-10 letters and digits, as given to `cdk bootstrap`, got {qualifier!r}")
    for region in further_regions:
        if not _REGION.fullmatch(region):
            raise ValueError(f"further_regions must be names such as eu-west-1, got {region!r}")
    return [
        f"arn:{own.partition}:iam::{own.account}:role/cdk-{qualifier}-{kind}-role-{own.account}-{region}"
        for region in [own.region, *further_regions]
        for kind in _KINDS
    ]


def require_stacks(stacks: Sequence[str]) -> None:
    """Refuse what are no names of stacks.

    Raises:
        ValueError: If there is none, or one is no name: a pattern would be more than was asked for.
    """
    if isinstance(stacks, str) or not stacks:
        raise ValueError(f"stacks must be a list with at least one stack's name, got {stacks!r}")
    for name in stacks:
        if not _STACK.fullmatch(name):
            raise ValueError(f"stacks must be names of 1-128 letters, digits and hyphens, no patterns, got {name!r}")
