"""What can be decided about a release: one thing to do next. And how long anything may take.

A decision as a string is what the log, and with it the release's dashboard, says of it.
"""

from dataclasses import dataclass

from .observation import Observation, WaitFor


@dataclass(frozen=True)
class Succeed:
    """Tell CloudFormation that it is done."""

    reason: str

    def __str__(self) -> str:
        return f"done: {self.reason}"


@dataclass(frozen=True)
class Fail:
    """Tell CloudFormation that it failed, and why."""

    message: str

    def __str__(self) -> str:
        return f"failed: {self.message}"


@dataclass(frozen=True)
class ScaleUp:
    """Let a service that was created without tasks run so many; touch nothing else of it."""

    tasks: int

    def __str__(self) -> str:
        return f"start {self.tasks} tasks"


@dataclass(frozen=True)
class StartDeployment:
    """Start a deployment of the desired version and follow it.

    Args:
        without_alarms: Alarms of the deployment group that this deployment does not watch; the others it does.
        back: Whether it is CloudFormation's way back: all at once, without hooks, without any alarm.
    """

    without_alarms: tuple[str, ...] = ()
    back: bool = False

    def __str__(self) -> str:
        way = " back to the version before" if self.back else ""
        unwatched = f", without {', '.join(self.without_alarms)}" if self.without_alarms else ""
        return f"start a deployment{way}{unwatched}"


@dataclass(frozen=True)
class Follow:
    """Follow a deployment that somebody else started, and end as it ends."""

    deployment_id: str

    def __str__(self) -> str:
        return f"follow {self.deployment_id}"


@dataclass(frozen=True)
class LetGo:
    """Follow the deployment no longer, and find out anew what there is to do: it came to nothing."""

    def __str__(self) -> str:
        return "let go of a deployment that came to nothing"


@dataclass(frozen=True)
class HandOn:
    """Tell CloudFormation that it is done, and go on following: the end is published instead."""

    reason: str

    def __str__(self) -> str:
        return f"handed on: {self.reason}"


@dataclass(frozen=True)
class RestoreTraffic:
    """Point both listeners wholly at the PRIMARY task set: somebody has overwritten them."""

    def __str__(self) -> str:
        return "put the traffic back, which somebody has overwritten"


@dataclass(frozen=True)
class EndTerminationWait:
    """Let CodeDeploy remove the tasks that a deployment only keeps for a rollback."""

    deployment_id: str

    def __str__(self) -> str:
        return f"end the wait of {self.deployment_id}"


@dataclass(frozen=True)
class Stop:
    """Stop a deployment, with or without CodeDeploy's rollback.

    CodeDeploy will only say that it was stopped: `because` is what the final message must say instead.
    """

    deployment_id: str
    rollback: bool
    because: str | None = None

    def __str__(self) -> str:
        way = "with" if self.rollback else "without"
        why = f": {self.because}" if self.because else ""
        return f"stop {self.deployment_id} {way} its rollback{why}"


@dataclass(frozen=True)
class Wait:
    """Look again later."""

    reason: WaitFor
    detail: str

    def __str__(self) -> str:
        return f"wait for {self.reason}: {self.detail}"


Decision = (
    Succeed
    | Fail
    | ScaleUp
    | StartDeployment
    | Follow
    | LetGo
    | HandOn
    | RestoreTraffic
    | EndTerminationWait
    | Stop
    | Wait
)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long to wait for what, in seconds since it was first waited for; the last ones: since the request came.

    A release that still runs at `give_up` is turned back while there is time to see its rollback through; at `deadline`
    the request is answered whatever the state, because CloudFormation stops listening after 3600 s. For a release that
    was handed on, the `handed_on_…` ones count instead.
    """

    other_release: int = 600
    removal: int = 900
    traffic_restored: int = 20
    traffic: int = 120
    rollback_start: int = 120
    rollback_start_before_install: int = 20
    rollback_end: int = 300
    stop: int = 120
    hook_answer: int = 30
    aws: int = 300
    give_up: int = 3200
    deadline: int = 3500
    handed_on_aws: int = 3600
    handed_on_give_up: int = 5 * 24 * 3600
    handed_on_deadline: int = 5 * 24 * 3600 + 3600

    def turns_back_at(self, seen: Observation) -> int:
        """Return when a release that still runs is turned back."""
        return self.handed_on_give_up if seen.handed_on else self.give_up

    def ends_at(self, seen: Observation) -> int:
        """Return when there is an end whatever the state."""
        return self.handed_on_deadline if seen.handed_on else self.deadline
