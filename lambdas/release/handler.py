"""Custom::Release: brings a service to the task definition that the stack asks for, and answers CloudFormation.

One function, `handler.handle`, with three callers:

- CloudFormation (`RequestType` in the event): starts the state machine named by `BLUEGREEN_STATE_MACHINE_ARN` with the
  input `{"request": <event>}`, under the request's id as execution name, and returns. Answers FAILED when it cannot.
- The state machine's `Advance` task (`{"step": "advance", "request": …, "progress": …}`; `progress` may be absent the
  first time): looks, decides, acts, and returns `{"done": true|false, "request": …, "progress": …}`, which is the next
  state as it is. When it is done, CloudFormation has its answer already.
- The state machine's `Abandon` task (`{"step": "abandon", "request": …, "error": …}`, the error as Step Functions gives
  it): answers FAILED with the error; a deletion is let go on.

The function's timeout should be 60 s (one step makes about twelve short calls), its memory 256 MB.

What its role needs, for each service of the stack (Application `A`, DeploymentGroup `G`, Cluster `C`, Service `S`):

| actions | resources |
|---|---|
| states:StartExecution | the state machine |
| codedeploy:CreateDeployment, GetDeployment, ListDeployments | deploymentgroup:A/G |
| codedeploy:GetDeploymentConfig | deploymentconfig:* of the account (the group's own is enough) |
| codedeploy:GetApplicationRevision, RegisterApplicationRevision | application:A |
| codedeploy:StopDeployment, ContinueDeployment, ListDeploymentTargets, BatchGetDeploymentTargets | * |
| ecs:DescribeServices | service/C/S |
| ecs:ListTasks | *, limited to cluster/C by the condition key ecs:cluster |
| ecs:DescribeTasks | task/C/* |
| elasticloadbalancing:DescribeListeners | * (it has no narrower resource) |
| logs:FilterLogEvents | the log groups in HookLogGroups |

The calls of the last codedeploy row name a deployment and no group: AWS's two references disagree on whether they can
be narrowed to a group, and a role that cannot stop a deployment is worse than one that could stop a neighbour's.
It needs no VPC. The function must not reserve concurrency below the number of services in the stack.
"""

import json
import logging
import os
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
import cloudformation_answer
import release_step
from bluegreen.release import structured_log
from bluegreen.release.convergence import Limits
from bluegreen.release.messages import shortened
from bluegreen.release.observation import RequestType
from release_progress import Progress
from release_request import ReleaseRequest, physical_id

structured_log.set_up()
_log = logging.getLogger("release")

clock = time.time
"""The function's one clock, in seconds since the epoch."""


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any] | None:
    """Serve one of the three callers.

    Args:
        event: CloudFormation's request, or one of the state machine's two payloads.
        _context: Lambda's context, not used.

    Returns:
        The state machine's next state; nothing for the other callers.

    Raises:
        ValueError: If the event is none of the three.
    """
    match event:
        case {"step": "advance", "request": request}:
            return _advance(request, event.get("progress"))
        case {"step": "abandon", "request": request}:
            return _abandon(request, event.get("error"))
        case {"RequestType": _}:
            _begin(event)
            return None
    raise ValueError(f"an event has a step or a RequestType, got {', '.join(sorted(map(str, event))) or 'nothing'}")


def _begin(request: Mapping[str, Any]) -> None:
    """Start the state machine; whatever goes wrong, CloudFormation must hear of it, or it waits for an hour."""
    try:
        aws_clients.client("stepfunctions").start_execution(
            stateMachineArn=os.environ["BLUEGREEN_STATE_MACHINE_ARN"],
            name=request["RequestId"],
            input=json.dumps({"request": dict(request)}),
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the stack must be told
        if isinstance(error, ClientError) and aws_clients.code_of(error) == "ExecutionAlreadyExists":
            return  # Lambda delivers an event more than once
        _log.exception("cannot start the state machine")
        reason = shortened(f"the release could not be begun: {type(error).__name__}: {error}")
        cloudformation_answer.send(request, "FAILED", reason, physical_id(request))


def _advance(request: Mapping[str, Any], progress_document: Mapping[str, Any] | None) -> dict[str, Any]:
    now = clock()
    progress = Progress.read(progress_document, now)
    parsed = ReleaseRequest.read(request)
    end = release_step.take(parsed, progress, now)
    done = end is not None and _answer(request, end, parsed, progress.elapsed(now))
    return {"done": done, "request": dict(request), "progress": progress.to_dict()}


def _answer(request: Mapping[str, Any], end: release_step.End, parsed: ReleaseRequest, elapsed_seconds: int) -> bool:
    """Tell CloudFormation; when it does not listen just now, the next step comes to the same end and tells it again."""
    try:
        cloudformation_answer.send(request, end.status, end.reason, parsed.physical_id)
    except cloudformation_answer.AnswerError as error:
        if error.final or elapsed_seconds >= Limits().deadline:
            raise
        _log.warning("CloudFormation was not told yet", extra={"error": str(error)})
        return False
    return True


def _abandon(request: Mapping[str, Any], error: Any) -> dict[str, Any]:
    details = error if isinstance(error, Mapping) else {}
    problem = f"{details.get('Error', 'unknown error')}: {details.get('Cause', '')}"
    _log.error("abandoned", extra={"error": problem})
    reason = shortened(f"the release could not be followed to its end: {problem}; look at its deployment group")
    # A deletion goes on: what was never read or is half gone must not keep the stack.
    status = "SUCCESS" if request.get("RequestType") == RequestType.DELETE else "FAILED"
    cloudformation_answer.send(request, status, reason, physical_id(request))
    return {"done": True, "request": dict(request)}
