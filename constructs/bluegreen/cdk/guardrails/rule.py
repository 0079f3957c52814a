"""A rule over a template, and what it finds."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

Template = Mapping[str, Any]
Found = Iterator[tuple[str, str]]
"""Logical ids, and what is wrong there."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What no template may have.

    Args:
        name: What it is called in reports and exceptions.
        says: What must hold.
        fix: What to do when it does not.
        find: Looks through a template.

    Example:
        >>> def find(template):
        ...     yield from ((name, "is a queue") for name, _ in resources(template, "AWS::SQS::Queue"))
        >>> rule = Rule(name="no-queue", says="there are no queues", fix="use a topic", find=find)
        >>> list(rule.find({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}))
        [('Jobs', 'is a queue')]
    """

    name: str
    says: str
    fix: str
    find: Callable[[Template], Found]


@dataclass(frozen=True)
class Finding:
    """One thing that a rule does not allow.

    Args:
        rule: The rule.
        stack: The stack's id.
        logical_id: The resource.
        says: What is wrong with it.
    """

    rule: Rule
    stack: str
    logical_id: str
    says: str

    @property
    def place(self) -> str:
        """Where, as an exception names it."""
        return f"{self.stack}.{self.logical_id}"


def examine(stack: str, template: Template, rules: Iterable[Rule]) -> list[Finding]:
    """Apply rules to a stack's template.

    Args:
        stack: The stack's id.
        template: Its template.
        rules: The rules.

    Returns:
        What is wrong.
    """
    return [Finding(rule, stack, name, says) for rule in rules for name, says in rule.find(template)]


def resources(template: Template, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield logical id and resource of some types.

    Args:
        template: The template.
        *types: The types; all when none is given.
    """
    for name, resource in template.get("Resources", {}).items():
        if not types or resource.get("Type") in types:
            yield name, resource


def properties(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of a resource, of which there may be none."""
    return cast("dict[str, Any]", resource.get("Properties") or {})


def values(document: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value in a document that is neither a mapping nor a list, with the names that lead to it.

    Example:
        >>> list(values({"Origins": [{"Port": 80}, {"Port": 81}]}))
        [('Origins.0.Port', 80), ('Origins.1.Port', 81)]
    """
    if isinstance(document, Mapping):
        items: Iterable[tuple[Any, Any]] = document.items()
    elif isinstance(document, list):
        items = enumerate(document)
    else:
        yield path, document
        return
    for name, value in items:
        yield from values(value, f"{path}.{name}" if path else str(name))
