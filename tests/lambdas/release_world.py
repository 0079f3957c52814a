"""A small world for the release function: what AWS answers during a release, and the state machine's round."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import handler

START = 1_700_000_000
OLD = "arn:aws:ecs:eu-west-1:111122223333:task-definition/orders:1"
NEW = "arn:aws:ecs:eu-west-1:111122223333:task-definition/orders:2"
BLUE, GREEN = (f"arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/{name}/1" for name in ("b", "g"))
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/orders/1/2"
TEST_LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/orders/1/3"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:releases"
SMOKE = "arn:aws:lambda:eu-west-1:111122223333:function:orders-smoke:live"
EVENTS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
PROPERTIES = {
    "ServiceToken": "arn:aws:lambda:eu-west-1:111122223333:function:release",
    "Application": "orders-app",
    "DeploymentGroup": "orders-group",
    "Cluster": "shop",
    "Service": "orders",
    "TaskDefinition": NEW,
    "ContainerName": "app",
    "ContainerPort": "8080",
    "Version": "v2",
    "ProductionListener": LISTENER,
    "TargetGroups": [BLUE, GREEN],
    "Hooks": {"AfterAllowTestTraffic": SMOKE},
    "HookLogGroups": {"AfterAllowTestTraffic": "orders-smoke-log"},
    "LogGroup": "orders-log",
    "NetworkConfiguration": {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED"},
    "PlatformVersion": "1.4.0",
    "TestListener": TEST_LISTENER,
    "HookSeconds": {"AfterAllowTestTraffic": "300"},
    "HealthCheck": {
        "Path": "/health",
        "Matcher": "200",
        "IntervalSeconds": "10",
        "TimeoutSeconds": "5",
        "HealthyThreshold": "2",
        "UnhealthyThreshold": "3",
    },
    "DeregistrationSeconds": "30",
    "GraceSeconds": "120",
    "MinTasks": "2",
    "StartSeconds": "900",
    "Alarms": ["orders-errors", "orders-p95"],
    "WhenBusy": "wait",
}


def request(kind: str = "Update", **changed: Any) -> dict[str, Any]:
    made = {
        "RequestType": kind,
        "RequestId": "r-1",
        "StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/1",
        "ResourceType": "Custom::Release",
        "LogicalResourceId": "Release",
        "ResponseURL": "http://127.0.0.1:1/answer",
        "ResourceProperties": PROPERTIES | changed,
    }
    return made | ({"OldResourceProperties": PROPERTIES | {"TaskDefinition": OLD}} if kind == "Update" else {})


def listener(blue: int, green: int) -> dict[str, Any]:
    groups = [{"TargetGroupArn": BLUE, "Weight": blue}, {"TargetGroupArn": GREEN, "Weight": green}]
    return {"Listeners": [{"DefaultActions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]}]}


def service(primary: str = OLD, group: str = BLUE, *others: dict[str, Any]) -> dict[str, Any]:
    first = {"status": "PRIMARY", "taskDefinition": primary, "loadBalancers": [{"targetGroupArn": group}]}
    settings = {"desiredCount": 2, "healthCheckGracePeriodSeconds": 120}
    return {"services": [{"status": "ACTIVE", "taskSets": [first, *others]} | settings]}


def deployment(status: str, **more: Any) -> dict[str, Any]:
    content = json.dumps({"Resources": [{"TargetService": {"Properties": {"TaskDefinition": NEW}}}]})
    revision = {"appSpecContent": {"content": content}}
    return {
        "deploymentInfo": {"status": status, "creator": "user", "createTime": ecs_time(0), "revision": revision} | more
    }


def group(world: Any, found: Mapping[str, dict[str, Any]]) -> None:
    """Let CodeDeploy know these deployments, as they are when it is asked, and list them in this order."""

    def info(identifier: str) -> dict[str, Any]:
        return {"deploymentId": identifier} | found[identifier]["deploymentInfo"]

    def listed(includeOnlyStatuses: Collection[str] = (), **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        wanted = [one for one in found if not includeOnlyStatuses or info(one)["status"] in includeOnlyStatuses]
        return {"deployments": wanted}

    def several(deploymentIds: Collection[str]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        assert 0 < len(deploymentIds) <= 25, "CodeDeploy's bounds"
        return {"deploymentsInfo": [info(one) for one in deploymentIds]}

    world.answers |= {
        "codedeploy.list_deployments": listed,
        "codedeploy.batch_get_deployments": several,
        "codedeploy.get_deployment": lambda deploymentId: {"deploymentInfo": info(deploymentId)},  # noqa: N803 - AWS's name
    }


def target(done: int, now: str | None = None) -> dict[str, Any]:
    """A target with so many lifecycle events behind it; the next one has the status `now`, the rest are pending."""
    statuses = ["Succeeded"] * done + ([now] if now else [])
    events = [
        {"lifecycleEventName": event, "status": statuses[index] if index < len(statuses) else "Pending"}
        for index, event in enumerate(EVENTS)
    ]
    return {"deploymentTargets": [{"ecsTarget": {"lifecycleEvents": events}}]}


def ecs_time(seconds: float) -> datetime:
    return datetime.fromtimestamp(START + seconds, UTC)


def crashed(number: int, created: float = 20, **changed: Any) -> dict[str, Any]:
    """A stopped task of the candidate as DescribeTasks gives it."""
    return {
        "taskArn": f"arn:aws:ecs:eu-west-1:111122223333:task/shop/{number}",
        "taskDefinitionArn": NEW,
        "createdAt": ecs_time(created + number),
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "app", "exitCode": number}, {"name": "sidecar"}],
    } | changed


class Clock:
    """What the state machine says the time is, in seconds since the first step."""

    now: float = 0

    def __call__(self, now: float) -> None:
        self.now = now


CLOCK = Clock()


def take(step: str, **state: Any) -> Any:
    """Call the function as the state machine does: through JSON, and with its own time."""
    event = {"step": step, "now": ecs_time(CLOCK.now).isoformat().replace("+00:00", "Z")} | state
    return json.loads(json.dumps(handler.handle(json.loads(json.dumps(event)), None)))


def advance(state: dict[str, Any]) -> dict[str, Any]:
    """One round of the state machine."""
    result: dict[str, Any] = take("advance", **state)
    return result
