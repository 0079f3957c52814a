"""What bounds the environments: tags, rules, drift and budgets."""

from collections.abc import Sequence

from aws_cdk import aws_kms as kms
from constructs import Construct, IConstruct

from bluegreen.cdk.guardrails import CostTags, DriftWatch, GuardRails, MonthlyBudget
from bluegreen.cdk.watching import AlarmTopics, Severity

from .environments import APPLICATION, ENVIRONMENTS, Environment
from .parity import require_parity

_BOUNDARY = "@aws-cdk/core:permissionsBoundary"
"""By this the CDK bounds each role in each stack, however it is defined, and whatever it says itself."""
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


def set_up_guard_rails(app: IConstruct, environments: Sequence[Environment]) -> GuardRails:
    """Have synthesis fail when a stack breaks a rule, or environments differ without a reason; no exception is needed.

    Args:
        app: The app.
        environments: What is in it.

    Returns:
        The rules.

    Raises:
        ValueError: If environments differ without a reason.
    """
    require_parity(list(ENVIRONMENTS.values()))
    protected = [environment for environment in environments if environment.protected]
    stacks = [name for one in protected for name in (one.stack_name, one.data_stack_name, one.recovery_stack_name)]
    return GuardRails(app, protected=stacks, key_for_logs=True)


def define_budget(scope: Construct, environment: Environment, topics: AlarmTopics) -> MonthlyBudget:
    """Define what an environment may cost.

    Args:
        scope: The stack with the data, which outlives the service.
        environment: How much.
        topics: Where it is told, as a warning.
    """
    dollars, topic = environment.monthly_dollars, topics.topic(Severity.WARNING)
    return MonthlyBudget(scope, "Budget", dollars=dollars, tags=cost_tags(environment.name), topic=topic)


def watch_for_drift(scope: Construct, environment: Environment, *, topics: AlarmTopics, key: kms.IKey) -> DriftWatch:
    """Look every day whether somebody changed an environment by hand.

    Args:
        scope: The stack with the data, which outlives the service.
        environment: Whose stacks.
        topics: Where drift is told, as a warning.
        key: Encrypts the log.
    """
    drift = DriftWatch(
        scope,
        "Drift",
        stacks=[environment.data_stack_name, environment.stack_name],
        topic=topics.topic(Severity.WARNING),
        key=key,
        log_retention=environment.log_retention,
    )
    topics.tell(drift.alerts)
    return drift


def bound_roles(app: IConstruct, policy: str) -> None:
    """Have no role do more than a managed policy of the account allows, whatever its own policies say.

    Args:
        app: The app, before anything is in it.
        policy: The policy's name, with its path if it has one.
    """
    app.node.set_context(_BOUNDARY, {"name": policy})
