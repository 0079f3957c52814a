"""The judgement of a check: each expectation, what came instead, and never a secret."""

import dataclasses
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .checks import HttpCheck

SHOWN_CHARACTERS = 120
"""How much of a value appears in a result."""


@dataclass(frozen=True)
class HttpResponse:
    """What the candidate answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    milliseconds: int

    def header(self, name: str) -> str | None:
        """Return a header's value, whatever the case of its name."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Expectation:
    """One thing a check expected, and what it got."""

    what: str
    expected: str
    got: str
    met: bool

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True)
class CheckResult:
    """A check's judgement, expectation by expectation."""

    label: str
    expectations: tuple[Expectation, ...]

    @property
    def passed(self) -> bool:
        """Whether every expectation is met."""
        return all(expectation.met for expectation in self.expectations)

    def __str__(self) -> str:
        unmet = [str(expectation) for expectation in self.expectations if not expectation.met]
        return f"{self.label}: {'; '.join(unmet)}" if unmet else f"{self.label}: passed"


def judge(
    check: HttpCheck, response: HttpResponse, search: Callable[[str, Any], Any], *, secrets: Collection[str] = ()
) -> CheckResult:
    """Compare an answer with what the check expects.

    Args:
        check: What was sent and is expected.
        response: What came.
        search: JMESPath's search: expression and document in, value out. An exception is an unmet expectation.
        secrets: Texts that must not appear in the result, whatever the answer contains.

    Returns:
        The result, with expected and got for each expectation.

    Example:
        >>> answer = HttpResponse(503, {}, b"", milliseconds=3)
        >>> str(judge(HttpCheck("/health"), answer, search=lambda expression, document: None))
        'GET /health: status: expected 200, got 503'
    """
    found = [Expectation("status", str(check.status), str(response.status), response.status == check.status)]
    for name, pattern in check.response_headers.items():
        value = response.header(name)
        met = value is not None and re.search(pattern, value) is not None
        found.append(Expectation(f"header {name}", f"/{pattern}/", "none" if value is None else repr(value), met))
    text = response.body.decode(errors="replace")
    if check.body_regex is not None:
        met = re.search(check.body_regex, text) is not None
        found.append(Expectation("body", f"/{check.body_regex}/", repr(text), met))
    found.extend(_judge_json(check, text, search))
    if check.max_milliseconds is not None:
        met = response.milliseconds <= check.max_milliseconds
        found.append(Expectation("time", f"at most {check.max_milliseconds} ms", f"{response.milliseconds} ms", met))
    return CheckResult(check.label, tuple(_presentable(expectation, secrets) for expectation in found))


def unanswered(check: HttpCheck, problem: str, *, secrets: Collection[str] = ()) -> CheckResult:
    """Return the result of a check that got no answer.

    Args:
        check: What was sent.
        problem: Why there is no answer, such as "connection refused".
        secrets: Texts that must not appear in the result.

    Returns:
        A result that did not pass.
    """
    expectation = Expectation("answer", f"one within {check.timeout_seconds} s", problem, met=False)
    return CheckResult(check.label, (_presentable(expectation, secrets),))


def _judge_json(check: HttpCheck, text: str, search: Callable[[str, Any], Any]) -> list[Expectation]:
    if not check.json:
        return []
    try:
        document = json.loads(text)
    except ValueError:
        return [Expectation("body", "a JSON document", repr(text), met=False)]
    return [_judge_expression(expression, value, document, search) for expression, value in check.json.items()]


def _judge_expression(expression: str, expected: Any, document: Any, search: Callable[[str, Any], Any]) -> Expectation:
    what = f"json {expression}"
    try:
        value = search(expression, document)
    except Exception as error:  # noqa: BLE001 - whatever the expression does wrong is an unmet expectation, not a crash
        return Expectation(what, json.dumps(expected), f"{type(error).__name__}: {error}", met=False)
    return Expectation(what, json.dumps(expected), json.dumps(value), met=_same_json(expected, value))


def _same_json(left: Any, right: Any) -> bool:
    """Compare as JSON does: Python holds that True equals 1."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_same_json(value, right[key]) for key, value in left.items())
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_same_json, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _presentable(expectation: Expectation, secrets: Collection[str]) -> Expectation:
    return dataclasses.replace(
        expectation, expected=_shown(expectation.expected, secrets), got=_shown(expectation.got, secrets)
    )


def _shown(text: str, secrets: Collection[str]) -> str:
    """Hide secrets first, then shorten: a secret cut in half would no longer be recognised."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for spelling in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]):
            text = text.replace(spelling, "(secret)")
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
