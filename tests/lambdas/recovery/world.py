"""An account in which a database is recovered: RDS, the check's tasks, the ledger, AWS Backup, and Step Functions."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

import recovery_handler
from bluegreen.release.recovery.inspection import Inspection
from bluegreen.release.recovery.objectives import Objectives
from bluegreen.release.recovery.record import RecoveryRecord
from tests.lambdas.conftest import FakeAws

LIVE = "orders-prod"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()
LOADED = Inspection(revisions=("0005",), rows={"orders": 1000}, newest={"orders.created_at": NOW - 1})
ENVIRONMENT = {
    "BLUEGREEN_STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:drills",
    "BLUEGREEN_LEDGER": "ledger",
    "BLUEGREEN_DATABASE": LIVE,
    "BLUEGREEN_TASK_LOG_GROUP": "checks",
    "BLUEGREEN_SUBNET_GROUP": "subnets",
    "BLUEGREEN_SECURITY_GROUP": "sg-restored",
    "BLUEGREEN_SETTINGS": json.dumps(
        {
            "instance_class": None,
            "host_variable": "DATABASE_HOST",
            "inspect": ["inspect", "--table", "orders"],
            "objectives": Objectives().to_dict(),
            "test_point_seconds": 26 * 3600,
            "deadline_seconds": 7200,
        }
    ),
}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"told {code}"}}, "Ask")


class World:
    """What the function meets; a test changes it.

    Attributes:
        instances: By identifier, as RDS describes them.
        ready_seconds: How long a restored instance is being created.
        broken: The status that a restored instance ends in instead of available.
        inspections: What the check tells of a host; a text is a task that ended without a result.
        items: The ledger's items by sort key.
        verdicts: What AWS Backup was told.
        metrics: What CloudWatch was told, by name.
        started: The executions that were started: name and request.
    """

    def __init__(self, aws: FakeAws) -> None:
        self.aws, self.now = aws, NOW
        self.instances: dict[str, dict[str, Any]] = {LIVE: self._instance(LIVE, "live", NOW - 200)}
        self.ready_seconds, self.broken = 600.0, ""
        self.inspections: dict[str, Inspection | str] = {"live": LOADED, "restored": LOADED}
        self.items: dict[str, dict[str, Any]] = {}
        self.verdicts: list[tuple[str, str]] = []
        self.metrics: dict[str, float] = {}
        self.started: list[tuple[str, dict[str, Any]]] = []
        self.job = {"CreationDate": _at(NOW - 900), "RecoveryPointCreationDate": _at(NOW - 9 * 3600)}
        self._ready: dict[str, float] = {}
        self._lines: dict[str, list[str]] = {}
        aws.answers |= {
            "rds.describe_db_instances": self._describe,
            "rds.restore_db_instance_to_point_in_time": self._restore,
            "rds.delete_db_instance": self._delete,
            "logs.get_log_events": self._read_log,
            "dynamodb.put_item": self._put,
            "dynamodb.get_item": lambda Key, **_: {"Item": self.items[_sort(Key)]} if _sort(Key) in self.items else {},  # noqa: N803
            "dynamodb.query": lambda **_: {"Items": list(self.items.values())},
            "backup.describe_restore_job": lambda **_: self.job,
            "backup.put_restore_validation_result": self._verdict,
            "cloudwatch.put_metric_data": self._metric,
            "stepfunctions.start_execution": self._start,
        }

    def record(self, recovery: str) -> RecoveryRecord:
        return RecoveryRecord.from_dict(json.loads(self.items[f"drill#{recovery}"]["document"]["S"]))

    def drill(self) -> RecoveryRecord:
        """Begin a drill as an operator does, and run it to its end."""
        recovery = str(self.call(step="start", by="ann")["id"])
        self.run(self.started[-1][1])
        return self.record(recovery)

    def test(self, **detail: Any) -> RecoveryRecord:
        """Tell of a restore test as EventBridge does, and run what it begins."""
        told = {"restoreJobId": "job-1", "status": "COMPLETED", "restoreTestingPlanArn": "plan"} | detail
        self.call(source="aws.backup", detail=told)
        self.run(self.started[-1][1])
        return self.record("test-job-1")

    def call(self, **event: Any) -> Any:
        return recovery_handler.handle(event, None)

    def run(self, request: dict[str, Any], stop_at: Callable[[dict[str, Any]], bool] = lambda _: False) -> str:
        """Do as the state machine does; return how it ended."""
        progress: dict[str, Any] = {}
        for _ in range(1000):
            answer = self.call(step="advance", request=request, progress=progress, now=_at(self.now).isoformat())
            answer = json.loads(json.dumps(answer))
            progress = answer["progress"]
            if answer["next"] in {"done", "failed"} or stop_at(answer):
                return str(answer["next"])
            if answer["next"] == "wait":
                self.now += answer["wait_seconds"]
            else:
                progress |= self._run_task(answer["task"])
        raise AssertionError("it never ended")

    def _run_task(self, task: dict[str, Any]) -> dict[str, Any]:
        self.now += 40
        assert task["command"][:3] == ["inspect", "--table", "orders"]
        (variable,) = task["environment"]
        found = self.inspections[variable["Value"]]
        arn = f"arn:aws:ecs:eu-west-1:123456789012:task/prod/{len(self._lines)}"
        self._lines[arn.rpartition("/")[2]] = [found.to_line()] if isinstance(found, Inspection) else []
        if isinstance(found, str):
            cause = {"TaskArn": arn, "StopCode": found, "Containers": [{"Name": "recovery-check", "ExitCode": 137}]}
            if found == "TaskFailedToStart":
                self.inspections[variable["Value"]] = LOADED  # there is room the next time
                cause["Containers"] = []
            return {"error": {"Error": "States.TaskFailed", "Cause": json.dumps(cause)}}
        return {"task": {"TaskArn": arn, "StartedAt": 1, "Containers": [{"Name": "recovery-check", "ExitCode": 0}]}}

    def _instance(self, name: str, host: str, latest: float | None) -> dict[str, Any]:
        found = {
            "DBInstanceIdentifier": name,
            "DBInstanceClass": "db.t4g.medium",
            "DBInstanceStatus": "available",
            "Endpoint": {"Address": host, "Port": 5432},
        }
        return found | ({"LatestRestorableTime": _at(latest)} if latest else {})

    def _describe(self, DBInstanceIdentifier: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        if DBInstanceIdentifier not in self.instances:
            raise refusal("DBInstanceNotFound")
        found = self.instances[DBInstanceIdentifier]
        if self.now < self._ready.get(DBInstanceIdentifier, 0):
            return {"DBInstances": [found | {"DBInstanceStatus": "creating"}]}
        return {"DBInstances": [found]}

    def _restore(self, TargetDBInstanceIdentifier: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        made = self._instance(TargetDBInstanceIdentifier, "restored", None)
        self.instances[TargetDBInstanceIdentifier] = made | ({"DBInstanceStatus": self.broken} if self.broken else {})
        self._ready[TargetDBInstanceIdentifier] = self.now + self.ready_seconds
        return {}

    def _delete(self, DBInstanceIdentifier: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        (found,) = self._describe(DBInstanceIdentifier)["DBInstances"]
        if found["DBInstanceStatus"] == "creating":
            raise refusal("InvalidDBInstanceState")
        del self.instances[DBInstanceIdentifier]
        return {}

    def _read_log(self, logStreamName: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        prefix, container, task = logStreamName.split("/")
        assert (prefix, container) == ("recovery-check", "recovery-check")
        return {"events": [{"message": line} for line in self._lines[task]]}

    def _put(self, Item: dict[str, Any], ConditionExpression: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        known = self.items.get(_sort(Item), {}).get("ended")
        same = known == Item.get("ended") and "#ended = :ended" in ConditionExpression
        if known and not same:
            raise refusal("ConditionalCheckFailedException")
        self.items[_sort(Item)] = Item
        return {}

    def _verdict(self, ValidationStatus: str, ValidationStatusMessage: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.verdicts.append((ValidationStatus, ValidationStatusMessage))
        return {}

    def _metric(self, MetricData: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.metrics |= {one["MetricName"]: one["Value"] for one in MetricData}
        return {}

    def _start(self, name: str, input: str, **_: Any) -> dict[str, Any]:  # noqa: A002 - boto3's
        self.started.append((name, json.loads(input)["request"]))
        return {}


def _sort(item: dict[str, Any]) -> str:
    return str(item["sk"]["S"])


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
