"""The decision, in charge of a small model of AWS in which anything may happen between two looks."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluegreen.release.convergence import Fail, Limits, Succeed
from bluegreen.release.observation import Observation, RequestType, WhenBusy
from tests.release.driver import Driver
from tests.release.world import HOOK_SECONDS, LAST, World, happen

STEP_SECONDS = 60
HANDED_ON_STEP_SECONDS = 6 * 3600
MOST_LOOKS = 2 * (Limits().deadline // STEP_SECONDS + 2)
EVENTFUL = (
    *("advance",) * 6,
    *("roll back",) * 2,
    *("crash",) * 3,
    *("fail", "fail for good", "alarm", "calm", "lose hook", "approve", "refuse"),
    *("throttle", "overwrite listener", "somebody deploys", "nothing"),
)
UNDISTURBED = (
    tuple(sorted({*EVENTFUL} - {"fail for good", "somebody deploys", "throttle", "overwrite listener"}))
    + ("advance",) * 6
)
"""Nobody else deploys, AWS answers, and CodeDeploy rolls back what fails."""

SHARED = (*UNDISTURBED, "somebody deploys")
"""The same, but somebody else deploys as well."""

AFTERWARDS = ["roll back", "advance", "advance"] * MOST_LOOKS
"""CodeDeploy does its part, and nothing else happens any more."""


@dataclass(frozen=True)
class Update:
    """One `cdk deploy`: the version, what becomes of the rest of the stack, and whether that spoils a listener.

    One may come at the very moment when an earlier deployment has failed and its rollback has not begun.
    """

    version: str
    cancelled_at: int | None = None
    fails_later: bool = False
    override: str | None = None
    overwrites: bool = False
    meets_failure: bool = False


@dataclass
class Stack:
    """CloudFormation: one update at a time, its way back, and the releases it no longer waits for."""

    world: World
    happenings: list[str]
    when_busy: WhenBusy = WhenBusy.WAIT
    hands_on: bool = False
    believed: str = "orders:1"
    handed_on: list[Driver] = field(default_factory=list)
    looks: int = 0

    def update(self, update: Update) -> tuple[Driver, Driver | None]:
        """Bring the stack to a version, and back when CloudFormation would."""
        for _ in range(MOST_LOOKS if update.meets_failure else 0):
            if not self.world.rollback_is_due:
                self.look(self.handed_on)
        forward = self.request(update.version, self.believed, override=update.override)
        back = None
        for look in range(MOST_LOOKS):
            if look == update.cancelled_at and not forward.told:
                forward.cancelled = True
            drivers = [forward, *self.handed_on]
            if back is None and (forward.cancelled or self.failed(forward, update)):
                back = self.request(self.believed, update.version, rolling_back=True)
                if update.overwrites:
                    happen(self.world, "overwrite listener")
            self.look([*drivers, *([back] if back else [])])
            if forward.told and (back.told if back else not self.failed(forward, update)):
                break
        else:
            raise AssertionError(f"no end after {MOST_LOOKS} looks")
        if not back:
            self.believed = update.version
        if forward.handed_on and not forward.end:
            self.handed_on.append(forward)
        return forward, back

    def failed(self, forward: Driver, update: Update) -> bool:
        return forward.told and (isinstance(forward.end, Fail) or update.fails_later)

    def request(
        self, desired: str, previous: str, *, rolling_back: bool = False, override: str | None = None
    ) -> Driver:
        seen = Observation(
            request=RequestType.UPDATE,
            version=desired,
            desired=desired,
            previous=previous,
            rolling_back=rolling_back,
            override=override,
            when_busy=self.when_busy,
            hands_on=self.hands_on,
            hook_seconds={"AfterInstall": HOOK_SECONDS, "AfterAllowTraffic": HOOK_SECONDS},
        )
        return Driver(self.world, seen, began=self.world.now)

    def look(self, drivers: list[Driver], seconds: int = STEP_SECONDS) -> None:
        for driver in drivers:
            if not driver.end:
                driver.step()
        for what in self.happenings[3 * self.looks : 3 * self.looks + 3]:
            happen(self.world, what)
        self.looks += 1
        self.world.tick(self.world.now + seconds)

    def finish(self) -> None:
        """See every release that was handed on through to its end."""
        for _ in range(MOST_LOOKS):
            if all(driver.end for driver in self.handed_on):
                return
            self.look(self.handed_on, HANDED_ON_STEP_SECONDS)
        raise AssertionError("a release that was handed on has no end")


def stacks(happenings: tuple[str, ...]) -> st.SearchStrategy[Stack]:
    worlds = st.builds(
        World,
        primary=st.just("orders:1"),
        approval_minutes=st.sampled_from([None, None, 5, 30]),
        watches_kept=st.booleans(),
        reliable=st.just(happenings is not EVENTFUL),
        red=st.sampled_from([False, False, True]),
    )
    lists = st.lists(st.sampled_from(happenings), min_size=30, max_size=300)
    return st.builds(
        Stack,
        worlds,
        lists,
        when_busy=st.sampled_from(WhenBusy),
        hands_on=st.booleans(),
    )


updates = st.builds(
    Update,
    st.sampled_from(["orders:1", "orders:2", "orders:3"]),
    cancelled_at=st.sampled_from([None, None, *range(12)]),
    fails_later=st.sampled_from([False, False, True]),
    override=st.sampled_from([None, "the fix"]),
    overwrites=st.booleans(),
    meets_failure=st.booleans(),
)


@settings(max_examples=600, deadline=None)
@given(stacks(EVENTFUL), st.lists(updates, min_size=1, max_size=3))
def test_whatever_happens_there_is_an_end_and_it_is_true(stack: Stack, plan: list[Update]) -> None:
    """One deployment at a time, at most one started a request, an end in time, success only for what is really live."""
    for update in plan:
        forward, back = stack.update(update)
        assert forward.started <= 1
        assert back is None or back.started <= 1
        if isinstance(forward.end, Fail) and forward.because and "could not be followed" not in forward.end.message:
            assert forward.because in forward.end.message
    stack.finish()


@settings(max_examples=600, deadline=None)
@given(stacks(UNDISTURBED), updates)
def test_the_way_back_always_comes_through(stack: Stack, update: Update) -> None:
    """Whatever alarms and hooks do, an update that is taken back ends well, and production is where it was."""
    stack.happenings += AFTERWARDS
    _, back = stack.update(update)
    if back:
        assert isinstance(back.end, Succeed), back.end
        assert stack.world.primary == "orders:1"


@settings(max_examples=600, deadline=None)
@given(stacks(SHARED), st.lists(updates, min_size=2, max_size=2, unique_by=lambda update: update.version))
def test_no_version_that_failed_gets_production_again(stack: Stack, plan: list[Update]) -> None:
    """Once a rollback has ended, only a new release of it brings a version back: never the stack's own way back."""
    for update in plan:
        stack.happenings[3 * stack.looks :] += AFTERWARDS
        stack.update(update)
    stack.finish()
    assert stack.world.primary not in stack.world.failed


@settings(max_examples=300, deadline=None)
@given(stacks(SHARED), updates)
def test_a_release_takes_no_rollbacks_place(stack: Stack, update: Update) -> None:
    """One that comes between a failure and CodeDeploy's rollback lets it pass: a failed version is gone for good."""
    disturbances, stack.hands_on = stack.happenings, True
    stack.happenings = ["calm", *["advance"] * LAST, "fail"]
    stack.world.approval_minutes = None
    stack.update(Update("orders:8", override="the fix"))
    while not stack.world.rollback_is_due:
        stack.look(stack.handed_on)
    assert (stack.world.primary, stack.world.percent) == ("orders:8", 100)
    stack.happenings[3 * stack.looks :] = disturbances + AFTERWARDS
    stack.update(update)
    stack.finish()
    assert stack.world.primary != "orders:8"


@settings(max_examples=200, deadline=None)
@given(stacks(UNDISTURBED))
def test_the_stacks_own_rollback_starts_no_second_deployment(stack: Stack) -> None:
    """After a release that failed and was rolled back, going back to the old version only confirms what is live."""
    stack.happenings += AFTERWARDS
    forward, back = stack.update(Update("orders:2"))
    if isinstance(forward.end, Fail):
        assert back is not None
        assert back.started == 0
        assert len(stack.world.made) == forward.started + sum(bool(item.undoes) for item in stack.world.made.values())


@pytest.mark.parametrize("progress", range(LAST + 4))
def test_a_release_that_hangs_is_turned_back_before_the_stack_stops_listening(progress: int) -> None:
    """A deployment that stays at any lifecycle event for ever is stopped, rolled back, and reported."""
    stack = Stack(World("orders:1"), ["nothing", "nothing", "advance"] * progress)
    forward, _ = stack.update(Update("orders:2"))
    if progress > LAST:
        assert isinstance(forward.end, Succeed)
        return
    assert isinstance(forward.end, Fail)
    assert forward.asked == {"d-1"}


@pytest.mark.parametrize("crashes", range(9))
def test_a_candidate_that_only_crashes_is_given_up_early_and_the_message_says_why(crashes: int) -> None:
    """Three crashes end Install long before its time is up; fewer do not."""
    stack = Stack(World("orders:1"), ["advance", *["crash"] * crashes, *["nothing"] * 3, *["roll back", "advance"] * 9])
    forward, _ = stack.update(Update("orders:2"))
    if crashes < 3:
        assert forward.because is None or "Install gave up" not in forward.because
        return
    assert isinstance(forward.end, Fail)
    assert "Install gave up after" in forward.end.message
    assert "rolled back by d-2; production: 100 % on orders:1" in forward.end.message
    assert stack.world.now < 15 * STEP_SECONDS


def test_a_hook_that_is_lost_is_given_up_within_its_own_time() -> None:
    """A hook that may take one minute holds a release for minutes, not for CodeDeploy's hour."""
    stack = Stack(World("orders:1"), ["advance"] * 2 + ["lose hook"] + ["nothing"] * 9 + ["roll back", "advance"] * 9)
    forward, back = stack.update(Update("orders:2"))
    assert isinstance(forward.end, Fail)
    assert "the hook at AfterInstall did not answer within the 60 s" in forward.end.message
    assert stack.world.now < 10 * STEP_SECONDS
    assert back is not None
    assert isinstance(back.end, Succeed)


@pytest.mark.parametrize(("kept", "live"), [(4, "orders:1"), (5, "orders:3")])
def test_what_was_handed_on_and_failed_stays_out_when_the_next_update_is_taken_back(kept: int, live: str) -> None:
    """The stack names a version whose release failed after CloudFormation's hour: the way back does not bring it."""
    begins, fails = ["advance"] * 6 + ["nothing"] * 3, ["advance", "fail", "roll back", "advance", "advance", "advance"]
    stack = Stack(World("orders:1"), begins + fails, hands_on=True)
    first, _ = stack.update(Update("orders:2"))
    assert first.handed_on
    while not first.end:
        stack.look([first])
    assert isinstance(first.end, Fail)
    assert stack.believed == "orders:2"
    stack.hands_on = False
    stack.happenings[3 * stack.looks :] = ["advance"] * (LAST + kept) + ["nothing"] * 3 + AFTERWARDS
    _, back = stack.update(Update("orders:3", fails_later=True))
    assert back is not None
    assert isinstance(back.end, Succeed)
    assert stack.world.primary == live
