"""A small model of one service with its deployment group, written from what AWS documents of CodeDeploy for ECS."""

from dataclasses import dataclass, field

from bluegreen.release.deployment import Deployment, DeploymentStatus, Step, StepStatus
from bluegreen.release.lifecycle import HOOKABLE, LifecycleEvent

EVENTS = tuple(LifecycleEvent)
INSTALL = EVENTS.index(LifecycleEvent.INSTALL)
SHIFT = EVENTS.index(LifecycleEvent.ALLOW_TRAFFIC)
LAST = len(EVENTS)
LONGEST_STEP = 3600
HOOK_SECONDS = 60


@dataclass
class Made:
    """A deployment: how many lifecycle events it has behind it, since when it is at the present one, how it stands.

    One is unwanted when it was stopped in favour of another version, and not because anything is wrong with it.
    """

    id: str
    version: str
    original: str
    done: int = 0
    since: int = 0
    status: DeploymentStatus = DeploymentStatus.IN_PROGRESS
    failed_at: int | None = None
    undoes: str | None = None
    undone_by: str | None = None
    rollback_due: bool = False
    crashes: int = 0
    gated: bool = True
    watched: bool = True
    approved: bool = False
    hook_lost: bool = False
    unwanted: bool = False

    def pass_step(self) -> None:
        """Go on to the next lifecycle event; where no hook runs, those for hooks take no time."""
        self.done += 1
        while not self.gated and self.done < LAST and EVENTS[self.done] in HOOKABLE:
            self.done += 1

    @property
    def goes_back(self) -> bool:
        """Whether it is CodeDeploy's rollback or the stack's way back: nothing gates or watches it."""
        return not (self.gated or self.watched)

    @property
    def active(self) -> bool:
        return self.status in {DeploymentStatus.IN_PROGRESS, DeploymentStatus.READY}


@dataclass
class World:
    """One service with its deployment group. Refuses what CodeDeploy refuses.

    Args:
        primary: The version of the PRIMARY task set.
        percent: Production's share on it.
        approval_minutes: For how long a deployment waits for approval; None when it does not.
        reliable: Whether CodeDeploy begins a rollback within two looks, and what goes back does not fail.
        watches_kept: Whether an alarm still stops a deployment that only waits to remove the old tasks: not documented.
    """

    primary: str
    percent: int = 100
    approval_minutes: int | None = None
    watches_kept: bool = False
    reliable: bool = False
    now: int = 0
    red: bool = False
    throttled: int = 0
    made: dict[str, Made] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    @property
    def active(self) -> Made | None:
        return next((item for item in self.made.values() if item.active), None)

    @property
    def kept(self) -> str | None:
        item = self.active
        return item.original if item and item.done == LAST else None

    def undone(self, version: str) -> bool:
        brought = [item for item in self.made.values() if item.version == version and not item.undoes]
        return bool(brought and brought[-1].undone_by)

    @property
    def rollback_is_due(self) -> bool:
        """Whether a deployment has ended badly and CodeDeploy has not begun to undo it yet."""
        return any(item.rollback_due for item in self.made.values())

    @property
    def at_rest(self) -> bool:
        """Whether nothing moves traffic or is about to."""
        return not self.rollback_is_due and (self.active is None or self.active.done == LAST)

    def create(
        self, version: str, *, undoes: str | None = None, gated: bool = True, watched: bool = True
    ) -> Made | None:
        """Start a deployment; None where CodeDeploy answers DeploymentLimitExceededException."""
        if self.active:
            return None
        item = Made(f"d-{len(self.made) + 1}", version, self.primary, since=self.now, undoes=undoes)
        item.gated, item.watched = gated and not undoes, watched and not undoes
        self.made[item.id] = item
        if not item.gated:
            item.pass_step()
        if self.red and item.watched:
            self.end(rollback=True, status=DeploymentStatus.STOPPED)
        return item

    def tick(self, now: int) -> None:
        """Time goes on: what waits too long ends, and a reliable CodeDeploy begins its rollback."""
        late = any(item.rollback_due and item.since < self.now for item in self.made.values())
        self.now = now
        if self.reliable and late:
            self.roll_back()
        item = self.active
        if item is None or item.done == LAST or (self.reliable and item.goes_back):
            return
        ready = item.status is DeploymentStatus.READY
        if ready and now - item.since >= 60 * (self.approval_minutes or 0):
            self.end(rollback=True, status=DeploymentStatus.STOPPED)
        elif not ready and (item.hook_lost or item.done == INSTALL) and now - item.since >= LONGEST_STEP:
            self.end(rollback=True)

    def advance(self) -> None:
        """The active deployment finishes its present event, or its termination wait."""
        item = self.active
        if item is None or item.hook_lost or item.status is DeploymentStatus.READY:
            return
        if item.done == LAST:
            item.status = DeploymentStatus.SUCCEEDED
            return
        if item.undoes:
            item.done = LAST
            self.fail(self.made[item.undoes])
        elif item.done == SHIFT and item.gated and self.approval_minutes and not item.approved:
            item.status, item.since = DeploymentStatus.READY, self.now
            return
        elif item.done == SHIFT and self.percent == 100 and self.primary != item.version:
            self.percent = 90
            return
        else:
            item.pass_step()
        item.since = self.now
        if item.done > SHIFT:
            self.primary, self.percent = item.version, 100

    def end(self, *, rollback: bool, status: DeploymentStatus = DeploymentStatus.FAILED) -> None:
        """The active deployment ends badly; its rollback comes later, and only if there is something to undo."""
        item = self.active
        if item is None:
            return
        item.status, item.since = status, self.now
        item.failed_at = item.done if item.done < LAST else None
        item.rollback_due = rollback and item.done > 0 and item.undoes is None

    def fail(self, item: Made) -> None:
        """From now on nobody wants its version back: its rollback has ended, or CodeDeploy was refused one."""
        if not item.unwanted and item.version != item.original:
            self.failed.add(item.version)

    def roll_back(self) -> None:
        """CodeDeploy starts the rollback that is due, unless the group is taken."""
        due = next((item for item in self.made.values() if item.rollback_due), None)
        if due is None:
            return
        due.rollback_due = False
        undo = self.create(due.original, undoes=due.id)
        if undo:
            due.undone_by = undo.id
        else:
            self.fail(due)

    def alarm(self) -> None:
        self.red = True
        item = self.active
        if item and item.watched and (item.done < LAST or self.watches_kept):
            self.end(rollback=True, status=DeploymentStatus.STOPPED)

    def look(self, identifier: str | None) -> Deployment | None:
        item = self.made.get(identifier or "")
        if item is None:
            return None
        return Deployment(
            id=item.id,
            status=item.status,
            task_definition=item.version,
            rolls_back=item.undoes is not None,
            termination_wait_started=item.done == LAST,
            steps=tuple(self._step(item, index) for index in range(LAST)),
            rollback_id=item.undone_by,
            ended_seconds=None if item.active else self.now - item.since,
        )

    def _step(self, item: Made, index: int) -> Step:
        if index < item.done:
            return Step(EVENTS[index], StepStatus.SUCCEEDED)
        if index == item.failed_at:
            refused = item.status is DeploymentStatus.STOPPED and index == SHIFT and self.primary == item.original
            return Step(EVENTS[index], StepStatus.SKIPPED if refused and not item.approved else StepStatus.FAILED)
        if index > item.done or not item.active or item.status is DeploymentStatus.READY:
            return Step(EVENTS[index], StepStatus.PENDING)
        return Step(EVENTS[index], StepStatus.IN_PROGRESS, self.now - item.since)


def happen(world: World, what: str) -> None:
    """Let one thing happen that the stack has no part in."""
    match what:
        case "advance":
            world.advance()
        case "roll back":
            world.roll_back()
        case "alarm":
            world.alarm()
        case "calm":
            world.red = False
        case "throttle":
            world.throttled = 2
        case "overwrite listener" if world.at_rest:
            world.percent = 0
        case "somebody deploys" if world.at_rest:
            world.failed.discard("orders:9")
            world.create("orders:9", gated=False)
        case _ if world.active:
            _happen_to(world, world.active, what)


def _happen_to(world: World, item: Made, what: str) -> None:
    ready = item.status is DeploymentStatus.READY
    match what:
        case "crash" if item.done == INSTALL:
            item.crashes += 1
        case "fail" | "fail for good" if item.done < LAST and not (world.reliable and item.goes_back):
            world.end(rollback=what == "fail")
        case "lose hook" if item.gated and item.done < LAST and EVENTS[item.done] in HOOKABLE:
            item.hook_lost = True
        case "approve" if ready:
            item.status, item.approved = DeploymentStatus.IN_PROGRESS, True
        case "refuse" if ready:
            world.end(rollback=True, status=DeploymentStatus.STOPPED)
