"""What CodeDeploy tells of its deployments: every step to the journal, every new status to EventBridge too."""

from collections.abc import Callable
from enum import StrEnum

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.journal import Journal

from .deployment import Deployment, Status
from .registry import Registry

SOURCE = "aws.codedeploy"
DETAIL_TYPE = "CodeDeploy Deployment State-change Notification"

PutEvent = Callable[[str, str, Document, list[str]], None]
"""Puts an event on the default bus: source, detail type, detail, ARNs of what it is about."""


class State(StrEnum):
    """A deployment's state in an event."""

    START = "START"
    READY = "READY"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    STOP = "STOP"


_STATES = {
    Status.IN_PROGRESS: State.START,
    Status.READY: State.READY,
    Status.SUCCEEDED: State.SUCCESS,
    Status.FAILED: State.FAILURE,
    Status.STOPPED: State.STOP,
}


class Announcer:
    """Tells of deployments.

    Args:
        journal: Gets entries of the kinds deployment and lifecycle.
        put_event: Puts an event on the bus.
        registry: Knows the deployment groups.
        region: The region in events and ARNs.
        account: The account in ARNs.
    """

    def __init__(self, journal: Journal, put_event: PutEvent, registry: Registry, *, region: str, account: str) -> None:
        self._journal = journal
        self._put_event = put_event
        self._registry = registry
        self._region = region
        self._arn = f"arn:aws:codedeploy:{region}:{account}"

    def tell(self, deployment: Deployment, what: str, **facts: object) -> None:
        """Tell the journal that a deployment did something."""
        status = deployment.status.value
        self._journal.record(
            "deployment", f"deployment {deployment.id} {what}", id=deployment.id, status=status, **facts
        )

    def tell_event(self, deployment: Deployment, event: str, what: str) -> None:
        """Tell the journal of a lifecycle event."""
        self._journal.record("lifecycle", f"{event} {what}", id=deployment.id, event=event, status=what)

    def announce(self, deployment: Deployment, what: str, **facts: object) -> None:
        """Tell of the status that a deployment has just taken; a rollback is a deployment like any other.

        That `instanceGroupId` is the deployment group's id is assumed from the example in AWS's guide.
        """
        self.tell(deployment, what, **facts)
        with self._registry.lock:
            group = self._registry.of_deployment(deployment)
        detail = {
            "instanceGroupId": group.document["deploymentGroupId"] if group else "",
            "region": self._region,
            "application": deployment.application,
            "deploymentId": deployment.id,
            "state": _STATES[deployment.status].value,
            "deploymentGroup": deployment.group,
        }
        application, both = deployment.application, f"{deployment.application}/{deployment.group}"
        about = [f"{self._arn}:application:{application}", f"{self._arn}:deploymentgroup:{both}"]
        self._put_event(SOURCE, DETAIL_TYPE, detail, about)
