"""The function behind the status page, against a bucket that keeps versions and conditions as S3 does."""

import io
import json
from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

import status_feed

SETTINGS = {"title": "Shop", "bucket": "page", "components": {"Ordering": {"hurt": "critical", "slow": "warning"}}}


class Bucket:
    """Keeps objects by key, each with an ETag, and refuses a write over a version that is not the newest.

    Args:
        meanwhile: Called before each conditional write, as if others were working at the same time.
    """

    def __init__(self, meanwhile: Callable[["Bucket"], None] = lambda _: None) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.writes: list[str] = []
        self._meanwhile = meanwhile
        self._model = botocore.session.get_session().get_service_model("s3")

    def get_object(self, **request: Any) -> dict[str, Any]:
        self._check("GetObject", request)
        if request["Key"] not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        body, etag = self.objects[request["Key"]]
        return {"Body": io.BytesIO(body), "ETag": etag}

    def put_object(self, **request: Any) -> dict[str, str]:
        self._check("PutObject", request)
        if "IfMatch" in request or "IfNoneMatch" in request:
            self._meanwhile(self)
            known = self.objects.get(request["Key"], (b"", None))[1]
            if known != request.get("IfMatch"):
                raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        return {"ETag": self.put(request["Key"], request["Body"])}

    def put(self, key: str, body: bytes) -> str:
        self.writes.append(key)
        self.objects[key] = (body, f'"{len(self.writes)}"')
        return self.objects[key][1]

    def page(self) -> dict[str, str]:
        document = json.loads(self.objects[status_feed.PAGE][0])
        return {one["name"]: one["health"] for one in document["components"]}

    def _check(self, operation: str, request: dict[str, Any]) -> None:
        shape = self._model.operation_model(operation).input_shape
        assert ParamValidator().validate(request, shape).generate_report() == ""
        assert request["Bucket"] == "page"


def change(alarm: str, value: str, minute: int) -> dict[str, Any]:
    """Return an event as EventBridge's documentation shows it."""
    return {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {
            "alarmName": alarm,
            "state": {"value": value, "reason": "…", "timestamp": f"2026-01-02T12:{minute:02}:04.985+0000"},
            "previousState": {"value": "OK", "timestamp": "2026-01-02T11:00:00.000+0000"},
        },
    }


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Bucket], Bucket]:
    monkeypatch.setenv("BLUEGREEN_STATUS", json.dumps(SETTINGS))

    def use(bucket: Bucket) -> Bucket:
        monkeypatch.setattr(status_feed, "client", lambda _: bucket)
        return bucket

    return use


def test_a_raised_alarm_is_on_the_page(use: Callable[[Bucket], Bucket]) -> None:
    """The first event makes what is known, page and feed; the end of the trouble is there as soon as it is known."""
    bucket = use(Bucket())
    status_feed.handle(change("hurt", "ALARM", 1), None)
    assert bucket.page() == {"Ordering": "outage"}
    assert b"Ordering is down" in bucket.objects[status_feed.FEED][0]
    status_feed.handle(change("hurt", "OK", 2), None)
    assert bucket.page() == {"Ordering": "operational"}


def test_an_alarm_without_data_is_not_raised(use: Callable[[Bucket], Bucket]) -> None:
    """Too little data to judge by is no outage."""
    bucket = use(Bucket())
    status_feed.handle(change("hurt", "INSUFFICIENT_DATA", 1), None)
    assert bucket.page() == {"Ordering": "operational"}


def test_the_same_event_again_writes_what_is_known_once(use: Callable[[Bucket], Bucket]) -> None:
    """A repeated event publishes again, should the first time have failed half-way, and learns nothing."""
    bucket = use(Bucket())
    status_feed.handle(change("hurt", "ALARM", 1), None)
    status_feed.handle(change("hurt", "ALARM", 1), None)
    assert bucket.writes.count(status_feed.KNOWN) == 1
    assert bucket.writes.count(status_feed.PAGE) == 2


def test_what_another_function_learns_meanwhile_is_kept(use: Callable[[Bucket], Bucket]) -> None:
    """A write over what others wrote is refused, and made anew on top of theirs: no change is lost."""
    theirs = iter([{"slow": {"raised": True, "at": "2026-01-02T12:00:00Z"}}])

    def meanwhile(bucket: Bucket) -> None:
        for alarms in theirs:
            bucket.put(status_feed.KNOWN, json.dumps({"alarms": alarms, "history": []}).encode())

    bucket = use(Bucket(meanwhile))
    status_feed.handle(change("hurt", "ALARM", 1), None)
    known = json.loads(bucket.objects[status_feed.KNOWN][0])["alarms"]
    assert set(known) == {"slow", "hurt"}
    status_feed.handle(change("hurt", "OK", 2), None)
    assert bucket.page() == {"Ordering": "degraded"}


def test_a_page_of_something_older_is_written_anew(
    use: Callable[[Bucket], Bucket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds that others learnt more while it wrote the page publishes what is known by then."""
    bucket = use(Bucket())
    newer = iter([{"slow": {"raised": True, "at": "2026-01-02T12:05:00Z"}}])
    put = bucket.put

    def overtaken(key: str, body: bytes) -> str:
        etag = put(key, body)
        if key == status_feed.FEED:
            for alarms in newer:
                put(status_feed.KNOWN, json.dumps({"alarms": alarms, "history": []}).encode())
        return etag

    monkeypatch.setattr(bucket, "put", overtaken)
    status_feed.handle(change("hurt", "OK", 1), None)
    assert bucket.page() == {"Ordering": "degraded"}


def test_gives_up_when_others_write_again_and_again(use: Callable[[Bucket], Bucket]) -> None:
    """A function that is always overtaken fails, so that Lambda asks it again later."""

    def meanwhile(bucket: Bucket) -> None:
        bucket.put(status_feed.KNOWN, b'{"alarms": {}, "history": []}')

    use(Bucket(meanwhile))
    with pytest.raises(status_feed.OvertakenError, match="written by others 8 times"):
        status_feed.handle(change("hurt", "ALARM", 1), None)


def test_other_errors_of_s3_are_not_swallowed(use: Callable[[Bucket], Bucket], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket that may not be read is no empty one: nothing is written over what is known."""
    bucket = use(Bucket())

    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    monkeypatch.setattr(bucket, "get_object", denied)
    with pytest.raises(ClientError, match="AccessDenied"):
        status_feed.handle(change("hurt", "ALARM", 1), None)
    assert bucket.writes == []
