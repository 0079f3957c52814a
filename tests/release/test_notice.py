from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.release.notice import LONGEST_SUBJECT, Notice, deleted, failed, handed_on, ready, succeeded

NOTICES: dict[str, Callable[[str, str], Notice]] = {
    "ready": lambda service, version: ready(service, version, "d-1", "2026-01-31T23:50:00.123Z", 30),
    "handed on": lambda service, version: handed_on(service, version, "it goes on"),
    "succeeded": lambda service, version: succeeded(service, version, "it is live"),
    "deleted": lambda service, version: deleted(service, version, "d-1"),
    "failed": lambda service, version: failed(service, version, "it failed"),
}


@pytest.mark.parametrize("kind", NOTICES)
@given(service=st.text(), version=st.text())
def test_a_subject_is_one_that_sns_takes(kind: str, service: str, version: str) -> None:
    """Printable ASCII, fewer than 100 characters, no line break, whatever a service or a version is called."""
    subject = NOTICES[kind](service, version).subject
    assert 0 < len(subject) <= LONGEST_SUBJECT < 100
    assert all(" " <= character <= "~" for character in subject)
    assert not subject.startswith(" ")


@pytest.mark.parametrize("kind", NOTICES)
def test_a_subject_names_service_and_version(kind: str) -> None:
    """Whoever owns several services knows at once which one it is."""
    subject = NOTICES[kind]("orders", "v2").subject
    assert subject.startswith("orders: ")
    assert "v2" in subject


@pytest.mark.parametrize("now", ["2026-01-31T23:50:00Z", "2026-02-01T00:50:00+01:00"])
def test_the_end_of_the_wait_is_told_in_utc(now: str) -> None:
    """Whatever zone the clock is in, the text says when it ends for everybody."""
    notice = ready("orders", "v2", "d-1", now, 30)
    assert "until 2026-02-01 00:20 UTC" in notice.subject
    assert "ends as stopped at 2026-02-01 00:20 UTC" in notice.text


def test_a_time_that_is_none_is_refused() -> None:
    """The time comes from Step Functions; anything else is an error, not a guess."""
    with pytest.raises(ValueError, match="Invalid isoformat"):
        ready("orders", "v2", "d-1", "soon", 30)
