"""A small world for the migration function: a real DynamoDB emulation, and as much of the rest of AWS as it asks."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import dynamodb

import migration_handler
from bluegreen.release.migrations.findings import Phase
from bluegreen.release.migrations.result import Outcome, Result, RevisionReport
from migration_settings import family_of

START = 1_700_000_000
ARN = "arn:aws:{}:eu-west-1:111122223333:{}"
CLUSTER = ARN.format("ecs", "cluster/shop")
DEFINITION = ARN.format("ecs", "task-definition/orders-migrations:7")
MACHINE = ARN.format("states", "stateMachine:orders-migrations")
LOG_GROUP = "orders-migrations-log"
TABLE = "release-ledger"
DIGEST = "sha256:" + "1f" * 32
PUT_ANSWER = "codedeploy.put_lifecycle_event_hook_execution_status"
SETTINGS = {
    "backup": "snapshot",
    "after_failure": "keep",
    "lock_timeout_ms": 500,
    "deadline_seconds": 1200,
    "grades": {},
    "contract": None,
    "ini": None,
}
ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "orders-migrations-function",
    "BLUEGREEN_STATE_MACHINE_ARN": MACHINE,
    "BLUEGREEN_LEDGER": TABLE,
    "BLUEGREEN_DATABASE": "orders-db",
    "BLUEGREEN_CLUSTER": CLUSTER,
    "BLUEGREEN_TASK_DEFINITION": DEFINITION,
    "BLUEGREEN_TASK_LOG_GROUP": LOG_GROUP,
    "BLUEGREEN_SERVICE": "orders",
    "BLUEGREEN_VERSION": "v2",
    "BLUEGREEN_NOTIFICATIONS": ARN.format("sns", "releases"),
    "BLUEGREEN_SETTINGS": json.dumps(SETTINGS),
}
DYNAMODB = {
    "get_item": "GetItem",
    "put_item": "PutItem",
    "update_item": "UpdateItem",
    "query": "Query",
    "create_table": "CreateTable",
}

Runner = Callable[[list[str]], Result | None]


def error(code: str, operation: str = "Ask") -> ClientError:
    metadata = {"HTTPStatusCode": 400}
    return ClientError({"Error": {"Code": code, "Message": f"told {code}"}, "ResponseMetadata": metadata}, operation)  # type: ignore[typeddict-item] # as much of the response as is read


def report(revision: str, phase: Phase = Phase.EXPAND, **more: Any) -> RevisionReport:
    return RevisionReport(revision=revision, message=f"add {revision}", phase=phase, reversible=True, **more)


def planned(*pending: str, before: tuple[str, ...] = ("a1",)) -> Result:
    """What a plan tells: these revisions are pending."""
    heads = (pending[-1],) if pending else before
    outcome = Outcome.PENDING if pending else Outcome.NOTHING_PENDING
    reports = tuple(report(one) for one in pending)
    return Result(command="plan", outcome=outcome, before=before, after=before, heads=heads, revisions=reports)


def migrated(*applied: str, before: tuple[str, ...] = ("a1",), command: str = "run") -> Result:
    """What a run tells: these revisions are applied."""
    at, reports = (applied[-1],), tuple(report(one) for one in applied)
    return Result(
        command=command, outcome=Outcome.MIGRATED, before=before, after=at, heads=at, revisions=reports, seconds=1.5
    )


def taken_back(revision: str, to: str) -> Result:
    """What a downgrade tells: this revision is taken back."""
    return Result(
        command="downgrade",
        outcome=Outcome.MIGRATED,
        before=(revision,),
        after=(to,),
        heads=(revision,),
        revisions=(report(revision),),
    )


class Dynamo:
    """DynamoDB as somebody else emulates it, so that conditions mean what they mean there."""

    def __init__(self) -> None:
        dynamodb.reset()
        self.refuses: str | None = None
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        self.call(
            "CreateTable",
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        )

    def call(self, action: str, **parameters: Any) -> Any:
        if self.refuses:
            raise error(self.refuses, action)
        request = dynamodb.handle_request(
            "POST", "/", {"x-amz-target": f"DynamoDB_20120810.{action}"}, json.dumps(parameters).encode(), {}
        )
        try:
            request.send(None)  # it awaits nothing, so that no event loop is needed
        except StopIteration as end:
            status, _, body = end.value
        else:
            raise AssertionError("the emulation waits for something")
        answer = json.loads(body)
        if status != 200:
            code = answer["__type"].rpartition("#")[2]
            assert code == "ConditionalCheckFailedException", answer
            raise error(code, action)
        return answer


class MigrationWorld:
    """The rest of AWS.

    `runner` is the image: it gets a task's command and returns what its log tells, or None when it tells nothing.
    """

    def __init__(self, aws: Any) -> None:
        self.aws = aws
        self.now = 0.0
        self.dynamo = Dynamo()
        self.runner: Runner = lambda _: planned()
        self.commands: list[list[str]] = []
        self.definitions: list[str] = []
        self.deployments: dict[str, dict[str, Any]] = {"d-1": {"status": "InProgress", "creator": "user"}}
        self.executions: dict[str, dict[str, Any]] = {}
        self.tasks: list[dict[str, Any]] = []
        self.logs: dict[str, list[str]] = {}
        self.snapshots: dict[str, str] = {}
        self.snapshot_becomes = "available"
        self.latest_restorable: float | None = 0
        self.registered: list[dict[str, Any]] = []
        self.answers: list[tuple[str, str]] = []
        self.service_tasks: int | None = None
        aws.answers |= {f"dynamodb.{name}": self._dynamo(action) for name, action in DYNAMODB.items()}
        aws.answers |= {
            "codedeploy.get_deployment": lambda deploymentId: {"deploymentInfo": self.deployments[deploymentId]},  # noqa: N803 - AWS's name
            PUT_ANSWER: self._answered,
            "stepfunctions.start_execution": self._start,
            "stepfunctions.describe_execution": lambda executionArn: self.executions[executionArn],  # noqa: N803 - AWS's name
            "ecs.list_tasks": self._list_tasks,
            "ecs.describe_services": self._describe_services,
            "ecs.describe_tasks": lambda tasks, **_: {"tasks": [one for one in self.tasks if one["taskArn"] in tasks]},
            "ecs.stop_task": self._stop_task,
            "ecs.describe_task_definition": {"taskDefinition": self.definition()},
            "ecs.register_task_definition": self._register,
            "logs.get_log_events": self._log_events,
            "rds.create_db_snapshot": self._make_snapshot,
            "rds.describe_db_snapshots": self._describe_snapshot,
            "rds.describe_db_instances": self._describe_instance,
            "sns.publish": {},
        }

    @staticmethod
    def definition(image: str = "repo/orders:v2") -> dict[str, Any]:
        return {
            "family": "orders-migrations",
            "taskDefinitionArn": DEFINITION,
            "revision": 7,
            "status": "ACTIVE",
            "containerDefinitions": [{"name": "migrations", "image": image, "essential": True}],
            "cpu": "256",
            "memory": "512",
        }

    def time(self) -> datetime:
        return datetime.fromtimestamp(START + self.now, UTC)

    def execution(self, name: str) -> str:
        return MACHINE.replace("stateMachine", "execution") + f":{name}"

    def token(self) -> int:
        """The token that the lease was last taken under."""
        lease = self.item("lease")
        assert lease is not None
        return int(lease["token"]["N"])

    def published(self) -> list[str]:
        return [call["Subject"] for call in self.aws.called("sns.publish")]

    def item(self, sort: str) -> dict[str, Any] | None:
        """What the ledger holds under a sort key; "state" is that of the service's own history."""
        if sort == "state":
            sort = f"state#{family_of(DEFINITION)}"
        key = {"pk": {"S": "database#orders-db"}, "sk": {"S": sort}}
        answer: dict[str, Any] = self.dynamo.call("GetItem", TableName=TABLE, Key=key)
        return answer.get("Item")

    def document(self, sort: str) -> dict[str, Any]:
        item = self.item(sort)
        assert item is not None, f"the ledger has no {sort}"
        document: dict[str, Any] = json.loads(item["document"]["S"])
        return document

    def run_task(self, definition: str, command: list[str]) -> dict[str, Any]:
        """Run a task to its end, as Step Functions has ECS do; return it as Step Functions tells it."""
        task = self.begin_task(definition, command)
        return self.end_task(task, self.runner(command))

    def begin_task(self, definition: str, command: list[str]) -> dict[str, Any]:
        self.commands.append(command)
        self.definitions.append(definition)
        task = {
            "taskArn": ARN.format("ecs", f"task/shop/{len(self.tasks) + 1}"),
            "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING",
            "createdAt": self.time(),
        }
        self.tasks.append(task)
        return task

    def end_task(self, task: dict[str, Any], result: Result | None, code: int = 0) -> dict[str, Any]:
        task |= {"lastStatus": "STOPPED", "desiredStatus": "STOPPED"}
        container = {"Name": "migrations", "ExitCode": code, "ImageDigest": DIGEST}
        stream = f"migrations/migrations/{task['taskArn'].rpartition('/')[2]}"
        self.logs[stream] = ["starting", *([result.to_line()] if result else [])]
        task["containers"] = [{"name": "migrations", "exitCode": code, "imageDigest": DIGEST}]
        return {
            "TaskArn": task["taskArn"],
            "LastStatus": "STOPPED",
            "StoppedReason": "Essential container in task exited",
            "Containers": [container],
        }

    def fail_to_start(self, reason: str) -> dict[str, Any]:
        """Make a task that ECS cannot start; return it as Step Functions tells it."""
        task = self.begin_task(DEFINITION, ["never"])
        self.commands.pop()
        return self.not_started(task, reason)

    @staticmethod
    def not_started(task: dict[str, Any], reason: str) -> dict[str, Any]:
        """End a task that ECS could not start; return it as Step Functions tells it."""
        task |= {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "TaskFailedToStart"}
        told = {"TaskArn": task["taskArn"], "StopCode": "TaskFailedToStart", "StoppedReason": reason, "Containers": []}
        return {"Error": "States.TaskFailed", "Cause": json.dumps(told)}

    def _dynamo(self, action: str) -> Callable[..., Any]:
        return lambda **parameters: self.dynamo.call(action, **parameters)

    def _answered(self, deploymentId: str, status: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if any(known == deploymentId for known, _ in self.answers):
            raise error("LifecycleEventAlreadyCompletedException")
        self.answers.append((deploymentId, status))
        return {}

    def _start(self, name: str, input: str, **_: Any) -> dict[str, Any]:  # noqa: A002 - AWS's name
        arn = self.execution(name)
        if arn in self.executions:
            raise error("ExecutionAlreadyExists")
        self.executions[arn] = {"status": "RUNNING", "input": input}
        return {}

    def _describe_services(self, services: list[str], **_: Any) -> dict[str, Any]:
        assert services == ["orders"]
        if self.service_tasks is None:
            return {"services": [], "failures": [{"arn": "orders", "reason": "MISSING"}]}
        return {"services": [{"serviceName": "orders", "runningCount": self.service_tasks}], "failures": []}

    def _list_tasks(self, desiredStatus: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"taskArns": [one["taskArn"] for one in self.tasks if one["desiredStatus"] == desiredStatus]}

    def _stop_task(self, task: str, **_: Any) -> dict[str, Any]:
        next(one for one in self.tasks if one["taskArn"] == task)["desiredStatus"] = "STOPPED"
        return {}

    def _register(self, **definition: Any) -> dict[str, Any]:
        self.registered.append(definition)
        return {"taskDefinition": {"taskDefinitionArn": f"{DEFINITION[:-1]}{7 + len(self.registered)}"}}

    def _log_events(self, logStreamName: str, nextToken: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's names
        if logStreamName not in self.logs:
            raise error("ResourceNotFoundException")
        lines = self.logs[logStreamName] if nextToken is None else []
        return {"events": [{"message": line} for line in lines], "nextForwardToken": "f/1"}

    def _make_snapshot(self, DBSnapshotIdentifier: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if DBSnapshotIdentifier in self.snapshots:
            raise error("DBSnapshotAlreadyExists")
        self.snapshots[DBSnapshotIdentifier] = "creating"
        return {}

    def _describe_snapshot(self, DBSnapshotIdentifier: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if DBSnapshotIdentifier not in self.snapshots:
            raise error("DBSnapshotNotFound")
        status = self.snapshots[DBSnapshotIdentifier]
        self.snapshots[DBSnapshotIdentifier] = self.snapshot_becomes
        return {"DBSnapshots": [{"Status": status, "SnapshotCreateTime": self.time()}]}

    def _describe_instance(self, **_: Any) -> dict[str, Any]:
        latest = self.latest_restorable
        found = {} if latest is None else {"LatestRestorableTime": datetime.fromtimestamp(START + latest, UTC)}
        return {"DBInstances": [found]}


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def call(event: dict[str, Any]) -> Any:
    """Call the function through JSON, as Lambda does."""
    return json.loads(json.dumps(migration_handler.handle(json.loads(json.dumps(event)), Context())))


def hook(deployment: str = "d-1") -> dict[str, str]:
    """CodeDeploy calls the hook."""
    answer: dict[str, str] = call({"DeploymentId": deployment, "LifecycleEventHookExecutionId": f"h-{deployment}"})
    return answer


class Machine:
    """One execution of the state machine, step by step."""

    def __init__(self, world: MigrationWorld, name: str) -> None:
        self.world, self.name, self.arn = world, name, world.execution(name)
        self.state: dict[str, Any] = json.loads(world.executions[self.arn]["input"]) | {"progress": {}}
        self.next = "advance"
        self.waits: list[int] = []

    def advance(self) -> str:
        """Take the Advance step; return what comes next."""
        event = {"step": "advance", "now": self.world.time().isoformat().replace("+00:00", "Z"), "execution": self.arn}
        try:
            self.state = call(event | {name: self.state[name] for name in ("request", "progress")})
        except Exception as problem:  # noqa: BLE001 - as Step Functions catches States.ALL
            self.settle(type(problem).__name__, str(problem))
            return self.end("FAILED")
        self.next = self.state["next"]
        if self.next in {"done", "failed"}:
            return self.end("SUCCEEDED" if self.next == "done" else "FAILED")
        return str(self.next)

    def settle(self, name: str, cause: str) -> None:
        """Take the Settle step."""
        event = {"step": "settle", "error": {"Error": name, "Cause": cause}, "execution": self.arn}
        call(event | {name: self.state[name] for name in ("request", "progress")})

    def end(self, status: str) -> str:
        self.world.executions[self.arn]["status"] = status
        self.next = "done" if status == "SUCCEEDED" else "failed"
        return self.next

    def take(self) -> str:
        """Do what the state machine does until it has called Advance once more."""
        if self.next == "wait":
            self.waits.append(self.state["wait_seconds"])
            self.world.now += self.state["wait_seconds"]
        elif self.next == "run-task":
            self.world.now += 10
            task = self.state["task"]
            self.state["progress"]["task"] = self.world.run_task(task["definition"], task["command"])
        return self.advance()

    def run(self, most: int = 2000) -> str:
        """Run to the end; return done or failed."""
        for _ in range(most):
            if self.next in {"done", "failed"}:
                return self.next
            self.take()
        raise AssertionError("the execution does not end")
