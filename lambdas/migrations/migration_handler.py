"""AlembicMigrations: migrate the database inside the release, with a ledger, a lease and a restore point.

One function, `migration_handler.handle`, that is never near the database: a one-off task of the candidate's image
migrates, and its log tells how it went. The function's callers:

- CodeDeploy, as the hook of BeforeInstall: starts the state machine, which answers at the end.
- CloudFormation (`RequestType` in the event): a creation runs the first migration, unless the service runs already;
  everything else is answered at once.
- The state machine `BLUEGREEN_STATE_MACHINE_ARN`:
  - `Advance` (`{"step": "advance", "request": …, "progress": …, "now": …, "execution": …}`) returns `{"next": "wait" |
    "run-task" | "done" | "failed", "wait_seconds": …, "task": {"definition": …, "command": …, "seconds": …}, "request":
    …, "progress": …}`, the next state as it is. How the task ended comes back as `progress.task` or `progress.error`.
  - `Settle` (`{"step": "settle", "request": …, "error": …, "execution": …}`) ends a run whose step failed for good.
- EventBridge:
  - `Step Functions Execution Status Change` (FAILED, TIMED_OUT, ABORTED): answers when the execution could not.
  - `CodeDeploy Deployment State-change Notification` (FAILURE, STOP, SUCCESS): what becomes of the schema of a release
    that failed later.
- An operator: `{"step": "status"}`, `{"step": "run", "id": …}`, `{"step": "start", "mode": "plan" | "run" |
  "downgrade", "to": …, "by": …}`.

The function's timeout should be 60 s (a step makes about fifteen short calls), its memory 256 MB. It needs no VPC.

| actions | resources |
|---|---|
| states:StartExecution | the state machine |
| states:DescribeExecution | its executions |
| dynamodb:GetItem, PutItem, UpdateItem, Query | the ledger's table (and the use of its key) |
| ecs:ListTasks | *, limited to the cluster by the condition key ecs:cluster |
| ecs:DescribeTasks, StopTask | the cluster's tasks |
| ecs:DescribeServices | the service |
| ecs:DescribeTaskDefinition | * (it has no narrower resource) |
| ecs:RegisterTaskDefinition | the family's task-definition/FAMILY:* |
| iam:PassRole | the migrations' task role and execution role, to ecs-tasks |
| logs:GetLogEvents | the streams of the migrations' log group |
| rds:CreateDBSnapshot | the instance, and snapshot:bluegreen-* |
| rds:DescribeDBSnapshots, DescribeDBInstances | the instance, and snapshot:bluegreen-* |
| codedeploy:GetDeployment, PutLifecycleEventHookExecutionStatus | the service's deployment group |
| sns:Publish | the notifications topic, if any (and the use of its key) |
"""

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import after_release
import cloudformation_answer
import hook_runtime
import migration_answer
import migration_settling
import migration_start
import migration_status
import migration_step
from bluegreen.release import structured_log
from bluegreen.release.migrations import messages
from hook_runtime import LambdaContext
from migration_progress import Progress
from migration_request import Request
from migration_run import Run
from migration_settings import Settings

structured_log.set_up()
_log = logging.getLogger("migrations")


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """Serve one of the callers.

    Args:
        event: What one of the callers sent.
        context: Lambda's context.

    Returns:
        The state machine's next state, or what an operator asked for; nothing for the others.

    Raises:
        ValueError: If the event is none of these.
    """
    if "DeploymentId" in event:
        return hook_runtime.run(event, context, lambda call: migration_start.for_hook(call, Settings.read()))
    if "RequestType" in event:
        _answer_cloudformation(event)
        return None
    if "detail" in event:
        _hear(event["source"], event["detail"], Settings.read())
        return None
    return _serve(event, Settings.read())


def _serve(event: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Serve the state machine, or an operator."""
    match event:
        case {"step": "advance", "request": request, "execution": execution}:
            return _advance(request, event.get("progress"), execution, _now(event), settings)
        case {"step": "settle", "request": request, "execution": execution}:
            migration_settling.settle(Request.read(request), event.get("error"), execution, settings)
            return {"next": "failed"}
        case {"step": "status"}:
            return migration_status.status(settings)
        case {"step": "run", "id": run}:
            return migration_status.run(run, settings)
        case {"step": "start", "mode": mode}:
            by = str(event.get("by") or "by hand")
            return {"run": migration_start.by_hand(mode, event.get("to"), by, settings)}
    raise ValueError(f"an event has a step, a RequestType or a DeploymentId, got {', '.join(sorted(map(str, event)))}")


def _hear(source: str, detail: Mapping[str, Any], settings: Settings) -> None:
    """Hear what EventBridge tells of an execution or of a deployment; Lambda tries again what is raised."""
    match source:
        case "aws.states":
            migration_settling.execution_lost(detail, settings)
        case "aws.codedeploy":
            after_release.deployment_ended(detail["deploymentId"], detail["state"], settings)
        case _:
            raise ValueError(f"an event's source is aws.states or aws.codedeploy, got {source}")


def _now(event: Mapping[str, Any]) -> float:
    """Return the time in seconds since the epoch: the state machine's own, by which it also waits."""
    return datetime.fromisoformat(event["now"]).timestamp() if event.get("now") else time.time()


def _advance(
    request: Mapping[str, Any], document: Mapping[str, Any] | None, execution: str, now: float, settings: Settings
) -> dict[str, Any]:
    progress = Progress.read(document, now)
    then = migration_step.take(Run(Request.read(request), progress, settings, execution, now))
    state = {
        "next": then.what,
        "wait_seconds": then.wait_seconds,
        "request": dict(request),
        "progress": progress.to_dict(),
    }
    return state | ({"task": then.task} if then.task else {})


def _answer_cloudformation(event: Mapping[str, Any]) -> None:
    """Begin the first migration, which answers at its end; whatever goes wrong, CloudFormation must hear of it."""
    try:
        if event["RequestType"] != "Create":
            cloudformation_answer.send(event, "SUCCESS", "nothing to do", migration_answer.physical_id(event))
            return
        settings = Settings.read()
        request = Request.of_creation(event, settings.version)
        ended = migration_start.begin(request, settings)
        if ended is not None:
            migration_answer.send(request, ended)
    except cloudformation_answer.AnswerError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the stack must be told
        _log.exception("cannot begin the first migration")
        reason = messages.lost(f"{type(error).__name__}: {error}")
        cloudformation_answer.send(event, "FAILED", reason, migration_answer.physical_id(event))
