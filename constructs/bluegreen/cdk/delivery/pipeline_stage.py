"""One environment on a pipeline's way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ._bootstrap_roles import DEFAULT_QUALIFIER, require_stacks

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,49}")


@dataclass(frozen=True, kw_only=True)
class PipelineStage:
    """An environment that a pipeline deploys to, in the pipeline's own account.

    Args:
        name: The environment's name, 1-50 letters, digits and hyphens.
        stacks: The stacks to deploy; the cdk deploys what they depend on first.
        approval: Whether somebody must approve before. Nobody need when omitted.
        qualifier: The qualifier of the `cdk bootstrap` to deploy through. The cdk's own when omitted.
        further_regions: The regions to deploy to beside the pipeline's own. None when omitted.

    Raises:
        ValueError: If a name is none.

    Example:
        >>> PipelineStage(name="prod", stacks=["ProdStack"], approval=True).command
        'npx cdk deploy --app cdk.out --require-approval never ProdStack'
    """

    name: str
    stacks: Sequence[str]
    approval: bool = False
    qualifier: str = DEFAULT_QUALIFIER
    further_regions: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name must be 1-50 letters, digits and hyphens, got {self.name!r}")
        require_stacks(self.stacks)

    @property
    def command(self) -> str:
        """What deploys the stacks as they were synthesized once for all environments."""
        return f"npx cdk deploy --app cdk.out --require-approval never {' '.join(self.stacks)}"
