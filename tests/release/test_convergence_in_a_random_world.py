"""The decision, in charge of a small model of AWS in which anything may happen between two looks."""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bluegreen.release.candidate import Candidate, StoppedTask
from bluegreen.release.convergence import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    Limits,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
    decide,
)
from bluegreen.release.deployment import Deployment, DeploymentStatus, Step, StepStatus
from bluegreen.release.lifecycle import LifecycleEvent
from bluegreen.release.observation import Observation, RequestType, WaitFor

EVENTS = tuple(LifecycleEvent)
INSTALL = EVENTS.index(LifecycleEvent.INSTALL)
CRASHED = StoppedTask(code="EssentialContainerExited", reason="Essential container in task exited")
SHIFT = EVENTS.index(LifecycleEvent.ALLOW_TRAFFIC)
LAST = len(EVENTS)
STEP_SECONDS = 60
MOST_LOOKS = 2 * (Limits().deadline // STEP_SECONDS + 2)


@dataclass
class Made:
    """A deployment of the model: how many lifecycle events it has behind it, and how it stands."""

    id: str
    version: str
    original: str
    done: int = 0
    status: DeploymentStatus = DeploymentStatus.IN_PROGRESS
    failed_at: int | None = None
    undoes: str | None = None
    undone_by: str | None = None
    rollback_due: bool = False
    crashes: int = 0


@dataclass
class World:
    """One service with its deployment group. Refuses what CodeDeploy refuses."""

    primary: str
    percent: int = 100
    made: dict[str, Made] = field(default_factory=dict)
    failed_versions: set[str] = field(default_factory=set)

    @property
    def active(self) -> Made | None:
        return next((item for item in self.made.values() if item.status is DeploymentStatus.IN_PROGRESS), None)

    def create(self, version: str, *, undoes: str | None = None) -> Made:
        assert self.active is None, "two active deployments in one group"
        item = Made(f"d-{len(self.made) + 1}", version, original=self.primary, undoes=undoes)
        self.made[item.id] = item
        return item

    def advance(self) -> None:
        """The active deployment finishes its present event, or its termination wait."""
        item = self.active
        if item is None:
            return
        if item.done == LAST:
            item.status = DeploymentStatus.SUCCEEDED
            return
        if item.undoes:
            item.done = LAST
        elif item.done == SHIFT and self.percent == 100 and self.primary != item.version:
            self.percent = 90
            return
        else:
            item.done += 1
        if item.done > SHIFT:
            self.primary, self.percent = item.version, 100

    def fail(self, *, rollback: bool, status: DeploymentStatus = DeploymentStatus.FAILED) -> None:
        item = self.active
        if item is None or item.done == LAST:
            return
        item.status, item.failed_at = status, item.done
        item.rollback_due = rollback and item.done > 0 and item.undoes is None

    def crash(self) -> None:
        """A task of the candidate exits while it is installed."""
        item = self.active
        if item is not None and item.done == INSTALL:
            item.crashes += 1

    def roll_back(self) -> None:
        """CodeDeploy starts the rollback that is due."""
        due = next((item for item in self.made.values() if item.rollback_due), None)
        if due is None or self.active is not None:
            return
        due.rollback_due = False
        due.undone_by = self.create(due.original, undoes=due.id).id

    def look(self, identifier: str | None) -> Deployment | None:
        item = self.made.get(identifier or "")
        if item is None:
            return None
        statuses = [
            StepStatus.SUCCEEDED
            if index < item.done
            else StepStatus.FAILED
            if index == item.failed_at
            else StepStatus.IN_PROGRESS
            if index == item.done
            else StepStatus.PENDING
            for index in range(LAST)
        ]
        return Deployment(
            id=item.id,
            status=item.status,
            task_definition=item.version,
            rolls_back=item.undoes is not None,
            termination_wait_started=item.done == LAST,
            steps=tuple(map(Step, EVENTS, statuses)),
            rollback_id=item.undone_by,
        )


@dataclass
class Driver:
    """What the release function does with decisions."""

    world: World
    observation: Observation
    followed: str | None = None
    started: int = 0
    asked: set[str] = field(default_factory=set)
    since: dict[WaitFor, int] = field(default_factory=dict)
    because: str | None = None

    def look(self, now: int) -> Observation:
        world = self.world
        followed = world.look(self.followed)
        active = world.active
        return replace(
            self.observation,
            primary=world.primary,
            primary_percent=world.percent,
            active=world.look(active.id) if active and not followed else None,
            followed=followed,
            rollback=world.look(followed.rollback_id) if followed else None,
            candidate=Candidate(desired=2, stopped=(CRASHED,) * world.made[followed.id].crashes) if followed else None,
            stopped_because=self.because,
            asked=frozenset(self.asked),
            elapsed_seconds=now,
            waited={reason: now - since for reason, since in self.since.items()},
        )

    def act(self, decision: Decision, now: int) -> None:
        match decision:
            case StartDeployment():
                self.followed = self.world.create(self.observation.desired).id
                self.started += 1
            case Follow(identifier):
                self.followed = identifier
            case EndTerminationWait(identifier):
                self.asked.add(identifier)
                self.world.made[identifier].status = DeploymentStatus.SUCCEEDED
            case Stop(identifier, rollback, because):
                assert identifier not in self.asked
                self.asked.add(identifier)
                self.because = because
                assert self.world.active is not None
                assert self.world.active.id == identifier
                self.world.fail(rollback=rollback, status=DeploymentStatus.STOPPED)
            case Wait(reason):
                self.since.setdefault(reason, now)


HAPPENINGS = (
    *("advance", "advance", "advance", "roll back", "fail", "fail for good", "nothing", "somebody deploys"),
    *("crash", "crash", "crash"),
)


def happen(world: World, what: str) -> None:
    match what:
        case "advance":
            world.advance()
        case "crash":
            world.crash()
        case "roll back":
            world.roll_back()
        case "fail":
            world.fail(rollback=True)
        case "fail for good":
            world.fail(rollback=False)
        case "somebody deploys" if world.active is None and not any(item.rollback_due for item in world.made.values()):
            world.create("orders:9")


def drive(driver: Driver, happenings: list[str]) -> Decision:
    """Look, decide, act, and let something happen, until there is an end; afterwards nothing happens any more."""
    for look in range(MOST_LOOKS):
        now = look * STEP_SECONDS
        decision = decide(driver.look(now))
        driver.act(decision, now)
        if isinstance(decision, Succeed | Fail):
            return decision
        for what in happenings[3 * look : 3 * look + 3]:
            happen(driver.world, what)
    raise AssertionError(f"no end after {MOST_LOOKS} looks")


worlds = st.builds(World, st.sampled_from(["orders:1", "orders:2", "orders:9"]), st.sampled_from([100, 100, 90]))
happenings = st.lists(st.sampled_from(HAPPENINGS), max_size=3 * MOST_LOOKS)
before = st.lists(st.sampled_from(HAPPENINGS), max_size=12)
requests = st.builds(
    Observation,
    request=st.sampled_from(RequestType),
    version=st.just("v2"),
    desired=st.just("orders:2"),
    previous=st.sampled_from([None, "orders:1", "orders:9"]),
)


@settings(max_examples=500, deadline=None)
@given(worlds, requests, before, happenings)
def test_whatever_happens_there_is_an_end_and_it_is_true(
    world: World, request: Observation, earlier: list[str], later: list[str]
) -> None:
    """One deployment at a time, at most one started, an end in time, and success only for what is really live."""
    for what in earlier:
        happen(world, what)
    driver = Driver(world, request)
    end = drive(driver, later)
    assert driver.started <= (1 if request.request is RequestType.UPDATE else 0)
    if request.request is not RequestType.UPDATE:
        assert isinstance(end, Succeed)
    elif isinstance(end, Fail):
        assert driver.because is None or driver.because in end.message
    elif isinstance(end, Succeed):
        assert (world.primary, world.percent) == (request.desired, 100)
        assert world.active is None or world.active.done == LAST or world.active.undoes


@settings(max_examples=300, deadline=None)
@given(happenings)
def test_the_stacks_own_rollback_starts_no_second_deployment(later: list[str]) -> None:
    """After a release that failed and was rolled back, going back to the old version only confirms what is live."""
    world = World("orders:1")
    request = Observation(request=RequestType.UPDATE, version="v2", desired="orders:2", previous="orders:1")
    end = drive(Driver(world, request), [what for what in later if what not in {"fail for good", "somebody deploys"}])
    back = replace(request, version="v1", desired="orders:1", previous="orders:2")
    if isinstance(end, Fail) and (world.primary, world.percent) == ("orders:1", 100):
        driver = Driver(world, back)
        assert isinstance(drive(driver, []), Succeed)
        assert driver.started == 0


@settings(max_examples=300, deadline=None)
@given(st.integers(0, LAST + 3))
def test_a_release_that_hangs_is_turned_back_before_the_stack_stops_listening(progress: int) -> None:
    """A deployment that stays at any lifecycle event for ever is stopped, rolled back, and reported."""
    world = World("orders:1")
    driver = Driver(
        world, Observation(request=RequestType.UPDATE, version="v2", desired="orders:2", previous="orders:1")
    )
    later = ["advance"] * progress
    if progress > LAST:
        assert isinstance(drive(driver, later), Succeed)
        return
    end = drive(driver, later)
    assert isinstance(end, Fail)
    assert driver.asked == {"d-1"}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 8))
def test_a_candidate_that_only_crashes_is_given_up_early_and_the_message_says_why(crashes: int) -> None:
    """Three crashes end Install long before its time is up; fewer do not."""
    world = World("orders:1")
    driver = Driver(
        world, Observation(request=RequestType.UPDATE, version="v2", desired="orders:2", previous="orders:1")
    )
    end = drive(driver, ["advance", *["crash"] * crashes, *["nothing"] * 3, *["roll back", "advance"] * 9])
    if crashes < 3:
        assert driver.because is None
        return
    assert isinstance(end, Fail)
    assert "Install gave up after" in end.message
    assert "rolled back by d-2; production: 100 % on orders:1" in end.message
    assert max(driver.since.values()) < 10 * STEP_SECONDS
