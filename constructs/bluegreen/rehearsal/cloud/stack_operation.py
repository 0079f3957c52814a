"""A stack operation, a creation or an update: its status, its events and the records of its resources."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .api import Document
from .stack_template import StackTemplate, ministack

NAMES = ("_add_event", "now_iso")
"""What is read in ministack's module of stacks; checked before anything starts."""

STACK = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Replaced:
    """A resource whose former physical resource is to be deleted once the update has succeeded."""

    name: str
    old_id: str
    new_id: str
    old_properties: Document
    deletes: list[Any]
    """Deletions that ministack put off: function, arguments, named arguments."""


class StackOperation:
    """One creation or update of one stack.

    Args:
        stack: ministack's record of the stack.
        template: The new template.
        former: The template before an update; None for a creation.

    Attributes:
        stack: ministack's record of the stack.
        template: The new template; its records are those that the operation sets.
        former: The template before an update.
        verb: "CREATE" or "UPDATE", with which every status begins.
        created: The resources that the operation touched, in the order in which they were recorded.
        replaced: What an update replaced, in the order in which it happened.
    """

    def __init__(self, stack: Document, template: StackTemplate, former: StackTemplate | None) -> None:
        self.stack = stack
        self.template = template
        self.former = former
        self.verb = "CREATE" if former is None else "UPDATE"
        self.created: list[str] = []
        self.replaced: list[Replaced] = []

    def before(self, name: str) -> Document | None:
        """Return a resource's record before the operation; None for a new resource."""
        return None if self.former is None else self.former.records.get(name)

    def record(
        self, name: str, physical_id: str, attributes: Mapping[str, Any], properties: Document, *, status: str
    ) -> Document:
        """Set, and return, what the stack knows of a resource.

        Args:
            name: Its logical id.
            physical_id: Its physical id.
            attributes: What `Fn::GetAtt` returns.
            properties: Its properties, without the stack's tags.
            status: Such as "CREATE_COMPLETE".
        """
        record: Document = {
            "PhysicalResourceId": physical_id,
            "ResourceType": self.template.kind(name),
            "ResourceStatus": status,
            "LogicalResourceId": name,
            "Properties": properties,
            "Attributes": dict(attributes),
            "Timestamp": ministack().now_iso(),
        }
        self.template.records[name] = record
        self.created.append(name)
        return record

    def event(self, name: str, kind: str, status: str, reason: str = "", physical_id: str = "") -> None:
        """Tell an event of a resource."""
        where = (self.template.stack_id, self.template.stack_name)
        ministack()._add_event(*where, name, kind, status, reason, physical_id)  # noqa: SLF001 - checked by name in extension.py

    def stack_event(self, status: str, reason: str = "") -> None:
        """Tell an event of the stack itself."""
        self.event(self.template.stack_name, STACK, status, reason, self.template.stack_id)

    def enter(self, status: str, reason: str = "") -> None:
        """Give the stack a status, and tell it."""
        self.stack["StackStatus"] = status
        self.stack_event(status, reason)
