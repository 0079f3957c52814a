"""Group safety: two services of one stack, behind one load balancer, are released without touching each other."""

from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.services import Service
from bluegreen.rehearsal.stage import Stage
from bluegreen.rehearsal.workload import Workload

from .checks import none_failed
from .estate_parts import APPLICATION, TOGETHER, begin_with, expect_released, expect_served_by, newest, number_released
from .scenario import Scenario

LIGHT = Workload(per_second=250, connections=8)
FEWEST_OF_TWO = 200
"""Requests a second for each of two services: together as many as a single one gets in the other scenarios."""


def two_services_one_fails(stage: Stage) -> None:
    """Change one of two services; the candidate is rejected."""
    begin_with(stage, "pair-1", TOGETHER)
    orders, billing = load_both(stage)
    released, tasks = number_released(stage, billing), _task_sets(stage, billing)

    stage.inject({"fault": "missing-on-test", "version": "pair-2"})
    deploy = stage.deploy("pair-2", context={**TOGETHER, "billing": "pair-1"})
    stage.expect_outcome(deploy, Outcome.ROLLED_BACK, "AfterAllowTestTraffic")
    stage.inject(None)

    expect_released(stage, billing, released, "the release of the other service failed")
    stage.expect(_task_sets(stage, billing) == tasks, "the task sets of the untouched service changed")
    expect_served_by(stage, "pair-1", billing.name)
    expect_served_by(stage, "pair-1", orders.name)


def two_services_in_parallel(stage: Stage) -> None:
    """Release both in one deploy, well; then again, when one of the two candidates crashes."""
    begin_with(stage, "twin-1", TOGETHER)
    services = load_both(stage)

    deploy = stage.deploy("twin-2", context=TOGETHER)
    stage.expect_outcome(deploy, Outcome.SUCCEEDED)
    spans = [_span(stage, service, deploy.begun) for service in services]
    overlap = min(end for _, end in spans) - max(begin for begin, _ in spans)
    stage.figures["overlap_seconds"] = round(overlap, 1)
    stage.expect(overlap > 0, f"the two releases must overlap, got {-overlap:.1f} s between them")
    for service in services:
        expect_served_by(stage, "twin-2", service.name)

    stage.inject({"fault": "crash-at-start", "version": "twin-4"})
    deploy = stage.deploy("twin-3", context={**TOGETHER, "billing": "twin-4"})
    stage.expect_outcome(deploy, Outcome.ROLLED_BACK, "twin-4")
    stage.inject(None)
    for service in services:
        expect_served_by(stage, "twin-2", service.name)


def load_both(stage: Stage) -> tuple[Service, Service]:
    """Send a load to each of the two services."""
    orders, billing = stage.service_of("Orders"), stage.service_of("Billing")
    for service in (orders, billing):
        stage.start_load(service, name=service.name, workload=LIGHT)
    return orders, billing


def _task_sets(stage: Stage, service: Service) -> list[tuple[str, str]]:
    described = stage.client("ecs").describe_services(cluster=service.cluster, services=[service.service])
    return [(one["id"], one["taskDefinition"]) for one in described["services"][0]["taskSets"]]


def _span(stage: Stage, service: Service, since: float) -> tuple[float, float]:
    """Return when the service's newest deployment took its first and its last step."""
    steps = [event.at for event in stage.events("lifecycle", since, id=newest(stage, service)["deploymentId"])]
    return min(steps), max(steps)


PAIRS = (
    Scenario(
        name="two-services-one-fails",
        summary="of two services behind one load balancer one is changed and rejected; the other is not touched",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed,),
        play=two_services_one_fails,
        application=APPLICATION,
        stack="TogetherStack",
        fewest_per_second=FEWEST_OF_TWO,
    ),
    Scenario(
        name="two-services-in-parallel",
        summary="two services are released at the same time; when one of them fails, both end on their old versions",
        group="safety",
        expected=Outcome.ROLLED_BACK,
        checks=(none_failed,),
        play=two_services_in_parallel,
        application=APPLICATION,
        stack="TogetherStack",
        fewest_per_second=FEWEST_OF_TWO,
    ),
)
