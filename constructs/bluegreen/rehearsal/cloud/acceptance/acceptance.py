"""Registers what nobody emulates with CloudFormation, and knows what a stack has of it."""

import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from bluegreen.rehearsal.cloud.api import Document

from . import kinds, schemas
from .accepted_type import AcceptedType
from .values import Where


class Acceptance:
    """The resource types that are accepted without emulation, and the resources of these types.

    Args:
        region: The region of what is made up.
        account: Its account's number.
    """

    def __init__(self, *, region: str, account: str) -> None:
        self._where = Where(region, account)
        self._lock = threading.Lock()
        self._seen: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)

    def install(self, handlers: dict[str, dict[str, Any]], emulated: set[str]) -> None:
        """Complete ministack's table of resource types.

        Args:
            handlers: The table, with our own types in it.
            emulated: Our own types.

        Raises:
            SchemasMissingError: If the schemas of AWS's types are not there.
        """
        for name in schemas.type_names():
            if name in emulated:
                continue
            if kinds.is_pretended(name) or (name not in handlers and kinds.is_refused(name)):
                handlers[name] = _refusing(name)
            elif name not in handlers:
                handlers[name] = self._accepting(AcceptedType(name, self._where))
            else:
                handlers[name] = self._noting(name, handlers[name])

    def snapshot(self) -> list[Document]:
        """Return what was accepted so far without emulation: each type with its resources' number and their stacks."""
        with self._lock:
            seen = {name: set(places) for name, places in self._seen.items()}
        return [
            {"type": name, "count": len(places), "stacks": sorted({stack for stack, _ in places})}
            for name, places in sorted(seen.items())
        ]

    def note(self, type_name: str, stack_name: str, logical_id: str) -> None:
        """Note that a resource was accepted without emulation.

        Args:
            type_name: Its type, or a part of it such as "AWS::CloudWatch::Alarm (anomaly detection band)".
            stack_name: Its stack.
            logical_id: Its logical id.
        """
        with self._lock:
            self._seen[type_name].add((stack_name, logical_id))

    def _accepting(self, kind: AcceptedType) -> dict[str, Any]:
        def create(logical_id: str, properties: Document, stack_name: str) -> tuple[str, Document]:
            created = kind.create(_name(stack_name, logical_id), properties)
            self.note(kind.type_name, stack_name, logical_id)
            return created.physical_id, dict(created.attributes)

        def update(
            physical_id: str, old: Document, new: Document, stack_name: str, logical_id: str
        ) -> tuple[str, Document]:
            updated = kind.update(physical_id, _name(stack_name, logical_id), old, new)
            return updated.physical_id, dict(updated.attributes)

        return {"create": create, "update": update, "update_with_logical_id": True, "delete": kind.delete}

    def _noting(self, type_name: str, handlers: Mapping[str, Any]) -> dict[str, Any]:
        def create(logical_id: str, properties: Document, stack_name: str) -> Any:
            part = kinds.lacking(type_name, properties)
            if kinds.is_recorded(type_name):
                self.note(type_name, stack_name, logical_id)
            elif part:
                self.note(f"{type_name} ({part})", stack_name, logical_id)
            return handlers["create"](logical_id, properties, stack_name)

        return {**handlers, "create": create}


def _refusing(type_name: str) -> dict[str, Any]:
    def create(_logical_id: str, _properties: Document, _stack_name: str) -> Any:
        raise ValueError(
            f"the local cloud does not emulate {type_name}, and accepting it with nothing behind it would let a "
            "rehearsal claim what it did not see; leave the resource out of the stack that is rehearsed"
        )

    return {"create": create, "delete": lambda _physical_id, _properties: None}


def _name(stack_name: str, logical_id: str) -> str:
    """Return a physical name in CloudFormation's own form."""
    return f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12].upper()}"
