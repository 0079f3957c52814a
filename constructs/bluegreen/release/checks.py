"""An HTTP check of a candidate: what to send and what to expect."""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Self

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

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


def pause_seconds(attempt: int) -> int:
    """Return how long to wait after failed attempt number `attempt` (from 0) before the next one.

    Example:
        >>> [pause_seconds(attempt) for attempt in range(4)]
        [1, 2, 4, 5]
    """
    return min(int(2**attempt), _LONGEST_PAUSE_SECONDS)


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
