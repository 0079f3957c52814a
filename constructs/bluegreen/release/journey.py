"""A journey: what a user does in several steps, each of which may need what an earlier one got."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from .checks import HttpCheck

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,59}")
_VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,29}")
_PLACEHOLDER = re.compile(r"\$\{([a-z][a-z0-9_]{0,29})\}")
_MOST_STEPS = 20


class UnknownValueError(LookupError):
    """A step needs a value that no earlier step has got."""


@dataclass(frozen=True, kw_only=True)
class JourneyStep:
    """One step: a request, what its answer must be, and what later steps need of it.

    Path, body, headers in plain text and expected JSON values may hold `${name}`: the value that an earlier step
    captured under that name.

    Args:
        name: What the step is called in metrics and logs: 1-60 letters, digits, blanks, hyphens and underscores.
        check: The request and what is expected. Its `retries` do not count: users who meet an error do not retry.
        capture: Names, 1-30 lower-case letters, digits and underscores, and for each the JMESPath expression that finds
            its value in the answer's JSON body. Nothing when omitted.
        cleanup: Whether the step is taken although an earlier one failed, if what it needs is known.

    Raises:
        ValueError: If a name is out of range.

    Example:
        >>> step = JourneyStep(name="read it", check=HttpCheck("/orders/${order}", json={"id": "${order}"}))
        >>> step.with_values({"order": 7}).check.path
        '/orders/7'
    """

    name: str
    check: HttpCheck
    capture: Mapping[str, str] = field(default_factory=dict)
    cleanup: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "capture", dict(self.capture))  # the caller's mapping may change later
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"name must be 1-60 letters, digits, blanks, hyphens and underscores, got {self.name!r}; "
                "it becomes a metric's dimension"
            )
        for name, expression in self.capture.items():
            if not _VARIABLE.fullmatch(name):
                raise ValueError(
                    f"capture must name values with 1-30 lower-case letters, digits and underscores, got {name!r}"
                )
            if not expression:
                raise ValueError(f"capture[{name!r}] must be a JMESPath expression, got an empty text")

    @property
    def needs(self) -> frozenset[str]:
        """The names of the values that the step needs."""
        check = self.check
        texts = [check.path, check.body or "", *(value for value in check.headers.values() if isinstance(value, str))]
        texts += [text for value in check.json.values() for text in _texts(value)]
        return frozenset(name for text in texts for name in _PLACEHOLDER.findall(text))

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """Return the step with values in place of their names.

        Args:
            values: What earlier steps captured.

        Returns:
            The step as it is to be taken.

        Raises:
            UnknownValueError: If a value is missing.
            ValueError: If a value makes the path or a header one that no request can have.
        """
        missing = sorted(self.needs - set(values))
        if missing:
            raise UnknownValueError(f"no earlier step has got {', '.join(missing)}")
        check = self.check
        filled = dataclasses.replace(
            check,
            path=_filled(check.path, values),
            body=None if check.body is None else _filled(check.body, values),
            headers={
                name: _filled(value, values) if isinstance(value, str) else value
                for name, value in check.headers.items()
            },
            json={expression: _filled_json(value, values) for expression, value in check.json.items()},
        )
        return dataclasses.replace(self, check=filled)

    def to_dict(self) -> dict[str, Any]:
        """Return the step as a JSON document that `from_dict` reads, without what is so by default."""
        default = HttpCheck("/").to_dict()
        stated = {key: value for key, value in self.check.to_dict().items() if key == "path" or value != default[key]}
        document: dict[str, Any] = {"name": self.name, "check": stated}
        if self.capture:
            document["capture"] = self.capture
        return document | ({"cleanup": True} if self.cleanup else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Args:
            data: The document.

        Returns:
            An equal step.

        Raises:
            ValueError: If a value is refused.
        """
        return cls(**{**data, "check": HttpCheck.from_dict(data["check"])})


def require_journey(steps: Sequence[JourneyStep]) -> None:
    """Refuse a journey that cannot be made.

    Args:
        steps: Its steps, in order.

    Raises:
        ValueError: If there are none or too many, two have one name, or a step needs what no earlier one captures.
    """
    if not 1 <= len(steps) <= _MOST_STEPS:
        raise ValueError(f"steps must be 1-{_MOST_STEPS}, got {len(steps)}; make two journeys")
    known: set[str] = set()
    names: set[str] = set()
    for step in steps:
        if step.name in names:
            raise ValueError(f"steps must have names of their own, got {step.name!r} twice")
        missing = sorted(step.needs - known)
        if missing:
            raise ValueError(
                f"step {step.name!r} needs {', '.join(missing)}, which no earlier step captures; "
                "name it in an earlier step's capture"
            )
        known |= set(step.capture)
        names.add(step.name)


def longest_seconds(steps: Sequence[JourneyStep]) -> int:
    """Return how long a journey takes when every step times out."""
    return sum(step.check.timeout_seconds for step in steps)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return _PLACEHOLDER.sub(lambda found: _as_text(values[found[1]]), text)


def _filled_json(value: Any, values: Mapping[str, Any]) -> Any:
    """Fill texts; one that is nothing but a name becomes the value itself, so that 7 is compared with 7."""
    if isinstance(value, str):
        whole = _PLACEHOLDER.fullmatch(value)
        return values[whole[1]] if whole else _filled(value, values)
    if isinstance(value, Mapping):
        return {key: _filled_json(part, values) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_filled_json(part, values) for part in value]
    return value


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
