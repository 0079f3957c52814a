"""Custom::DeployedState and Custom::Release: know a deployed service, bring it to what the stack asks for, answer.

One function, `handler.handle`, with three callers:

- CloudFormation (`RequestType` in the event): starts the state machine named by `BLUEGREEN_STATE_MACHINE_ARN` with the
  input `{"request": <event>}`, under the request's id as execution name, and returns. Answers FAILED when it cannot.
- The state machine, whose tasks say at which time they were entered (`now`, ISO 8601):
  - `Advance` (`{"step": "advance", "request": …, "progress": …}`): looks, decides, acts, and returns
    `{"done": …, "request": …, "progress": …, "wait_seconds": …}`, the next state as it is. When it is done,
    CloudFormation has its answer already; so it has when a release is handed on, whose end is published instead.
  - `Abandon` (the same with `"error"`, as Step Functions gives it): answers FAILED; a deletion is let go on.
  - `Resume` (`{"step": "resume", "request": …}`): lets scale-in go on, however the release ended.
- EventBridge (`CodeDeploy Deployment State-change Notification`, states SUCCESS, FAILURE and STOP): lets scale-in go on
  when the state machine could not.

The function's timeout should be 60 s (one step makes about fifteen short calls), its memory 256 MB.

What its role needs before Custom::DeployedState is created (Application `A`, DeploymentGroup `G`, this stack):

| actions | resources |
|---|---|
| states:StartExecution | the state machine |
| cloudformation:DescribeStacks | the stack |
| codedeploy:ListDeployments, BatchGetDeployments, GetDeployment | deploymentgroup:A/G |
| codedeploy:ListDeploymentTargets, BatchGetDeploymentTargets | * |
| elasticloadbalancing:DescribeListeners | * (it has no narrower resource) |
| elasticloadbalancing:ModifyListener | the imported listeners, if any |

And before Custom::Release is created (Cluster `C`, Service `S`):

| actions | resources |
|---|---|
| codedeploy:CreateDeployment, GetDeploymentGroup | deploymentgroup:A/G |
| codedeploy:UpdateDeploymentGroup | deploymentgroup:A/G; CreateDeployment asks for it when alarms are overridden |
| codedeploy:GetDeploymentConfig | the group's own, and deploymentconfig:CodeDeployDefault.ECSAllAtOnce |
| codedeploy:GetApplicationRevision, RegisterApplicationRevision | application:A |
| codedeploy:StopDeployment, ContinueDeployment | * |
| ecs:DescribeServices, UpdateService | service/C/S |
| ecs:ListTasks | *, limited to cluster/C by the condition key ecs:cluster |
| ecs:DescribeTasks | task/C/* |
| elasticloadbalancing:ModifyListener | both listeners |
| elasticloadbalancing:DescribeTargetGroups, DescribeTargetGroupAttributes | * (they have no narrower resource) |
| elasticloadbalancing:ModifyTargetGroup, ModifyTargetGroupAttributes | both target groups |
| application-autoscaling:DescribeScalableTargets | * (it has no narrower resource) |
| application-autoscaling:RegisterScalableTarget | the region's scalable-target/*, whose ids AWS makes |
| cloudwatch:DescribeAlarms | * (so that composite alarms are told as well) |
| logs:FilterLogEvents | the log groups in HookLogGroups |
| sns:Publish | the topic in Notifications, if any (and the use of its key) |

StopDeployment, ContinueDeployment and the calls about targets name a deployment and no group: AWS's two references
disagree on whether they can be narrowed to a group, and a role that cannot stop a deployment is worse than one that
could stop a neighbour's.
It needs no VPC. The function must not reserve concurrency below the number of services in the stack.
"""

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
import cloudformation_answer
import deployed_state_step
import deployments
import notifying
import release_step
import scale_in
import state_machine
from answer import Answer
from bluegreen.release import structured_log
from bluegreen.release.convergence import Limits
from bluegreen.release.messages import shortened
from bluegreen.release.observation import RequestType
from deployed_state_request import RESOURCE_TYPE, DeployedStateRequest
from release_progress import Progress
from release_request import ReleaseRequest, physical_id

structured_log.set_up()
_log = logging.getLogger("release")

_RELEASE = "Custom::Release"


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any] | None:
    """Serve one of the three callers.

    Args:
        event: CloudFormation's request, one of the state machine's payloads, or CodeDeploy's event.
        _context: Lambda's context, not used.

    Returns:
        The state machine's next state; nothing for the other callers.

    Raises:
        ValueError: If the event is none of these.
    """
    match event:
        case {"step": "advance", "request": request}:
            return _advance(request, event.get("progress"), _now(event))
        case {"step": "abandon", "request": request}:
            return _abandon(request, event.get("progress"), event.get("error"), _now(event))
        case {"step": "resume", "request": request}:
            return _resume(request)
        case {"RequestType": _}:
            _begin(event)
            return None
        case {"source": "aws.codedeploy", "detail": {"application": application, "deploymentGroup": group}}:
            _deployment_ended(application, group, event["detail"].get("deploymentId"))
            return None
    raise ValueError(f"an event has a step or a RequestType, got {', '.join(sorted(map(str, event))) or 'nothing'}")


def _now(event: Mapping[str, Any]) -> float:
    """Return the time in seconds since the epoch: the state machine's own, by which it also waits.

    An execution that began before the function was replaced may not say it.
    """
    return datetime.fromisoformat(event["now"]).timestamp() if event.get("now") else time.time()


def _begin(request: Mapping[str, Any]) -> None:
    """Start the state machine; whatever goes wrong, CloudFormation must hear of it, or it waits for an hour."""
    try:
        state_machine.start(request["RequestId"], request)
    except Exception as error:  # noqa: BLE001 - whatever it is, the stack must be told
        _log.exception("cannot start the state machine")
        reason = shortened(f"the release could not be begun: {type(error).__name__}: {error}")
        cloudformation_answer.send(request, "FAILED", reason, physical_id(request))


def _advance(request: Mapping[str, Any], document: Mapping[str, Any] | None, now: float) -> dict[str, Any]:
    progress = Progress.read(document, now)
    if request.get("ResourceType") == RESOURCE_TYPE:
        answer = deployed_state_step.take(DeployedStateRequest.read(request), progress, now)
        done = answer is not None and _answer(request, answer, progress, now)
    else:
        done = _advance_release(request, progress, now)
    return {
        "done": done,
        "request": dict(request),
        "progress": progress.to_dict(),
        "wait_seconds": progress.pause(now),
    }


def _advance_release(request: Mapping[str, Any], progress: Progress, now: float) -> bool:
    """Take one step of a release; return whether it was the last."""
    parsed = ReleaseRequest.read(request)
    answer = release_step.take(parsed, progress, now)
    if answer is None:
        return False
    if progress.handed_on:
        return notifying.tell_outcome(parsed, answer, progress, now)
    told = _answer(request, answer, progress, now)
    if told and not answer.ends:
        progress.handed_on_at = now
        notifying.tell_handed_on(parsed, answer.reason, progress)
    return told and answer.ends


def _answer(request: Mapping[str, Any], answer: Answer, progress: Progress, now: float) -> bool:
    """Tell CloudFormation; when it does not listen just now, the next step comes to the same end and tells it again."""
    try:
        cloudformation_answer.send(
            request, answer.status, answer.reason, answer.resource_id, attributes=answer.attributes
        )
    except cloudformation_answer.AnswerError as error:
        if error.final or progress.elapsed(now) >= Limits().deadline:
            raise
        _log.warning("CloudFormation was not told yet", extra={"error": str(error)})
        return False
    return True


def _abandon(request: Mapping[str, Any], document: Mapping[str, Any] | None, error: Any, now: float) -> dict[str, Any]:
    details = error if isinstance(error, Mapping) else {}
    problem = f"{details.get('Error', 'unknown error')}: {details.get('Cause', '')}"
    _log.error("abandoned", extra={"error": problem})
    reason = shortened(f"the release could not be followed to its end: {problem}; look at its deployment group")
    # A deletion goes on: what was never read or is half gone must not keep the stack.
    deletes = request.get("RequestType") == RequestType.DELETE
    answer = Answer(succeeded=deletes, reason=reason, resource_id=physical_id(request))
    progress = Progress.read(document, now)
    if progress.handed_on:
        notifying.tell_outcome(ReleaseRequest.read(request), answer, progress, now)
    else:
        cloudformation_answer.send(request, answer.status, answer.reason, answer.resource_id)
    return {"done": True}


def _resume(request: Mapping[str, Any]) -> dict[str, Any]:
    """Let scale-in go on, whatever ended the release. Only an update suspends it."""
    if request.get("ResourceType", _RELEASE) == _RELEASE and request.get("RequestType") == RequestType.UPDATE:
        properties = request["ResourceProperties"]
        scale_in.resume(
            properties["Application"], properties["DeploymentGroup"], properties["Cluster"], properties["Service"]
        )
    return {"done": True}


def _deployment_ended(application: str, group: str, deployment_id: str | None) -> None:
    """Let scale-in go on, in case that nobody else does. Lambda tries again what is raised."""
    try:
        found = aws_clients.client("codedeploy").get_deployment_group(
            applicationName=application, deploymentGroupName=group
        )["deploymentGroupInfo"]
    except ClientError as error:
        if aws_clients.code_of(error) in deployments.GONE:
            return
        raise
    for service in found.get("ecsServices", []):
        scale_in.resume(application, group, service["clusterName"], service["serviceName"], ended=deployment_id)
