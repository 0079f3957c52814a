"""What the scenarios of the estate look at: inventories, who answers, and who may fail."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from bluegreen.rehearsal.connection import Answer
from bluegreen.rehearsal.evidence import Event, Evidence
from bluegreen.rehearsal.scenarios import estate_inventory, estate_parts
from bluegreen.rehearsal.scenarios.estate import ESTATE
from bluegreen.rehearsal.scenarios.estate_plans import failed_by_alone
from bluegreen.rehearsal.scenarios.scenario import Scenario
from bluegreen.rehearsal.services import Service
from tests.rehearsal.made_up import V1, V2, answers, evidence, turned_back

if TYPE_CHECKING:
    from bluegreen.rehearsal.stage import Stage

LOADED = [scenario for scenario in ESTATE if scenario.fewest_per_second]
RESET = Answer(1012.0, 0.1, None, None, "ConnectionResetError: reset by peer")
SERVICE = Service(
    name="Orders",
    cluster="cluster",
    service="service",
    application="application",
    deployment_group="release",
    production_listener="arn:listener/1",
    test_listener="arn:listener/2",
    target_groups=("blue", "green"),
)


class Api:
    """Every AWS service at once: answers each list with what the test puts there, everything else with nothing."""

    def __init__(self, **lists: Any) -> None:
        self._lists = lists

    def can_paginate(self, operation: str) -> bool:
        return operation == "list_task_definitions"

    def get_paginator(self, operation: str) -> "Api":
        return Api(pages=self._lists[operation])

    def paginate(self, **_: Any) -> Any:
        return self._lists["pages"]

    def __getattr__(self, operation: str) -> Any:
        members = {member for _, _, named, member, _ in estate_inventory._LISTED if named == operation}
        members |= {"clusterArns", "serviceArns", "taskArns", "ScalableTargets", "ScalingPolicies", "applications"}
        empty: dict[str, list[Any]] = {member: [] for member in (*members, "deploymentConfigsList", "deployments")}
        return lambda **_: empty | self._lists.get(operation, {})


def test_an_inventory_has_what_every_api_lists() -> None:
    """Lists that come in pages are read to their end, and what AWS lists for an hour after its end is left out."""
    api = Api(
        list_task_definitions=[{"taskDefinitionArns": ["one:1"]}, {"taskDefinitionArns": ["one:2"]}],
        describe_nat_gateways={
            "NatGateways": [{"NatGatewayId": "n-1", "State": "available"}, {"NatGatewayId": "n-2", "State": "deleted"}]
        },
        list_clusters={"clusterArns": ["shop"]},
        list_tasks={"taskArns": ["task"]},
        list_deployments={"deployments": ["d-1"]},
        describe_alarms={"MetricAlarms": [{"AlarmName": "errors"}], "CompositeAlarms": [{"AlarmName": "both"}]},
    )
    seen = estate_inventory.difference({}, estate_inventory.inventory(lambda _: api))
    assert seen == {
        "task definition": ["one:1", "one:2"],
        "NAT gateway": ["n-1"],
        "cluster": ["shop"],
        "task": ["task"],
        "deployment under way": ["d-1"],
        "metric alarm": ["errors"],
        "composite alarm": ["both"],
    }


class FakeStage:
    """A stage on which nothing happens but what the test says."""

    def __init__(self, answered_by: Sequence[str | None] = (), deployments: Sequence[str] = ()) -> None:
        self._answered_by = answered_by
        self._deployments = deployments
        self.complaints: list[str] = []

    def wait(self, _seconds: float) -> None: ...

    def events(self, _kind: str) -> list[Event]:
        tasks = ((V1, "v1"), (V2, "v2"))
        return [Event(0.0, "", "task", {"address": address, "version": version}) for address, version in tasks]

    def answers(self, _load: str) -> list[Answer]:
        now = time.monotonic() + 1
        return [Answer(now, 0.1, 200, target) for target in self._answered_by]

    def deployments(self, _service: Service) -> list[dict[str, Any]]:
        return [{"deploymentId": f"d-{number}", "creator": who} for number, who in enumerate(self._deployments)]

    def expect(self, held: object, complaint: str) -> bool:
        if not held:
            self.complaints.append(complaint)
        return bool(held)


@pytest.mark.parametrize(
    ("answered_by", "complaints"),
    [
        ([V2, V2], []),
        ([V2, V1], ["production must be served by v2 alone, got v1, v2"]),
        ([V2, None], ["production must be served by v2 alone, got nobody, v2"]),
        ([], ["production must be served by v2 alone, got "]),
    ],
)
def test_production_is_on_one_version_only_when_nobody_else_answers(
    answered_by: list[str | None], complaints: list[str]
) -> None:
    """An answer of another version, one of the load balancer itself, and no answer at all are complained of."""
    stage = FakeStage(answered_by)
    estate_parts.expect_served_by(cast("Stage", stage), "v2")
    assert stage.complaints == complaints


def test_rollbacks_of_codedeploy_are_not_counted_as_releases() -> None:
    """What somebody asked for is counted; what CodeDeploy starts to roll back is not."""
    stage = FakeStage(deployments=["codeDeployRollback", "user", "user"])
    estate_parts.expect_released(cast("Stage", stage), SERVICE, 2, "a release failed")
    assert stage.complaints == []
    estate_parts.expect_released(cast("Stage", stage), SERVICE, 1, "a release failed")
    assert stage.complaints == ["a release failed: expected 1 deployments of Orders, got 2"]
    assert estate_parts.newest(cast("Stage", stage), SERVICE)["deploymentId"] == "d-1"


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (turned_back(), None),
        (evidence(), "no request failed, so v2 never felt its fault and nothing is proven"),
        (turned_back(answers=[*turned_back().answers, RESET]), "only requests answered by v2 may fail, got"),
        (evidence(answers=answers((999, 1032, V1), status={V1: 500})), "only requests answered by v2 may fail, got"),
    ],
)
def test_only_the_broken_version_may_fail(seen: Evidence, said: str | None) -> None:
    """Requests must fail at the version that is broken, and nowhere else."""
    complaint = failed_by_alone("v2")(seen)
    assert complaint is None if said is None else said in (complaint or "")


@pytest.mark.parametrize("scenario", ESTATE, ids=lambda scenario: scenario.name)
def test_a_scenario_of_the_estate_notices_a_stack_that_is_stuck(scenario: Scenario) -> None:
    """None of them holds when the last command left the stack where nobody can deploy, or when it saw something."""
    seen = evidence(exit_code=1, stack_status="UPDATE_ROLLBACK_FAILED", complaints=("a role was left",))
    complaints = scenario.complaints(seen)
    assert any("failed, expected" in complaint for complaint in complaints)
    assert "a role was left" in complaints


@pytest.mark.parametrize("scenario", LOADED, ids=lambda scenario: scenario.name)
def test_a_scenario_of_the_estate_notices_one_failed_request(scenario: Scenario) -> None:
    """None of those with a load holds when a request fails that no broken version answered."""
    complaints = scenario.complaints(evidence(answers=[*evidence().answers, RESET]))
    assert any("ConnectionResetError: reset by peer" in complaint for complaint in complaints)


def test_every_scenario_of_the_estate_belongs_to_the_group_safety() -> None:
    """Each deploys a stack of the estate itself, with at least 200 requests a second where it has a load."""
    assert {scenario.group for scenario in ESTATE} == {"safety"}
    assert {scenario.application for scenario in ESTATE} == {"estate"}
    assert all(scenario.stack and scenario.play for scenario in ESTATE)
    assert {scenario.fewest_per_second for scenario in ESTATE} == {0, 200, 400}
