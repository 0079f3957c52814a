import copy
from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.codedeploy import resource_types
from tests.rehearsal.cloud.codedeploy.world import ALARM, GROUP, PRODUCTION, World, appspec


@pytest.fixture
def world() -> World:
    return World()


def pair(**changes: Any) -> dict[str, Any]:
    found = copy.deepcopy(GROUP["loadBalancerInfo"]["targetGroupPairInfoList"][0])
    return {"loadBalancerInfo": {"targetGroupPairInfoList": [found | changes]}}


def blue_green(**changes: Any) -> dict[str, Any]:
    return {"blueGreenDeploymentConfiguration": GROUP["blueGreenDeploymentConfiguration"] | changes}


def alarms(*names: str, enabled: bool = True) -> dict[str, Any]:
    return {"alarmConfiguration": {"enabled": enabled, "alarms": [{"name": name} for name in names]}}


BLUE_GREEN = "InvalidBlueGreenDeploymentConfigurationException"
WRONG_SETTINGS = [
    ({"deploymentStyle": {"deploymentType": "IN_PLACE"}}, "InvalidDeploymentStyleException"),
    ({"serviceRoleArn": "codedeploy"}, "InvalidRoleException"),
    ({"ecsServices": []}, "InvalidECSServiceException"),
    ({"ecsServices": [{"serviceName": "orders"}]}, "InvalidECSServiceException"),
    ({"loadBalancerInfo": {}}, "InvalidLoadBalancerInfoException"),
    (pair(targetGroups=[{"name": "blue"}]), "InvalidTargetGroupPairException"),
    (pair(targetGroups=[{"name": "blue"}, {"name": "blue"}]), "InvalidTargetGroupPairException"),
    (pair(prodTrafficRoute={"listenerArns": []}), "InvalidLoadBalancerInfoException"),
    (pair(prodTrafficRoute={"listenerArns": [PRODUCTION, PRODUCTION]}), "InvalidLoadBalancerInfoException"),
    (alarms(*(f"a{number}" for number in range(11))), "AlarmsLimitExceededException"),
    (alarms("a", "a"), "InvalidAlarmConfigException"),
    (alarms(""), "InvalidAlarmConfigException"),
    (alarms(), "InvalidAlarmConfigException"),
    ({"autoRollbackConfiguration": {"enabled": True, "events": []}}, "InvalidAutoRollbackConfigException"),
    ({"autoRollbackConfiguration": {"enabled": True, "events": ["NEVER"]}}, "InvalidAutoRollbackConfigException"),
    ({"blueGreenDeploymentConfiguration": {}}, BLUE_GREEN),
    (
        {
            "blueGreenDeploymentConfiguration": {
                "terminateBlueInstancesOnDeploymentSuccess": {"terminationWaitTimeInMinutes": 5}
            }
        },
        BLUE_GREEN,
    ),
    (blue_green(terminateBlueInstancesOnDeploymentSuccess={"action": "KEEP_ALIVE"}), BLUE_GREEN),
    (blue_green(terminateBlueInstancesOnDeploymentSuccess={"terminationWaitTimeInMinutes": 2881}), BLUE_GREEN),
    (
        blue_green(deploymentReadyOption={"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 2881}),
        BLUE_GREEN,
    ),
    ({"deploymentConfigName": "never-was"}, "DeploymentConfigDoesNotExistException"),
]


@pytest.mark.parametrize(("changes", "code"), WRONG_SETTINGS)
def test_refuses_wrong_groups(changes: dict[str, Any], code: str) -> None:
    """A group that CodeDeploy would refuse for ECS is refused with AWS's code, and so is changing one into it."""
    with pytest.raises(ApiError) as refusal:
        World(changes)
    assert refusal.value.code == code
    world = World()
    changed = {key: value for key, value in changes.items() if key != "deploymentGroupName"}
    with pytest.raises(ApiError) as refusal:
        world.api.update_deployment_group(applicationName="shop", currentDeploymentGroupName="orders", **changed)
    assert refusal.value.code == code


def test_a_group_is_shown_as_it_was_made(world: World) -> None:
    """GetDeploymentGroup repeats what was put, with an id, the platform and the last deployments."""
    deployment_id = world.run()["deploymentId"]
    info = world.api.get_deployment_group(applicationName="shop", deploymentGroupName="orders")["deploymentGroupInfo"]
    assert {key: info[key] for key in GROUP} == GROUP
    assert info["computePlatform"] == "ECS"
    assert info["lastSuccessfulDeployment"]["deploymentId"] == deployment_id
    assert info["lastAttemptedDeployment"]["status"] == "Succeeded"
    assert world.api.list_deployment_groups(applicationName="shop")["deploymentGroups"] == ["orders"]
    several = world.api.batch_get_deployment_groups(applicationName="shop", deploymentGroupNames=["orders"])
    assert several["deploymentGroupsInfo"] == [info]


def test_a_service_has_one_group(world: World) -> None:
    """A second group for the same service is refused, and so is a second one of the same name."""
    with pytest.raises(ApiError) as refusal:
        world.api.create_deployment_group(**GROUP | {"deploymentGroupName": "second"})
    assert refusal.value.code == "ECSServiceMappingLimitExceededException"
    with pytest.raises(ApiError) as refusal:
        world.api.create_deployment_group(**GROUP)
    assert refusal.value.code == "DeploymentGroupAlreadyExistsException"


def test_the_service_must_have_the_controller(world: World) -> None:
    """A service with another deployment controller is refused with that controller's name."""
    world.ecs.controller = "ECS"
    other = [{"clusterName": "main", "serviceName": "other"}]
    with pytest.raises(ApiError, match="controller is ECS") as refusal:
        world.api.create_deployment_group(**GROUP | {"deploymentGroupName": "other", "ecsServices": other})
    assert refusal.value.code == "InvalidECSServiceException"


def test_changing_a_group_leaves_what_is_not_named(world: World) -> None:
    """UpdateDeploymentGroup changes what it names; the running deployment keeps what it began with."""
    world.clock.plan(
        100,
        lambda: world.api.update_deployment_group(
            applicationName="shop",
            currentDeploymentGroupName="orders",
            newDeploymentGroupName="renamed",
            alarmConfiguration={"enabled": True, "alarms": [{"name": "absent"}]},
        ),
    )
    assert world.run()["status"] == "Succeeded"
    info = world.api.get_deployment_group(applicationName="shop", deploymentGroupName="renamed")["deploymentGroupInfo"]
    assert info["alarmConfiguration"]["alarms"] == [{"name": "absent"}]
    assert info["autoRollbackConfiguration"] == GROUP["autoRollbackConfiguration"]


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        (
            "create_application",
            {"applicationName": "shop", "computePlatform": "ECS"},
            "ApplicationAlreadyExistsException",
        ),
        ("create_application", {"applicationName": "a b", "computePlatform": "ECS"}, "InvalidApplicationNameException"),
        ("create_application", {"applicationName": "new"}, "InvalidComputePlatformException"),
        ("get_application", {"applicationName": "none"}, "ApplicationDoesNotExistException"),
        (
            "get_deployment_group",
            {"applicationName": "shop", "deploymentGroupName": "none"},
            "DeploymentGroupDoesNotExistException",
        ),
        ("get_deployment_config", {"deploymentConfigName": "none"}, "DeploymentConfigDoesNotExistException"),
        (
            "delete_deployment_config",
            {"deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce"},
            "InvalidOperationException",
        ),
        ("get_deployment", {"deploymentId": "orders"}, "InvalidDeploymentIdException"),
        ("get_deployment", {"deploymentId": "d-000000000"}, "DeploymentDoesNotExistException"),
        ("stop_deployment", {"deploymentId": "d-000000000"}, "DeploymentDoesNotExistException"),
        ("list_deployments", {"applicationName": "none"}, "ApplicationDoesNotExistException"),
        (
            "list_deployments",
            {"applicationName": "shop", "deploymentGroupName": "none"},
            "DeploymentGroupDoesNotExistException",
        ),
        ("list_tags_for_resource", {"ResourceArn": "arn:aws:codedeploy:r:1:application:none"}, "InvalidArnException"),
        (
            "create_deployment_config",
            {
                "deploymentConfigName": "CodeDeployDefault.Mine",
                "computePlatform": "ECS",
                "trafficRoutingConfig": {"type": "AllAtOnce"},
            },
            "InvalidDeploymentConfigNameException",
        ),
    ],
)
def test_refuses_what_does_not_fit(world: World, operation: str, request_: dict[str, Any], code: str) -> None:
    """Names that are taken, malformed or unknown are refused with AWS's codes."""
    with pytest.raises(ApiError) as refusal:
        getattr(world.api, operation)(**request_)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"deploymentGroupName": "none"}, "DeploymentGroupDoesNotExistException"),
        ({"applicationName": "none"}, "ApplicationDoesNotExistException"),
        ({"deploymentConfigName": "none"}, "DeploymentConfigDoesNotExistException"),
        ({"overrideAlarmConfiguration": {"enabled": True}}, "InvalidAlarmConfigException"),
        ({"autoRollbackConfiguration": {"enabled": True}}, "InvalidAutoRollbackConfigException"),
        ({"revision": {"revisionType": "GitHub"}}, "InvalidRevisionException"),
    ],
)
def test_refuses_wrong_deployments(world: World, changes: dict[str, Any], code: str) -> None:
    """A deployment that could not run is refused and leaves the group free."""
    with pytest.raises(ApiError) as refusal:
        world.deploy(**changes)
    assert refusal.value.code == code
    assert world.run()["status"] == "Succeeded"


def test_deployments_are_listed_by_state_and_time(world: World) -> None:
    """Deployments are listed newest first, by group, status and time of creation; several are described at once."""
    first = world.run()["deploymentId"]
    between = world.clock.at
    world.clock.at += 1
    second = world.run()["deploymentId"]
    named = {"applicationName": "shop", "deploymentGroupName": "orders"}
    assert world.api.list_deployments(**named)["deployments"] == [second, first]
    assert world.api.list_deployments(createTimeRange={"start": between + 0.5})["deployments"] == [second]
    assert world.api.list_deployments(createTimeRange={"end": between})["deployments"] == [first]
    assert world.api.list_deployments(includeOnlyStatuses=["Failed"])["deployments"] == []
    several = world.api.batch_get_deployments(deploymentIds=[first, "d-000000000", second])["deploymentsInfo"]
    assert [info["deploymentId"] for info in several] == [first, second]


def test_a_deployment_may_bring_its_own_configuration(world: World) -> None:
    """DeploymentConfigName of the deployment wins over the group's."""
    info = world.run(deploymentConfigName="CodeDeployDefault.ECSAllAtOnce", description="hurry")
    assert info["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    assert info["description"] == "hurry"
    assert [percent for _, percent in world.elbv2.production()] == [0, 100]


def test_applications_are_listed_and_deleted(world: World) -> None:
    """An application is described and listed; deleting it takes its groups along and may be repeated."""
    shown = world.api.get_application(applicationName="shop")["application"]
    assert world.api.batch_get_applications(applicationNames=["shop"])["applicationsInfo"] == [shown]
    assert world.api.list_applications()["applications"] == ["shop"]
    for _ in range(2):
        world.api.delete_application(applicationName="shop")
        world.api.delete_deployment_group(applicationName="shop", deploymentGroupName="orders")
    assert world.api.list_applications()["applications"] == []


def test_configurations_are_guarded_while_in_use(world: World) -> None:
    """A configuration that a group uses cannot be deleted, and a second one of its name cannot be made."""
    config = {
        "deploymentConfigName": "slow",
        "computePlatform": "ECS",
        "trafficRoutingConfig": {
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": 5, "canaryInterval": 60},
        },
    }
    world.api.create_deployment_config(**config)
    with pytest.raises(ApiError, match="already exists"):
        world.api.create_deployment_config(**config)
    shown = world.api.get_deployment_config(deploymentConfigName="slow")["deploymentConfigInfo"]
    assert shown["trafficRoutingConfig"] == config["trafficRoutingConfig"]
    assert "slow" in world.api.list_deployment_configs()["deploymentConfigsList"]
    change = {"applicationName": "shop", "currentDeploymentGroupName": "orders"}
    world.api.update_deployment_group(**change, deploymentConfigName="slow")
    with pytest.raises(ApiError, match="used by orders"):
        world.api.delete_deployment_config(deploymentConfigName="slow")
    world.api.update_deployment_group(**change, deploymentConfigName="CodeDeployDefault.ECSAllAtOnce")
    world.api.delete_deployment_config(deploymentConfigName="slow")


def test_tags_of_applications_and_groups(world: World) -> None:
    """Applications and groups take tags."""
    for name in ("application:shop", "deploymentgroup:shop/orders"):
        arn = f"arn:aws:codedeploy:eu-west-1:111122223333:{name}"
        world.api.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        world.api.untag_resource(ResourceArn=arn, TagKeys=["a"])
        assert world.api.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


PROPERTIES = {
    "ApplicationName": "web",
    "DeploymentConfigName": "slow",
    "ServiceRoleArn": "arn:aws:iam::111122223333:role/codedeploy",
    "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
    "ECSServices": [{"ClusterName": "main", "ServiceName": "web"}],
    "LoadBalancerInfo": {
        "TargetGroupPairInfoList": [
            {
                "TargetGroups": [{"Name": "blue"}, {"Name": "green"}],
                "ProdTrafficRoute": {"ListenerArns": [PRODUCTION]},
            }
        ]
    },
    "BlueGreenDeploymentConfiguration": {
        "DeploymentReadyOption": {"ActionOnTimeout": "CONTINUE_DEPLOYMENT", "WaitTimeInMinutes": "0"},
        "TerminateBlueInstancesOnDeploymentSuccess": {"Action": "TERMINATE", "TerminationWaitTimeInMinutes": "60"},
    },
    "AlarmConfiguration": {"Enabled": "true", "Alarms": [{"Name": ALARM}]},
    "AutoRollbackConfiguration": {"Enabled": "true", "Events": ["DEPLOYMENT_FAILURE"]},
    "Tags": [{"Key": "team", "Value": "shop"}],
}


def test_cloudformation_makes_all_three_types(world: World) -> None:
    """A template's application, configuration and group are made, changed and deleted; Ref is the name."""
    application, config, group = resource_types(world.codedeploy)
    assert application.create("x", {"ApplicationName": "web", "ComputePlatform": "ECS"}).physical_id == "web"
    routing = {"Type": "TimeBasedLinear", "TimeBasedLinear": {"LinearPercentage": "20", "LinearInterval": "3"}}
    made = {"DeploymentConfigName": "slow", "ComputePlatform": "ECS", "TrafficRoutingConfig": routing}
    assert config.create("x", made).physical_id == "slow"
    assert group.create("stack-group", PROPERTIES).physical_id == "stack-group"
    shown = {"applicationName": "web", "deploymentGroupName": "stack-group"}
    before = world.api.get_deployment_group(**shown)["deploymentGroupInfo"]
    assert before["alarmConfiguration"] == {"enabled": True, "alarms": [{"name": ALARM}]}
    assert before["blueGreenDeploymentConfiguration"]["terminateBlueInstancesOnDeploymentSuccess"][
        "terminationWaitTimeInMinutes"
    ] == 60  # fmt: skip
    without = {key: value for key, value in PROPERTIES.items() if key != "AlarmConfiguration"}
    assert group.update("stack-group", PROPERTIES, without).physical_id == "stack-group"
    assert world.api.get_deployment_group(**shown)["deploymentGroupInfo"]["alarmConfiguration"] == {}
    assert application.update("web", {}, {"ApplicationName": "web"}).physical_id == "web"
    with pytest.raises(ValueError, match="create-only"):
        config.update("slow", made, made)
    group.delete("stack-group", PROPERTIES)
    config.delete("slow", made)
    application.delete("web", {})
    assert world.api.list_applications()["applications"] == ["shop"]


def test_create_only_properties_replace_the_resource(world: World) -> None:
    """All of a configuration, and the names of applications and groups, cannot be changed in place."""
    application, config, group = resource_types(world.codedeploy)
    assert application.create_only == {"ApplicationName", "ComputePlatform"}
    assert "TrafficRoutingConfig" in config.create_only
    assert group.create_only == {"ApplicationName", "DeploymentGroupName"}


def test_the_appspec_is_repeated_as_given(world: World) -> None:
    """GetDeployment gives back the very revision that was deployed."""
    info = world.run()
    assert info["revision"]["appSpecContent"]["content"] == appspec()
