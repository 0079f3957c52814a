"""Tasks that RunTask starts."""

import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.ecs.one_off import override
from tests.rehearsal.cloud.ecs.world import SECRET, World, until

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
LOGS = {"logDriver": "awslogs", "options": {"awslogs-group": "jobs", "awslogs-stream-prefix": "jobs"}}


@pytest.fixture
def jobs(world: World) -> World:
    world.call("CreateCluster", clusterName="prod")
    return world


def run(world: World, definition: str, **request: Any) -> dict[str, Any]:
    wanted = {"cluster": "prod", "launchType": "FARGATE", "networkConfiguration": NETWORK}
    (task,) = world.call("RunTask", **({"taskDefinition": definition} | wanted | request))["tasks"]
    return dict(task)


def python(program: str) -> dict[str, Any]:
    """Return overrides that run a program in the container `web`."""
    return {"containerOverrides": [{"name": "web", "command": ["python", "-c", textwrap.dedent(program)]}]}


def described(world: World, task: dict[str, Any]) -> dict[str, Any]:
    (found,) = world.call("DescribeTasks", cluster="prod", tasks=[task["taskArn"]])["tasks"]
    return dict(found)


def stopped(world: World, task: dict[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = described(world, task)
        return found if found["lastStatus"] == "STOPPED" else None

    found: dict[str, Any] = until(look)
    return found


def running(world: World, task: dict[str, Any]) -> dict[str, Any]:
    until(lambda: described(world, task)["lastStatus"] == "RUNNING")
    return described(world, task)


def test_a_task_runs_once_and_says_how_it_ended(jobs: World) -> None:
    """RunTask answers at once with PROVISIONING; the stopped task has its exit code, its stop code and its times."""
    definition = jobs.register(family="jobs")
    task = run(jobs, definition, overrides=python("raise SystemExit(3)"), startedBy="by-hand")
    assert (task["lastStatus"], task["desiredStatus"]) == ("PROVISIONING", "RUNNING")
    assert (task["group"], task["startedBy"]) == ("family:jobs", "by-hand")
    assert task["containers"][0]["imageDigest"] is None
    done = stopped(jobs, task)
    assert (done["stopCode"], done["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert [one["exitCode"] for one in done["containers"]] == [3]
    assert done["createdAt"] <= done["startedAt"] <= done["stoppingAt"] <= done["stoppedAt"]


def test_an_override_changes_command_and_environment(jobs: World) -> None:
    """The command replaces the image's, in its directory; variables are added, and secrets are read as for services."""
    secret = {"name": "URL", "valueFrom": f"{SECRET}:url::"}
    definition = jobs.register(family="jobs", secrets=[secret], environment=[{"name": "A", "value": "1"}])
    program = """
        import os
        print(os.environ["A"], os.environ["B"], os.environ["URL"], os.environ["MODE"], os.path.exists("server.py"))
    """
    overrides = python(program)
    overrides["containerOverrides"][0]["environment"] = [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}]
    task = run(jobs, definition, overrides=overrides)
    done = stopped(jobs, task)
    assert done["overrides"] == overrides
    (log,) = jobs.ecs.snapshot()["stopped"][-1]["logs"]
    assert Path(log).read_text() == "2 3 postgresql://db local True\n"


def test_an_entry_point_takes_the_place_of_the_images_command(jobs: World) -> None:
    """It runs with the definition's command, or with that of the override; `python` is this interpreter."""
    program = "import sys; raise SystemExit(int(sys.argv[1]))"
    definition = jobs.register(family="jobs", entryPoint=["python", "-c", program], command=["4"])
    assert stopped(jobs, run(jobs, definition))["containers"][0]["exitCode"] == 4
    other = {"containerOverrides": [{"name": "web", "command": ["5"]}]}
    assert stopped(jobs, run(jobs, definition, overrides=other))["containers"][0]["exitCode"] == 5


def test_the_last_line_is_in_the_log_when_the_task_has_stopped(jobs: World) -> None:
    """The stream is prefix/container/task; who sees STOPPED can read the result there."""
    definition = jobs.register(family="jobs", logConfiguration=LOGS)
    task = run(jobs, definition, overrides=python("print('one'); print('result', end='')"))
    stopped(jobs, task)
    stream = f"jobs:jobs/web/{task['taskArn'].rpartition('/')[2]}"
    assert jobs.logs.streams[stream] == ["one", "result"]


def test_an_image_may_be_named_by_the_digest_it_was_pulled_as(jobs: World) -> None:
    """The digest that a task shows for a tag names the same image, of the same version, from then on."""
    exits = jobs.register("exits", family="jobs")
    digest = stopped(jobs, run(jobs, exits))["containers"][0]["imageDigest"]
    pinned = jobs.register(
        family="jobs", image=f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web@{digest}", portMappings=[]
    )
    done = stopped(jobs, run(jobs, pinned))
    assert done["containers"][0]["exitCode"] == 7
    assert done["containers"][0]["imageDigest"] == digest
    assert jobs.ecs.snapshot()["stopped"][-1]["version"] == "exits"


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        ({"secrets": [{"name": "URL", "valueFrom": f"{SECRET}:nothing::"}]}, "did not contain json key nothing"),
        ({"image": "shop/unknown:v1"}, "CannotPullContainerError"),
    ],
)
def test_a_task_that_cannot_start_says_why(jobs: World, container: dict[str, Any], reason: str) -> None:
    """Its stop code is TaskFailedToStart, and no container has an exit code."""
    done = stopped(jobs, run(jobs, jobs.register(family="jobs", **container)))
    assert done["stopCode"] == "TaskFailedToStart"
    assert reason in done["stoppedReason"]
    assert (done["startedAt"], done["containers"][0]["exitCode"]) == (None, None)


def test_stopping_a_task_ends_its_processes(jobs: World) -> None:
    """StopTask sends SIGTERM, and the task says that a user stopped it and why."""
    task = run(jobs, jobs.register("deaf", family="jobs"))
    running(jobs, task)
    jobs.call("StopTask", cluster="prod", task=task["taskArn"], reason="by hand")
    done = stopped(jobs, task)
    assert (done["stopCode"], done["stoppedReason"]) == ("UserInitiated", "by hand")
    assert done["containers"][0]["exitCode"] == 143


def test_tasks_are_found_by_family_and_starter(jobs: World) -> None:
    """ListTasks finds running one-off tasks by family and startedBy; what has stopped only as STOPPED."""
    task = run(jobs, jobs.register("deaf", family="jobs"), startedBy="x")

    def listed(**request: str) -> list[str]:
        arns: list[str] = jobs.call("ListTasks", cluster="prod", **request)["taskArns"]
        return arns

    assert listed(family="jobs") == listed(startedBy="x") == listed(launchType="FARGATE") == [task["taskArn"]]
    assert listed(family="other") == listed(startedBy="y") == listed(desiredStatus="STOPPED") == []
    assert jobs.call("DescribeClusters", clusters=["prod"])["clusters"][0]["pendingTasksCount"] in {0, 1}
    with pytest.raises(ApiError, match="ClusterContainsTasksException"):
        jobs.call("DeleteCluster", cluster="prod")
    running(jobs, task)
    jobs.call("StopTask", cluster="prod", task=task["taskArn"])
    stopped(jobs, task)
    assert listed(family="jobs") == []
    assert listed(family="jobs", desiredStatus="STOPPED") == [task["taskArn"]]
    jobs.call("DeleteCluster", cluster="prod")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"cluster": "other"}, "ClusterNotFoundException: Cluster not found"),
        ({"taskDefinition": "other"}, "ClientException: TaskDefinition not found"),
        ({"networkConfiguration": None}, "Network Configuration must be provided when networkMode 'awsvpc'"),
        ({"launchType": None}, "No Container Instances were found in your cluster"),
        ({"launchType": "EC2"}, "No Container Instances were found in your cluster"),
        ({"count": 11}, "InvalidParameterException"),
        (
            {"overrides": {"containerOverrides": [{"name": "sidecar", "command": ["x"]}]}},
            "Override for container named sidecar is not a container in the TaskDefinition",
        ),
        ({"overrides": python("#" * 8192)}, "8192"),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}, "Specifying both a launch type and capacity"),
    ],
)
def test_what_run_task_refuses(jobs: World, change: dict[str, Any], refusal: str) -> None:
    """It refuses what ECS refuses, in its words, and starts nothing."""
    request = {"taskDefinition": jobs.register(family="jobs"), "cluster": "prod", "launchType": "FARGATE"}
    request |= {"networkConfiguration": NETWORK} | change
    with pytest.raises(ApiError, match=refusal):
        jobs.call("RunTask", **{key: value for key, value in request.items() if value is not None})
    assert jobs.ecs.snapshot()["tasks"] == []


def test_an_inactive_task_definition_runs_no_more(jobs: World) -> None:
    """Who runs the recorded revision later needs it retained."""
    definition = jobs.register(family="jobs")
    jobs.call("DeregisterTaskDefinition", taskDefinition=definition)
    with pytest.raises(ApiError, match="ClientException: TaskDefinition is inactive"):
        run(jobs, definition)


def test_a_client_token_starts_one_task(jobs: World) -> None:
    """The same request with the same token is answered with the same task; another request conflicts."""
    definition = jobs.register(family="jobs")
    first = run(jobs, definition, clientToken="one", overrides=python(""))
    assert run(jobs, definition, clientToken="one", overrides=python(""))["taskArn"] == first["taskArn"]
    with pytest.raises(ApiError, match="ConflictException"):
        run(jobs, definition, clientToken="one", overrides=python("pass"))
    stopped(jobs, first)


def test_cloud_time_is_real_time_while_a_task_runs(jobs: World) -> None:
    """Before it starts and after it has stopped, time is compressed; what it does in between is not."""
    assert jobs.clock.rate == 60
    task = run(jobs, jobs.register("deaf", family="jobs"))
    running(jobs, task)
    assert jobs.clock.rate == 1
    jobs.call("StopTask", cluster="prod", task=task["taskArn"])
    stopped(jobs, task)
    until(lambda: jobs.clock.rate == 60)


def test_a_killed_task_ends_as_a_lost_machine_would_end_it(jobs: World) -> None:
    """`task-killed` with a family hits its running one-off task, and no service's; its container exits with 137."""
    with pytest.raises(ValueError, match="no one-off task of the family 'jobs' is running"):
        jobs.ecs.inject({"fault": "task-killed", "family": "jobs"})
    task = run(jobs, jobs.register("deaf", family="jobs"))
    running(jobs, task)
    jobs.ecs.inject({"fault": "task-killed", "family": "jobs"})
    done = stopped(jobs, task)
    assert (done["stopCode"], done["containers"][0]["exitCode"]) == ("EssentialContainerExited", 137)


def test_a_paused_task_stands_still_until_faults_are_cleared(jobs: World) -> None:
    """`task-paused` stops its processes where they are; it is still RUNNING, as a hung task is."""
    program = "import time\nfor line in range(3000): print(line, flush=True); time.sleep(0.01)"
    task = run(jobs, jobs.register(family="jobs"), overrides=python(program))
    running(jobs, task)
    (shown,) = jobs.ecs.snapshot()["tasks"]
    until(lambda: Path(shown["logs"][0]).read_text())
    jobs.ecs.inject({"fault": "task-paused", "family": "jobs"})
    status = Path(f"/proc/{shown['pids'][0]}/stat")
    until(lambda: status.read_text().rpartition(")")[2].split()[0] == "T")
    assert described(jobs, task)["lastStatus"] == "RUNNING"
    jobs.ecs.inject({"fault": None})
    until(lambda: status.read_text().rpartition(")")[2].split()[0] != "T")
    jobs.call("StopTask", cluster="prod", task=task["taskArn"])
    stopped(jobs, task)


def test_a_version_that_crashes_at_start_crashes_in_services_only(jobs: World) -> None:
    """The fault is about what serves; a one-off task of that version runs as it does."""
    jobs.ecs.inject({"fault": "crash-at-start", "version": "v1"})
    done = stopped(jobs, run(jobs, jobs.register(family="jobs"), overrides=python("")))
    assert done["containers"][0]["exitCode"] == 0


def test_the_journal_tells_of_one_off_tasks(jobs: World) -> None:
    """Its start and its end are told with family, command, version, task and exit codes."""
    task = run(jobs, jobs.register(family="jobs"), overrides=python("raise SystemExit(2)"))
    stopped(jobs, task)
    started, ended = [entry for entry in jobs.journal.since(0) if entry.kind == "task"]
    facts = {"family": "jobs", "version": "v1", "task": task["taskArn"].rpartition("/")[2]}
    assert facts.items() <= started.facts.items()
    assert started.facts["command"] == ended.facts["command"] == ["python", "-c", "raise SystemExit(2)"]
    assert (started.facts["exit_codes"], ended.facts["exit_codes"]) == ({}, {"web": 2})


def test_an_override_adds_and_replaces_variables() -> None:
    """Variables that the definition has not are added; others are replaced in place; nothing else changes."""
    container = {"image": "web", "environment": [{"name": "A", "value": "1"}]}
    wanted = {"name": "web", "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}]}
    assert override(container, wanted) == {
        "image": "web",
        "environment": [{"name": "A", "value": "3"}, {"name": "B", "value": "2"}],
    }
    assert override(container, {}) == container


def test_a_task_that_is_stopped_before_its_processes_start_never_starts_them(
    jobs: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while it reads its secrets, it stays stopped, no process of it runs, and time is compressed again."""
    is_stopped, read = threading.Event(), jobs.secrets.get_secret_value

    def read_late(**request: str) -> dict[str, Any]:
        assert is_stopped.wait(15)
        return read(**request)

    monkeypatch.setattr(jobs.secrets, "get_secret_value", read_late)
    definition = jobs.register(family="jobs", secrets=[{"name": "URL", "valueFrom": f"{SECRET}:url::"}])
    task = run(jobs, definition, overrides=python("import time; time.sleep(600)"))
    jobs.call("StopTask", cluster="prod", task=task["taskArn"])
    assert stopped(jobs, task)["containers"][0]["exitCode"] is None
    is_stopped.set()
    until(lambda: jobs.clock.rate > 1)
    assert described(jobs, task)["lastStatus"] == "STOPPED"
