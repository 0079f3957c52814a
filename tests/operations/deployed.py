"""A deployed stack with migrations, as AWS answers for it; requests are held against botocore's models."""

import functools
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import Shape
from botocore.validate import ParamValidator

from bluegreen.release.migrations.findings import Finding, Grade
from bluegreen.release.migrations.ledger import Mode, Record, RestorePoint

CALLER = "arn:aws:iam::123456789012:user/ann"
ADDS_NOTE = {
    "revision": "b2",
    "message": "Add a note",
    "phase": "expand",
    "reversible": True,
    "overrides": {},
    "seconds": 0.2,
    "attempts": 1,
}
DROPS_NOTE = ADDS_NOTE | {"revision": "c3", "message": "Drop the note", "reversible": False, "seconds": None}
DROP = Finding(
    rule="drop-column",
    grade=Grade.CONTRACT,
    revision="c3",
    statement="ALTER TABLE orders DROP COLUMN note",
    breaks="the version that still serves reads it",
    rewrite="drop it in a later release",
)
PROTECTED = RestorePoint(snapshot="bluegreen-orders-db-d-2", snapshot_at="2026-01-31T11:58:00+00:00")
MIGRATED = Record(
    id="d-2",
    mode=Mode.RUN,
    version="v2",
    by="deployment d-2",
    started="2026-01-31T11:55:00+00:00",
    ended="2026-01-31T12:01:00+00:00",
    outcome="migrated",
    passed=True,
    message="migrated from a1 to b2",
    before=("a1",),
    after=("b2",),
    revisions=(ADDS_NOTE,),
    image="orders@sha256:2",
    restore_point=PROTECTED,
)
PLANNED = replace(
    MIGRATED,
    id="plan-1",
    mode=Mode.PLAN,
    outcome="pending",
    message="1 pending from a1 to b2: b2",
    after=("a1",),
    revisions=(ADDS_NOTE | {"seconds": None, "attempts": 0},),
    restore_point=None,
)
REFUSED = replace(
    PLANNED,
    outcome="refused",
    passed=False,
    message="refused before it ran",
    revisions=(DROPS_NOTE,),
    findings=(DROP.to_dict(),),
)


def refusal(code: str, message: str, operation: str = "Invoke") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Deployed:
    """The stack `Prod` with one service's migrations; a test changes what is there.

    Attributes:
        ends: How a run of each mode ends; it is seen running once before.
        resources: Logical id to type and physical id, by stack.
        answers: What other operations answer, such as "rds.describe_db_instances": a document, an error or a function.
        asked: The events that the function got.
    """

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, tuple[str, str]]] = {
            "Prod": {
                "OrdersMigrationsResource1A2B": ("Custom::Migrations", "prod-orders-migrations"),
                "OrdersService": ("AWS::ECS::Service", "arn:aws:ecs:eu-west-1:123456789012:service/prod/orders"),
            }
        }
        self.status: dict[str, Any] = {
            "service": "orders",
            "database": "orders-db",
            "state": {
                "revisions": ["b2"],
                "heads": ["b2"],
                "compatible_with": ["a1", "b2"],
                "run": "d-2",
                "task_definition": "orders-migrations:2",
                "image": "orders@sha256:2",
                "dirty": None,
            },
            "lease": {"token": 2, "holder": None, "machine": "", "expires": 0},
            "runs": [MIGRATED.to_dict()],
        }
        self.ends: dict[str, Record] = {"plan": PLANNED, "run": MIGRATED}
        self.answers: dict[str, Any] = {
            "sts.get_caller_identity": {"Arn": CALLER},
            "ecs.describe_services": {"services": [{"desiredCount": 3}]},
            "rds.describe_db_snapshots": {"DBSnapshots": [{"Status": "available"}]},
            "rds.describe_db_instances": {"DBInstances": [{"BackupRetentionPeriod": 7}]},
        }
        self.asked: list[dict[str, Any]] = []
        self._seen: set[str] = set()

    def __call__(self, service: str) -> "_Client":
        return _Client(self, service)

    def answer(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        told = self.answers.get(operation)
        if isinstance(told, Exception):
            raise told
        if callable(told):
            return told(**parameters)
        if told is not None:
            return told
        if operation == "lambda.invoke":
            return self._invoked(json.loads(parameters["Payload"]))
        return self._listed(parameters["StackName"])

    def _listed(self, stack: str) -> Any:
        if stack not in self.resources:
            raise refusal("ValidationError", f"Stack with id {stack} does not exist", "ListStackResources")
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": name,
                    "ResourceType": kind,
                    "PhysicalResourceId": physical,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for name, (kind, physical) in self.resources[stack].items()
            ]
        }

    def _invoked(self, event: dict[str, Any]) -> Any:
        self.asked.append(event)
        match event:
            case {"step": "status"}:
                told: Any = self.status
            case {"step": "start", "mode": mode}:
                told = {"run": f"{mode}-1"}
            case {"step": "run", "id": run}:
                told = self._run(run)
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(told).encode())}

    def _run(self, run: str) -> Any:
        record = self.ends[run.partition("-")[0]]
        if run not in self._seen:
            self._seen.add(run)
            record = Record(id=run, mode=record.mode, version="v2", by=CALLER, started=record.started)
        return replace(record, id=run).to_dict()


@functools.cache
def _request_shapes(service: str) -> dict[str, Shape | None]:
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): model.operation_model(name).input_shape for name in model.operation_names}


class _Client:
    def __init__(self, deployed: Deployed, service: str) -> None:
        self._deployed = deployed
        self._service = service

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            shape = _request_shapes(self._service)[operation]
            assert shape is not None
            report = ParamValidator().validate(parameters, shape)
            assert not report.has_errors(), report.generate_report()
            return self._deployed.answer(f"{self._service}.{operation}", parameters)

        return call

    def get_paginator(self, operation: str) -> "_Pages":
        return _Pages(getattr(self, operation))


class _Pages:
    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def paginate(self, **parameters: Any) -> Iterator[Any]:
        yield self._call(**parameters)


class FakeTime:
    """Time that passes when somebody sleeps, and is remembered."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
