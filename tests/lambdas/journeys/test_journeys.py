"""Journeys over HTTP: through the real orders application, and through a server that misbehaves."""

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import journey_handler
from bluegreen.release.checks import HttpCheck, SecretReference
from bluegreen.release.journey import JourneyStep
from journey_handler import JourneyError, make
from stacks.journeys import ALIVE, BUYS, CUSTOMER
from tests.lambdas.conftest import FakeAws
from tests.lambdas.journeys.conftest import Stub

Environment = Callable[..., dict[str, str]]

PLACE = JourneyStep(name="place", check=HttpCheck("/carts", method="POST", status=201), capture={"cart": "id"})
READ = JourneyStep(name="read", check=HttpCheck("/carts/${cart}", json={"id": "${cart}"}))
REMOVE = JourneyStep(name="remove", check=HttpCheck("/carts/${cart}", method="DELETE", status=204), cleanup=True)


@pytest.fixture(autouse=True)
def published(aws: FakeAws) -> FakeAws:
    """AWS takes the metrics."""
    aws.answers["cloudwatch.put_metric_data"] = {}
    return aws


def durations(aws: FakeAws) -> dict[str, float]:
    """What was published, by step."""
    found = {}
    for call in aws.called("cloudwatch.put_metric_data"):
        assert call["Namespace"] == "BlueGreen/Journeys"
        for one in call["MetricData"]:
            dimensions = {item["Name"]: item["Value"] for item in one["Dimensions"]}
            assert (one["MetricName"], one["Unit"], dimensions["CanaryName"]) == (
                "StepDuration",
                "Milliseconds",
                "orders-buys",
            )
            found[dimensions["StepName"]] = one["Value"]
    return found


def test_the_reference_journey_buys_from_the_real_application(
    orders_url: str, environment: Environment, aws: FakeAws
) -> None:
    """The journey of the reference stacks places an order that the real application keeps, marked as the journey's."""
    before = httpx.get(f"{orders_url}/orders", params={"limit": 100}).json()
    assert make(environment(orders_url, *BUYS)) == "steps passed: 3"
    (new,) = [order for order in httpx.get(f"{orders_url}/orders", params={"limit": 100}).json() if order not in before]
    assert new["customer"] == CUSTOMER
    assert sorted(durations(aws)) == ["list orders", "place an order", "read it back"]
    assert all(0 <= value < 5000 for value in durations(aws).values())


def test_the_reference_heartbeat_hears_the_real_application(orders_url: str, environment: Environment) -> None:
    """The check of the reference stacks' heartbeat is what the real application answers."""
    assert make(environment(orders_url, JourneyStep(name="heartbeat", check=ALIVE))) == "steps passed: 1"


def test_steps_pass_on_what_they_got(stub: Stub, environment: Environment) -> None:
    """A value captured from one answer is in the next requests, and its type is kept where it is compared."""
    stub.answers = {
        "POST /carts": (201, {"id": 7}),
        "GET /carts/7": (200, {"id": 7}),
        "DELETE /carts/7": (204, b""),
    }
    assert make(environment(stub.url, PLACE, READ, REMOVE)) == "steps passed: 3"
    assert [asked for asked, _, _ in stub.seen] == ["POST /carts", "GET /carts/7", "DELETE /carts/7"]


def test_requests_say_that_they_are_a_journeys(stub: Stub, environment: Environment) -> None:
    """Access logs can tell a journey from a user, unless a step says who it is."""
    stub.answers = {"GET /": (200, {})}
    steps = [
        JourneyStep(name="plain", check=HttpCheck("/")),
        JourneyStep(name="named", check=HttpCheck("/", headers={"User-Agent": "shop"})),
    ]
    make(environment(stub.url, *steps))
    assert [headers["User-Agent"] for _, headers, _ in stub.seen] == ["bluegreen-journey", "shop"]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"POST /carts": (500, {})}, "place: POST /carts: status: expected 201, got 500"),
        ({"POST /carts": (302, {"id": 7})}, "place: POST /carts: status: expected 201, got 302"),
        ({"POST /carts": (201, {})}, "place: POST /carts: json id: expected a value for cart, got nothing"),
        (
            {"POST /carts": (201, b"<html>")},
            "place: POST /carts: json id: expected a value for cart, got JSONDecodeErr",
        ),
        (
            {"POST /carts": (201, {"id": 7}), "GET /carts/7": (200, {"id": 8}), "DELETE /carts/7": (204, b"")},
            "read: GET /carts/7: json id: expected 7, got 8",
        ),
        (
            {"POST /carts": (201, {"id": "a b"}), "DELETE /carts/a b": (204, b"")},
            "read: path must begin with one '/'",
        ),
    ],
)
def test_a_misbehaving_service_fails_the_run(
    stub: Stub, environment: Environment, answers: dict[str, tuple[int, Any]], message: str
) -> None:
    """A run fails with the step, what was expected, and what came: a status, a redirect, a missing or a wrong value."""
    stub.answers = answers
    with pytest.raises(JourneyError, match=f"^{message.replace('/', '.')}"):
        make(environment(stub.url, PLACE, READ, REMOVE))


def test_after_a_failure_only_cleanup_goes_on(stub: Stub, environment: Environment) -> None:
    """A failed step ends the journey but for the steps that remove what it made."""
    never = JourneyStep(name="never", check=HttpCheck("/never"))
    stub.answers = {"POST /carts": (201, {"id": 7}), "GET /carts/7": (500, {}), "DELETE /carts/7": (204, b"")}
    with pytest.raises(JourneyError, match=r"^read: "):
        make(environment(stub.url, PLACE, READ, never, REMOVE))
    assert [asked for asked, _, _ in stub.seen] == ["POST /carts", "GET /carts/7", "DELETE /carts/7"]


def test_nothing_is_cleaned_up_that_was_not_made(stub: Stub, environment: Environment) -> None:
    """A cleanup step whose value is not known is left out, rather than sent with a hole in it."""
    stub.answers = {"POST /carts": (503, {})}
    with pytest.raises(JourneyError):
        make(environment(stub.url, PLACE, READ, REMOVE))
    assert [asked for asked, _, _ in stub.seen] == ["POST /carts"]


def test_a_step_is_taken_once(stub: Stub, environment: Environment) -> None:
    """Retries of a check do not hide from a journey what a user would meet."""
    stub.answers = {"GET /": (503, {})}
    with pytest.raises(JourneyError):
        make(environment(stub.url, JourneyStep(name="home", check=HttpCheck("/", retries=5))))
    assert len(stub.seen) == 1


def test_nobody_there_is_a_failure_without_a_duration(environment: Environment, aws: FakeAws) -> None:
    """A refused connection fails the run, and no made-up duration is published."""
    with pytest.raises(JourneyError, match="home: GET /: answer: expected one within 5 s, got ConnectionRefusedError"):
        make(environment("http://127.0.0.1:1", JourneyStep(name="home", check=HttpCheck("/"))))
    assert durations(aws) == {}


def test_a_certificate_that_is_not_trusted_fails_the_run(stub: Stub, environment: Environment) -> None:
    """HTTPS is verified: what does not speak TLS as the URL says is never asked."""
    with pytest.raises(JourneyError, match="SSLError"):
        make(environment(stub.url.replace("http:", "https:"), JourneyStep(name="home", check=HttpCheck("/"))))
    assert stub.seen == []


def test_a_secret_is_sent_and_never_shown(
    stub: Stub, environment: Environment, aws: FakeAws, caplog: pytest.LogCaptureFixture
) -> None:
    """A secret is read once for all steps, sent as the header's value, and in no log line or error."""
    aws.answers["secretsmanager.get_secret_value"] = {"SecretString": "s3cr3t"}
    stub.answers = {"GET /": (200, {"echo": "s3cr3t"})}
    check = HttpCheck("/", headers={"Authorization": SecretReference("arn:secret")}, json={"echo": "else"})
    steps = [JourneyStep(name="one", check=HttpCheck("/", headers=check.headers)), JourneyStep(name="two", check=check)]
    with caplog.at_level(logging.INFO), pytest.raises(JourneyError) as error:
        make(environment(stub.url, *steps))
    assert [headers["Authorization"] for _, headers, _ in stub.seen] == ["s3cr3t", "s3cr3t"]
    assert len(aws.called("secretsmanager.get_secret_value")) == 1
    assert "s3cr3t" not in str(error.value) + caplog.text


def test_a_secret_that_cannot_be_read_fails_the_run(stub: Stub, environment: Environment, aws: FakeAws) -> None:
    """Without its secret a step is not taken, and the error names the secret."""
    aws.answers["secretsmanager.get_secret_value"] = KeyError("nothing")
    step = JourneyStep(name="home", check=HttpCheck("/", headers={"X-Key": SecretReference("arn:secret")}))
    with pytest.raises(JourneyError, match="home: cannot read secret arn:secret: KeyError"):
        make(environment(stub.url, step))
    assert stub.seen == []


def test_metrics_that_cannot_be_published_fail_nothing(
    stub: Stub, environment: Environment, aws: FakeAws, refusal: Callable[..., Exception]
) -> None:
    """A journey that went well is a success even when CloudWatch refuses its durations."""
    aws.answers["cloudwatch.put_metric_data"] = refusal("Throttling")
    stub.answers = {"GET /": (200, {})}
    assert make(environment(stub.url, JourneyStep(name="home", check=HttpCheck("/")))) == "steps passed: 1"


def test_synthetics_calls_the_handler_with_the_functions_environment(
    stub: Stub, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The canary's entry point takes its journey from the environment and returns what Synthetics shows."""
    stub.answers = {"GET /": (200, {})}
    for name, value in environment(stub.url, JourneyStep(name="home", check=HttpCheck("/"))).items():
        monkeypatch.setenv(name, value)
    assert journey_handler.handle({}, None) == "steps passed: 1"
