"""The rule of a composite alarm: the states of other alarms combined by AND, OR, NOT and parentheses."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from .judgement import State

MAX_CHILDREN = 100
"""How many alarms a rule may name."""

MAX_ELEMENTS = 500
"""How many names, constants and parentheses a rule may have."""

_TOKEN = re.compile(
    r"\s*(?:(?P<test>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"(?P<quoted>[^\"]+)\"|(?P<bare>[^\s()\"]+))\s*\)"
    r"|(?P<word>AND|OR|NOT|TRUE|FALSE)\b|(?P<parenthesis>[()]))"
)


class RuleError(ValueError):
    """A rule that CloudWatch would refuse."""


Holds = Callable[[Mapping[str, State]], bool]


@dataclass(frozen=True)
class Rule:
    """A composite alarm's rule.

    Args:
        children: The names of the alarms it looks at.
        holds: Whether it holds, given the state of each.
    """

    children: frozenset[str]
    holds: Holds


def parse_rule(text: str) -> Rule:
    """Read a rule.

    Args:
        text: Such as 'ALARM("a") AND NOT (OK(b) OR FALSE)'. An alarm is named by its name or its ARN.

    Raises:
        RuleError: If it is not well formed or exceeds AWS's limits.

    Example:
        >>> parse_rule("ALARM(a) AND NOT OK(b)").holds({"a": State.ALARM, "b": State.ALARM})
        True
    """
    return _Parser(text).whole()


@dataclass(frozen=True)
class _Token:
    kind: str
    value: str = ""


class _Parser:
    """Recursive descent; NOT binds tighter than AND, and AND tighter than OR."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._tokenize())
        self._position = 0
        self._children: set[str] = set()
        if len(self._tokens) - 1 > MAX_ELEMENTS:
            raise RuleError(f"a rule must have at most {MAX_ELEMENTS} elements, got {len(self._tokens) - 1}")

    def whole(self) -> Rule:
        holds = self._or()
        if self._peek().kind != "end":
            raise RuleError(f"expected AND, OR or the end but found {self._peek().kind} in {self._text!r}")
        if len(self._children) > MAX_CHILDREN:
            raise RuleError(f"a rule must name at most {MAX_CHILDREN} alarms, got {len(self._children)}")
        return Rule(frozenset(self._children), holds)

    def _tokenize(self) -> Iterator[_Token]:
        position, text = 0, self._text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise RuleError(f"cannot read {text[position:].strip()[:40]!r} in {self._text!r}")
            if match["test"]:
                name = match["quoted"] or match["bare"]
                yield _Token(match["test"], name.rpartition(":alarm:")[2])
            else:
                yield _Token(match["word"] or match["parenthesis"])
            position = match.end()
        yield _Token("end")

    def _peek(self) -> _Token:
        return self._tokens[self._position]

    def _next(self) -> _Token:
        token = self._tokens[self._position]
        self._position += 1
        return token

    def _or(self) -> Holds:
        parts = [self._and()]
        while self._peek().kind == "OR":
            self._next()
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else lambda states: any(part(states) for part in parts)

    def _and(self) -> Holds:
        parts = [self._not()]
        while self._peek().kind == "AND":
            self._next()
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda states: all(part(states) for part in parts)

    def _not(self) -> Holds:
        negations = 0
        while self._peek().kind == "NOT":
            self._next()
            negations += 1
        part = self._atom()
        return (lambda states: not part(states)) if negations % 2 else part

    def _atom(self) -> Holds:
        token = self._next()
        if token.kind in set(State):
            self._children.add(token.value)
            return lambda states: states.get(token.value) == token.kind
        if token.kind in {"TRUE", "FALSE"}:
            return lambda _: token.kind == "TRUE"
        if token.kind == "(":
            holds = self._or()
            if self._next().kind != ")":
                raise RuleError(f"a parenthesis is not closed in {self._text!r}")
            return holds
        raise RuleError(f"expected an alarm's state but found {token.kind} in {self._text!r}")
