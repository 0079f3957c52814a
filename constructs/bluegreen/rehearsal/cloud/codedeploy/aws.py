"""What CodeDeploy does to other services: task sets, listeners, hooks, alarms. Every call goes through boto3."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.rehearsal.cloud.api import Document

from .appspec import AppSpec
from .deployment import Original
from .groups import Settings

_COPIED = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration")
"""What a replacement takes over from the original task set where the AppSpec says nothing."""


class ActionError(Exception):
    """Another service refused, or what CodeDeploy needs is not there.

    Args:
        code: The deployment's error code.
        message: What went wrong.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Aws:
    """The other services, for one deployment group's service.

    Args:
        client: Makes boto3 clients.
        settings: Which service, listeners and target groups.
    """

    def __init__(self, client: Callable[[str], Any], settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._service = {"cluster": settings.cluster, "service": settings.service}

    # --- ECS ---------------------------------------------------------------------------------------------------------

    def service(self) -> Document | None:
        """Describe the service; None when there is none."""
        found = self._call(
            "ecs", "describe_services", cluster=self._settings.cluster, services=[self._settings.service]
        )
        services: list[Document] = [one for one in found["services"] if one["status"] == "ACTIVE"]
        return services[0] if services else None

    def task_sets(self) -> list[Document]:
        """Describe the service's task sets."""
        found: list[Document] = self._call("ecs", "describe_task_sets", **self._service)["taskSets"]
        return found

    def original(self) -> Original:
        """Find the task set that serves production, its target group and the idle one of the pair.

        Raises:
            ActionError: If the service has no primary task set, or one outside the pair of target groups.
        """
        primary = next((one for one in self.task_sets() if one["status"] == "PRIMARY"), None)
        if primary is None:
            raise ActionError("INVALID_ECS_SERVICE", f"the service {self._settings.service} has no primary task set")
        described = self._call("elbv2", "describe_target_groups", Names=list(self._settings.target_groups))
        pair = [group["TargetGroupArn"] for group in described["TargetGroups"]]
        live = primary["loadBalancers"][0]["targetGroupArn"]
        if live not in pair:
            raise ActionError(
                "ELASTIC_LOAD_BALANCING_INVALID",
                f"the primary task set is behind {live}, which is not one of {', '.join(self._settings.target_groups)}",
            )
        idle = next(arn for arn in pair if arn != live)
        return Original(primary["id"], primary["taskDefinition"], live, idle)

    def create_replacement(self, original: Original, appspec: AppSpec, deployment_id: str) -> str:
        """Start the replacement task set on the idle target group; return its id."""
        task_sets = self.task_sets()
        like = next(one for one in task_sets if one["id"] == original.task_set)
        request = {name: like[name] for name in _COPIED if like.get(name)}
        if appspec.network:
            request["networkConfiguration"] = appspec.network
        if appspec.platform_version:
            request["platformVersion"] = appspec.platform_version
        if appspec.capacity_providers:
            request.pop("launchType", None)
            request["capacityProviderStrategy"] = appspec.capacity_providers
        balancer = {
            "targetGroupArn": original.idle_group,
            "containerName": appspec.container_name,
            "containerPort": appspec.container_port,
        }
        created = self._call(
            "ecs",
            "create_task_set",
            **self._service,
            **request,
            externalId=deployment_id,
            taskDefinition=appspec.task_definition,
            loadBalancers=[balancer],
            scale={"unit": "PERCENT", "value": 100.0},
        )
        task_set: str = created["taskSet"]["id"]
        return task_set

    def is_steady(self, task_set: str) -> bool:
        """Return whether all tasks of a task set run and pass their health checks."""
        found = self._call("ecs", "describe_task_sets", **self._service, taskSets=[task_set])["taskSets"]
        return bool(found) and found[0]["stabilityStatus"] == "STEADY_STATE"

    def make_primary(self, task_set: str) -> None:
        """Make a task set the service's primary one."""
        self._call("ecs", "update_service_primary_task_set", **self._service, primaryTaskSet=task_set)

    def delete_task_sets(self, *, keep: str) -> None:
        """Delete every task set but one; those that drain already are left to it."""
        for one in self.task_sets():
            if one["id"] != keep and one["status"] != "DRAINING":
                self._call("ecs", "delete_task_set", **self._service, taskSet=one["id"], force=True)

    # --- Load balancing ----------------------------------------------------------------------------------------------

    def production_weights(self) -> dict[str, int]:
        """Return the weights of the production listener's default action by target group; empty for another action.

        Rules are not looked at: the default action is what a deployment shifts.
        """
        arn = self._settings.production_listener
        (listener,) = self._call("elbv2", "describe_listeners", ListenerArns=[arn])["Listeners"]
        return {
            group["TargetGroupArn"]: group.get("Weight", 1)
            for action in listener["DefaultActions"]
            if action["Type"] == "forward"
            for group in action.get("ForwardConfig", {}).get("TargetGroups") or [action]
        }

    def not_behind_listener(self) -> str:
        """Return AWS's words, as users report them, for a listener that does not forward to the live target group."""
        return (
            "The ELB could not be updated due to the following error: Primary taskset target group must be behind "
            f"listener {self._settings.production_listener}"
        )

    def route_production(self, weights: Mapping[str, int]) -> None:
        """Set the weights of the production listener's default action; both groups stay attached."""
        self._route(self._settings.production_listener, weights)

    def route_test(self, weights: Mapping[str, int]) -> None:
        """Set the weights of the test listener's default action, if there is a test listener."""
        if self._settings.test_listener:
            self._route(self._settings.test_listener, weights)

    def _route(self, listener: str, weights: Mapping[str, int]) -> None:
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        self._call("elbv2", "modify_listener", ListenerArn=listener, DefaultActions=[action])

    # --- Hooks and alarms --------------------------------------------------------------------------------------------

    def invoke_hook(self, function: str, deployment_id: str, execution_id: str) -> None:
        """Invoke a hook without waiting for its result, with nothing but the two ids."""
        payload = {"DeploymentId": deployment_id, "LifecycleEventHookExecutionId": execution_id}
        self._call(
            "lambda", "invoke", FunctionName=function, InvocationType="Event", Payload=json.dumps(payload).encode()
        )

    def alarm_states(self) -> dict[str, str]:
        """Return the state of each alarm that exists; composite alarms count like metric alarms."""
        names: Sequence[str] = self._settings.alarms
        if not names:
            return {}
        found = self._call(
            "cloudwatch", "describe_alarms", AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        return {one["AlarmName"]: one["StateValue"] for one in [*found["MetricAlarms"], *found["CompositeAlarms"]]}

    def _call(self, service: str, operation: str, /, **request: Any) -> Any:
        codes = {"ecs": "ECS_UPDATE_ERROR", "elbv2": "ELASTIC_LOAD_BALANCING_INVALID"}
        try:
            return getattr(self._client(service), operation)(**request)
        except (ClientError, BotoCoreError) as error:
            raise ActionError(codes.get(service, "INTERNAL_ERROR"), str(error)) from error
