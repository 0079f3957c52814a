"""Group safety: what is near the service changes, with and without a release."""

from typing import Any

from bluegreen.rehearsal.assembly_edits import Assembly
from bluegreen.rehearsal.deploy import Outcome
from bluegreen.rehearsal.services import Service
from bluegreen.rehearsal.stage import Stage

from .checks import ended, ends_on_candidate, none_failed
from .edits import RELEASE, STATE
from .operator import ecs_service, live_group, primary, scalable_target, target_groups
from .scenario import Scenario

GRACE_SECONDS = 240
INTERVAL_SECONDS = 20
DEREGISTRATION_SECONDS = 20
MARK = "?changed"
"""Makes the health check's path another one that every application answers as before."""
PLATFORM = "1.4.0"
RETENTION_DAYS = 731
ONE_MORE = 1


def _edit(assembly: Assembly) -> None:
    """Render other arguments: network, platform, grace period, health check, deregistration, tasks, log retention."""
    release = assembly.one(RELEASE)
    group = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "Another", "VpcId": _vpc(assembly)},
    }
    assembly.add(release, "AnotherSecurityGroup", group)
    for found in (release.properties["NetworkConfiguration"], assembly.one(STATE).properties["Initial"]):
        found["SecurityGroups"] = [*found["SecurityGroups"], {"Fn::GetAtt": ["AnotherSecurityGroup", "GroupId"]}]
        found["Subnets"] = found["Subnets"][:2]
    release.properties.update(
        {
            "PlatformVersion": PLATFORM,
            "GraceSeconds": GRACE_SECONDS,
            "DeregistrationSeconds": DEREGISTRATION_SECONDS,
            "HealthCheck": release.properties["HealthCheck"] | {"IntervalSeconds": INTERVAL_SECONDS},
        }
    )
    release.properties["HealthCheck"]["Path"] += MARK
    tasks = assembly.one("AWS::ApplicationAutoScaling::ScalableTarget").properties
    tasks["MinCapacity"] += ONE_MORE
    release.properties["MinTasks"] = tasks["MinCapacity"]
    for log in assembly.resources("AWS::Logs::LogGroup"):
        log.properties["RetentionInDays"] = RETENTION_DAYS


def _vpc(assembly: Assembly) -> Any:
    return assembly.resources("AWS::ElasticLoadBalancingV2::TargetGroup")[0].properties["VpcId"]


def _service_settings_change(stage: Stage) -> None:
    """Deploy the change alone, then a release with it."""
    service = stage.service
    tasks = scalable_target(stage, service)["MinCapacity"]
    path = target_groups(stage, service)[live_group(stage, service)]["HealthCheckPath"]
    before = primary(stage, service)["networkConfiguration"]
    stage.deploy(stage.live, edit=_edit)
    _expect_settings(stage, service)
    stage.wait_until(lambda: primary(stage, service)["runningCount"] > tasks, 20, "the added task runs")
    kept = target_groups(stage, service)[live_group(stage, service)]["HealthCheckPath"]
    stage.expect(kept == path, f"without a release the live version's health check moved from {path} to {kept}")
    after = primary(stage, service)["networkConfiguration"]
    stage.expect(before == after, f"without a release the network changed from {before} to {after}")

    previous = live_group(stage, service)
    stage.deploy(edit=_edit)
    _expect_settings(stage, service)
    task_set = primary(stage, service)
    network = task_set["networkConfiguration"]["awsvpcConfiguration"]
    seen = (len(network["securityGroups"]), len(network["subnets"]), task_set["platformVersion"])
    stage.expect(seen == (2, 2, PLATFORM), f"the release must have 2 groups, 2 subnets and {PLATFORM}, got {seen}")
    paths = {arn: group["HealthCheckPath"] for arn, group in target_groups(stage, service).items()}
    new = live_group(stage, service)
    stage.expect(paths[new] == path + MARK, f"the new version's health check must be {path + MARK}, got {paths[new]}")
    stage.expect(paths[previous] == path, f"the old version's health check moved from {path} to {paths[previous]}")


def _expect_settings(stage: Stage, service: Service) -> None:
    """Check what needs no release, as ECS, Elastic Load Balancing and CloudWatch Logs tell it."""
    group = target_groups(stage, service)[live_group(stage, service)]
    logs = stage.client("logs").describe_log_groups()["logGroups"]
    seen = {
        "grace period": ecs_service(stage, service)["healthCheckGracePeriodSeconds"],
        "interval": group["HealthCheckIntervalSeconds"],
        "deregistration": int(group["Attributes"]["deregistration_delay.timeout_seconds"]),
        "retention": max(log.get("retentionInDays", 0) for log in logs),
    }
    wanted = {
        "grace period": GRACE_SECONDS,
        "interval": INTERVAL_SECONDS,
        "deregistration": DEREGISTRATION_SECONDS,
        "retention": RETENTION_DAYS,
    }
    for name, value in wanted.items():
        stage.expect(seen[name] == value, f"the {name} must be {value} once it was deployed, got {seen[name]}")


SETTINGS = (
    Scenario(
        name="service-settings-change",
        summary="network, platform, grace period, health check, tasks and log retention change, then a release",
        group="safety",
        expected=Outcome.SUCCEEDED,
        checks=(none_failed, ends_on_candidate, ended(Outcome.UNCHANGED, Outcome.SUCCEEDED)),
        play=_service_settings_change,
    ),
)
