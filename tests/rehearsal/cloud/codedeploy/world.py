"""CodeDeploy among fakes of the services it works on, in virtual time: a wait ends at once and moves the clock."""

import json
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.codedeploy import CodeDeploy
from bluegreen.rehearsal.cloud.journal import Journal
from tests.rehearsal.cloud.checked import Checked

START = 1_800_000_000.0
LB = "arn:aws:elasticloadbalancing:eu-west-1:111122223333"
BLUE, GREEN = f"{LB}:targetgroup/blue/0123456789abcdef", f"{LB}:targetgroup/green/fedcba9876543210"
PRODUCTION, TEST = f"{LB}:listener/app/web/1/443", f"{LB}:listener/app/web/1/8443"
V1, V2 = "arn:aws:ecs:eu-west-1:111122223333:task-definition/orders:1", "orders:2"
ALARM = "orders-errors"

GROUP: Document = {
    "applicationName": "shop",
    "deploymentGroupName": "orders",
    "deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes",
    "serviceRoleArn": "arn:aws:iam::111122223333:role/codedeploy",
    "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    "ecsServices": [{"clusterName": "main", "serviceName": "orders"}],
    "loadBalancerInfo": {
        "targetGroupPairInfoList": [
            {
                "targetGroups": [{"name": "blue"}, {"name": "green"}],
                "prodTrafficRoute": {"listenerArns": [PRODUCTION]},
                "testTrafficRoute": {"listenerArns": [TEST]},
            }
        ]
    },
    "blueGreenDeploymentConfiguration": {
        "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT", "waitTimeInMinutes": 0},
        "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 60},
    },
    "alarmConfiguration": {"enabled": True, "alarms": [{"name": ALARM}]},
    "autoRollbackConfiguration": {
        "enabled": True,
        "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
    },
}


class VirtualClock(Clock):
    """Time that passes only when somebody waits; things can be planned for a moment."""

    def __init__(self) -> None:
        super().__init__(1)
        self.at = START
        self._plans: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> float:
        return self.at

    def plan(self, seconds: float, action: Callable[[], object]) -> None:
        """Perform an action once `seconds` since the start have passed."""
        self._plans.append((START + seconds, action))

    def wait(self, cloud_seconds: float, stop: threading.Event) -> bool:
        target = self.at + cloud_seconds
        while due := sorted((plan for plan in self._plans if plan[0] <= target), key=lambda plan: plan[0]):
            self._plans.remove(due[0])
            self.at = max(self.at, due[0][0])
            due[0][1]()
            if stop.is_set():
                return True
        self.at = target
        return stop.is_set()


def refusal(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "ServerException", "Message": "no"}}, operation)


class FakeEcs:
    """One CODE_DEPLOY service with its task sets; a new one is steady after two looks."""

    def __init__(self) -> None:
        self.controller = "CODE_DEPLOY"
        self.steady = True
        self.calls: list[str] = []
        self.task_sets: list[Document] = [self._task_set("ecs-svc/1", V1, BLUE, "PRIMARY")]
        self.created: list[Document] = []
        self.refuse: set[str] = set()

    def _task_set(self, name: str, definition: str, group: str, status: str) -> Document:
        return {
            "id": name,
            "taskDefinition": definition,
            "status": status,
            "loadBalancers": [{"targetGroupArn": group}],
            "computedDesiredCount": 2,
            "pendingCount": 0,
            "runningCount": 2,
            "stabilityStatus": "STEADY_STATE",
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}},
        }

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if operation in self.refuse:
            raise refusal(operation)

    def describe_services(self, **_: Any) -> Document:
        return {"services": [{"status": "ACTIVE", "deploymentController": {"type": self.controller}}]}

    def describe_task_sets(self, **request: Any) -> Document:
        self._called("describe_task_sets")
        names = request.get("taskSets") or [one["id"] for one in self.task_sets]
        found = [dict(one) for one in self.task_sets if one["id"] in names]
        for one in self.task_sets:
            if one["stabilityStatus"] == "STABILIZING" and self.steady and request.get("taskSets"):
                one["stabilityStatus"] = "STEADY_STATE"
        return {"taskSets": found}

    def create_task_set(self, **request: Any) -> Document:
        self._called("create_task_set")
        self.created.append(request)
        name = f"ecs-svc/{len(self.created) + 1}"
        group = request["loadBalancers"][0]["targetGroupArn"]
        made = self._task_set(name, request["taskDefinition"], group, "ACTIVE") | {"stabilityStatus": "STABILIZING"}
        self.task_sets.append(made)
        return {"taskSet": made}

    def update_service_primary_task_set(self, **request: Any) -> None:
        self._called("update_service_primary_task_set")
        for one in self.task_sets:
            if one["id"] == request["primaryTaskSet"]:
                one["status"] = "PRIMARY"
            elif one["status"] == "PRIMARY":
                one["status"] = "ACTIVE"

    def delete_task_set(self, **request: Any) -> None:
        self._called("delete_task_set")
        for one in self.task_sets:
            if one["id"] == request["taskSet"]:
                assert one["status"] != "PRIMARY"
                one["status"] = "DRAINING"

    def statuses(self) -> dict[str, str]:
        return {one["id"]: one["status"] for one in self.task_sets}


class FakeLoadBalancing:
    """The two listeners; remembers every change of weights with its moment."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.changes: list[tuple[float, str, dict[str, int]]] = []
        self.actions: dict[str, Document] = {
            PRODUCTION: {"Type": "forward", "TargetGroupArn": BLUE},
            TEST: {"Type": "forward", "TargetGroupArn": BLUE},
        }
        self.refusals = 0
        self.on_shift: Callable[[int], object] = lambda _: None

    def describe_target_groups(self, **request: Any) -> Document:
        arns = {"blue": BLUE, "green": GREEN}
        return {"TargetGroups": [{"TargetGroupArn": arns[name]} for name in request["Names"]]}

    def describe_listeners(self, **request: Any) -> Document:
        return {
            "Listeners": [
                {"ListenerArn": arn, "DefaultActions": [self.actions[arn]]} for arn in request["ListenerArns"]
            ]
        }

    def overwrite(self, **weights: int) -> None:
        """Do to the production listener what an update of it would."""
        arns = {"blue": BLUE, "green": GREEN}
        groups = [{"TargetGroupArn": arns[name], "Weight": weight} for name, weight in weights.items()]
        self.actions[PRODUCTION] = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}

    def modify_listener(self, **request: Any) -> None:
        if self.refusals:
            self.refusals -= 1
            raise refusal("ModifyListener")
        (action,) = request["DefaultActions"]
        self.actions[request["ListenerArn"]] = action
        weights = {
            one["TargetGroupArn"].split("/")[1]: one["Weight"] for one in action["ForwardConfig"]["TargetGroups"]
        }
        assert set(weights) == {"blue", "green"}, "both groups must stay attached"
        name = "production" if request["ListenerArn"] == PRODUCTION else "test"
        self.changes.append((self._clock.at - START, name, weights))
        if name == "production":
            self.on_shift(weights["green"])

    def now(self, listener: str) -> dict[str, int] | None:
        return next((weights for _, name, weights in reversed(self.changes) if name == listener), None)

    def production(self) -> list[tuple[float, int]]:
        """Green's share of production, with the seconds since the start."""
        return [(at, weights["green"]) for at, name, weights in self.changes if name == "production"]


class FakeLambda:
    """Hooks; each answers at once as it is told to: Succeeded, Failed, nothing (None) or a refused invocation."""

    def __init__(self) -> None:
        self.answers: dict[str, str | None] = {}
        self.events: list[tuple[str, Document]] = []
        self.broken: set[str] = set()
        self.answer: Callable[..., object] = lambda **_: None

    def invoke(self, **request: Any) -> None:
        assert request["InvocationType"] == "Event"
        event = json.loads(request["Payload"])
        name = request["FunctionName"]
        self.events.append((name, event))
        if name in self.broken:
            raise refusal("Invoke")
        answer = self.answers.get(name, "Succeeded")
        if answer:
            self.answer(
                deploymentId=event["DeploymentId"],
                lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
                status=answer,
            )


class FakeCloudWatch:
    """Alarms by name and state."""

    def __init__(self) -> None:
        self.states = {ALARM: "OK"}
        self.broken = False
        self.asked = 0

    def describe_alarms(self, **request: Any) -> Document:
        self.asked += 1
        if self.broken:
            raise refusal("DescribeAlarms")
        found = [
            {"AlarmName": name, "StateValue": state}
            for name, state in self.states.items()
            if name in request["AlarmNames"]
        ]
        return {"MetricAlarms": found, "CompositeAlarms": []}


class World:
    """A CodeDeploy with one application and one group, ready to deploy."""

    def __init__(self, group: Document | None = None) -> None:
        self.clock = VirtualClock()
        self.journal = Journal(self.clock.now)
        self.events_put: list[tuple[str, str, Document, list[str]]] = []
        self.ecs, self.elbv2 = FakeEcs(), FakeLoadBalancing(self.clock)
        self.functions, self.cloudwatch = FakeLambda(), FakeCloudWatch()
        clients = {"ecs": self.ecs, "elbv2": self.elbv2, "lambda": self.functions, "cloudwatch": self.cloudwatch}
        self.codedeploy = CodeDeploy(
            clock=self.clock,
            journal=self.journal,
            client=clients.__getitem__,
            region="eu-west-1",
            account="111122223333",
            put_event=lambda *event: self.events_put.append(event),
        )
        self.api = Checked(self.codedeploy)
        self.functions.answer = self.api.put_lifecycle_event_hook_execution_status
        self.api.create_application(applicationName="shop", computePlatform="ECS")
        self.api.create_deployment_group(**GROUP | (group or {}))

    def deploy(self, hooks: dict[str, str] | None = None, **changes: Any) -> str:
        """Create a deployment of v2; its thread runs on."""
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(hooks)}}
        request = {"applicationName": "shop", "deploymentGroupName": "orders", "revision": revision} | changes
        deployment_id: str = self.api.create_deployment(**request)["deploymentId"]
        return deployment_id

    def end(self) -> None:
        """Wait until no deployment runs any more."""
        for thread in self.codedeploy._engine._threads:
            thread.join(timeout=20)
            assert not thread.is_alive(), "the deployment did not end"

    def run(self, hooks: dict[str, str] | None = None, **changes: Any) -> Document:
        """Deploy v2, wait for the end, and describe the deployment."""
        deployment_id = self.deploy(hooks, **changes)
        self.end()
        return self.info(deployment_id)

    def info(self, deployment_id: str) -> Document:
        info: Document = self.api.get_deployment(deploymentId=deployment_id)["deploymentInfo"]
        return info

    def target(self, deployment_id: str) -> Document:
        (name,) = self.api.list_deployment_targets(deploymentId=deployment_id)["targetIds"]
        found = self.api.batch_get_deployment_targets(deploymentId=deployment_id, targetIds=[name])
        target: Document = found["deploymentTargets"][0]["ecsTarget"]
        return target

    def events(self, deployment_id: str) -> dict[str, str]:
        return {one["lifecycleEventName"]: one["status"] for one in self.target(deployment_id)["lifecycleEvents"]}

    def deployments(self) -> list[str]:
        """Every deployment, oldest first."""
        found: list[str] = self.api.list_deployments()["deployments"]
        return found[::-1]


def appspec(hooks: dict[str, str] | None = None, **properties: Any) -> str:
    """An AppSpec in JSON."""
    service = {
        "TaskDefinition": V2,
        "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 8080},
        **properties,
    }
    document: Document = {
        "version": 0.0,
        "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": service}}],
    }
    if hooks:
        document["Hooks"] = [{event: function} for event, function in hooks.items()]
    return json.dumps(document)
