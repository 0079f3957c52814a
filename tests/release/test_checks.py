import json
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.release.checks import METHODS, HttpCheck, SecretReference
from bluegreen.release.judgement import SHOWN_CHARACTERS, HttpResponse, judge, unanswered

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:api"


def answer(status: int = 200, body: str = "", milliseconds: int = 5, **headers: str) -> HttpResponse:
    return HttpResponse(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, body.encode(), milliseconds
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"path": ""}, "path must"),
        ({"path": "health"}, "path must"),
        ({"path": "//evil.example/health"}, "path must"),
        ({"path": "http://evil.example/"}, "path must"),
        ({"path": "/a b"}, "path must"),
        ({"path": "/a\r\nHost: evil"}, "path must"),
        ({"path": "/a#b"}, "path must"),
        ({"path": "/ä"}, "path must"),
        ({"method": "get"}, "method must be one of GET"),
        ({"status": 99}, "status must be 100-599, got 99"),
        ({"status": 600}, "status must be 100-599, got 600"),
        ({"status": True}, "status must be 100-599, got True"),
        ({"retries": -1}, "retries must be 0-10"),
        ({"retries": 11}, "retries must be 0-10"),
        ({"timeout_seconds": 0}, "timeout_seconds must be 1-60"),
        ({"timeout_seconds": 61}, "timeout_seconds must be 1-60"),
        ({"timeout_seconds": 1.5}, "timeout_seconds must be 1-60"),
        ({"max_milliseconds": 0}, "max_milliseconds must be 1-5000"),
        ({"max_milliseconds": 5001}, "max_milliseconds must be 1-5000"),
        ({"body_regex": "("}, "body_regex must be a regular expression"),
        ({"response_headers": {"Server": "["}}, "response_headers['Server'] must be a regular expression"),
        ({"headers": {"Host": "evil.example"}}, "the hook sets it"),
        ({"headers": {"content-LENGTH": "3"}}, "the hook sets it"),
        ({"headers": {"X Y": "1"}}, "header names must be HTTP tokens"),
        ({"headers": {"X": "1\r\nY: 2"}}, "header values must be one line"),
        ({"json": {"a": float("nan")}}, "json['a'] must be a JSON value"),
        ({"json": {"a": object()}}, "json['a'] must be a JSON value"),
    ],
)
def test_a_wrong_check_is_refused_at_birth(settings: dict[str, Any], said: str) -> None:
    """A check that could not work, or would talk to somebody else, is never made."""
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        HttpCheck(**({"path": "/health"} | settings))


@pytest.mark.parametrize("settings", [{"secret_arn": ""}, {"secret_arn": ARN, "field": ""}])
def test_a_secret_reference_names_something(settings: dict[str, str]) -> None:
    """An empty ARN or field is refused."""
    with pytest.raises(ValueError, match="must name"):
        SecretReference(**settings)


def test_a_path_that_the_cdk_knows_only_later_is_let_through() -> None:
    """A path with a CDK token in it cannot be judged at synth."""
    assert HttpCheck("${Token[TOKEN.12]}/health").path == "${Token[TOKEN.12]}/health"


def test_a_check_keeps_its_own_copy_of_what_it_was_given() -> None:
    """Changing a mapping after the check was made does not change the check."""
    headers: dict[str, str | SecretReference] = {"A": "1"}
    check = HttpCheck("/", headers=headers)
    headers["B"] = "2"
    assert check.headers == {"A": "1"}


checks = st.builds(
    HttpCheck,
    st.just("/health?x=1"),
    method=st.sampled_from(METHODS),
    headers=st.dictionaries(
        st.sampled_from(["X-A", "X-B"]), st.text("abc") | st.builds(SecretReference, st.just(ARN), st.just("f"))
    ),
    body=st.none() | st.text(),
    status=st.integers(100, 599),
    json=st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.lists(st.text())),
    response_headers=st.dictionaries(st.sampled_from(["Server"]), st.just("^x")),
    body_regex=st.none() | st.just("ok"),
    max_milliseconds=st.none() | st.integers(1, 1000),
    retries=st.integers(0, 10),
    timeout_seconds=st.integers(1, 60),
)


@given(checks)
def test_a_check_survives_its_trip_through_json(check: HttpCheck) -> None:
    """What the construct writes into the function's environment is what the function reads."""
    assert HttpCheck.from_dict(json.loads(json.dumps(check.to_dict()))) == check


@pytest.mark.parametrize("document", [{}, {"path": "/", "colour": "green"}])
def test_an_unknown_document_is_refused(document: dict[str, Any]) -> None:
    """A document with an unknown key, or without a path, is not a check."""
    with pytest.raises(ValueError, match="a check has the keys body, body_regex"):
        HttpCheck.from_dict(document)


def test_the_longest_time_of_a_check_adds_up_attempts_and_pauses() -> None:
    """Three attempts of 5 s with pauses of 1 s and 2 s between them are 18 s."""
    assert HttpCheck("/", retries=2, timeout_seconds=5).longest_seconds == 18


@pytest.mark.parametrize(
    ("check", "response", "unmet"),
    [
        (HttpCheck("/"), answer(200), None),
        (HttpCheck("/"), answer(301), "status: expected 200, got 301"),
        (HttpCheck("/", status=301), answer(301), None),
        (HttpCheck("/", body_regex="^ok$"), answer(body="ok"), None),
        (HttpCheck("/", body_regex="^ok$"), answer(body="not ok"), "body: expected /^ok$/, got 'not ok'"),
        (HttpCheck("/", response_headers={"Server": "^x"}), answer(server="xyz"), None),
        (
            HttpCheck("/", response_headers={"Server": "^x"}),
            answer(server="y"),
            "header Server: expected /^x/, got 'y'",
        ),
        (HttpCheck("/", response_headers={"Server": "x"}), answer(), "header Server: expected /x/, got none"),
        (HttpCheck("/", max_milliseconds=5), answer(milliseconds=5), None),
        (HttpCheck("/", max_milliseconds=5), answer(milliseconds=6), "time: expected at most 5 ms, got 6 ms"),
        (HttpCheck("/", json={"db.up": True}), answer(body='{"db": {"up": true}}'), None),
        (HttpCheck("/", json={"db.up": True}), answer(body='{"db": {"up": 1}}'), "json db.up: expected true, got 1"),
        (HttpCheck("/", json={"n": [1, {"a": False}]}), answer(body='{"n": [1.0, {"a": false}]}'), None),
        (HttpCheck("/", json={"n": [1]}), answer(body='{"n": [1, 2]}'), "json n: expected [1], got [1, 2]"),
        (
            HttpCheck("/", json={"n": {"a": 0}}),
            answer(body='{"n": {"a": false}}'),
            'expected {"a": 0}, got {"a": false}',
        ),
        (HttpCheck("/", json={"gone": 1}), answer(body="{}"), "json gone: expected 1, got null"),
        (HttpCheck("/", json={"a": 1}), answer(body="<html>"), "body: expected a JSON document, got '<html>'"),
        (HttpCheck("/", json={"a[": 1}), answer(body="{}"), "json a[: expected 1, got IncompleteExpressionError"),
    ],
)
def test_a_judgement_names_expected_and_got(check: HttpCheck, response: HttpResponse, unmet: str | None) -> None:
    """Each expectation is met, or the result says what was expected and what came."""
    result = judge(check, response, jmespath.search)
    assert result.passed == (unmet is None)
    assert (unmet or "passed") in str(result)


def test_every_unmet_expectation_is_in_the_result() -> None:
    """A check that fails in two ways says both."""
    check = HttpCheck("/x", method="POST", max_milliseconds=1)
    result = judge(check, answer(500, milliseconds=9), jmespath.search)
    assert str(result) == "POST /x: status: expected 200, got 500; time: expected at most 1 ms, got 9 ms"


def test_no_answer_is_a_result_too() -> None:
    """A check without an answer says why there is none."""
    result = unanswered(HttpCheck("/x", timeout_seconds=3), "connection refused")
    assert not result.passed
    assert str(result) == "GET /x: answer: expected one within 3 s, got connection refused"


@pytest.mark.parametrize("secret", ["s3cr3t-token", 'quo"ted\\secret', "it's"])
def test_a_secret_never_appears_in_a_result(secret: str) -> None:
    """An answer that echoes the secret, plainly or escaped, does not carry it into the log."""
    check = HttpCheck("/", body_regex="^$", json={"echo": None}, response_headers={"X": "^$"})
    response = HttpResponse(500, {"x": f"<{secret}>"}, json.dumps({"echo": secret}).encode(), 1)
    result = str(judge(check, response, jmespath.search, secrets=[secret]))
    assert "(secret)" in result
    assert secret not in result
    assert json.dumps(secret)[1:-1] not in result
    assert secret not in str(unanswered(check, f"bad header {secret!r}", secrets=[secret]))


def test_a_secret_is_hidden_before_the_text_is_shortened() -> None:
    """A secret that lies across the cut does not leave its first half behind."""
    body = "x" * (SHOWN_CHARACTERS - 5) + "topsecret"
    result = str(judge(HttpCheck("/", body_regex="^$"), answer(body=body), jmespath.search, secrets=["topsecret"]))
    assert "top" not in result


def test_a_long_answer_is_shortened() -> None:
    """A page in place of a health answer does not fill the log."""
    result = str(judge(HttpCheck("/", body_regex="^$"), answer(body="x" * 10_000), jmespath.search))
    assert len(result) < 3 * SHOWN_CHARACTERS
