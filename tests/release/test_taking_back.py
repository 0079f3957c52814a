from dataclasses import replace

import pytest

from bluegreen.release.convergence import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    LetGo,
    RestoreTraffic,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
    decide,
)
from bluegreen.release.deployment import Deployment, DeploymentStatus
from bluegreen.release.observation import Observation, WaitFor
from tests.release.situations import (
    FAILED,
    LIMITS,
    NEW,
    OLD,
    OTHER,
    RED,
    STOPPED,
    SUCCEEDED,
    back,
    ended,
    keeping,
    matches,
    under_way,
)

AWAITED = Wait(WaitFor.OTHER_ROLLBACK_START, "d-1")
CASES: dict[str, tuple[Observation, Decision | type]] = {
    "stack takes back what is under way": (back(active=under_way()), Stop("d-1", rollback=True)),
    "stack takes back what awaits approval": (
        back(active=Deployment(id="d-1", status=DeploymentStatus.READY, task_definition=NEW)),
        Stop("d-1", rollback=True),
    ),
    "stack takes back what has all traffic and runs its last hook": (
        back(NEW, active=under_way(), kept=OLD),
        Stop("d-1", rollback=True),
    ),
    "stack takes back what is under way, asked": (back(active=under_way(), asked=frozenset({"d-1"})), Wait),
    "stack takes back what never stops": (
        back(active=under_way(), asked=frozenset({"d-1"}), waited={WaitFor.OTHER_RELEASE: LIMITS.other_release}),
        Fail,
    ),
    "stack takes back, stopped, rollback not named yet": (back(NEW, last=ended(STOPPED)), AWAITED),
    "stack takes back, stopped before traffic moved, rollback not named yet": (back(last=ended(STOPPED)), AWAITED),
    "stack takes back to what failed just now": (
        back(NEW, last=ended(FAILED, task_definition=OLD, ended_seconds=LIMITS.rollback_start - 1)),
        AWAITED,
    ),
    "stack takes back, stopped before install": (
        back(
            last=ended(STOPPED, at="BeforeInstall"),
            waited={WaitFor.OTHER_ROLLBACK_START: LIMITS.rollback_start_before_install},
        ),
        Succeed,
    ),
    "stack takes back, stopped, rollback never came": (
        back(NEW, last=ended(STOPPED), waited={WaitFor.OTHER_ROLLBACK_START: LIMITS.rollback_start}),
        StartDeployment(back=True),
    ),
    "stack takes back, stopped too late": (
        back(NEW, last=replace(keeping(), status=SUCCEEDED)),
        StartDeployment(back=True),
    ),
    "stack takes back, CodeDeploy rolls back": (
        back(NEW, active=under_way("d-2", OLD, rolls_back=True)),
        Follow("d-2"),
    ),
    "stack takes back, CodeDeploy's rollback failed": (
        back(NEW, followed=ended(FAILED, "d-2", task_definition=OLD, rolls_back=True)),
        LetGo(),
    ),
    "stack takes back, CodeDeploy's rollback failed and is let go": (
        back(NEW, last=ended(FAILED, "d-2", task_definition=OLD, rolls_back=True)),
        StartDeployment(back=True),
    ),
    "stack takes back, CodeDeploy's rollback failed after it moved traffic": (
        back(OLD, followed=ended(FAILED, "d-2", task_definition=OLD, rolls_back=True)),
        Fail,
    ),
    "stack takes back what went live": (back(NEW), StartDeployment(back=True)),
    "stack takes back what went live, alarms red": (back(NEW, red_alarms=RED), StartDeployment(back=True)),
    "stack takes back, but to what CodeDeploy has undone": (back(NEW, undone=True), Succeed),
    "stack takes back what went live, too late": (back(NEW, elapsed_seconds=LIMITS.give_up), Fail),
    "stack takes back what went live, old tasks kept": (
        back(NEW, active=keeping(), kept=OLD, red_alarms=RED),
        Stop("d-1", rollback=True),
    ),
    "stack takes back what went live, tasks kept of neither version": (
        back(NEW, active=keeping(), kept=OTHER),
        Stop("d-1", rollback=True),
    ),
    "stack takes back what went live, the kept tasks are not seen": (
        back(NEW, active=keeping()),
        EndTerminationWait("d-1"),
    ),
    "stack takes back what a rollback made live": (
        back(NEW, active=replace(keeping(), rolls_back=True), kept=OLD),
        EndTerminationWait("d-1"),
    ),
    "stack takes back what went live, asked": (
        back(NEW, active=keeping(), kept=OLD, asked=frozenset({"d-1"})),
        Wait,
    ),
    "stack takes back what went live, asked long ago": (
        back(NEW, active=keeping(), kept=OLD, asked=frozenset({"d-1"}), waited={WaitFor.STOP: LIMITS.removal}),
        Fail,
    ),
    "stack takes back, somebody else's version is live": (back(OTHER), Succeed),
    "stack takes back, somebody else's version is live, tasks kept": (
        back(OTHER, active=keeping("d-9", OTHER), kept=OLD),
        Succeed,
    ),
    "stack takes back what was refused, somebody else's release goes on": (
        back(active=under_way("d-9", OTHER)),
        Succeed,
    ),
    "stack takes back, an unknown version is under way": (back(active=under_way("d-9", None)), Wait),
    "stack takes back what went live, somebody else's release is under way": (
        back(NEW, active=under_way("d-9", OTHER)),
        Wait,
    ),
    "stack takes back to a version somebody releases already": (back(NEW, active=under_way("d-9", OLD)), Follow("d-9")),
    "stack takes back, traffic is split": (back(NEW, 90), Wait),
    "stack takes back, traffic stays split": (
        back(NEW, 90, waited={WaitFor.SPLIT: LIMITS.traffic}),
        StartDeployment(back=True),
    ),
    "a listener was overwritten, on the way back": (
        back(OLD, 0, waited={WaitFor.RESTORED: LIMITS.traffic_restored}),
        RestoreTraffic(),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_situation_on_the_way_back_has_its_decision(case: str) -> None:
    """The table of situations of the way back, each with the one thing to do."""
    observation, expected = CASES[case]
    assert matches(decide(observation), expected)
