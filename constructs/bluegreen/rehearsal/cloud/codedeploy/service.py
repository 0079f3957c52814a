"""The CodeDeploy API of the local cloud, for ECS deployments."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from bluegreen.rehearsal.cloud.api import ApiError, Document
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.journal import Journal

from .administration import Administration
from .announcer import Announcer, PutEvent
from .appspec import read_revision
from .aws import ActionError, Aws
from .deployment import Creator, Deployment, Status, StopRequest, describe_task_sets, new_deployment_id
from .engine import Engine
from .faults import parse
from .groups import read_settings
from .registry import Registry


class CodeDeploy(Administration):
    """Applications, deployment groups, configurations and deployments.

    Args:
        clock: Cloud time.
        journal: Where deployments are told.
        client: Makes boto3 clients for the services that deployments work on.
        region: The region in ARNs.
        account: The account in ARNs.
        put_event: Puts an event on the default bus; nobody is told when omitted.
    """

    botocore_name: ClassVar[str] = "codedeploy"

    def __init__(
        self,
        *,
        clock: Clock,
        journal: Journal,
        client: Callable[[str], Any],
        region: str,
        account: str,
        put_event: PutEvent = lambda *_: None,
    ) -> None:
        registry = Registry(clock.now())
        super().__init__(registry, clock, client)
        self._arn_prefix = f"arn:aws:ecs:{region}:{account}:service/"
        announcer = Announcer(journal, put_event, registry, region=region, account=account)
        self._engine = Engine(registry, clock, client, announcer)

    def stop(self) -> None:
        """Let every deployment go, wherever it is, and end their threads."""
        self._engine.stop()

    def inject(self, fault: Document) -> None:
        """Inject a fault in place of the one before, or clear it.

        Args:
            fault: As `faults.parse` reads it.

        Raises:
            ValueError: If it is malformed.
        """
        self._registry.fault = parse(fault)

    def snapshot(self) -> Document:
        """Describe every deployment for an operator, oldest first, in JSON's types."""
        with self._registry.lock:
            return {"deployments": [_snapshot(one) for one in self._registry.deployments.values()]}

    # --- Deployments -------------------------------------------------------------------------------------------------

    def create_deployment(self, request: Document) -> Document:
        """Start a deployment; one group has one active deployment at a time."""
        appspec = read_revision(request.get("revision", {}))
        with self._registry.lock:
            group = self._registry.group(request["applicationName"], request.get("deploymentGroupName", ""))
            config = self._registry.config(
                request.get("deploymentConfigName") or group.document["deploymentConfigName"]
            )
            if group.holder:
                raise ApiError(
                    "DeploymentLimitExceededException",
                    f"The Deployment Group '{request['deploymentGroupName']}' already has an active Deployment "
                    f"'{group.holder.id}'",
                )
            deployment = Deployment(
                id=new_deployment_id(),
                application=request["applicationName"],
                group=request["deploymentGroupName"],
                config=config.name,
                routing=config.routing,
                settings=read_settings(group.document, request),
                appspec=appspec,
                request=request,
                creator=Creator.USER,
                created_at=self._clock.now(),
            )
            self._registry.add(deployment)
        self._engine.begin(deployment)
        return {"deploymentId": deployment.id}

    def get_deployment(self, request: Document) -> Document:
        """Describe a deployment."""
        with self._registry.lock:
            return {"deploymentInfo": self._info(self._registry.deployment(request["deploymentId"]))}

    def batch_get_deployments(self, request: Document) -> Document:
        """Describe several deployments; ids that are not there are passed over."""
        with self._registry.lock:
            known = [one for one in request["deploymentIds"] if one in self._registry.deployments]
            return {"deploymentsInfo": [self._info(self._registry.deployments[one]) for one in known]}

    def list_deployments(self, request: Document) -> Document:
        """List deployments by application, group, status and time, newest first."""
        application, name = request.get("applicationName"), request.get("deploymentGroupName")
        statuses = request.get("includeOnlyStatuses") or list(Status)
        moments = request.get("createTimeRange", {})
        start, end = _seconds(moments.get("start", 0)), _seconds(moments.get("end", float("inf")))
        with self._registry.lock:
            if application and name:
                self._registry.group(application, name)
            elif application:
                self._registry.application(application)
            found = [
                one.id
                for one in reversed(self._registry.deployments.values())
                if application in {None, one.application}
                and name in {None, one.group}
                and one.status in statuses
                and start <= one.created_at <= end
            ]
        return {"deployments": found}

    def stop_deployment(self, request: Document) -> Document:
        """Ask a deployment to stop; it does so within seconds. A rollback cannot be stopped: it is over by then."""
        with self._registry.lock:
            deployment = self._under_way(request["deploymentId"])
            deployment.stop_request = StopRequest(request.get("autoRollbackEnabled"))
            deployment.awake.set()
        return {"status": "Pending", "statusMessage": "the deployment is being stopped"}

    def continue_deployment(self, request: Document) -> Document:
        """End the ready wait or the termination wait."""
        kind = request.get("deploymentWaitType", "READY_WAIT")
        if kind not in {"READY_WAIT", "TERMINATION_WAIT"}:
            raise ApiError(
                "InvalidDeploymentWaitTypeException",
                f"deploymentWaitType must be READY_WAIT or TERMINATION_WAIT, got {kind}",
            )
        with self._registry.lock:
            deployment = self._under_way(request["deploymentId"])
            waits = deployment.status is Status.READY if kind == "READY_WAIT" else deployment.termination_wait_started
            if not waits:
                raise ApiError(
                    "DeploymentIsNotInReadyStateException",
                    f"deployment {deployment.id} is not in {kind} but {deployment.status}",
                )
            if kind == "READY_WAIT":
                deployment.continue_ready = True
            else:
                deployment.continue_termination = True
            deployment.awake.set()
        return {}

    # --- Targets and hooks -------------------------------------------------------------------------------------------

    def list_deployment_targets(self, request: Document) -> Document:
        """List a deployment's only target: its service."""
        with self._registry.lock:
            return {"targetIds": [self._started(request["deploymentId"]).target_id]}

    def batch_get_deployment_targets(self, request: Document) -> Document:
        """Describe a deployment's target with its lifecycle events and task sets."""
        with self._registry.lock:
            deployment = self._started(request["deploymentId"])
        for target in request["targetIds"]:
            if target != deployment.target_id:
                raise ApiError(
                    "DeploymentTargetDoesNotExistException", f"deployment {deployment.id} has no target {target}"
                )
        self._refresh(deployment)
        with self._registry.lock:
            described = deployment.target(self._arn_prefix + deployment.target_id.replace(":", "/"))
        return {"deploymentTargets": [described for _ in request["targetIds"]]}

    def get_deployment_target(self, request: Document) -> Document:
        """Describe a deployment's target."""
        asked = {"deploymentId": request["deploymentId"], "targetIds": [request["targetId"]]}
        return {"deploymentTarget": self.batch_get_deployment_targets(asked)["deploymentTargets"][0]}

    def put_lifecycle_event_hook_execution_status(self, request: Document) -> Document:
        """Take a hook's answer."""
        status, execution_id = request.get("status"), request.get("lifecycleEventHookExecutionId", "")
        if status not in {"Succeeded", "Failed"}:
            raise ApiError(
                "InvalidLifecycleEventHookExecutionStatusException", f"status must be Succeeded or Failed, got {status}"
            )
        with self._registry.lock:
            deployment = self._registry.deployment(request.get("deploymentId", ""))
            execution = self._registry.hooks.get(execution_id)
            if execution is None or execution.deployment is not deployment:
                raise ApiError(
                    "InvalidLifecycleEventHookExecutionIdException",
                    f"deployment {deployment.id} has no hook execution {execution_id!r}",
                )
            if execution.over:
                raise ApiError(
                    "LifecycleEventAlreadyCompletedException",
                    f"the lifecycle event {execution.event} of deployment {deployment.id} is completed already",
                )
            execution.answer, execution.over = status, True
            deployment.awake.set()
        return {"lifecycleEventHookExecutionId": execution_id}

    # --- Inside ------------------------------------------------------------------------------------------------------

    def _under_way(self, deployment_id: str) -> Deployment:
        deployment = self._registry.deployment(deployment_id)
        if deployment.ended:
            raise ApiError(
                "DeploymentAlreadyCompletedException", f"deployment {deployment.id} is already {deployment.status}"
            )
        return deployment

    def _started(self, deployment_id: str) -> Deployment:
        deployment = self._registry.deployment(deployment_id)
        if deployment.status is Status.CREATED:
            raise ApiError("DeploymentNotStartedException", f"deployment {deployment.id} has not started")
        return deployment

    def _info(self, deployment: Deployment) -> Document:
        group = self._registry.of_deployment(deployment)
        return deployment.info(group.document if group else {}, self._clock.now())

    def _refresh(self, deployment: Deployment) -> None:
        """Look at the task sets of a deployment under way; keep what was seen last when ECS does not answer."""
        if deployment.ended or deployment.original is None:
            return
        try:
            found = Aws(self._client, deployment.settings).task_sets()
        except ActionError:
            return
        with self._registry.lock:
            deployment.task_sets = describe_task_sets(deployment, found)


def _snapshot(deployment: Deployment) -> Document:
    return {
        "id": deployment.id,
        "application": deployment.application,
        "group": deployment.group,
        "status": deployment.status.value,
        "creator": deployment.creator.value,
        "task_definition": deployment.appspec.task_definition,
        "events": {event.name: event.status.value for event in deployment.lifecycle.events.values()},
        "error": {"code": deployment.halt.code, "message": deployment.halt.message} if deployment.halt else None,
        "rollback": deployment.rollback.document() if deployment.rollback else None,
        "keeps_original": deployment.termination_wait_started and not deployment.ended,
    }


def _seconds(moment: Any) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)
