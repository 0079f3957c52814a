"""What bounds the environments: tags, rules, drift and budgets."""

from constructs import IConstruct

from bluegreen.cdk.guardrails import CostTags

from .environments import APPLICATION

OWNER = "orders-team"
COST_CENTER = "orders"
SHARED = "shared"
"""Instead of an environment's name, on what all of an account have."""


def cost_tags(environment: str) -> CostTags:
    """Return the tags of everything that belongs to an environment.

    Args:
        environment: Its name, or `SHARED`.
    """
    return CostTags(owner=OWNER, cost_center=COST_CENTER, application=APPLICATION, environment=environment)


def tag(scope: IConstruct, environment: str) -> None:
    """Tag all of a stack.

    Args:
        scope: The stack.
        environment: The name of the environment that it belongs to, or `SHARED`.
    """
    cost_tags(environment).add_to(scope)
