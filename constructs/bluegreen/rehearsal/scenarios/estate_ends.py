"""Group safety: `cdk destroy` completes, whatever goes on, and leaves what retention asks for and nothing else."""

from collections.abc import Mapping

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .estate_inventory import difference, inventory, told
from .estate_parts import ALONE, APPLICATION, newest, remove_leftovers, weights
from .scenario import Scenario

LONG = {**ALONE, "rollout": "long"}


def destroyed_after_odd_swaps(stage: Stage) -> None:
    """Destroy a stack whose green target group is live, while its old tasks are still kept."""
    before = _create(stage, "odd-1", ALONE)
    stage.expect_outcome(stage.deploy("odd-2", context=ALONE), Outcome.SUCCEEDED)
    seen = weights(stage, stage.service)
    stage.expect(seen == [0, 100], f"production must be on the green target group, got the weights {seen}")
    _destroy(stage, "odd-2", ALONE, before)


def destroyed_during_a_release(stage: Stage) -> None:
    """Destroy a stack whose release has been handed on and has a tenth of the traffic."""
    before = _create(stage, "gone-1", LONG)
    stage.expect_outcome(stage.deploy("gone-2", context=LONG), Outcome.SUCCEEDED)
    status, seen = newest(stage, stage.service)["status"], weights(stage, stage.service)
    stage.expect(
        status == "InProgress" and sorted(seen) == [10, 90], f"a release must be under way, got {status} at {seen}"
    )
    _destroy(stage, "gone-2", LONG, before)


def _create(stage: Stage, version: str, context: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Create the stack; return what was in the cloud before."""
    remove_leftovers(stage, context)
    before = inventory(stage.client)
    stage.expect_outcome(stage.deploy(version, context=context), Outcome.SUCCEEDED)
    made = difference(before, inventory(stage.client))
    missing = {"service", "task", "application", "load balancer", "scalable target", "function", "role"} - made.keys()
    stage.expect(not missing, f"the inventory does not see the stack's {', '.join(sorted(missing))}")
    return before


def _destroy(stage: Stage, version: str, context: Mapping[str, str], before: Mapping[str, frozenset[str]]) -> None:
    """Destroy the stack; what outlives it on purpose must be there, and nothing else."""
    log_groups, families = _retained(stage)
    stage.expect_outcome(stage.destroy(context={**context, "version": version}), Outcome.DELETED)
    after = inventory(stage.client)
    left = difference(before, after)
    definitions = {arn for arn in left.get("task definition", []) if arn.split("/")[-1].split(":")[0] in families}
    wrong = {kind: sorted(set(ids) - definitions - log_groups) for kind, ids in left.items()}
    wrong = {kind: ids for kind, ids in wrong.items() if ids}
    stage.expect(not wrong, f"cdk destroy left {told(wrong)}")
    stage.expect(
        definitions and log_groups and log_groups <= after["log group"],
        f"cdk destroy must leave the log groups {log_groups} and task definitions of {families}, "
        f"got {definitions} and {told({'log group': after['log group']})}",
    )


def _retained(stage: Stage) -> tuple[frozenset[str], frozenset[str]]:
    """Return what must outlive the stack: the application's log groups, and the families of its task definitions.

    What the application wrote can be read later, and an old version can be brought back.
    """
    cluster = stage.service.cluster
    ecs = stage.client("ecs")
    (service,) = ecs.describe_services(cluster=cluster, services=[stage.service.service])["services"]
    found = [
        ecs.describe_task_definition(taskDefinition=one["taskDefinition"])["taskDefinition"]
        for one in service["taskSets"]
    ]
    containers = [container for one in found for container in one["containerDefinitions"]]
    return (
        frozenset(one["logConfiguration"]["options"]["awslogs-group"] for one in containers),
        frozenset(one["family"] for one in found),
    )


ENDS = (
    Scenario(
        name="destroyed-after-odd-swaps",
        summary="cdk destroy completes with green live and the old tasks still kept, and leaves only what is retained",
        group="safety",
        expected=Outcome.DELETED,
        play=destroyed_after_odd_swaps,
        application=APPLICATION,
        stack="AloneStack",
        fewest_per_second=0,
    ),
    Scenario(
        name="destroyed-during-a-release",
        summary="cdk destroy completes while a release that was handed on moves traffic, and ends it",
        group="safety",
        expected=Outcome.DELETED,
        play=destroyed_during_a_release,
        application=APPLICATION,
        stack="AloneStack",
        fewest_per_second=0,
    ),
)
