import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.codedeploy.lifecycle import EVENTS, HOOKABLE
from tests.rehearsal.cloud.codedeploy.world import ALARM, GREEN, GROUP, TEST, V1, World

DONE = dict.fromkeys(EVENTS, "Succeeded")


def ended_at(event: str) -> dict[str, str]:
    """The events of a deployment that failed at one of them."""
    index = EVENTS.index(event)
    return {
        name: "Succeeded" if position < index else "Failed" if position == index else "Skipped"
        for position, name in enumerate(EVENTS)
    }


def blue_green(**changes: object) -> dict[str, object]:
    return {"blueGreenDeploymentConfiguration": GROUP["blueGreenDeploymentConfiguration"] | changes}


APPROVAL = blue_green(deploymentReadyOption={"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 30})


def test_a_good_release_shifts_traffic_as_configured() -> None:
    """A canary sends 0, then 10, five minutes later 100 percent to green; blue goes an hour after that."""
    world = World()
    info = world.run(dict.fromkeys(HOOKABLE, "check"))
    deployment_id = info["deploymentId"]
    assert info["status"] == "Succeeded"
    assert world.events(deployment_id) == DONE
    shifts = world.elbv2.production()
    assert [percent for _, percent in shifts] == [0, 10, 100]
    assert shifts[2][0] - shifts[1][0] == 300
    assert info["completeTime"] - info["createTime"] == pytest.approx(shifts[2][0] + 3600, abs=60)
    assert world.ecs.statuses() == {"ecs-svc/1": "DRAINING", "ecs-svc/2": "PRIMARY"}
    assert world.elbv2.now("test") == {"blue": 0, "green": 100}
    assert info["deploymentOverview"]["Succeeded"] == 1
    assert world.api.list_deployments(includeOnlyStatuses=["Succeeded"])["deployments"] == [deployment_id]


def test_hooks_get_two_ids_and_nothing_else() -> None:
    """Each hook runs once, in order, by name or ARN, with the deployment's id and an opaque id of its own."""
    world = World()
    functions = {event: f"hook-{event}" for event in HOOKABLE}
    info = world.run(functions)
    assert [name for name, _ in world.functions.events] == list(functions.values())
    ids = set()
    for _, event in world.functions.events:
        assert event.keys() == {"DeploymentId", "LifecycleEventHookExecutionId"}
        assert event["DeploymentId"] == info["deploymentId"]
        ids.add(event["LifecycleEventHookExecutionId"])
    assert len(ids) == len(HOOKABLE)


def test_the_replacement_takes_over_what_the_appspec_leaves_open() -> None:
    """The new task set goes to the idle group with the original's network, launch type and platform version."""
    world = World()
    info = world.run()
    (created,) = world.ecs.created
    assert created["loadBalancers"][0] == {"targetGroupArn": GREEN, "containerName": "app", "containerPort": 8080}
    assert created["externalId"] == info["deploymentId"]
    assert created["launchType"] == "FARGATE"
    assert created["platformVersion"] == "1.4.0"
    assert created["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["subnet-1"]


def test_colours_swap_at_every_release() -> None:
    """The second deployment goes to the group that the first one left."""
    world = World()
    world.run()
    world.run()
    assert world.ecs.created[1]["loadBalancers"][0]["targetGroupArn"].split("/")[1] == "blue"
    assert world.elbv2.now("production") == {"green": 0, "blue": 100}


@pytest.mark.parametrize("event", HOOKABLE)
def test_a_failed_hook_ends_the_deployment_at_its_event(event: str) -> None:
    """A hook that answers Failed fails its event, skips the rest and, from Install on, is rolled back."""
    world = World()
    world.functions.answers["bad"] = "Failed"
    info = world.run({event: "bad"})
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert event in info["errorInformation"]["message"]
    assert world.events(info["deploymentId"]) == ended_at(event)
    assert ("rollbackInfo" in info) == (event != "BeforeInstall")
    assert world.ecs.statuses()["ecs-svc/1"] == "PRIMARY"
    assert world.elbv2.now("production") in (None, {"blue": 100, "green": 0})
    assert world.elbv2.now("test") in (None, {"blue": 100, "green": 0})


def test_production_never_saw_a_candidate_that_a_hook_refused_before_traffic() -> None:
    """With a failed test-traffic hook green's production weight is 0 all along."""
    world = World()
    world.functions.answers["bad"] = "Failed"
    world.run({"AfterAllowTestTraffic": "bad"})
    assert {percent for _, percent in world.elbv2.production()} == {0}


@pytest.mark.parametrize(("silent", "waited"), [(True, 3600), (False, 0)])
def test_a_hook_that_never_answers_fails_after_an_hour(*, silent: bool, waited: int) -> None:
    """Silence fails the event after 3600 s; a function that cannot be invoked fails it at once."""
    world = World()
    if silent:
        world.functions.answers["hook"] = None
    else:
        world.functions.broken.add("hook")
    info = world.run({"BeforeInstall": "hook"})
    assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert info["completeTime"] - info["startTime"] == pytest.approx(waited, abs=1)
    ((_, event),) = world.functions.events
    with pytest.raises(ApiError) as late:
        world.api.put_lifecycle_event_hook_execution_status(
            deploymentId=event["DeploymentId"],
            lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
            status="Succeeded",
        )
    assert late.value.code == "LifecycleEventAlreadyCompletedException"


def test_install_gives_up_after_an_hour() -> None:
    """A replacement that never becomes steady times out after 60 minutes, is removed, and production never moved."""
    world = World()
    world.ecs.steady = False
    info = world.run()
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "TIMEOUT")
    assert "become healthy" in info["errorInformation"]["message"]
    assert world.events(info["deploymentId"]) == ended_at("Install")
    assert info["completeTime"] - info["startTime"] == pytest.approx(3600, abs=20)
    assert world.ecs.statuses() == {"ecs-svc/1": "PRIMARY", "ecs-svc/2": "DRAINING"}
    assert {percent for _, percent in world.elbv2.production()} == {0}


def test_a_refused_task_set_fails_install() -> None:
    """When ECS refuses the task set, such as for an INACTIVE task definition, the deployment fails with its words."""
    world = World()
    world.ecs.refuse.add("create_task_set")
    info = world.run()
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "ECS_UPDATE_ERROR")


def test_a_service_without_primary_task_set_fails_install() -> None:
    """CodeDeploy cannot tell blue from green without a primary task set; there is nothing to roll back to either."""
    world = World()
    world.ecs.task_sets[0]["status"] = "ACTIVE"
    info = world.run()
    assert info["errorInformation"]["code"] == "INVALID_ECS_SERVICE"
    assert "rollbackInfo" not in info


def test_a_primary_task_set_outside_the_pair_fails_install() -> None:
    """A service behind a third target group is not the group's to release."""
    world = World()
    world.ecs.task_sets[0]["loadBalancers"] = [{"targetGroupArn": TEST}]
    assert world.run()["errorInformation"]["code"] == "ELASTIC_LOAD_BALANCING_INVALID"


def test_an_alarm_during_the_canary_brings_production_back() -> None:
    """A red alarm stops the shift within a poll; all traffic is back within seconds, by a deployment of its own."""
    world = World()
    turned: list[float] = []

    def turn_red(percent: int) -> None:
        if percent == 10:
            turned.append(world.clock.at)
            world.cloudwatch.states[ALARM] = "ALARM"

    world.elbv2.on_shift = turn_red
    info = world.run()
    failed, rollback = world.deployments()
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert info["errorInformation"]["message"].endswith("Activated alarms: <orders-errors>")
    assert world.events(failed) == ended_at("AllowTraffic")
    assert info["rollbackInfo"]["rollbackDeploymentId"] == rollback
    back = world.info(rollback)
    assert (back["status"], back["creator"]) == ("Succeeded", "codeDeployRollback")
    assert back["rollbackInfo"]["rollbackTriggeringDeploymentId"] == failed
    assert back["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    assert V1 in back["revision"]["appSpecContent"]["content"]
    (_, start), (_, canary), (returned, end) = world.elbv2.production()
    assert (start, canary, end) == (0, 10, 0)
    assert world.elbv2.production()[2][0] == returned
    assert world.clock.at - turned[0] <= 30
    assert [one["trafficWeight"] for one in world.target(failed)["taskSetsInfo"]] == [100.0, 0.0]
    assert world.ecs.statuses() == {"ecs-svc/1": "PRIMARY", "ecs-svc/2": "DRAINING"}


def test_the_failed_deployment_learns_its_rollback_a_little_later() -> None:
    """When the status turns Failed there is no rollback id yet, and the group stays taken until the rollback ends."""
    world = World()
    world.functions.answers["bad"] = "Failed"
    seen: list[dict[str, object]] = []

    def look() -> None:
        info = world.info(world.deployments()[0])
        seen.append({"status": info["status"], "rollback": "rollbackInfo" in info})
        with pytest.raises(ApiError, match="already has an active Deployment"):
            world.deploy()

    for second in range(3, 20):
        world.clock.plan(second, look)
    world.run({"AfterInstall": "bad"})
    assert {"status": "Failed", "rollback": False} in seen


def test_an_alarm_that_is_red_at_the_start_blocks() -> None:
    """The deployment is stopped before its first event; nothing was touched, so nothing is rolled back."""
    world = World()
    world.cloudwatch.states[ALARM] = "ALARM"
    info = world.run()
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert set(world.events(info["deploymentId"]).values()) == {"Skipped"}
    assert world.elbv2.changes == []
    assert world.deployments() == [info["deploymentId"]]


@pytest.mark.parametrize(
    "override", [{"enabled": False}, {"enabled": True, "alarms": [{"name": "another"}]}], ids=["off", "another"]
)
def test_a_deployment_may_override_the_alarms(override: dict[str, object]) -> None:
    """With overrideAlarmConfiguration the red alarm of the group does not block; the deployment shows it."""
    world = World()
    world.cloudwatch.states |= {ALARM: "ALARM", "another": "OK"}
    info = world.run(overrideAlarmConfiguration=override)
    assert info["status"] == "Succeeded"
    assert info["overrideAlarmConfiguration"] == override


def test_the_alarm_still_counts_while_blue_waits() -> None:
    """An alarm during the termination wait rolls back, although every event had succeeded."""
    world = World()
    world.clock.plan(2000, lambda: world.cloudwatch.states.update({ALARM: "ALARM"}))
    info = world.run()
    assert info["status"] == "Stopped"
    assert world.events(info["deploymentId"]) == DONE
    assert info["instanceTerminationWaitTimeStarted"]
    assert world.elbv2.now("production") == {"blue": 100, "green": 0}
    assert world.ecs.statuses() == {"ecs-svc/1": "PRIMARY", "ecs-svc/2": "DRAINING"}


@pytest.mark.parametrize(("ignore", "status"), [(False, "Stopped"), (True, "Succeeded")])
@pytest.mark.parametrize("gone", [False, True])
def test_unreadable_alarms_stop_unless_ignored(*, ignore: bool, gone: bool, status: str) -> None:
    """Alarms that cannot be read, or do not exist, stop the deployment unless ignorePollAlarmFailure is set."""
    world = World(
        {"alarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": ignore, "alarms": [{"name": ALARM}]}}
    )
    world.cloudwatch.broken = not gone
    world.cloudwatch.states.clear()
    assert world.run()["status"] == status


def test_without_alarms_nobody_asks_cloudwatch() -> None:
    """A group whose alarm configuration is off does not poll."""
    world = World({"alarmConfiguration": {"enabled": False, "alarms": [{"name": ALARM}]}})
    world.run()
    assert world.cloudwatch.asked == 0


@pytest.mark.parametrize(
    ("asked", "events", "rolled_back"),
    [
        (None, ["DEPLOYMENT_STOP_ON_REQUEST"], True),
        (None, ["DEPLOYMENT_FAILURE"], False),
        (True, ["DEPLOYMENT_FAILURE"], True),
        (False, ["DEPLOYMENT_STOP_ON_REQUEST"], False),
    ],
)
def test_stopping_rolls_back_as_asked_or_configured(
    *, asked: bool | None, events: list[str], rolled_back: bool
) -> None:
    """StopDeployment ends the deployment; autoRollbackEnabled decides on the rollback, else the group's events do."""
    world = World({"autoRollbackConfiguration": {"enabled": True, "events": events}})
    request = {} if asked is None else {"autoRollbackEnabled": asked}
    world.clock.plan(100, lambda: world.api.stop_deployment(deploymentId=world.deployments()[0], **request))
    info = world.run()
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert ("rollbackInfo" in info) == rolled_back
    assert world.elbv2.now("production") == ({"blue": 100, "green": 0} if rolled_back else {"blue": 90, "green": 10})


def test_what_a_deployment_left_behind_is_cleared_by_the_next() -> None:
    """After a stop without rollback the next deployment removes what was left; weights stay wrong until it shifts."""
    world = World({"autoRollbackConfiguration": {"enabled": False, "events": []}})
    world.clock.plan(100, lambda: world.api.stop_deployment(deploymentId=world.deployments()[0]))
    world.run()
    assert world.ecs.statuses() == {"ecs-svc/1": "PRIMARY", "ecs-svc/2": "ACTIVE"}
    at_shift: list[dict[str, str]] = []
    world.elbv2.on_shift = lambda _: at_shift.append(world.ecs.statuses())
    world.run()
    assert at_shift[0] == {"ecs-svc/1": "PRIMARY", "ecs-svc/2": "DRAINING", "ecs-svc/3": "ACTIVE"}
    assert world.ecs.statuses() == {"ecs-svc/1": "DRAINING", "ecs-svc/2": "DRAINING", "ecs-svc/3": "PRIMARY"}
    assert [percent for _, percent in world.elbv2.production()] == [0, 10, 10, 100]


def test_continuing_ends_the_termination_wait() -> None:
    """ContinueDeployment(TERMINATION_WAIT) removes blue at once and lets the deployment succeed."""
    world = World()
    world.clock.plan(
        1000,
        lambda: world.api.continue_deployment(
            deploymentId=world.deployments()[0], deploymentWaitType="TERMINATION_WAIT"
        ),
    )
    info = world.run()
    assert info["status"] == "Succeeded"
    assert info["completeTime"] - info["createTime"] == pytest.approx(1000, abs=11)


def test_a_ready_deployment_waits_to_be_continued() -> None:
    """With STOP_DEPLOYMENT the deployment is Ready after the test traffic and moves production only when continued."""
    world = World(APPROVAL)
    seen = []

    def approve() -> None:
        deployment_id = world.deployments()[0]
        seen.append((world.info(deployment_id)["status"], world.events(deployment_id)["AfterAllowTestTraffic"]))
        assert world.events(deployment_id)["BeforeAllowTraffic"] == "Pending"
        world.api.continue_deployment(deploymentId=deployment_id)

    world.clock.plan(600, approve)
    info = world.run()
    assert seen == [("Ready", "Succeeded")]
    assert info["status"] == "Succeeded"
    assert world.elbv2.production()[1][0] >= 600


def test_a_ready_deployment_expires() -> None:
    """Not continued in time it is Stopped, rolled back, and production never moved."""
    world = World(APPROVAL)
    info = world.run()
    assert info["status"] == "Stopped"
    assert "30 minutes" in info["errorInformation"]["message"]
    assert "rollbackInfo" in info
    assert {percent for _, percent in world.elbv2.production()} == {0}


def test_continuing_what_does_not_wait_is_refused() -> None:
    """Neither wait can be ended before it began, nor a deployment continued that is over."""
    world = World()
    refused = []

    def try_both() -> None:
        for kind in ("READY_WAIT", "TERMINATION_WAIT"):
            with pytest.raises(ApiError) as refusal:
                world.api.continue_deployment(deploymentId=world.deployments()[0], deploymentWaitType=kind)
            refused.append(refusal.value.code)

    world.clock.plan(20, try_both)
    info = world.run()
    assert refused == ["DeploymentIsNotInReadyStateException"] * 2
    for operation in (world.api.continue_deployment, world.api.stop_deployment):
        with pytest.raises(ApiError) as refusal:
            operation(deploymentId=info["deploymentId"])
        assert refusal.value.code == "DeploymentAlreadyCompletedException"


def test_one_active_deployment_a_group_also_while_blue_waits() -> None:
    """A second deployment is refused with the name of the active one, up to the end of the termination wait."""
    world = World()
    refusals: list[str] = []

    def try_another() -> None:
        with pytest.raises(ApiError) as refusal:
            world.deploy()
        assert refusal.value.code == "DeploymentLimitExceededException"
        refusals.append(refusal.value.message)

    for second in (1, 30, 3000):
        world.clock.plan(second, try_another)
    first = world.run()["deploymentId"]
    assert len(refusals) == 3
    assert all(first in message for message in refusals)
    assert world.run()["status"] == "Succeeded"


def test_task_sets_are_shown_with_their_share_of_traffic() -> None:
    """During the canary the target shows Blue with 90 and Green with 10 percent, under the API's own spelling."""
    world = World()
    seen: list[object] = []

    def look() -> None:
        target = world.target(world.deployments()[0])
        assert target["targetId"] == "main:orders"
        seen.extend(
            (one["identifer"], one["taskSetLabel"], one["trafficWeight"], one["status"], one["targetGroup"]["name"])
            for one in target["taskSetsInfo"]
        )

    world.clock.plan(100, look)
    world.run()
    assert seen == [
        ("ecs-svc/1", "Blue", 90.0, "PRIMARY", "blue"),
        ("ecs-svc/2", "Green", 10.0, "ACTIVE", "green"),
    ]


def test_a_created_deployment_has_no_targets_yet() -> None:
    """Right after CreateDeployment the targets are refused as not started; a wrong target is refused always."""
    world = World()
    codes: list[str] = []

    def look() -> None:
        with pytest.raises(ApiError) as refusal:
            world.api.list_deployment_targets(deploymentId=world.deployments()[0])
        codes.append(refusal.value.code)

    world.clock.plan(1, look)
    info = world.run()
    assert codes == ["DeploymentNotStartedException"]
    with pytest.raises(ApiError) as refusal:
        world.api.batch_get_deployment_targets(deploymentId=info["deploymentId"], targetIds=["other:thing"])
    assert refusal.value.code == "DeploymentTargetDoesNotExistException"


def test_answers_of_hooks_are_checked() -> None:
    """A hook may answer once, while it is waited for, with its own id and with Succeeded or Failed."""
    world = World()
    world.run({"AfterInstall": "hook"})
    ((_, event),) = world.functions.events
    cases = [
        (event["LifecycleEventHookExecutionId"], "Succeeded", "LifecycleEventAlreadyCompletedException"),
        ("made-up", "Succeeded", "InvalidLifecycleEventHookExecutionIdException"),
        (event["LifecycleEventHookExecutionId"], "Skipped", "InvalidLifecycleEventHookExecutionStatusException"),
    ]
    for execution_id, status, code in cases:
        with pytest.raises(ApiError) as refusal:
            world.api.put_lifecycle_event_hook_execution_status(
                deploymentId=event["DeploymentId"], lifecycleEventHookExecutionId=execution_id, status=status
            )
        assert refusal.value.code == code


def test_the_first_answer_of_a_hook_counts() -> None:
    """A hook that was invoked twice and answers twice is refused the second time, and its first answer stands."""
    world = World()
    refused: list[str] = []

    def answer_twice(**request: str) -> None:
        world.api.put_lifecycle_event_hook_execution_status(**request)
        with pytest.raises(ApiError) as refusal:
            world.api.put_lifecycle_event_hook_execution_status(**request | {"status": "Failed"})
        refused.append(refusal.value.code)

    world.functions.answer = answer_twice
    assert world.run({"AfterInstall": "hook"})["status"] == "Succeeded"
    assert refused == ["LifecycleEventAlreadyCompletedException"]


def test_deleting_the_group_ends_its_deployment() -> None:
    """The deployment under way fails as DEPLOYMENT_GROUP_MISSING and is not rolled back."""
    world = World()
    world.clock.plan(
        100, lambda: world.api.delete_deployment_group(applicationName="shop", deploymentGroupName="orders")
    )
    info = world.run()
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "DEPLOYMENT_GROUP_MISSING")
    assert "rollbackInfo" not in info


@pytest.mark.parametrize(("refusals", "status"), [(2, "Succeeded"), (50, "Failed")])
def test_a_rollback_tries_again(refusals: int, status: str) -> None:
    """A rollback survives some refusals of the load balancer; when they never end it fails and lets the group go."""
    world = World()

    def break_listener(percent: int) -> None:
        if percent == 10:
            world.elbv2.refusals = refusals
            world.cloudwatch.states[ALARM] = "ALARM"

    world.elbv2.on_shift = break_listener
    world.run()
    rollback = world.deployments()[1]
    assert world.info(rollback)["status"] == status
    world.cloudwatch.states[ALARM] = "OK"
    world.elbv2.refusals = 0
    world.elbv2.on_shift = lambda _: None
    assert world.run()["status"] == "Succeeded"


def test_an_error_of_our_own_still_gives_production_back() -> None:
    """Whatever breaks inside the engine ends as INTERNAL_ERROR with a rollback, never as a hanging deployment."""
    world = World()

    def explode(percent: int) -> None:
        if percent == 10:
            raise RuntimeError("boom")

    world.elbv2.on_shift = explode
    info = world.run()
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "INTERNAL_ERROR")
    assert world.elbv2.now("production") == {"blue": 100, "green": 0}


def test_stopping_the_cloud_ends_the_threads() -> None:
    """stop() lets a deployment go where it is: its thread ends and nothing is rolled back."""
    world = World()
    world.clock.plan(100, world.codedeploy._engine._stopping.set)
    deployment_id = world.deploy()
    world.end()
    world.codedeploy.stop()
    assert world.info(deployment_id)["status"] == "InProgress"
    assert len(world.deployments()) == 1


def test_the_journal_and_the_snapshot_tell_the_story() -> None:
    """Every step is in the journal, and the snapshot has what an operator looks at."""
    world = World()
    world.functions.answers["bad"] = "Failed"
    info = world.run({"AfterInstall": "bad"})
    told = [entry.what for entry in world.journal.since(0)]
    assert told[:4] == [
        f"deployment {info['deploymentId']} started",
        "BeforeInstall started",
        "BeforeInstall succeeded",
        "Install started",
    ]
    assert "AfterInstall failed" in told
    failed, rollback = world.codedeploy.snapshot()["deployments"]
    assert failed["error"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert rollback["creator"] == "codeDeployRollback"


@given(
    seconds=st.integers(0, 5000),
    action=st.sampled_from(["alarm", "stop", "hook", "nothing"]),
    event=st.sampled_from(HOOKABLE),
)
def test_whatever_happens_ends_well_for_production(seconds: int, action: str, event: str) -> None:
    """Wherever a deployment is disturbed, it ends, the group is free, and one colour serves all: the primary's."""
    world = World()

    def disturb() -> None:
        deployment_id = world.deployments()[0]
        if action == "alarm":
            world.cloudwatch.states[ALARM] = "ALARM"
        elif action == "stop" and world.info(deployment_id)["status"] not in {"Stopped", "Failed", "Succeeded"}:
            world.api.stop_deployment(deploymentId=deployment_id, autoRollbackEnabled=True)

    if action == "hook":
        world.functions.answers["hook"] = "Failed"
    world.clock.plan(seconds, disturb)
    info = world.run({event: "hook"})
    assert info["status"] in {"Succeeded", "Failed", "Stopped"}
    primary = next(one for one in world.ecs.task_sets if one["status"] == "PRIMARY")
    colour = primary["loadBalancers"][0]["targetGroupArn"].split("/")[1]
    serving = world.elbv2.now("production") or {"blue": 100}
    assert serving[colour] == 100
    assert (info["status"] == "Succeeded") == (colour == "green")
    active = world.api.list_deployments(includeOnlyStatuses=["Created", "InProgress", "Ready"])["deployments"]
    assert active == []
