"""Custom::DeployedState over a fake AWS, from CloudFormation's request to its answer."""

from typing import Any

import pytest

import cloudformation_answer
from tests.lambdas.release_world import BLUE, GREEN, advance, deployment, ecs_time, group, request, take, target

BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/1"
PRODUCTION, TEST = (
    f"arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shop/1/{name}" for name in ("p", "t")
)
OTHERS = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/others/1"
PROPERTIES = {
    "ServiceToken": "arn:aws:lambda:eu-west-1:111122223333:function:release",
    "Fixed": {"Cluster": "shop", "ServiceName": "", "LoadBalancer": BALANCER, "Vpc": "vpc-1"},
    "Initial": {
        "Subnets": ["subnet-1", "subnet-2"],
        "SecurityGroups": ["sg-1"],
        "AssignPublicIp": "DISABLED",
        "ContainerPort": "8080",
    },
    "Application": "orders-app",
    "DeploymentGroup": "release",
    "TargetGroups": [BLUE, GREEN],
    "Listeners": {"Production": {"Port": "443"}, "Test": {"Port": "8443"}},
}


def asked(kind: str = "Update", made: str | None = None, old: Any = None, **changed: Any) -> dict[str, Any]:
    event = request(kind) | {"ResourceType": "Custom::DeployedState", "ResourceProperties": PROPERTIES | changed}
    event.pop("OldResourceProperties", None)
    event |= {"PhysicalResourceId": made} if made else {}
    return event | ({"OldResourceProperties": PROPERTIES | (old or {})} if kind == "Update" else {})


def listening(port: int, arn: str, **weights: int) -> dict[str, Any]:
    groups = {"blue": BLUE, "green": GREEN, "others": OTHERS}
    forwards = [{"TargetGroupArn": groups[name], "Weight": weight} for name, weight in weights.items()]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": forwards}}
    return {"ListenerArn": arn, "Port": port, "DefaultActions": [action if forwards else {"Type": "redirect"}]}


@pytest.fixture
def told(world: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What CloudFormation is told, with the attributes."""
    assert world.calls == []
    seen: list[dict[str, Any]] = []

    def send(_: Any, status: str, reason: str, resource_id: str, *, attributes: Any = None) -> None:
        seen.append({"status": status, "reason": reason, "id": resource_id, "data": attributes or {}})

    monkeypatch.setattr(cloudformation_answer, "send", send)
    return seen


@pytest.fixture
def balancer(world: Any) -> Any:
    """A load balancer whose production and test listener are on green, beside somebody else's listener."""
    world.listeners = [
        listening(80, "redirect"),
        listening(443, PRODUCTION, blue=0, green=100),
        listening(8443, TEST, blue=0, green=100),
        listening(9000, "others", others=100),
    ]

    def describe(**given: Any) -> dict[str, Any]:
        arns = given.get("ListenerArns")
        assert arns or given == {"LoadBalancerArn": BALANCER}
        return {"Listeners": [item for item in world.listeners if not arns or item["ListenerArn"] in arns]}

    world.answers["elbv2.describe_listeners"] = describe
    return world


@pytest.fixture
def made(balancer: Any, told: list[dict[str, Any]]) -> str:
    """The physical id of the resource as it was created."""
    assert advance({"request": asked("Create")})["done"]
    assert balancer.calls == [], "at creation there is no listener and no deployment yet"
    return str(told.pop()["id"])


def weights(data: dict[str, Any]) -> tuple[int, ...]:
    return tuple(data[f"{listener}{colour}"] for listener in ("Production", "Test") for colour in ("Blue", "Green"))


def test_a_new_service_begins_on_blue_with_what_the_stack_says(balancer: Any, told: Any) -> None:
    """At creation nothing is asked of AWS, because nothing is there yet."""
    assert advance({"request": asked("Create")})["done"]
    (answer,) = told
    assert answer["status"] == "SUCCESS"
    assert weights(answer["data"]) == (100, 0, 100, 0)
    assert answer["data"]["Subnets"] == "subnet-1,subnet-2"
    assert balancer.calls == []


def test_an_update_tells_the_live_colour_and_the_initial_values(told: Any, made: str) -> None:
    """Listeners keep the weights that CodeDeploy set, and the frozen service the values that it was created with."""
    initial = PROPERTIES["Initial"] | {"Subnets": ["subnet-9"], "ContainerPort": "9090"}  # type: ignore[operator] # a dictionary
    assert advance({"request": asked(made=made, Initial=initial)})["done"]
    (answer,) = told
    assert (answer["status"], answer["id"]) == ("SUCCESS", made)
    assert weights(answer["data"]) == (0, 100, 0, 100)
    assert (answer["data"]["Subnets"], answer["data"]["ContainerPort"]) == ("subnet-1,subnet-2", "8080")


@pytest.mark.parametrize("now", ["443", "444"])
def test_a_listener_whose_port_changes_is_found_at_either_port(told: Any, made: str, now: str) -> None:
    """Going forward, the listener is still at its old port; going back, already at its new one."""
    before = {"Production": {"Port": "444" if now == "443" else "443"}, "Test": {"Port": "8443"}}
    listeners = {"Production": {"Port": now}, "Test": {"Port": "8443"}}
    assert advance({"request": asked(made=made, Listeners=listeners, old={"Listeners": before})})["done"]
    assert weights(told[0]["data"]) == (0, 100, 0, 100)


@pytest.mark.parametrize("name", ["Cluster", "ServiceName", "LoadBalancer", "Vpc"])
def test_what_can_never_change_is_refused_by_name(balancer: Any, told: Any, made: str, name: str) -> None:
    """Nothing is replaced under a running service: the update fails with the old and the new value."""
    fixed = PROPERTIES["Fixed"] | {name: "another"}  # type: ignore[operator] # a dictionary
    assert advance({"request": asked(made=made, Fixed=fixed)})["done"]
    (answer,) = told
    assert (answer["status"], answer["id"]) == ("FAILED", made)
    assert name in answer["reason"]
    assert "another" in answer["reason"]
    assert balancer.calls == [], "what is refused needs no look, and the other load balancer may not exist"


def moving(world: Any) -> None:
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-7"]},
        "codedeploy.get_deployment": deployment("InProgress"),
        "codedeploy.batch_get_deployment_targets": target(6, "InProgress"),
    }


def test_listeners_are_not_touched_while_a_release_moves_them(balancer: Any, told: Any, made: str, at: Any) -> None:
    """Weights that change under an update would be overwritten: it waits, then is refused by the deployment's name."""
    moving(balancer)
    state = advance({"request": asked(made=made)})
    assert not state["done"]
    at(599)
    state = advance(state)
    assert not state["done"]
    at(601)
    assert advance(state)["done"]
    assert told[0]["status"] == "FAILED"
    assert "d-7" in told[0]["reason"]


def test_a_release_that_ends_meanwhile_lets_the_update_go_on(balancer: Any, told: Any, made: str, at: Any) -> None:
    """The weights told are those after the release."""
    moving(balancer)
    state = advance({"request": asked(made=made)})
    balancer.answers["codedeploy.list_deployments"] = {"deployments": []}
    balancer.listeners[1:3] = [listening(443, PRODUCTION, blue=100, green=0), listening(8443, TEST, blue=100, green=0)]
    at(60)
    assert advance(state)["done"]
    assert weights(told[0]["data"]) == (100, 0, 100, 0)


def test_the_weights_are_those_after_a_rollback_that_is_about_to_begin(
    balancer: Any, told: Any, made: str, at: Any
) -> None:
    """A release that failed a moment ago has not given its traffic back yet: its weights would outlive the rollback."""
    found = {"d-7": deployment("Failed", completeTime=ecs_time(-5))}
    group(balancer, found)
    balancer.answers["codedeploy.batch_get_deployment_targets"] = target(7, "Failed")
    state = advance({"request": asked(made=made)})
    assert not state["done"]
    found["d-7"]["deploymentInfo"]["rollbackInfo"] = {"rollbackDeploymentId": "d-8"}
    found["d-8"] = deployment("Succeeded", creator="codeDeployRollback", createTime=ecs_time(9))
    balancer.listeners[1:3] = [listening(443, PRODUCTION, blue=100, green=0), listening(8443, TEST, blue=100, green=0)]
    at(30)
    assert advance(state)["done"]
    assert weights(told[0]["data"]) == (100, 0, 100, 0)


def test_tasks_that_are_only_kept_hold_no_update_up(balancer: Any, told: Any, made: str) -> None:
    """While a deployment only waits to remove old tasks, nothing moves traffic."""
    moving(balancer)
    balancer.answers["codedeploy.batch_get_deployment_targets"] = target(8)
    assert advance({"request": asked(made=made)})["done"]
    assert told[0]["status"] == "SUCCESS"


def test_the_way_back_is_answered_whatever_moves(balancer: Any, told: Any, made: str, at: Any) -> None:
    """An update that is taken back must not be stuck: after its wait it gets the weights as they are."""
    moving(balancer)
    balancer.answers["cloudformation.describe_stacks"] = {"Stacks": [{"StackStatus": "UPDATE_ROLLBACK_IN_PROGRESS"}]}
    state = advance({"request": asked(made=made)})
    at(601)
    assert advance(state)["done"]
    assert told[0]["status"] == "SUCCESS"


@pytest.mark.parametrize("operation", ["elbv2.describe_listeners", "codedeploy.list_deployments"])
@pytest.mark.parametrize(("code", "waits"), [("ThrottlingException", True), ("ValidationError", False)])
def test_an_update_never_guesses_where_production_is(
    *, balancer: Any, told: Any, made: str, refusal: Any, operation: str, code: str, waits: bool
) -> None:
    """What AWS does not tell just now is asked again; what it refuses to tell fails the update."""
    good = balancer.answers[operation]
    balancer.answers[operation] = refusal(code)
    state = advance({"request": asked(made=made)})
    assert state["done"] is not waits
    if waits:
        balancer.answers[operation] = good
        assert advance(state)["done"]
    assert [answer["status"] for answer in told] == ["SUCCESS" if waits else "FAILED"]


def test_listeners_that_forward_nowhere_fail_the_update(balancer: Any, told: Any, made: str) -> None:
    """When no listener tells which colour is live, the update does not choose one."""
    balancer.listeners = [listening(443, PRODUCTION), listening(8443, TEST)]
    assert advance({"request": asked(made=made)})["done"]
    assert told[0]["status"] == "FAILED"


def test_a_deletion_forgets_the_state_and_asks_nothing(balancer: Any, told: Any) -> None:
    """Also the deletion of a resource whose creation failed."""
    assert advance({"request": asked("Delete", made="not-made")})["done"]
    assert told == [{"status": "SUCCESS", "reason": told[0]["reason"], "id": "not-made", "data": {}}]
    assert balancer.calls == []


def test_a_request_that_cannot_be_followed_fails_under_its_own_id(told: Any) -> None:
    """Giving up keeps the physical id: another one would have CloudFormation delete the state."""
    take("abandon", request=asked(made="kept"), progress={}, error={"Error": "Lambda.Timeout"})
    assert (told[0]["status"], told[0]["id"]) == ("FAILED", "kept")


def test_a_missing_property_is_named() -> None:
    """What the stack does not say is asked for by its name."""
    event = asked("Create")
    del event["ResourceProperties"]["TargetGroups"]
    with pytest.raises(ValueError, match="needs the property TargetGroups"):
        advance({"request": event})


# --- imported listeners -----------------------------------------------------------------------------------------------

ATTACHED = {"AttachTo": [PRODUCTION, TEST], "Listeners": {}}


@pytest.mark.parametrize("before", [{}, {"blue": 0, "green": 100}])
def test_imported_listeners_are_attached_at_creation(balancer: Any, told: Any, before: dict[str, int]) -> None:
    """Listeners that serve nothing else forward to blue, with green attached beside it."""
    balancer.listeners = [listening(443, PRODUCTION, **before), listening(8443, TEST, **before)]
    assert advance({"request": asked("Create", **ATTACHED)})["done"]
    calls = balancer.called("elbv2.modify_listener")
    assert [call["ListenerArn"] for call in calls] == [PRODUCTION, TEST]
    for call in calls:
        (action,) = call["DefaultActions"]
        assert action["ForwardConfig"]["TargetGroups"] == [
            {"TargetGroupArn": BLUE, "Weight": 100},
            {"TargetGroupArn": GREEN, "Weight": 0},
        ]
    assert told[0]["status"] == "SUCCESS"


def test_a_listener_that_serves_somebody_else_is_not_taken(balancer: Any, told: Any) -> None:
    """A default action that forwards to other target groups is never overwritten; they are named."""
    balancer.listeners = [listening(443, PRODUCTION, others=100), listening(8443, TEST)]
    assert advance({"request": asked("Create", **ATTACHED)})["done"]
    assert told[0]["status"] == "FAILED"
    assert "others" in told[0]["reason"]
    assert balancer.called("elbv2.modify_listener") == []


def test_imported_listeners_tell_their_weights_by_arn(balancer: Any, told: Any, made: str) -> None:
    """An update reads the two listeners that it was given, whatever their ports, and changes neither."""
    assert advance({"request": asked(made=made, **ATTACHED)})["done"]
    assert weights(told[0]["data"]) == (0, 100, 0, 100)
    assert balancer.called("elbv2.modify_listener") == []


@pytest.mark.parametrize("code", ["", "ListenerNotFound", "AccessDenied", "Throttling"])
def test_a_deletion_frees_the_target_groups_if_it_can(balancer: Any, told: Any, refusal: Any, code: str) -> None:
    """Imported listeners answer 503 afterwards; when that fails, the deletion goes on."""
    if code:
        balancer.answers["elbv2.modify_listener"] = refusal(code)
    assert advance({"request": asked("Delete", made="x", **ATTACHED)})["done"]
    first = balancer.called("elbv2.modify_listener")[0]["DefaultActions"]
    assert first[0]["FixedResponseConfig"]["StatusCode"] == "503"
    assert told[0]["status"] == "SUCCESS"
