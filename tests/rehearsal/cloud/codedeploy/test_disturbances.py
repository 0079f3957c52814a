"""What happens to a deployment from outside: stops, listeners that are overwritten, lost answers; and what it tells."""

import threading
from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from tests.rehearsal.cloud.codedeploy.world import ALARM, GROUP, PRODUCTION, World

WAITING = dict(GROUP["blueGreenDeploymentConfiguration"]) | {
    "deploymentReadyOption": {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 30}
}


def states(world: World) -> list[tuple[str, str]]:
    """Which deployment told the event bus of which state, in order."""
    return [(detail["deploymentId"], detail["state"]) for _, _, detail, _ in world.events_put]


def test_a_stop_while_blue_waits_gives_production_back() -> None:
    """StopDeployment with a rollback during the termination wait brings the original tasks back, all at once."""
    world = World({"autoRollbackConfiguration": {"enabled": False, "events": []}})
    stopped_at: list[float] = []

    def stop() -> None:
        assert world.elbv2.now("production") == {"blue": 0, "green": 100}
        assert world.ecs.statuses() == {"ecs-svc/1": "ACTIVE", "ecs-svc/2": "PRIMARY"}
        stopped_at.append(world.clock.at)
        world.api.stop_deployment(deploymentId=world.deployments()[0], autoRollbackEnabled=True)

    world.clock.plan(1000, stop)
    info = world.run()
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert set(world.events(info["deploymentId"]).values()) == {"Succeeded"}
    back = world.info(info["rollbackInfo"]["rollbackDeploymentId"])
    assert (back["status"], back["creator"]) == ("Succeeded", "codeDeployRollback")
    assert world.elbv2.now("production") == world.elbv2.now("test") == {"blue": 100, "green": 0}
    assert world.ecs.statuses() == {"ecs-svc/1": "PRIMARY", "ecs-svc/2": "DRAINING"}
    assert world.clock.at - stopped_at[0] <= 20


def test_a_listener_without_the_live_group_fails_install() -> None:
    """When production does not forward to the primary's group at all, Install fails and nothing is touched."""
    world = World()
    world.elbv2.overwrite(green=100)
    info = world.run()
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "ELASTIC_LOAD_BALANCING_INVALID"
    assert info["errorInformation"]["message"] == (
        "The ELB could not be updated due to the following error: Primary taskset target group must be behind "
        f"listener {PRODUCTION}"
    )
    assert "rollbackInfo" not in info
    assert world.elbv2.changes == []
    assert world.ecs.created == []


def test_wrong_weights_stay_until_traffic_is_shifted() -> None:
    """A deployment mends no listener that was overwritten before it began; its shifts follow the task sets."""
    world = World()
    world.elbv2.overwrite(blue=0, green=100)
    world.run()
    assert [percent for _, percent in world.elbv2.production()] == [10, 100]
    assert world.ecs.statuses()["ecs-svc/2"] == "PRIMARY"


def test_a_listener_overwritten_during_the_canary_gets_the_next_share() -> None:
    """The next shift sets both weights by the task sets, whatever an update made of them meanwhile."""
    world = World()
    world.clock.plan(100, lambda: world.elbv2.overwrite(blue=100, green=0))
    assert world.run()["status"] == "Succeeded"
    assert world.elbv2.now("production") == {"blue": 0, "green": 100}


def test_a_wait_that_does_not_exist_cannot_be_ended() -> None:
    """ContinueDeployment refuses any wait but the two."""
    world = World()
    deployment_id = world.deploy()
    with pytest.raises(ApiError) as refusal:
        world.codedeploy.continue_deployment({"deploymentId": deployment_id, "deploymentWaitType": "LUNCH"})
    assert refusal.value.code == "InvalidDeploymentWaitTypeException"
    world.end()


def test_steps_are_timed_in_cloud_time() -> None:
    """Each lifecycle event that ran has a start and an end; a canary's AllowTraffic lasts its interval."""
    world = World()
    deployment_id = world.run()["deploymentId"]
    times = {one["lifecycleEventName"]: one for one in world.target(deployment_id)["lifecycleEvents"]}
    assert all(one["startTime"] <= one["endTime"] for one in times.values())
    assert times["AllowTraffic"]["endTime"] - times["AllowTraffic"]["startTime"] == pytest.approx(300, abs=1)


def test_states_are_told_to_the_event_bus() -> None:
    """A deployment tells START and SUCCESS, with the names by which a rule finds it."""
    world = World()
    deployment_id = world.run()["deploymentId"]
    assert states(world) == [(deployment_id, "START"), (deployment_id, "SUCCESS")]
    group = world.api.get_deployment_group(applicationName="shop", deploymentGroupName="orders")["deploymentGroupInfo"]
    source, detail_type, detail, resources = world.events_put[0]
    assert (source, detail_type) == ("aws.codedeploy", "CodeDeploy Deployment State-change Notification")
    assert detail == {
        "application": "shop",
        "deploymentId": deployment_id,
        "deploymentGroup": "orders",
        "instanceGroupId": group["deploymentGroupId"],
        "region": "eu-west-1",
        "state": "START",
    }
    assert resources == [
        "arn:aws:codedeploy:eu-west-1:111122223333:application:shop",
        "arn:aws:codedeploy:eu-west-1:111122223333:deploymentgroup:shop/orders",
    ]


def test_a_rollback_is_told_as_a_deployment_of_its_own() -> None:
    """A failed hook tells FAILURE, then START and SUCCESS of the deployment that rolls back."""
    world = World()
    world.functions.answers["bad"] = "Failed"
    world.run({"AfterInstall": "bad"})
    failed, rollback = world.deployments()
    expected = [(failed, "START"), (failed, "FAILURE"), (rollback, "START"), (rollback, "SUCCESS")]
    assert states(world) == expected


def test_ready_and_its_expiry_are_told() -> None:
    """A deployment that nobody continues tells READY and then STOP."""
    world = World({"blueGreenDeploymentConfiguration": WAITING})
    deployment_id = world.run()["deploymentId"]
    assert [state for told, state in states(world) if told == deployment_id] == ["START", "READY", "STOP"]


def test_a_red_alarm_is_told_as_a_stop() -> None:
    """An alarm that stops a deployment tells STOP, not FAILURE."""
    world = World()
    world.cloudwatch.states[ALARM] = "ALARM"
    world.run()
    assert [state for _, state in states(world)] == ["START", "STOP"]


@pytest.mark.parametrize(("fault", "runs"), [("hook-lost", 0), ("hook-twice", 2)])
def test_hooks_are_lost_or_invoked_twice(fault: str, runs: int) -> None:
    """A lost hook never runs and fails by silence; one invoked twice gets the same ids, and its first answer counts."""
    world = World()
    world.codedeploy.inject({"fault": fault, "event": "AfterInstall"})
    refused: list[str] = []

    def answer(**request: str) -> None:
        try:
            world.api.put_lifecycle_event_hook_execution_status(**request)
        except ApiError as refusal:
            refused.append(refusal.code)

    world.functions.answer = answer
    info = world.run({"BeforeInstall": "first", "AfterInstall": "second"})
    events = [event for name, event in world.functions.events if name == "second"]
    assert len(events) == runs
    assert [name for name, _ in world.functions.events].count("first") == 1
    if fault == "hook-lost":
        assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
        assert info["completeTime"] - info["startTime"] == pytest.approx(3600, abs=60)
    else:
        assert info["status"] == "Succeeded"
        assert events[0] == events[1]
        assert refused == ["LifecycleEventAlreadyCompletedException"]


def test_a_rollback_may_be_named_late() -> None:
    """The rollback is done long before the failed deployment names it; afterwards it does."""
    world = World()
    world.codedeploy.inject({"fault": "rollback-late", "seconds": 120})
    world.functions.answers["bad"] = "Failed"
    failed = world.run({"AfterInstall": "bad"})
    rollback = world.deployments()[1]
    assert world.info(rollback)["status"] == "Succeeded"
    assert world.info(rollback)["rollbackInfo"]["rollbackTriggeringDeploymentId"] == failed["deploymentId"]
    assert "rollbackInfo" not in failed
    world.clock.at = failed["completeTime"] + 119
    assert "rollbackInfo" not in world.info(failed["deploymentId"])
    world.clock.at = failed["completeTime"] + 120
    assert world.info(failed["deploymentId"])["rollbackInfo"]["rollbackDeploymentId"] == rollback


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"fault": "rain"}, "got 'rain'"),
        ({"fault": "hook-lost", "event": "Install"}, "event must be one of"),
        ({"fault": "rollback-late"}, "seconds must be above 0"),
        ({"fault": "rollback-late", "seconds": 3601}, "got 3601"),
    ],
)
def test_malformed_faults_are_refused(fault: dict[str, Any], reason: str) -> None:
    """A fault that is not known, or lacks what it needs, is refused and changes nothing."""
    world = World()
    with pytest.raises(ValueError, match=reason):
        world.codedeploy.inject(fault)
    assert world.run()["status"] == "Succeeded"


def test_a_fault_is_cleared() -> None:
    """After `{"fault": null}` hooks run as they should."""
    world = World()
    world.codedeploy.inject({"fault": "hook-lost"})
    world.codedeploy.inject({"fault": None})
    assert world.run({"AfterInstall": "hook"})["status"] == "Succeeded"


def test_a_deployment_holds_on_while_the_control_planes_are_down() -> None:
    """With the gate closed a deployment looks at nothing and moves nothing; when it opens, it goes on to its end."""
    world = World()
    seen: list[tuple[int, int]] = []

    def look() -> None:
        seen.append((world.cloudwatch.asked, len(world.elbv2.changes)))

    def come_back() -> None:
        look()
        world.clock.control_planes.open()

    def go_down() -> None:
        world.clock.control_planes.close()
        look()
        threading.Timer(0.2, come_back).start()

    world.clock.plan(100, go_down)
    assert world.run()["status"] == "Succeeded"
    down, back = seen
    assert down == back
