"""CodeDeploy's part: the deployment group, how traffic shifts, and a role that can do this and nothing else."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import aws_codedeploy as codedeploy
from constructs import Construct

from bluegreen.release.rollout import Rollout, Shift

from ._arns import Arns
from ._codedeploy_role import codedeploy_role
from ._names import computed_name
from .hooks import BoundHook

if TYPE_CHECKING:
    from .task import Task
    from .traffic import Traffic

DEPLOYMENT_GROUP_NAME = "release"
"""The deployment group's name, known before it exists; unique, because its application is the service's own."""

ALL_AT_ONCE = "CodeDeployDefault.ECSAllAtOnce"
"""AWS's own configuration for one single shift."""

_PREDEFINED = {
    (Shift.ALL_AT_ONCE, 100, 0): ALL_AT_ONCE,
    (Shift.CANARY, 10, 5): "CodeDeployDefault.ECSCanary10Percent5Minutes",
    (Shift.CANARY, 10, 15): "CodeDeployDefault.ECSCanary10Percent15Minutes",
    (Shift.LINEAR, 10, 1): "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
    (Shift.LINEAR, 10, 3): "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
}


class Application(Construct):
    """The service's CodeDeploy application, and the ARNs of what belongs to it, known before it exists.

    Attributes:
        application: The application.
        name: Its name, which CloudFormation makes.
        arn: Its ARN.
        deployment_group_arn: The ARN that its one deployment group has, or will have.
    """

    def __init__(self, scope: Construct, construct_id: str, *, arns: Arns) -> None:
        super().__init__(scope, construct_id)
        self.application = codedeploy.EcsApplication(self, "Resource")
        self.name = self.application.application_name
        self.arn = arns.colon("codedeploy", "application", self.name)
        self.deployment_group_arn = arns.colon("codedeploy", "deploymentgroup", f"{self.name}/{DEPLOYMENT_GROUP_NAME}")


class Deployment(Construct):
    """The deployment group of one service.

    Attributes:
        deployment_group: The deployment group.
        config_name: The deployment configuration's name: AWS's own when one has the same plan, else the service's own.
        config_arn: Its ARN.
        role: What CodeDeploy may do.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        arns: Arns,
        application: Application,
        cluster_name: str,
        service_name: str,
        traffic: "Traffic",
        task: "Task",
        rollout: Rollout,
        alarm_names: Sequence[str],
        hooks: Sequence[BoundHook],
    ) -> None:
        super().__init__(scope, construct_id)
        self.config_name = self._config(rollout)
        self.config_arn = arns.colon("codedeploy", "deploymentconfig", self.config_name)
        self.role = codedeploy_role(
            self,
            "Role",
            deployment_group_arn=application.deployment_group_arn,
            service_arn=arns.slash("ecs", "service", f"{cluster_name}/{service_name}"),
            task_sets_arn=arns.slash("ecs", "task-set", f"{cluster_name}/{service_name}/*"),
            listener_arns=traffic.listener_arns,
            passed_role_arns=[task.task_role.role_arn, task.execution_role.role_arn],
            hook_arns=[hook.function.function_arn for hook in hooks],
        )
        self.deployment_group = codedeploy.CfnDeploymentGroup(
            self,
            "DeploymentGroup",
            application_name=application.name,
            deployment_group_name=DEPLOYMENT_GROUP_NAME,
            service_role_arn=self.role.role_arn,
            deployment_config_name=self.config_name,
            deployment_style={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            ecs_services=[{"clusterName": cluster_name, "serviceName": service_name}],
            blue_green_deployment_configuration=_blue_green(rollout),
            load_balancer_info=_load_balancer_info(traffic),
            alarm_configuration=_alarm_configuration(alarm_names),
            auto_rollback_configuration={"enabled": True, "events": _rollback_events(alarm_names)},
        )

    def _config(self, rollout: Rollout) -> str:
        plan = (rollout.shift, rollout.percent, rollout.interval_minutes)
        if plan in _PREDEFINED:
            return _PREDEFINED[plan]
        # Every property is create-only: a changed plan must be a new configuration, and so must have a new name.
        digest = hashlib.sha256(repr(tuple(map(str, plan))).encode()).hexdigest()[:8]
        config = codedeploy.CfnDeploymentConfig(
            self,
            "DeploymentConfig",
            compute_platform="ECS",
            deployment_config_name=f"{computed_name(self, max_length=90)}-{digest}",
            traffic_routing_config=_traffic_routing(rollout),
        )
        return config.ref


def _blue_green(rollout: Rollout) -> dict[str, object]:
    ready: dict[str, object] = {"actionOnTimeout": "CONTINUE_DEPLOYMENT", "waitTimeInMinutes": 0}
    if rollout.approval_wait_minutes is not None:
        ready = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": rollout.approval_wait_minutes}
    return {
        "deploymentReadyOption": ready,
        "terminateBlueInstancesOnDeploymentSuccess": {
            "action": "TERMINATE",
            "terminationWaitTimeInMinutes": rollout.keep_previous_minutes,
        },
    }


def _load_balancer_info(traffic: "Traffic") -> dict[str, object]:
    production_arn, test_arn = traffic.listener_arns
    pair = {
        "targetGroups": [{"name": name} for name in traffic.target_group_names],
        "prodTrafficRoute": {"listenerArns": [production_arn]},
        "testTrafficRoute": {"listenerArns": [test_arn]},
    }
    return {"targetGroupPairInfoList": [pair]}


def _alarm_configuration(alarm_names: Sequence[str]) -> dict[str, object] | None:
    # A poll that fails must not pass for quiet alarms, so it stops the deployment as well.
    names = [{"name": name} for name in alarm_names]
    return {"enabled": True, "alarms": names, "ignorePollAlarmFailure": False} if names else None


def _rollback_events(alarm_names: Sequence[str]) -> list[str]:
    always = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"]
    return [*always, "DEPLOYMENT_STOP_ON_ALARM"] if alarm_names else always


def _traffic_routing(rollout: Rollout) -> dict[str, object]:
    if rollout.shift is Shift.CANARY:
        plan = {"canaryPercentage": rollout.percent, "canaryInterval": rollout.interval_minutes}
        return {"type": rollout.shift.value, "timeBasedCanary": plan}
    plan = {"linearPercentage": rollout.percent, "linearInterval": rollout.interval_minutes}
    return {"type": rollout.shift.value, "timeBasedLinear": plan}
