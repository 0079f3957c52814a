"""What an operator asks AWS, or does behind the stack's back, in calls that anybody with the AWS CLI can make."""

import json
from typing import Any

from bluegreen.rehearsal.services import Service
from bluegreen.rehearsal.stage import Stage


def ecs_service(stage: Stage, service: Service) -> dict[str, Any]:
    """Return the service as ECS describes it."""
    (found,) = stage.client("ecs").describe_services(cluster=service.cluster, services=[service.service])["services"]
    return dict(found)


def primary(stage: Stage, service: Service) -> dict[str, Any]:
    """Return the task set that serves production."""
    return next(one for one in ecs_service(stage, service)["taskSets"] if one["status"] == "PRIMARY")


def live_task_definition(stage: Stage, service: Service) -> str:
    """Return the ARN of the task definition that serves production."""
    return str(primary(stage, service)["taskDefinition"])


def live_version(stage: Stage, service: Service) -> str:
    """Return the version that serves production, by its image's tag."""
    ecs = stage.client("ecs")
    described = ecs.describe_task_definition(taskDefinition=live_task_definition(stage, service))["taskDefinition"]
    return str(described["containerDefinitions"][0]["image"].rpartition(":")[2])


def listener(stage: Stage, arn: str) -> dict[str, Any]:
    """Return a listener as Elastic Load Balancing describes it."""
    (found,) = stage.client("elbv2").describe_listeners(ListenerArns=[arn])["Listeners"]
    return dict(found)


def live_group(stage: Stage, service: Service) -> str:
    """Return the ARN of the target group that gets production traffic; the heaviest when there are several."""
    forward = listener(stage, service.production_listener)["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
    return str(max(forward, key=lambda one: one["Weight"])["TargetGroupArn"])


def target_groups(stage: Stage, service: Service) -> dict[str, dict[str, Any]]:
    """Return both target groups with their attributes, by ARN."""
    elbv2 = stage.client("elbv2")
    found = {}
    for group in elbv2.describe_target_groups(Names=list(service.target_groups))["TargetGroups"]:
        attributes = elbv2.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]
        found[group["TargetGroupArn"]] = {**group, "Attributes": {one["Key"]: one["Value"] for one in attributes}}
    return found


def task_definition_of(stage: Stage, service: Service, version: str) -> str:
    """Return the ARN of the newest task definition that runs a version, of the service's family.

    Raises:
        LookupError: If no task definition that is ACTIVE runs it.
    """
    ecs = stage.client("ecs")
    present = ecs.describe_task_definition(taskDefinition=primary(stage, service)["taskDefinition"])
    family = present["taskDefinition"]["family"]
    for arn in ecs.list_task_definitions(familyPrefix=family, status="ACTIVE", sort="DESC")["taskDefinitionArns"]:
        described = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        if any(one["image"].endswith(f":{version}") for one in described["containerDefinitions"]):
            return str(arn)
    raise LookupError(f"{family} has no ACTIVE task definition that runs {version}")


def start_deployment(
    stage: Stage, service: Service, task_definition: str, config: str = "CodeDeployDefault.ECSAllAtOnce"
) -> str:
    """Start a deployment without hooks over the API, as somebody with the AWS CLI would; return its id.

    One that only waits to remove its old tasks is let end first.
    """
    _end_termination_wait(stage, service)
    (balanced,) = ecs_service(stage, service)["taskSets"][0]["loadBalancers"]
    target = {
        "Type": "AWS::ECS::Service",
        "Properties": {
            "TaskDefinition": task_definition,
            "LoadBalancerInfo": {
                "ContainerName": balanced["containerName"],
                "ContainerPort": balanced["containerPort"],
            },
        },
    }
    content = json.dumps({"version": 0.0, "Resources": [{"TargetService": target}]})
    started = stage.client("codedeploy").create_deployment(
        applicationName=service.application,
        deploymentGroupName=service.deployment_group,
        deploymentConfigName=config,
        description="by hand",
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
    )
    return str(started["deploymentId"])


def _end_termination_wait(stage: Stage, service: Service) -> None:
    for one in stage.deployments(service):
        if one["status"] == "InProgress" and one.get("instanceTerminationWaitTimeStarted"):
            id_ = one["deploymentId"]
            stage.client("codedeploy").continue_deployment(deploymentId=id_, deploymentWaitType="TERMINATION_WAIT")
            stage.wait_until(lambda: stage.deployment(id_)["status"] == "Succeeded", 30, f"{id_} has succeeded")  # noqa: B023 - called before the next turn


def scalable_target(stage: Stage, service: Service) -> dict[str, Any]:
    """Return how many tasks the service may have, and what is suspended."""
    found = stage.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[f"service/{service.cluster}/{service.service}"]
    )
    return dict(found["ScalableTargets"][0])


def scale_in_suspended(stage: Stage, service: Service) -> bool:
    """Whether the service is kept from losing tasks."""
    suspended = scalable_target(stage, service).get("SuspendedState", {})
    return bool(suspended.get("DynamicScalingInSuspended"))


def expect_one_rollback(stage: Stage, service: Service, known: set[str]) -> None:
    """Check that since then one deployment failed, and that CodeDeploy's own rollback of it was the only other one.

    Args:
        stage: The stage.
        service: The service.
        known: The ids of the deployments before.
    """
    new = [one for one in stage.deployments(service) if one["deploymentId"] not in known]
    creators = sorted(one["creator"] for one in new)
    stage.expect(
        creators == ["codeDeployRollback", "user"],
        f"a failed release must make one deployment and one rollback of CodeDeploy, got those of {creators}",
    )
