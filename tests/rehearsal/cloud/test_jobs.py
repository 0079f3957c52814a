"""Executions of Step Functions that run tasks of our ECS, inside a running ministack."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.rehearsal.cloud.running import Cloud, started

SYNC = "arn:aws:states:::ecs:runTask.sync"


class Jobs:
    """A cluster, a family of tasks, and state machines that run one of them."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.ecs, self.states = cloud.client("ecs"), cloud.client("stepfunctions")
        self.ecs.create_cluster(clusterName="prod")
        self.ecs.register_task_definition(
            family="jobs",
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "job", "image": "shop/job:v1"}],
        )

    def machine(self, name: str, *, resource: str = SYNC, seconds: int = 3600, **state: Any) -> str:
        """Make a state machine that may take so long, and whose first state runs the program in its input."""
        parameters = {
            "Cluster": "prod",
            "TaskDefinition": "jobs",
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
            "Overrides": {"ContainerOverrides": [{"Name": "job", "Command.$": "$.command"}]},
        }
        run = {"Type": "Task", "Resource": resource, "Parameters": parameters, "ResultPath": "$.task", "End": True}
        states = {"Run": run | state, "Caught": {"Type": "Pass", "End": True}}
        definition = json.dumps({"StartAt": "Run", "States": states, "TimeoutSeconds": seconds})
        role = "arn:aws:iam::123456789012:role/any"
        made = self.states.create_state_machine(name=name, definition=definition, roleArn=role)
        return str(made["stateMachineArn"])

    def start(self, machine: str, program: str, **more: Any) -> str:
        given = json.dumps({"command": ["python", "-c", program], **more})
        return str(self.states.start_execution(stateMachineArn=machine, input=given)["executionArn"])

    def finished(self, execution: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.states.describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        found: dict[str, Any] = until(look)
        return found

    def tasks(self, status: str) -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster="prod", family="jobs", desiredStatus=status)["taskArns"]
        found: list[dict[str, Any]] = self.ecs.describe_tasks(cluster="prod", tasks=arns)["tasks"] if arns else []
        return found

    def one_running(self) -> dict[str, Any]:
        return dict(until(lambda: [task for task in self.tasks("RUNNING") if task["lastStatus"] == "RUNNING"])[0])

    def ended(self, task: dict[str, Any]) -> dict[str, Any]:
        return dict(until(lambda: [one for one in self.tasks("STOPPED") if one["taskArn"] == task["taskArn"]])[0])


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    with started("jobs_in_ministack.py", tmp_path_factory.mktemp("jobs")) as cloud:
        yield Jobs(cloud)


def test_a_job_ends_with_the_stopped_task(jobs: Jobs) -> None:
    """The result is the task itself, in PascalCase, with times in milliseconds, as Step Functions tells it."""
    done = jobs.finished(jobs.start(jobs.machine("ends"), "print('done')", before=1))
    assert done["status"] == "SUCCEEDED"
    output = json.loads(done["output"])
    task = output["task"]
    assert output["before"] == 1
    assert (task["LastStatus"], task["StopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert (task["StartedBy"], task["Group"]) == ("AWS Step Functions", "family:jobs")
    assert (task["Containers"][0]["Name"], task["Containers"][0]["ExitCode"]) == ("job", 0)
    assert task["Containers"][0]["ImageDigest"].startswith("sha256:")
    assert task["Overrides"]["ContainerOverrides"] == [{"Name": "job", "Command": ["python", "-c", "print('done')"]}]
    assert isinstance(task["StoppedAt"], int)
    assert task["StoppedAt"] >= task["StartedAt"] > 1_700_000_000_000


def test_a_job_whose_task_fails_can_be_caught_with_the_task_as_its_cause(jobs: Jobs) -> None:
    """States.TaskFailed, and the cause is the stopped task in JSON, with its exit code and its reason."""
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}]
    done = jobs.finished(jobs.start(jobs.machine("fails", Catch=catch), "raise SystemExit(3)", before=1))
    output = json.loads(done["output"])
    assert (output["before"], output["error"]["Error"]) == (1, "States.TaskFailed")
    cause = json.loads(output["error"]["Cause"])
    assert (cause["Containers"][0]["ExitCode"], cause["StoppedReason"]) == (3, "Essential container in task exited")


def test_a_task_that_never_starts_fails_its_job(jobs: Jobs) -> None:
    """A container without exit code is no success."""
    jobs.ecs.register_task_definition(
        family="broken",
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "job", "image": "shop/unknown:v1"}],
    )
    parameters = {
        "Cluster": "prod",
        "TaskDefinition": "broken",
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
    }
    done = jobs.finished(jobs.start(jobs.machine("never-starts", Parameters=parameters), ""))
    assert (done["status"], done["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(done["cause"])["StopCode"] == "TaskFailedToStart"


def test_a_job_that_takes_too_long_is_stopped(jobs: Jobs) -> None:
    """TimeoutSecondsPath limits it: the state ends with States.Timeout, and its task is stopped."""
    machine = jobs.machine("too-long", TimeoutSecondsPath="$.seconds")
    execution = jobs.start(machine, "import time; time.sleep(600)", seconds=1)
    task = jobs.one_running()
    assert jobs.finished(execution)["error"] == "States.Timeout"
    assert jobs.ended(task)["stopCode"] == "UserInitiated"


def test_stopping_an_execution_stops_its_task(jobs: Jobs) -> None:
    """Nothing runs on for an execution that was aborted, and its end stays ABORTED."""
    execution = jobs.start(jobs.machine("aborted"), "import time; time.sleep(600)")
    task = jobs.one_running()
    jobs.states.stop_execution(executionArn=execution)
    assert jobs.ended(task)["stopCode"] == "UserInitiated"
    assert jobs.finished(execution)["status"] == "ABORTED"


def test_what_ecs_refuses_fails_the_state_under_its_name(jobs: Jobs) -> None:
    """The error is ECS's code with the service before it."""
    done = jobs.finished(jobs.start(jobs.machine("refused", Parameters={"TaskDefinition": "nothing"}), ""))
    assert done["error"] == "ECS.ClusterNotFoundException"


def test_a_task_that_is_not_waited_for_goes_on(jobs: Jobs) -> None:
    """Without .sync the state ends with RunTask's own answer."""
    machine = jobs.machine("goes-on", resource=SYNC.removesuffix(".sync"))
    done = jobs.finished(jobs.start(machine, "import time; time.sleep(600)"))
    task = json.loads(done["output"])["task"]["Tasks"][0]
    assert task["LastStatus"] == "PROVISIONING"
    jobs.ecs.stop_task(cluster="prod", task=task["TaskArn"])


def test_the_ends_of_executions_reach_eventbridge(jobs: Jobs) -> None:
    """A rule on FAILED, TIMED_OUT and ABORTED of one machine gets each of them, with the execution's ARN and input."""
    machine, other = jobs.machine("watched"), jobs.machine("not-watched")
    waits = jobs.machine("watched-too", seconds=30, Type="Wait", Seconds=3600)
    sqs, events = jobs.cloud.client("sqs"), jobs.cloud.client("events")
    queue = sqs.create_queue(QueueName="ends")["QueueUrl"]
    detail = {"status": ["FAILED", "TIMED_OUT", "ABORTED"], "stateMachineArn": [machine, waits]}
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": detail,
    }
    events.put_rule(Name="ends", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="ends", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:eu-west-1:123456789012:ends"}])
    jobs.finished(jobs.start(other, "raise SystemExit(1)"))
    jobs.finished(jobs.start(machine, ""))
    failed = jobs.start(machine, "raise SystemExit(1)")
    jobs.finished(failed)
    aborted = jobs.start(machine, "import time; time.sleep(600)")
    task = jobs.one_running()
    jobs.states.stop_execution(executionArn=aborted)
    jobs.ended(task)
    late = jobs.start(waits, "")
    jobs.finished(late)
    told: list[Any] = []

    def all_told() -> bool:
        for message in sqs.receive_message(QueueUrl=queue).get("Messages", []):
            told.append(json.loads(message["Body"])["detail"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return len(told) == 3

    until(all_told)
    ends = [(one["executionArn"], one["status"]) for one in told]
    assert ends == [(failed, "FAILED"), (aborted, "ABORTED"), (late, "TIMED_OUT")]
    assert json.loads(told[0]["input"])["command"] == ["python", "-c", "raise SystemExit(1)"]
