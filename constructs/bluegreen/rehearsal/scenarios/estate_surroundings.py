"""Group safety: releases, changes and failures in a nested stack of a Stage, and in surroundings of somebody else."""

from collections.abc import Mapping

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.stage import Stage

from .checks import ended, none_failed
from .estate_parts import (
    APPLICATION,
    GROUND,
    STAGED,
    begin_with,
    expect_released,
    expect_served_by,
    number_released,
    remove_leftovers,
    tags_of,
    weights,
)
from .scenario import Scenario


def nested_and_staged(stage: Stage) -> None:
    """Release, change the listeners, and fail a release whose update changes them as well."""
    begin_with(stage, "nest-1", STAGED)
    _release_change_and_fail(stage, STAGED, "nest", own_listeners=True)


def imported_surroundings(stage: Stage) -> None:
    """Do the same where network, cluster, load balancer and listeners are known by their ids only; then leave."""
    stage.deploy(context=GROUND, stack="GroundStack")
    outputs = stage.client("cloudformation").describe_stacks(StackName="GroundStack")["Stacks"][0]["Outputs"]
    tenant = {"arrangement": "tenant", **{one["OutputKey"]: one["OutputValue"] for one in outputs}}
    remove_leftovers(stage, tenant)
    begin_with(stage, "guest-1", tenant)
    _release_change_and_fail(stage, tenant, "guest", own_listeners=False)


def _release_change_and_fail(stage: Stage, context: Mapping[str, str], name: str, *, own_listeners: bool) -> None:
    """Play the three, and check after each that production is where it must be."""
    stage.start_load()
    service = stage.service
    first = weights(stage, service)

    stage.expect_outcome(stage.deploy(f"{name}-2", context=context), Outcome.SUCCEEDED)
    expect_served_by(stage, f"{name}-2")
    swapped = weights(stage, service)
    stage.expect(sorted(swapped) == [0, 100] and swapped != first, f"weights must swap, were {first}, are {swapped}")

    released = number_released(stage, service)
    deploy = stage.deploy(f"{name}-2", context={**context, "owner": "somebody"})
    stage.expect_outcome(deploy, Outcome.UNCHANGED)
    stage.expect(deploy.updated, "tags changed, so the stack must have been updated")
    if own_listeners:
        owner = tags_of(stage, service.production_listener).get("owner")
        stage.expect(owner == "somebody", f"the listener must have the new owner's tag, got {owner}")
    expect_released(stage, service, released, "only tags changed")
    stage.expect(weights(stage, service) == swapped, f"weights must stay {swapped}, got {weights(stage, service)}")
    expect_served_by(stage, f"{name}-2")

    stage.inject({"fault": "crash-at-start", "version": f"{name}-3"})
    deploy = stage.deploy(f"{name}-3", context={**context, "owner": "nobody-else"})
    stage.expect_outcome(deploy, Outcome.ROLLED_BACK)
    stage.inject(None)
    stage.expect(weights(stage, service) == swapped, f"weights must stay {swapped}, got {weights(stage, service)}")
    expect_released(stage, service, released + 1, "a release failed")
    expect_served_by(stage, f"{name}-2")


SURROUNDINGS = (
    Scenario(
        name="nested-and-staged",
        summary="in a nested stack of a Stage: a release, changed listeners, a failed release that changes them too",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed, ended("succeeded", "succeeded", "unchanged", "rolled-back")),
        play=nested_and_staged,
        application=APPLICATION,
        stack="Europe/Shop",
    ),
    Scenario(
        name="imported-surroundings",
        summary="the same in a network, a cluster, a load balancer and listeners that belong to another stack",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed,),
        play=imported_surroundings,
        application=APPLICATION,
        stack="TenantStack",
    ),
)
