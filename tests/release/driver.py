"""What the release function does with decisions, on the model world: one request of CloudFormation."""

from dataclasses import dataclass, field, replace

from bluegreen.release.candidate import Candidate, StoppedTask
from bluegreen.release.convergence import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    HandOn,
    LetGo,
    Limits,
    RestoreTraffic,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
    decide,
    decide_without_sight,
)
from bluegreen.release.deployment import DeploymentStatus
from bluegreen.release.observation import Observation, RequestType, WaitFor

from .world import LAST, World

CRASHED = StoppedTask(code="EssentialContainerExited", reason="Essential container in task exited")


@dataclass
class Driver:
    """One request, and what it remembers."""

    world: World
    observation: Observation
    began: int = 0
    followed: str | None = None
    started: int = 0
    cancelled: bool = False
    handed_on: bool = False
    asked: set[str] = field(default_factory=set)
    since: dict[WaitFor, int] = field(default_factory=dict)
    because: str | None = None
    end: Succeed | Fail | None = None

    @property
    def told(self) -> bool:
        """Whether CloudFormation has its answer."""
        return self.handed_on or self.end is not None

    def look(self) -> Observation:
        world, now = self.world, self.world.now
        followed = world.look(self.followed)
        active = world.active
        crashes = world.made[followed.id].crashes if followed else 0
        return replace(
            self.observation,
            primary=world.primary,
            primary_percent=world.percent,
            kept=world.kept,
            red_alarms=("errors",) if world.red else (),
            approval_minutes=world.approval_minutes,
            active=world.look(active.id) if active and not followed else None,
            followed=followed,
            rollback=world.look(followed.rollback_id) if followed else None,
            last=world.look(next(reversed(world.made), None)) if not (active or followed) else None,
            undone=world.undone(self.observation.desired),
            candidate=Candidate(desired=2, stopped=(CRASHED,) * crashes) if followed else None,
            cancelled=self.cancelled,
            handed_on=self.handed_on,
            stopped_because=self.because,
            asked=frozenset(self.asked),
            elapsed_seconds=now - self.began,
            waited={reason: now - since for reason, since in self.since.items()},
        )

    def step(self) -> Decision:
        """Look, decide, act."""
        if self.world.throttled:
            self.world.throttled -= 1
            waiting = self.since.setdefault(WaitFor.AWS, self.world.now)
            elapsed, blind = self.world.now - self.began, self.world.now - waiting
            decision = decide_without_sight(elapsed, blind, "ThrottlingException", handed_on=self.handed_on)
        else:
            self.since.pop(WaitFor.AWS, None)
            seen = self.look()
            decision = decide(seen)
            self.check(decision, seen)
        self.act(decision)
        return decision

    def check(self, decision: Decision, seen: Observation) -> None:
        """What must hold whenever something is decided, whatever the world did before."""
        world = self.world
        match decision:
            case StartDeployment(_, back):
                assert world.active is None, "asked for a second active deployment"
                assert not self.cancelled, "started for an update that is taken back"
                assert back == seen.rolling_back
                last = next(reversed(world.made.values()), None)
                recent = last is not None and world.now - last.since < Limits().rollback_start
                assert not (last and last.rollback_due and recent), "met the rollback of what ended before"
                assert back or not world.red or seen.override, "started although an alarm was red"
            case Succeed() if seen.request is RequestType.UPDATE and not (
                seen.rolling_back or seen.handed_on or seen.cancelled
            ):
                assert (world.primary, world.percent) == (seen.desired, 100), "called live what is not"
                followed = world.made.get(self.followed or "")
                assert followed is None or followed.done == LAST, "called done what is under way"
            case Succeed() if seen.rolling_back:
                assert world.primary != seen.previous or seen.undone or seen.previous == seen.desired, "still live"
            case RestoreTraffic():
                assert world.active is None or world.active.done == LAST, "repaired a listener while traffic moved"

    def act(self, decision: Decision) -> None:
        world = self.world
        match decision:
            case StartDeployment():
                self.start(decision)
            case Follow(identifier):
                self.followed = identifier
            case LetGo():
                self.followed = None
            case HandOn():
                assert not self.handed_on
                self.handed_on = True
            case RestoreTraffic():
                world.percent = 100
            case EndTerminationWait(identifier):
                self.asked.add(identifier)
                world.made[identifier].status = DeploymentStatus.SUCCEEDED
            case Stop():
                self.stop(decision)
            case Wait(reason):
                self.since.setdefault(reason, world.now)
            case Succeed() | Fail():
                self.end = decision

    def start(self, decision: StartDeployment) -> None:
        world, back = self.world, decision.back
        if not back:
            world.failed.discard(self.observation.desired)  # somebody asks for it again
        made = world.create(self.observation.desired, gated=not back, watched=not (back or decision.without_alarms))
        if made is None:
            self.since.setdefault(WaitFor.OTHER_RELEASE, world.now)
            return
        self.followed = made.id
        self.started += 1

    def stop(self, decision: Stop) -> None:
        identifier, active = decision.deployment_id, self.world.active
        assert identifier not in self.asked
        assert active is not None
        assert active.id == identifier
        self.asked.add(identifier)
        self.because = decision.because or self.because
        if decision.rollback and identifier != self.followed:
            active.unwanted = True
        self.world.end(rollback=decision.rollback, status=DeploymentStatus.STOPPED)
