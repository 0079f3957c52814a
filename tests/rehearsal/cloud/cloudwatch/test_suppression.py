"""A composite alarm's suppressor: whom it tells what while another alarm is red."""

import json
import threading
from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.cloudwatch.judgement import State
from bluegreen.rehearsal.cloud.cloudwatch.suppression import Suppressor
from tests.rehearsal.cloud.cloudwatch.test_cloudwatch import World, put

TOPIC = "arn:aws:sns:eu-west-1:111122223333:warnings"
SUPPRESSED = {
    "AlarmName": "degraded",
    "AlarmRule": "ALARM(slow)",
    "AlarmActions": [TOPIC],
    "OKActions": [TOPIC],
    "ActionsSuppressor": "hurt",
    "ActionsSuppressorWaitPeriod": 120,
    "ActionsSuppressorExtensionPeriod": 180,
}


@pytest.mark.parametrize(
    ("state", "left_at", "now", "lets"),
    [
        (State.OK, None, 100 + 59, False),
        (State.OK, None, 100 + 60, True),
        (State.ALARM, None, 100 + 600, False),
        (State.OK, 300, 300 + 119, False),
        (State.OK, 300, 300 + 120, True),
        (State.INSUFFICIENT_DATA, None, 100 + 60, True),
    ],
)
def test_it_waits_for_the_suppressor_and_after_it(
    state: State, left_at: float | None, now: float, *, lets: bool
) -> None:
    """No action before the wait is over, while the suppressor is red, or within the extension after it."""
    suppressor = Suppressor(name="hurt", wait_seconds=60, extension_seconds=120)
    assert suppressor.lets_act(changed_at=100, state=state, left_at=left_at, now=now) is lets


@pytest.fixture
def world() -> World:
    return World()


def told(world: World) -> list[str]:
    """What was published, after every thread that publishes is done."""
    for thread in threading.enumerate():
        if "_publish" in thread.name:
            thread.join(5)
    return [json.loads(message["Message"])["NewStateValue"] for message in world.sns.published]


def prepare(world: World) -> None:
    """Put both alarms and the composite, and let it tell that all is well, as every new alarm does."""
    put(world, "slow")
    put(world, "hurt", Dimensions=[{"Name": "Group", "Value": "green"}])
    world.api.put_composite_alarm(**SUPPRESSED)
    world.errors(0)
    world.at(60)
    world.at(600)
    told(world)
    world.sns.published.clear()


def test_a_worse_alarm_that_comes_within_the_wait_keeps_it_quiet(world: World) -> None:
    """Raised together with its suppressor, a composite is red, and tells nobody until the worse trouble is over."""
    prepare(world)
    world.errors(5)
    world.at(660)
    assert world.state("degraded") == "ALARM"
    world.errors(5)
    world.errors(5, group="green")
    world.at(720)
    for minute in range(13, 18):
        world.errors(5)
        world.errors(5, group="green")
        world.at(60 * minute)
    assert (world.state("degraded"), told(world)) == ("ALARM", [])


def test_alone_it_tells_after_the_wait(world: World) -> None:
    """Without its suppressor, it acts when the wait is over, and again when all is well."""
    prepare(world)
    for minute in (11, 12, 13, 14):
        world.errors(5)
        world.at(60 * minute)
    assert told(world) == ["ALARM"]
    for minute in (15, 16, 17, 18, 19):
        world.at(60 * minute)
    assert told(world) == ["ALARM", "OK"]


def test_what_ends_unseen_is_never_told(world: World) -> None:
    """A composite that goes red and well again behind its suppressor says nothing of it afterwards."""
    prepare(world)
    for minute in (11, 12, 13):
        world.errors(5)
        world.errors(5, group="green")
        world.at(60 * minute)
    for minute in range(14, 22):
        world.at(60 * minute)
    assert (world.state("degraded"), told(world)) == ("OK", [])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ActionsSuppressor": "nobody"}, "the suppressor nobody does not exist"),
        ({"ActionsSuppressorWaitPeriod": None}, "ActionsSuppressor needs ActionsSuppressorWaitPeriod"),
        ({"ActionsSuppressor": None}, "ActionsSuppressorWaitPeriod needs ActionsSuppressor"),
    ],
)
def test_refuses_half_a_suppressor(world: World, changes: dict[str, Any], message: str) -> None:
    """A suppressor must exist, and its two periods come with it."""
    put(world, "slow")
    put(world, "hurt")
    request = {key: value for key, value in (SUPPRESSED | changes).items() if value is not None}
    with pytest.raises(ApiError, match=message):
        world.cloudwatch.put_composite_alarm(request)
