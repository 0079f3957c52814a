"""The grammar of CloudWatch's metric math: from text to a tree.

AWS does not publish precedences; these are the customary ones, from the loosest: OR, AND, comparisons, + and -,
* and /, unary -, ^.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


class ExpressionError(ValueError):
    """A metric math expression that CloudWatch would refuse."""


@dataclass(frozen=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True)
class Text:
    """A string, which only METRICS takes."""

    value: str


@dataclass(frozen=True)
class Word:
    """A bare upper-case word, which only FILL takes: REPEAT or LINEAR."""

    value: str


@dataclass(frozen=True)
class Reference:
    """The id of a metric or of another expression."""

    id: str


@dataclass(frozen=True)
class Negation:
    """A unary minus."""

    operand: "Node"


@dataclass(frozen=True)
class Operation:
    """An operator between two operands."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Listing:
    """An array in square brackets."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class Call:
    """A function and its arguments."""

    function: str
    arguments: tuple["Node", ...]


Node = Number | Text | Word | Reference | Negation | Operation | Listing | Call

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')|(?P<operator>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]]))"
)

_LEVELS = (("OR", "||"), ("AND", "&&"), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"))
"""Binary operators from the loosest to the tightest; all of them associate to the left."""

_SAME = {"||": "OR", "&&": "AND"}

MAX_DEPTH = 40
"""How deep an expression may nest here, and so not exhaust the interpreter's stack; AWS limits its length instead."""

MAX_OPERATORS = 200
"""How many operators an expression may have here, for the same reason."""


def parse(text: str) -> Node:
    """Read an expression.

    Args:
        text: Such as "IF(r1>=20, 100*e1/r1)".

    Raises:
        ExpressionError: If it is not well formed.

    Example:
        >>> parse("m1 + 2")
        Operation(operator='+', left=Reference(id='m1'), right=Number(value=2.0))
    """
    return _Parser(text).whole()


def references(node: Node) -> Iterator[str]:
    """Yield the ids that an expression names, in order, with repetitions."""
    match node:
        case Reference(found):
            yield found
        case Negation(operand):
            yield from references(operand)
        case Operation(_, left, right):
            yield from references(left)
            yield from references(right)
        case Listing(items) | Call(_, items):
            for item in items:
                yield from references(item)


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._tokenize())
        self._position = 0
        self._depth = 0
        self._operators = 0

    def whole(self) -> Node:
        node = self._binary(0)
        if self._peek() != ("end", ""):
            raise self._error("an operator or the end")
        return node

    def _tokenize(self) -> Iterator[tuple[str, str]]:
        position = 0
        text = self._text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise ExpressionError(f"unexpected character {text[position:].lstrip()[:1]!r} in {self._text!r}")
            yield match.lastgroup, match[match.lastgroup]
            position = match.end()
        yield "end", ""

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._position]

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._position]
        self._position += 1
        return token

    def _error(self, expected: str) -> ExpressionError:
        found = self._peek()[1] or "the end"
        return ExpressionError(f"expected {expected} but found {found} in {self._text!r}")

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while self._peek()[0] in {"operator", "name"} and self._peek()[1] in _LEVELS[level]:
            operator = self._next()[1]
            self._operators += 1
            if self._operators > MAX_OPERATORS:
                raise ExpressionError(f"expression has more than {MAX_OPERATORS} operators")
            node = Operation(_SAME.get(operator, operator), node, self._binary(level + 1))
        return node

    def _unary(self) -> Node:
        return self._nested(self._negated)

    def _negated(self) -> Node:
        if self._peek() == ("operator", "-"):
            self._next()
            return Negation(self._unary())
        base = self._atom()
        if self._peek() == ("operator", "^"):
            self._next()
            return Operation("^", base, self._unary())
        return base

    def _nested(self, rule: Callable[[], Node]) -> Node:
        """Apply a rule one level deeper."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"expression nests deeper than {MAX_DEPTH}")
        node = rule()
        self._depth -= 1
        return node

    def _atom(self) -> Node:
        match self._peek():
            case ("number", value):
                self._next()
                return Number(float(value))
            case ("text", value):
                self._next()
                return Text(value[1:-1])
            case ("name", name) if name not in {"AND", "OR"}:
                self._next()
                return self._named(name)
            case ("operator", "("):
                self._next()
                node = self._binary(0)
                self._expect(")")
                return node
            case ("operator", "["):
                self._next()
                return Listing(self._items("]"))
        raise self._error("a value")

    def _named(self, name: str) -> Node:
        if self._peek() == ("operator", "("):
            self._next()
            return Call(name, self._items(")"))
        return Reference(name) if name[0].islower() else Word(name)

    def _items(self, closing: str) -> tuple[Node, ...]:
        """Read what is between brackets, up to and including the closing one."""
        if self._peek() == ("operator", closing):
            self._next()
            return ()
        items = [self._binary(0)]
        while self._peek() == ("operator", ","):
            self._next()
            items.append(self._binary(0))
        self._expect(closing)
        return tuple(items)

    def _expect(self, text: str) -> None:
        if self._peek() != ("operator", text):
            raise self._error(text)
        self._next()
