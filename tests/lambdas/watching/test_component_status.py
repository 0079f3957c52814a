"""What a status page says after alarms changed, in whatever order that becomes known."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from component_status import HISTORY, AlarmState, Health, Status
from status_page import to_document, to_feed

COMPONENTS = {"Ordering": {"hurt": "critical", "slow": "warning"}, "Search": {"search": "critical", "news": "info"}}
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def at(minute: int, *, raised: bool) -> AlarmState:
    return AlarmState(raised=raised, at=NOON + timedelta(minutes=minute))


def heard(*changes: tuple[str, AlarmState]) -> Status:
    status = Status()
    for alarm, state in changes:
        status = status.hear(COMPONENTS, alarm, state)
    return status


def page(status: Status) -> dict[str, tuple[str, str | None]]:
    document = json.loads(to_document(status, COMPONENTS, title="Shop"))
    return {one["name"]: (one["health"], one["since"]) for one in document["components"]}


def test_all_works_before_anything_was_heard() -> None:
    """Every component is there from the beginning, operational since nobody knows when."""
    assert page(Status()) == {"Ordering": ("operational", None), "Search": ("operational", None)}


@pytest.mark.parametrize(
    ("raised", "health"),
    [
        (["hurt"], Health.OUTAGE),
        (["slow"], Health.DEGRADED),
        (["hurt", "slow"], Health.OUTAGE),
        (["search"], Health.OPERATIONAL),
        (["unknown"], Health.OPERATIONAL),
    ],
)
def test_the_worst_raised_alarm_decides(raised: list[str], health: Health) -> None:
    """A critical alarm is an outage, a warning a degradation, and other components' alarms are nothing to this one."""
    status = heard(*((alarm, at(1, raised=True)) for alarm in raised))
    assert status.health(COMPONENTS["Ordering"]) is health


def test_an_informing_alarm_is_not_told() -> None:
    """What is only good to know is nothing that people outside are told."""
    assert heard(("news", at(1, raised=True))).history == ()


def test_since_when_is_the_time_of_the_last_change() -> None:
    """A component is as it is since its health changed, not since an alarm did that changed nothing."""
    status = heard(("slow", at(1, raised=True)), ("hurt", at(2, raised=True)), ("slow", at(3, raised=False)))
    assert page(status)["Ordering"] == ("outage", "2026-01-02T12:02:00.000000Z")
    again = status.hear(COMPONENTS, "hurt", at(9, raised=False))
    assert page(again)["Ordering"] == ("operational", "2026-01-02T12:09:00.000000Z")
    assert [change.health.value for change in again.history] == ["operational", "outage", "degraded"]


def test_the_same_change_again_changes_nothing() -> None:
    """EventBridge delivers at least once; the second time nothing is new, so nothing needs to be written."""
    status = heard(("hurt", at(1, raised=True)))
    assert status.hear(COMPONENTS, "hurt", at(1, raised=True)) is status


def test_an_older_change_that_comes_late_is_ignored() -> None:
    """An alarm that was raised and went out stays out, also when the first becomes known last."""
    late = heard(("hurt", at(2, raised=False)), ("hurt", at(1, raised=True)))
    assert page(late)["Ordering"] == ("operational", None)


CHANGES = [("hurt", 1, True), ("slow", 2, True), ("hurt", 3, False), ("search", 4, True), ("slow", 5, False)]


@given(st.permutations(CHANGES * 2))
def test_in_any_order_and_twice_the_page_ends_the_same(changes: list[tuple[str, int, bool]]) -> None:
    """Whatever the order in which changes arrive, the last state of each alarm decides what the page says."""
    status = heard(*((alarm, at(minute, raised=raised)) for alarm, minute, raised in changes))
    assert {name: status.health(alarms).value for name, alarms in COMPONENTS.items()} == {
        "Ordering": "operational",
        "Search": "outage",
    }


def test_the_history_is_bounded() -> None:
    """The newest changes are kept, and no more than the limit."""
    flapping = (("hurt", at(minute, raised=minute % 2 == 0)) for minute in itertools.islice(itertools.count(), 300))
    history = heard(*flapping).history
    assert len(history) == HISTORY
    assert history[0].at == NOON + timedelta(minutes=299)


def test_what_is_known_survives_being_written_and_read() -> None:
    """What is read is what was written, to the microsecond."""
    status = heard(("hurt", at(1, raised=True)), ("search", at(2, raised=True)), ("hurt", at(3, raised=False)))
    assert Status.from_json(status.to_json()) == status


def test_the_public_never_reads_an_alarms_name() -> None:
    """Page and feed speak of components only."""
    status = heard(("hurt", at(1, raised=True)), ("slow", at(2, raised=True)))
    text = to_document(status, COMPONENTS, title="Shop") + to_feed(status, title="Shop", name="shop")
    assert "hurt" not in text
    assert "slow" not in text


def test_the_feed_has_an_entry_for_each_change_whose_id_stays() -> None:
    """A reader finds the same entries again under the same ids, the newest first, whatever is in their text."""
    before = heard(("hurt", at(1, raised=True)))
    after = before.hear(COMPONENTS, "hurt", at(2, raised=False))
    old, new = (ET.fromstring(to_feed(one, title="R & D <shop>", name="shop")) for one in (before, after))  # noqa: S314
    assert new.findtext("a:title", namespaces=ATOM) == "R & D <shop>"
    assert [one.text for one in new.findall("a:entry/a:title", ATOM)] == ["Ordering works again", "Ordering is down"]
    assert new.findall("a:entry/a:id", ATOM)[1].text == old.findtext("a:entry/a:id", namespaces=ATOM)
    assert new.findtext("a:updated", namespaces=ATOM) == "2026-01-02T12:02:00.000000Z"
    assert len({one.text for one in new.findall(".//a:id", ATOM)}) == 3
