"""Group safety: `cdk destroy` completes, whatever goes on, and leaves what retention asks for and nothing else."""

from collections.abc import Mapping

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .estate_inventory import RETAINED, difference, inventory, told
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
    """Destroy the stack; nothing may be left but what outlives it on purpose, and that must be."""
    stage.expect_outcome(stage.destroy(context={**context, "version": version}), Outcome.DELETED)
    left = difference(before, inventory(stage.client))
    wrong = {kind: ids for kind, ids in left.items() if kind not in RETAINED}
    stage.expect(not wrong, f"cdk destroy left {told(wrong)}")
    gone = RETAINED - left.keys()
    stage.expect(not gone, f"cdk destroy must leave each {' and each '.join(sorted(gone))} of the application")


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
