import json
import os
import re
import signal
import time
import urllib.request
from itertools import pairwise
from typing import Any

import psutil
import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.ecs.task_api import TaskApi
from bluegreen.rehearsal.cloud.metrics import MetricName
from tests.rehearsal.cloud.ecs.world import GROUPS, SECRET, World, address_of, placement, until


def environment_of(task: dict[str, Any]) -> dict[str, str]:
    with urllib.request.urlopen(f"http://{address_of(task)}:8080/", timeout=5) as answer:
        found: dict[str, str] = json.load(answer)
    return found


def pids(world: World) -> list[int]:
    snapshot = world.ecs.snapshot()["services"]
    return [pid for service in snapshot for one in service["taskSets"] for task in one["tasks"] for pid in task["pids"]]


def add_candidate(world: World, definition: str) -> str:
    created = world.call("CreateTaskSet", cluster="prod", service="orders", **placement(definition, "g"))
    return str(created["taskSet"]["id"])


def test_a_service_runs_its_tasks_and_becomes_steady(world: World) -> None:
    """Every task is a process at an address of its own, registered in the target group."""
    service = world.service(world.register())
    assert service["status"] == "ACTIVE"
    assert [one["status"] for one in service["taskSets"]] == ["PRIMARY"]
    world.steady()
    addresses = {address_of(task) for task in world.tasks()}
    assert len(addresses) == 2
    assert world.elbv2.targets[GROUPS["b"]] == {(address, 8080) for address in addresses}
    (described,) = world.call("DescribeServices", cluster="prod", services=["orders"])["services"]
    assert (described["desiredCount"], described["runningCount"], described["pendingCount"]) == (2, 2, 0)
    assert "has reached a steady state" in described["events"][0]["message"]
    assert {world.ecs.version_of(address) for address in addresses} == {"v1"}
    assert world.ecs.version_of("127.0.0.1") is None


def test_a_service_without_a_desired_count_runs_one_task(world: World) -> None:
    """A desired count that is omitted means 1."""
    world.call("CreateCluster", clusterName="prod")
    request = placement(world.register(), "b") | {"cluster": "prod", "serviceName": "orders"}
    world.call("CreateService", deploymentController={"type": "CODE_DEPLOY"}, **request)
    world.steady()
    assert len(world.tasks()) == 1


def test_a_container_sees_what_is_declared_and_nothing_of_the_machine(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task definition wins over bluegreen.toml; secrets are read; the cloud's own environment stays outside."""
    monkeypatch.setenv("SECRET_OF_THE_MACHINE", "x")
    world.service(
        world.register(
            environment=[{"name": "MODE", "value": "production"}],
            secrets=[
                {"name": "DATABASE_URL", "valueFrom": f"{SECRET}:url::"},
                {"name": "DATABASE_PORT", "valueFrom": f"{SECRET}:port::"},
                {"name": "WHOLE", "valueFrom": SECRET},
                {"name": "PARAMETER", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/orders/key"},
            ],
        ),
        desired=1,
    )
    world.steady()
    seen = environment_of(world.tasks()[0])
    assert seen == {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "LANG": "C.UTF-8",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "MODE": "production",
        "ONLY_LOCAL": "v1",
        "DATABASE_URL": "postgresql://db",
        "DATABASE_PORT": "5432",
        "WHOLE": world.secrets.values[SECRET],
        "PARAMETER": "value of /orders/key",
    }


def test_a_killed_task_is_replaced(world: World) -> None:
    """A process that dies by kill -9 is reported with exit code 137, and another task takes its place."""
    world.service(world.register())
    world.steady()
    os.kill(pids(world)[0], signal.SIGKILL)
    stopped = until(lambda: [task for task in world.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])
    assert stopped[0]["stopCode"] == "EssentialContainerExited"
    assert stopped[0]["stoppedReason"] == "Essential container in task exited"
    assert stopped[0]["containers"][0]["exitCode"] == 137
    until(lambda: len(world.elbv2.targets[GROUPS["b"]]) == 2)
    world.steady()
    assert address_of(stopped[0]) not in {address_of(task) for task in world.tasks()}


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"image": "web:exits"}, ("EssentialContainerExited", "Essential container in task exited", 7)),
        (
            {"image": "nowhere:v1"},
            ("TaskFailedToStart", "CannotPullContainerError: .* no entry for image.*; add a table", None),
        ),
        (
            {"secrets": [{"name": "A", "valueFrom": f"{SECRET[:-6]}absent"}]},
            ("TaskFailedToStart", "ResourceInitializationError: .*ResourceNotFoundException", None),
        ),
        (
            {"secrets": [{"name": "A", "valueFrom": f"{SECRET}:password::"}]},
            ("TaskFailedToStart", "ResourceInitializationError: .* did not contain json key password", None),
        ),
    ],
)
def test_a_task_that_cannot_start_says_why(
    world: World, container: dict[str, Any], expected: tuple[str, str, int | None]
) -> None:
    """Stop code, reason and exit code are those of ECS, and the service never becomes steady."""
    world.service(world.register(**container), desired=1)
    stopped = until(lambda: [task for task in world.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])[0]
    stop_code, reason, exit_code = expected
    assert stopped["stopCode"] == stop_code
    assert re.match(reason, stopped["stoppedReason"])
    assert stopped["containers"][0]["exitCode"] == exit_code
    assert world.sets()[0]["stabilityStatus"] == "STABILIZING"


def test_a_sidecar_that_nobody_knows_here_is_left_out_and_listed(world: World) -> None:
    """A container that is not essential and has no local command is not run; the task does without it."""
    family, _, _ = world.register().rpartition("/")[2].partition(":")
    definition = world.call("DescribeTaskDefinition", taskDefinition=family)["taskDefinition"]
    application = definition["containerDefinitions"][0] | {
        "dependsOn": [{"containerName": "collector", "condition": "START"}]
    }
    collector = {
        "name": "collector",
        "image": "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0",
        "essential": False,
        "healthCheck": {"command": ["CMD", "/healthcheck"]},
        "firelensConfiguration": {"type": "fluentbit"},
        "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/tmp"}],
    }
    taken = ("family", "networkMode", "cpu", "memory", "executionRoleArn", "requiresCompatibilities")
    registered = world.call(
        "RegisterTaskDefinition",
        **{key: definition[key] for key in taken if key in definition},
        volumes=[{"name": "scratch"}],
        containerDefinitions=[application, collector],
    )
    world.service(registered["taskDefinition"]["taskDefinitionArn"], desired=1)
    world.steady()
    assert len(pids(world)) == 1
    assert world.ecs.snapshot()["not_run"] == [{"family": "web", "container": "collector", "image": collector["image"]}]


def test_a_crash_loop_is_slowed_down(world: World) -> None:
    """A task that dies at once is tried again after 10, 20, 40 and 80 cloud seconds, and the service says so."""
    world.service(world.register("exits"), desired=1)
    until(lambda: len(world.tasks("STOPPED")) >= 5, seconds=20)
    created = [task["createdAt"] for task in world.tasks("STOPPED")][:5]
    waits = [later - earlier for earlier, later in pairwise(created)]
    assert [wait for wait, least in zip(waits, (10, 20, 40, 80), strict=True) if wait < least] == []
    (service,) = world.call("DescribeServices", cluster="prod", services=["orders"])["services"]
    assert any("unable to consistently start tasks successfully" in event["message"] for event in service["events"])


def test_tasks_are_listed_in_pages(world: World) -> None:
    """A page holds at most maxResults tasks, and its token leads to the rest; at most 100 are described at once."""
    world.service(world.register())
    world.steady()
    first = world.call("ListTasks", cluster="prod", serviceName="orders", maxResults=1)
    second = world.call("ListTasks", cluster="prod", serviceName="orders", maxResults=1, nextToken=first["nextToken"])
    assert "nextToken" not in second
    assert {*first["taskArns"], *second["taskArns"]} == {task["taskArn"] for task in world.tasks()}
    with pytest.raises(ApiError, match="at most 100"):
        world.call("DescribeTasks", cluster="prod", tasks=["a"] * 101)


def test_a_task_that_stopped_is_listed_for_an_hour(world: World) -> None:
    """One that has just stopped is listed, and no longer an hour later."""
    world.service(world.register("exits"), desired=1)
    stopped = until(lambda: [task for task in world.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])[0]["taskArn"]
    api = TaskApi(world.ecs._state, lambda: world.clock.now() + 3600)
    assert stopped not in api.arns({"cluster": "prod", "desiredStatus": "STOPPED"})["taskArns"]


def test_a_task_that_fails_health_checks_is_replaced_after_the_grace_period(world: World) -> None:
    """Unhealthy targets are left alone during the grace period and replaced after it, with ECS's reason."""
    sick: set[str] = set()
    world.elbv2.verdict = lambda address: "unhealthy" if address in sick else None
    world.service(world.register(), desired=1, healthCheckGracePeriodSeconds=60)
    world.steady()
    first = world.tasks()[0]
    sick.add(address_of(first))
    until(lambda: world.sets()[0]["stabilityStatus"] == "STABILIZING")
    assert world.tasks()[0]["taskArn"] == first["taskArn"]
    until(lambda: world.tasks() and world.tasks()[0]["taskArn"] != first["taskArn"])
    (stopped,) = world.tasks("STOPPED")
    assert stopped["stoppedAt"] is None or stopped["stoppedAt"] - stopped["startedAt"] >= 60
    assert stopped["stoppedReason"] == f"Task failed ELB health checks in (target-group {GROUPS['b']})"


def test_a_candidate_comes_takes_over_and_the_old_task_set_drains(world: World) -> None:
    """Create a task set, make it primary, delete the other: as CodeDeploy does, with no task lost on the way."""
    world.service(world.register("v1"))
    world.steady()
    old = world.sets()[0]["id"]
    new = add_candidate(world, world.register("v2"))
    until(lambda: {one["id"]: one["stabilityStatus"] for one in world.sets()}[new] == "STEADY_STATE")
    assert {one["id"]: one["status"] for one in world.sets()} == {old: "PRIMARY", new: "ACTIVE"}
    assert len(world.tasks()) == 4
    with pytest.raises(ApiError, match="primary task set cannot be deleted"):
        world.call("DeleteTaskSet", cluster="prod", service="orders", taskSet=old, force=True)

    primary = world.call("UpdateServicePrimaryTaskSet", cluster="prod", service="orders", primaryTaskSet=new)
    assert primary["taskSet"]["status"] == "PRIMARY"
    (service,) = world.call("DescribeServices", cluster="prod", services=["orders"])["services"]
    assert service["taskDefinition"].endswith("web:2")
    assert service["loadBalancers"][0]["targetGroupArn"] == GROUPS["g"]

    with pytest.raises(ApiError, match="while it is scaled above 0"):
        world.call("DeleteTaskSet", cluster="prod", service="orders", taskSet=old)
    drained = world.call("DeleteTaskSet", cluster="prod", service="orders", taskSet=old, force=True)
    assert drained["taskSet"]["status"] == "DRAINING"
    until(lambda: [one["id"] for one in world.sets()] == [new])
    assert world.elbv2.targets[GROUPS["b"]] == set()
    assert world.elbv2.drain_polls >= 3
    stopped = world.tasks("STOPPED")
    assert {task["stoppedReason"] for task in stopped} == {f"Scaling activity initiated by (deployment {old})"}
    assert {task["containers"][0]["exitCode"] for task in stopped} == {0}
    assert len(world.tasks()) == 2


def test_the_desired_count_moves_every_task_set(world: World) -> None:
    """A task set wants its share of the service's desired count, rounded up, whenever either changes."""
    world.service(world.register(), desired=1)
    candidate = add_candidate(world, world.register("v2"))
    world.call(
        "UpdateTaskSet", cluster="prod", service="orders", taskSet=candidate, scale={"value": 50, "unit": "PERCENT"}
    )
    world.call("UpdateService", cluster="prod", service="orders", desiredCount=3)
    assert [one["stabilityStatus"] for one in world.sets()] == ["STABILIZING"] * 2
    world.steady()
    assert [(one["computedDesiredCount"], one["runningCount"]) for one in world.sets()] == [(3, 3), (2, 2)]
    world.call("UpdateService", cluster="prod", service="orders", desiredCount=1)
    until(lambda: [one["runningCount"] for one in world.sets()] == [1, 1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"taskDefinition": "web:2"}, "Unable to update task definition"),
        (
            {"taskDefinition": "web:2", "networkConfiguration": {}, "desiredCount": 3},
            "Unable to update task definition",
        ),
        ({"networkConfiguration": {}}, "Unable to update network parameters"),
        ({"platformVersion": "1.4.0"}, "Unable to update platform version"),
        ({"loadBalancers": []}, "Unable to update load balancers"),
        ({"forceNewDeployment": True}, "Cannot force a new deployment"),
        ({"serviceConnectConfiguration": {"enabled": True}}, "Unable to update serviceConnectConfiguration"),
    ],
)
def test_update_service_refuses_what_codedeploy_owns(world: World, change: dict[str, Any], words: str) -> None:
    """Nothing but the few fields AWS names can be changed, and a refused request changes nothing at all."""
    world.service(world.register(), desired=1)
    with pytest.raises(ApiError, match=f"{words} .*CODE_DEPLOY deployment controller. Use AWS CodeDeploy") as refused:
        world.call("UpdateService", cluster="prod", service="orders", **change)
    assert refused.value.code == "InvalidParameterException"
    assert world.call("DescribeServices", cluster="prod", services=["orders"])["services"][0]["desiredCount"] == 1


def test_update_service_accepts_what_aws_lets_be_changed(world: World) -> None:
    """Grace period, deployment configuration, placement, tags settings and desired count can be changed."""
    world.service(world.register(), desired=1)
    changed = world.call(
        "UpdateService",
        cluster="prod",
        service="orders",
        desiredCount=2,
        healthCheckGracePeriodSeconds=90,
        deploymentConfiguration={"minimumHealthyPercent": 50},
        propagateTags="SERVICE",
        enableECSManagedTags=True,
    )["service"]
    assert (changed["desiredCount"], changed["healthCheckGracePeriodSeconds"]) == (2, 90)
    assert changed["deploymentConfiguration"] == {"maximumPercent": 200, "minimumHealthyPercent": 50}
    assert (changed["propagateTags"], changed["enableECSManagedTags"]) == ("SERVICE", True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"deploymentController": {"type": "ECS"}}, "got ECS"),
        ({"schedulingStrategy": "DAEMON"}, "DAEMON"),
        (
            {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}},
            "CircuitBreaker",
        ),
        ({"loadBalancers": []}, "load balancer is required"),
        (
            {"loadBalancers": [{"targetGroupArn": GROUPS["b"], "containerName": "api", "containerPort": 8080}]},
            "container api does not exist",
        ),
        (
            {"loadBalancers": [{"targetGroupArn": GROUPS["b"], "containerName": "web", "containerPort": 80}]},
            "did not have a container port 80",
        ),
        (
            {"launchType": "FARGATE", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "both a launch type",
        ),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}, "not associated with the cluster"),
        ({"serviceName": "or ders"}, "invalid characters"),
    ],
)
def test_create_service_refuses_what_cannot_work(world: World, change: dict[str, Any], words: str) -> None:
    """A service that could not be released is refused before anything of it exists."""
    with pytest.raises(ApiError, match=words) as refused:
        world.service(world.register(), **change)
    assert refused.value.code == "InvalidParameterException"
    assert world.call("ListServices", cluster="prod")["serviceArns"] == []


def test_a_target_group_needs_a_load_balancer(world: World) -> None:
    """A target group that no listener uses cannot say whether a task is healthy, so AWS refuses it."""
    world.elbv2.load_balancers = []
    with pytest.raises(ApiError, match="does not have an associated load balancer"):
        world.service(world.register())


def test_a_service_cannot_be_created_twice(world: World) -> None:
    """The name of a service that is not INACTIVE is taken."""
    definition = world.register()
    world.service(definition, desired=1)
    with pytest.raises(ApiError, match="not idempotent"):
        world.service(definition, desired=1)


def test_inactive_revisions_start_nothing_new(world: World) -> None:
    """A deregistered revision runs on where it runs, but no task set can be made of it."""
    definition = world.register()
    world.service(definition, desired=1)
    world.steady()
    world.call("DeregisterTaskDefinition", taskDefinition=definition)
    with pytest.raises(ApiError, match="TaskDefinition is inactive"):
        add_candidate(world, definition)
    with pytest.raises(ApiError, match="TaskDefinition not found"):
        add_candidate(world, "web")
    os.kill(pids(world)[0], signal.SIGKILL)
    until(lambda: len(world.tasks("STOPPED")) == 1)
    world.steady()


def test_deleting_a_service_stops_its_tasks(world: World) -> None:
    """A running service needs force; it is DRAINING until its last task stopped, then INACTIVE, its name free."""
    definition = world.register()
    world.service(definition)
    world.steady()
    running = pids(world)
    with pytest.raises(ApiError, match="while it is scaled above 0"):
        world.call("DeleteService", cluster="prod", service="orders")
    with pytest.raises(ApiError, match="while Services are active"):
        world.call("DeleteCluster", cluster="prod")
    deleted = world.call("DeleteService", cluster="prod", service="orders", force=True)
    assert deleted["service"]["status"] == "DRAINING"

    def status() -> str:
        (service,) = world.call("DescribeServices", cluster="prod", services=["orders"])["services"]
        return str(service["status"])

    until(lambda: status() == "INACTIVE")
    assert not [pid for pid in running if psutil.pid_exists(pid)]
    with pytest.raises(ApiError, match="Service was not ACTIVE"):
        world.sets()
    world.service(definition, desired=1)
    world.steady()


@pytest.mark.parametrize("world", [600], indirect=True)
def test_a_task_that_ignores_sigterm_is_killed(world: World) -> None:
    """SIGKILL comes after the stop timeout, which never lasts less than a real second."""
    world.elbv2.verdict = lambda _address: "healthy"
    world.service(world.register("stubborn", stopTimeout=30), desired=1)
    world.steady()
    time.sleep(0.2)  # until the program ignores the signal
    task = world.tasks()[0]
    began = time.monotonic()
    stopped = world.call("StopTask", cluster="prod", task=task["taskArn"], reason="by hand")["task"]
    assert stopped["desiredStatus"] == "STOPPED"
    until(lambda: world.tasks("STOPPED")[0]["lastStatus"] == "STOPPED")
    assert time.monotonic() - began >= 1
    (described,) = world.tasks("STOPPED")
    assert (described["stopCode"], described["stoppedReason"]) == ("UserInitiated", "by hand")
    assert described["containers"][0]["exitCode"] == 137


def test_a_task_that_is_stopped_while_it_is_registered_gets_no_traffic(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its targets do not stay in the group when it left the group before they were in it."""
    register = world.elbv2.register_targets

    def stop_then_register(**request: Any) -> None:
        monkeypatch.setattr(world.elbv2, "register_targets", register)
        arns = world.call("ListTasks", cluster="prod")["taskArns"]
        world.call("StopTask", cluster="prod", task=arns[0])
        until(lambda: [task for task in world.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])
        register(**request)

    monkeypatch.setattr(world.elbv2, "register_targets", stop_then_register)
    world.service(world.register(), desired=1)
    until(lambda: [task for task in world.tasks() if task["lastStatus"] == "RUNNING"])
    (task,) = world.tasks()
    until(lambda: {address for address, _ in world.elbv2.targets[GROUPS["b"]]} == {address_of(task)})
    assert {task["lastStatus"] for task in world.tasks("STOPPED")} == {"STOPPED"}


def test_crash_at_start_hits_one_version_only(world: World) -> None:
    """Injected, containers of the version end with 1 right after their start; cleared, they run."""
    world.ecs.inject({"fault": "crash-at-start", "version": "v2"})
    world.service(world.register("v1"), desired=1)
    world.steady()
    candidate = add_candidate(world, world.register("v2"))
    until(lambda: [task for task in world.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])
    crashed = [task for task in world.tasks("STOPPED") if task["lastStatus"] == "STOPPED"]
    assert {(task["startedBy"], task["containers"][0]["exitCode"]) for task in crashed} == {(candidate, 1)}
    world.ecs.inject({"fault": None})
    world.steady()


@pytest.mark.parametrize("fault", ["crash-at-start", "task-killed"])
def test_a_fault_of_tasks_needs_a_version(world: World, fault: str) -> None:
    """A fault without a version is refused."""
    with pytest.raises(ValueError, match="needs a version"):
        world.ecs.inject({"fault": fault})


def test_the_fault_kills_one_task_and_its_task_set_starts_another(world: World) -> None:
    """One running task of the version ends with 137, as by SIGKILL, and its task set starts another."""
    world.service(world.register("v1"), desired=2)
    world.steady()
    before = {task["taskArn"] for task in world.tasks()}
    world.ecs.inject({"fault": "task-killed", "version": "v1"})
    until(lambda: [task for task in world.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])
    (stopped,) = world.tasks("STOPPED")
    assert stopped["containers"][0]["exitCode"] == 137
    world.steady()
    assert len({task["taskArn"] for task in world.tasks()} - before) == 1


def test_no_task_is_killed_when_none_runs(world: World) -> None:
    """A version without a running task is refused by its name."""
    with pytest.raises(ValueError, match="running task of version v9"):
        world.ecs.inject({"fault": "task-killed", "version": "v9"})


def test_a_task_set_does_nothing_while_the_control_planes_are_down(world: World) -> None:
    """A task that dies meanwhile is replaced only afterwards."""
    world.service(world.register("v1"), desired=1)
    world.steady()
    gate = world.clock.control_planes
    gate.close()
    world.ecs.inject({"fault": "task-killed", "version": "v1"})
    time.sleep(0.5)  # five looks of the task set, had it looked
    assert [task["lastStatus"] for task in world.tasks()] == ["RUNNING"]
    gate.open()
    until(lambda: [task for task in world.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])


def test_output_reaches_the_log_group(world: World) -> None:
    """Lines go to prefix/container/task of the awslogs group, also those of a task that has ended."""
    options = {"awslogs-group": "/orders", "awslogs-stream-prefix": "web"}
    world.service(world.register(logConfiguration={"logDriver": "awslogs", "options": options}), desired=1)
    world.steady()
    stream = f"/orders:web/web/{world.tasks()[0]['taskArn'].rpartition('/')[2]}"
    until(lambda: world.logs.streams.get(stream) == ["serving v1"])


def test_cpu_and_memory_are_measured(world: World) -> None:
    """Each task gives one sample a cloud minute, under the dimensions that alarms use."""
    world.service(world.register(), desired=1)
    world.steady()
    dimensions = frozenset({("ClusterName", "prod"), ("ServiceName", "orders")})
    names = [MetricName("AWS/ECS", name, dimensions) for name in ("CPUUtilization", "MemoryUtilization")]
    until(lambda: all(world.metrics.between(name, 0, 2e10) for name in names))
    cpu, memory = (world.metrics.between(name, 0, 2e10) for name in names)
    assert 0 <= cpu[0] <= 100
    assert 1 < memory[0] < 50


def test_a_sidecar_lives_and_dies_with_its_task(world: World) -> None:
    """All containers share the address; one that is not essential may end, one that is takes the others with it."""
    world.elbv2.verdict = lambda _address: "healthy"
    serving = {"name": "web", "image": "web:deaf", "portMappings": [{"containerPort": 8080}]}
    world.call(
        "RegisterTaskDefinition",
        family="pair",
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[serving, {"name": "worker", "image": "worker", "essential": False}],
    )
    world.service("pair", desired=1)
    world.steady()
    web, worker = pids(world)
    os.kill(worker, signal.SIGKILL)
    until(lambda: pids(world) == [web])
    assert len(world.tasks()) == 1
    os.kill(web, signal.SIGKILL)
    until(lambda: len(world.tasks("STOPPED")) == 1)
