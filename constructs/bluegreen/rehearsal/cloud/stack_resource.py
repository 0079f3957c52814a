"""What a stack operation does with one resource: create it, update it, leave it to the rollback or delete it."""
# ruff: noqa: SLF001 - every name of ministack's that is used here is in NAMES, which extension.py checks

import uuid
from typing import Any

from .api import Document
from .stack_operation import Replaced, StackOperation
from .stack_template import ministack

NAMES = (
    "_custom_named_replacement_error",
    "_DEFERRED_PREDECESSOR_DELETES",
    "_delete_resource",
    "_NAME_SEED",
    "_provision_keeping_seed",
    "_replacing_change",
    "_RETAIN_REPLACED",
    "_runs_on_worker_thread",
    "_update_keeping_seed",
    "run_reentrant",
)
"""What is read in ministack's module of stacks; checked before anything starts."""

_REPLACED = "Requested update requires the creation of a new physical resource; hence creating one."

Attempt = tuple[str, Document | None, Document | None, Document | None]
"""An update that failed, as ministack's rollback takes it: physical id, new properties, old properties, attributes.

All but the id are None when nothing was sent, so that nothing is sent back.
"""


class StackResource:
    """One resource in one operation.

    Args:
        operation: The operation.
        name: The resource's logical id.
    """

    def __init__(self, operation: StackOperation, name: str) -> None:
        self._operation = operation
        self._name = name
        self._kind = operation.template.kind(name)
        self._before = operation.before(name)
        self._properties: Document | None = None
        self._cancelled = False

    @property
    def is_custom(self) -> bool:
        """Whether it is a custom resource."""
        return self._kind.startswith("Custom::") or self._kind == "AWS::CloudFormation::CustomResource"

    async def deploy(self) -> None:
        """Create or update it; when its properties are what they were, it is not touched.

        Raises:
            Exception: Whatever the resource's type raises; its text is CloudFormation's reason.
        """
        self._properties, dynamic = self._resolve()
        new = self._operation.template.tagged(self._name, self._kind, self._properties)
        if self._before is None:
            self._tell(f"{self._operation.verb}_IN_PROGRESS")
            made, attributes, seed = await self._create(new)
        else:
            old = self._old(self._before)
            if old == new:
                return
            self._tell("UPDATE_IN_PROGRESS")
            made, attributes, seed = await self._update(self._before, old, new)
        if self._cancelled:
            return
        status = f"{self._operation.verb}_COMPLETE"
        record = self._operation.record(self._name, made, attributes, self._properties, status=status)
        record |= {"_dynamic": dynamic} if dynamic else {}
        record |= {"_name_seed": seed} if seed else {}
        self._tell(status, physical_id=made)

    def fail(self, error: BaseException, *, first: bool) -> Attempt | None:
        """Leave it to the rollback, for it failed.

        Args:
            error: Why.
            first: Whether it is the operation's first failure, which ministack's rollback treats by itself.

        Returns:
            What its update tried; None for a new resource.
        """
        self._tell(f"{self._operation.verb}_FAILED", str(error))
        attempt = self._attempt()
        if attempt is None and self.is_custom:
            self._to_be_deleted(getattr(error, "physical_id", None))
        elif attempt is not None and attempt[1] is not None and not first:
            self._to_be_sent_back()
        return attempt

    def cancel(self) -> None:
        """Leave it to the rollback while it is still under way."""
        self._cancelled = True
        self._tell(
            f"{self._operation.verb}_FAILED", f"Resource {'creation' if self._before is None else 'update'} cancelled"
        )
        if self._before is None:
            self._to_be_deleted(None)
        else:
            self._to_be_sent_back()

    async def _create(self, new: Document) -> tuple[str, Document, str]:
        provision = ministack()._provision_keeping_seed
        stack_name = self._operation.template.stack_name
        (made, attributes), seed = await _call(self._kind, provision, self._kind, self._name, new, stack_name)
        return made, attributes, seed

    async def _update(self, before: Document, old: Document, new: Document) -> tuple[str, Document, str]:
        stacks, template = ministack(), self._operation.template
        old_id = before.get("PhysicalResourceId", self._name)
        deletes: list[Any] = []
        # Context variables of this task, which the worker thread inherits.
        stacks._RETAIN_REPLACED.set(template.retains(self._name, "UpdateReplacePolicy"))
        stacks._DEFERRED_PREDECESSOR_DELETES.set(deletes)
        stacks._NAME_SEED.set(before.get("_name_seed", ""))
        if stacks._replacing_change(self._kind, old, new):
            self._tell("UPDATE_IN_PROGRESS", _REPLACED, old_id)
        arguments = (self._kind, old_id, old, new, template.stack_name, self._name, before.get("Attributes", {}))
        (made, attributes), seed = await _call(self._kind, stacks._update_keeping_seed, *arguments)
        if made != old_id or deletes:
            replaced = Replaced(self._name, old_id, made, before.get("Properties", {}), deletes)
            self._operation.replaced.append(replaced)
        return made, attributes, seed

    def _resolve(self) -> tuple[Document, Any]:
        """Return its properties, and the values of its dynamic references."""
        template, former = self._operation.template, self._operation.former
        if former is None:
            return template.properties(self._name, None, reuse_ssm=False, reuse_secrets=False)
        definition = template.definitions[self._name]
        return template.properties(
            self._name,
            (self._before or {}).get("_dynamic"),
            reuse_ssm=former.body == template.body and former.parameters == template.parameters,
            reuse_secrets=self._before is not None and former.definitions.get(self._name) == definition,
        )

    def _attempt(self) -> Attempt | None:
        """Return what an update of a resource that was there before tried; None for a new resource."""
        if self._before is None:
            return None
        nothing_sent = (self._before.get("PhysicalResourceId", self._name), None, None, None)
        if self._properties is None:
            return nothing_sent
        stacks = ministack()
        new = self._operation.template.tagged(self._name, self._kind, self._properties)
        old = self._old(self._before)
        if stacks._replacing_change(self._kind, old, new) or stacks._custom_named_replacement_error(
            self._kind, old, new
        ):
            return nothing_sent
        return nothing_sent[0], new, old, self._before.get("Attributes", {})

    def _old(self, before: Document) -> Document:
        """Return the properties that it had, with the tags that the stack had."""
        former = self._operation.former or self._operation.template
        return former.tagged(self._name, self._kind, before.get("Properties", {}))

    def _to_be_deleted(self, physical_id: str | None) -> None:
        """Let the rollback delete a custom resource whose creation ended badly: something may have been made."""
        made = physical_id or f"{self._operation.template.stack_name}-{self._name}-{uuid.uuid4().hex[:12].upper()}"
        self._operation.record(self._name, made, {}, self._properties or {}, status="CREATE_FAILED")

    def _to_be_sent_back(self) -> None:
        """Let the rollback give a resource its old properties."""
        old = self._before or {}
        made, attributes = old["PhysicalResourceId"], old.get("Attributes", {})
        self._operation.record(self._name, made, attributes, self._properties or {}, status="UPDATE_FAILED")

    def _tell(self, status: str, reason: str = "", physical_id: str = "") -> None:
        self._operation.event(self._name, self._kind, status, reason, physical_id)


async def delete(operation: StackOperation, name: str, kind: str, physical_id: str, properties: Document) -> None:
    """Delete a physical resource that the stack no longer has.

    Args:
        operation: The operation.
        name: The resource's logical id.
        kind: Its type.
        physical_id: Its physical id.
        properties: The properties that it has.

    Raises:
        Exception: Whatever the resource's type raises.
    """
    operation.event(name, kind, "DELETE_IN_PROGRESS", physical_id=physical_id)
    stack_name = operation.template.stack_name
    await _call(kind, ministack()._delete_resource, kind, physical_id, properties, stack_name, name)
    operation.event(name, kind, "DELETE_COMPLETE", physical_id=physical_id)


async def _call(kind: str, function: Any, *arguments: Any) -> Any:
    """Call a resource type's handler, on a worker thread when it blocks."""
    if ministack()._runs_on_worker_thread(kind):
        return await ministack().run_reentrant(function, *arguments)
    return function(*arguments)
