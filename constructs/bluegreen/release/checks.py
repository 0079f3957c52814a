"""An HTTP check of a candidate: what to send, what to expect, and a judgement that says what came instead."""

import dataclasses
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Self

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SHOWN_CHARACTERS = 120
"""How much of a value appears in a result."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = {"host", "content-length", "transfer-encoding", "connection"}
"""Headers that the hook sets itself: they decide whom it talks to and where a request ends."""
_TOKEN = "${Token["  # noqa: S105 - how the CDK writes a value that is known only at deployment
_LONGEST_PAUSE_SECONDS = 5


@dataclass(frozen=True)
class SecretReference:
    """A value kept in Secrets Manager, read when the check runs and never shown.

    Args:
        secret_arn: The secret's ARN.
        field: The key to take from a secret that is a JSON object; the whole secret string when omitted.

    Raises:
        ValueError: If the ARN or the field is empty.

    Example:
        >>> SecretReference("arn:aws:secretsmanager:eu-west-1:111122223333:secret:api", field="token").field
        'token'
    """

    secret_arn: str
    field: str | None = None

    def __post_init__(self) -> None:
        if not self.secret_arn:
            raise ValueError("secret_arn must name a secret, got an empty text")
        if self.field == "":
            raise ValueError("field must name a key of the secret, got an empty text; omit it for the whole secret")


@dataclass(frozen=True)
class HttpCheck:
    """One HTTP request to the candidate and what its answer must be. Redirects are answers, never followed.

    Args:
        path: Path and query, such as "/health?deep=1"; the service's own address is put before it.
        method: One of `METHODS`.
        headers: Headers to send; a `SecretReference` as value is read from Secrets Manager when the check runs.
        body: Text to send, as UTF-8; nothing when omitted.
        status: The status to expect, 100-599.
        json: JMESPath expressions and the value each must find in the body, compared as JSON (1 is not true).
        response_headers: Header names and a regular expression each that must match somewhere in the value.
        body_regex: A regular expression that must match somewhere in the body; not looked at when omitted.
        max_milliseconds: The longest the answer may take, 1 to `timeout_seconds` x 1000; only the timeout when omitted.
        retries: How often to try again after a failed attempt, 0-10.
        timeout_seconds: How long one attempt may take, 1-60.

    Raises:
        ValueError: If a value is out of range, a regular expression does not compile, or a value is not JSON.

    Example:
        >>> HttpCheck("/health/ready", json={"database": "up"}).label
        'GET /health/ready'
    """

    path: str
    _: KW_ONLY
    method: str = "GET"
    headers: Mapping[str, str | SecretReference] = field(default_factory=dict)
    body: str | None = None
    status: int = 200
    json: Mapping[str, Any] = field(default_factory=dict)
    response_headers: Mapping[str, str] = field(default_factory=dict)
    body_regex: str | None = None
    max_milliseconds: int | None = None
    retries: int = 2
    timeout_seconds: int = 5

    def __post_init__(self) -> None:
        for name in ("headers", "json", "response_headers"):
            object.__setattr__(self, name, dict(getattr(self, name)))  # the caller's mapping may change later
        _require_path(self.path)
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {self.method!r}")
        _require_range("status", self.status, 100, 599)
        _require_range("retries", self.retries, 0, 10)
        _require_range("timeout_seconds", self.timeout_seconds, 1, 60)
        if self.max_milliseconds is not None:
            _require_range("max_milliseconds", self.max_milliseconds, 1, self.timeout_seconds * 1000)
        for name, value in self.headers.items():
            _require_header(name, value)
        for name, pattern in self.response_headers.items():
            _require_regex(f"response_headers[{name!r}]", pattern)
        if self.body_regex is not None:
            _require_regex("body_regex", self.body_regex)
        for expression, value in self.json.items():
            _require_json(expression, value)

    @property
    def label(self) -> str:
        """The check's name in logs and messages."""
        return f"{self.method} {self.path}"

    @property
    def longest_seconds(self) -> int:
        """How long the check takes when every attempt times out."""
        pauses = sum(pause_seconds(attempt) for attempt in range(self.retries))
        return (self.retries + 1) * self.timeout_seconds + pauses

    def to_dict(self) -> dict[str, Any]:
        """Return the check as a JSON document that `from_dict` reads."""
        document = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        document["headers"] = {name: _header_to_json(value) for name, value in self.headers.items()}
        return document

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Args:
            data: The document.

        Returns:
            An equal check.

        Raises:
            ValueError: If a key is unknown, the path is missing, or a value is refused.
        """
        known = {item.name for item in dataclasses.fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown or "path" not in data:
            wrong = f"unknown {', '.join(unknown)}" if unknown else "no path"
            raise ValueError(f"a check has the keys {', '.join(sorted(known))}, got {wrong}")
        headers = {name: _header_from_json(value) for name, value in data.get("headers", {}).items()}
        return cls(**{**data, "headers": headers})


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


def pause_seconds(attempt: int) -> int:
    """Return how long to wait after failed attempt number `attempt` (from 0) before the next one.

    Example:
        >>> [pause_seconds(attempt) for attempt in range(4)]
        [1, 2, 4, 5]
    """
    return min(int(2**attempt), _LONGEST_PAUSE_SECONDS)


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


def _header_to_json(value: str | SecretReference) -> str | dict[str, str | None]:
    return {"secret_arn": value.secret_arn, "field": value.field} if isinstance(value, SecretReference) else value


def _header_from_json(value: str | Mapping[str, Any]) -> str | SecretReference:
    return value if isinstance(value, str) else SecretReference(**value)


def _require_path(path: str) -> None:
    if _TOKEN in path:
        return
    if not re.fullmatch(r"/(?!/)[!-~]*", path) or "#" in path:
        allowed = "begin with one '/' and hold only printable ASCII without blanks and '#'"
        raise ValueError(f"path must {allowed}, got {path!r}; scheme and host are the service's own")


def _require_range(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be {low}-{high}, got {value!r}")


def _require_header(name: str, value: str | SecretReference) -> None:
    if name.lower() in _OURS:
        raise ValueError(f"headers must not contain {name!r}: the hook sets it")
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"header names must be HTTP tokens such as 'X-Api-Key', got {name!r}")
    if isinstance(value, str) and ("\n" in value or "\r" in value):
        raise ValueError(f"header values must be one line, got a line break in {name!r}")


def _require_regex(name: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{name} must be a regular expression, got {pattern!r}: {error}") from error


def _require_json(expression: str, value: Any) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"json[{expression!r}] must be a JSON value, got {value!r}: {error}") from error
