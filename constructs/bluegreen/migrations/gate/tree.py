"""SQL as a tree, by the parser of squawk: a PostgreSQL grammar that the image carries anyway, at one exact version."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .squawk import Broken, ask

_LINE = re.compile(r'( *)([A-Z][A-Z0-9_]*)@(\d+)\.\.(\d+)(?: "|$)')


@dataclass(eq=False)
class Node:
    """A node or a token.

    Args:
        kind: As squawk names it.
        start: Where it begins, in bytes of the source.
        end: Where it ends.
        source: The whole text that was parsed.
        children: In their order, without white space and comments.
    """

    kind: str
    start: int
    end: int
    source: bytes
    children: "list[Node]" = field(default_factory=list)

    @property
    def text(self) -> str:
        """What was written."""
        return self.source[self.start : self.end].decode()

    def walk(self) -> "Iterator[Node]":
        """Yield it and everything below it."""
        yield self
        for one in self.children:
            yield from one.walk()

    def all(self, *kinds: str) -> "list[Node]":
        """Return what is of these kinds, at any depth, itself included."""
        return [one for one in self.walk() if one.kind in kinds]

    def has(self, *kinds: str) -> bool:
        """Return whether a child is of these kinds."""
        return any(one.kind in kinds for one in self.children)

    def child(self, *kinds: str) -> "Node | None":
        """Return the first child of these kinds."""
        return next((one for one in self.children if one.kind in kinds), None)

    def at(self, offset: int) -> "Node | None":
        """Return the child in which an offset lies."""
        return next((one for one in self.children if one.start <= offset < one.end), None)

    def name(self) -> str:
        """Return the identifier, as the database would know it: folded, unquoted, without the schema `public`."""
        parts = [_fold(one.text) for one in self.walk() if not one.children and one.kind not in {"DOT", "ONLY_KW"}]
        return ".".join(parts[1:] if len(parts) > 1 and parts[0] == "public" else parts)


def _fold(identifier: str) -> str:
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier.lower()


def parse(sql: str) -> tuple[Node, tuple[Node, ...]]:
    """Parse SQL.

    Args:
        sql: Any number of statements.

    Returns:
        The whole, whose children are the statements (what cannot be parsed are nodes of the kind `ERROR`); and the
        comments.

    Raises:
        Broken: If squawk does not answer as the version that is pinned does.
    """
    source = sql.encode()
    code, output = ask("--debug", "parse", sql=sql)
    lines = output.partition("\n---\n")[0].rstrip("\n").split("\n")
    stack: list[tuple[int, Node]] = []
    comments: list[Node] = []
    for line in lines:
        match = _LINE.match(line)
        if code != 0 or match is None:
            raise Broken(f"squawk cannot say how it reads the statements (exit code {code})")
        depth, node = len(match[1]), Node(match[2], int(match[3]), int(match[4]), source)
        while stack and stack[-1][0] >= depth:
            stack.pop()
        if node.kind == "COMMENT":
            # One without an end hides all that follows it, so it stays and is objected to.
            comments += [node] if node.text.startswith("--") or node.text.endswith("*/") else []
        elif stack and node.kind != "WHITESPACE":
            stack[-1][1].children.append(node)
        stack.append((depth, node))
    root = stack[0][1]
    if (root.kind, root.start, root.end, node.end) != ("SOURCE_FILE", 0, len(source), len(source)):
        raise Broken("squawk did not read the statements to their end")
    return root, tuple(comments)


def blank(sql: str, nodes: Iterable[Node]) -> str:
    """Return SQL with some of it as white space, and everything else where it was."""
    source = bytearray(sql.encode())
    for one in nodes:
        source[one.start : one.end] = re.sub(rb"[^\n]", b" ", source[one.start : one.end])
    return source.decode()
