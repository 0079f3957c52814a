"""The creation and the update of a stack as CloudFormation does it: what does not wait for each other runs at once.

In place of ministack's own loop, which takes one resource after the other. Its ways with a single resource, and its
rollback, stay in use (see stack_rollback.py for what differs there).

When a resource fails, no other one begins. Custom resources that are under way are not waited for: CloudFormation tells
"Resource update cancelled" and takes them back with the rest, whatever they are doing. Other types are waited for.
"""
# ruff: noqa: SLF001 - every name of ministack's that is used here is checked in extension.py

import asyncio
import copy
import importlib
import uuid
from collections.abc import Mapping
from typing import Any

from . import stack_rollback
from .api import Document

MODULE = "ministack.services.cloudformation.stacks"
CALLERS = ("ministack.services.cloudformation.handlers", "ministack.services.cloudformation.changesets")
"""They hold the function under its name too."""

NAMES = (
    "_deploy_stack_async",
    "_add_event",
    "_custom_named_replacement_error",
    "_DEFERRED_PREDECESSOR_DELETES",
    "_delete_resource",
    "_evaluate_conditions",
    "_extract_deps",
    "_fail_property_validation",
    "_failed_operation",
    "_NAME_SEED",
    "_NO_VALUE",
    "_provision_keeping_seed",
    "_replacing_change",
    "_resolve_dynamic_references",
    "_resolve_refs",
    "_resolve_stack_outputs",
    "_resource_policy",
    "_RETAIN_REPLACED",
    "_RETAINING_POLICIES",
    "_roll_back_operation",
    "_runs_on_worker_thread",
    "_snapshot_resource",
    "_topological_sort",
    "_update_keeping_seed",
    "_with_stack_tags",
    "now_iso",
    "run_reentrant",
)
"""What is read or replaced there; checked before anything starts."""

_REPLACED = "Requested update requires the creation of a new physical resource; hence creating one."
_LOOK_FOR_CANCEL_SECONDS = 0.2
STACK = "AWS::CloudFormation::Stack"


def install() -> None:
    """Replace ministack's loop."""
    module: Any = importlib.import_module(MODULE)
    original = module._deploy_stack_async

    async def deploy(  # noqa: PLR0917 - ministack calls it so
        stack_name: str,
        stack_id: str,
        template: Document,
        param_values: Document,
        disable_rollback: bool,  # noqa: FBT001 - likewise
        tags: list[Document],
        is_update: bool = False,  # noqa: FBT001, FBT002 - likewise
        previous_stack: Document | None = None,
        retain_except_on_create: bool = False,  # noqa: FBT001, FBT002 - likewise
        imports: Document | None = None,
    ) -> None:
        resources = template.get("Resources", {})
        try:
            ordered = module._topological_sort(resources, module._evaluate_conditions(template, param_values))
        except ValueError:
            ordered = None
        if imports or ordered is None:
            # Imports, and templates that refer to themselves, are no business of a rehearsal.
            base = (stack_name, stack_id, template, param_values, disable_rollback, tags, is_update)
            await original(*base, previous_stack, retain_except_on_create, imports)
            return
        previous = (previous_stack or {}) if is_update else None
        deployment = StackDeployment(module, stack_name, stack_id, template, param_values, ordered, previous)
        await deployment.run(disable_rollback=disable_rollback, retain_except_on_create=retain_except_on_create)

    for name in (MODULE, *CALLERS):
        caller: Any = importlib.import_module(name)
        caller._deploy_stack_async = deploy


class StackDeployment:
    """One creation or update of one stack.

    Args:
        module: ministack's module of stacks.
        stack_name: The stack.
        stack_id: Its ARN.
        template: The new template.
        parameters: The parameters' values, as ministack resolved them.
        ordered: The resources whose condition holds, dependencies first.
        previous: The stack's record before an update; None for a creation.
    """

    def __init__(  # noqa: PLR0917 - what an operation consists of
        self,
        module: Any,
        stack_name: str,
        stack_id: str,
        template: Document,
        parameters: Document,
        ordered: list[str],
        previous: Document | None,
    ) -> None:
        self._ms = module
        self._name, self._id = stack_name, stack_id
        self._template, self._parameters, self._ordered, self._previous = template, parameters, ordered, previous
        self._stack: Document = importlib.import_module("ministack.services.cloudformation")._stacks[stack_name]
        self._conditions = module._evaluate_conditions(template, parameters)
        self._definitions: Document = template.get("Resources", {})
        self._records: Document = self._stack.setdefault("_resources", {})
        self._before: Document = (previous or {}).get("_resources", {})
        self._verb = "CREATE" if previous is None else "UPDATE"
        self._created: list[str] = []
        self._replaced: list[tuple[str, str, str, Document, list[Any]]] = []
        self._reason = ""
        self._failed: str | None = None
        self._failed_update: tuple[Any, ...] | None = None
        self._cancelled = False
        self._resolved: dict[str, Document] = {}
        self._abandoned: set[str] = set()

    async def run(self, *, disable_rollback: bool, retain_except_on_create: bool) -> None:
        """Bring the stack to what its template says, or back to where it was."""
        self._stack.pop("_failed_operation", None)
        if not self._stack.get("_disable_validation") and self._ms._fail_property_validation(
            self._stack, self._id, self._name, self._definitions, self._ordered, self._parameters, self._conditions,
            self._template.get("Mappings", {}), disable_rollback, previous_stack=self._previous,
        ):  # fmt: skip
            return
        for flag in ("_cancel_requested", "_cancel_token"):
            self._stack.pop(flag, None)
        await self._deploy_resources()
        outputs, exports = self._outputs()
        if not self._reason:
            await self._succeed(outputs, exports)
            return
        operation = self._ms._failed_operation(
            self._previous is not None, self._previous, self._created, self._failed_update, self._failed,
            [entry[0] for entry in self._replaced], self._cancelled, self._template, self._parameters,
            retain_except_on_create, self._stack.get("Tags") or [], (self._previous or {}).get("Tags") or [], {},
        )  # fmt: skip
        if disable_rollback:
            self._stack["_failed_operation"] = operation
            self._stack["StackStatusReason"] = self._reason
            self._enter(f"{self._verb}_FAILED", self._reason)
            return
        with stack_rollback.of(self._id, self._previous):
            await self._ms._roll_back_operation(self._name, self._id, self._stack, operation)

    # --- all resources ------------------------------------------------------------------------------------------------

    async def _deploy_resources(self) -> None:
        """Start each resource as soon as those that it refers to are ready, until all are or one fails."""
        names = set(self._ordered)
        waiting = {name: self._ms._extract_deps(self._definitions[name], names) - {name} for name in self._ordered}
        running: dict[asyncio.Task[None], str] = {}
        ready: set[str] = set()
        while (waiting or running) and not self._reason:
            for name in [name for name, needs in waiting.items() if needs <= ready]:
                del waiting[name]
                running[asyncio.create_task(self._deploy(name))] = name
            done, _ = await asyncio.wait(running, timeout=_LOOK_FOR_CANCEL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._take(task, running.pop(task), ready)
            if self._previous is not None and self._stack.pop("_cancel_requested", False):
                self._reason, self._cancelled = "User Initiated", True
        await self._abandon(running, ready)

    async def _abandon(self, running: "dict[asyncio.Task[None], str]", ready: set[str]) -> None:
        """Leave custom resources that are under way to themselves, and wait for the rest."""
        for task, name in running.items():
            if _is_custom(self._kind(name)):
                task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
                self._cancel(name)
            else:
                await asyncio.wait([task])
                self._take(task, name, ready)

    def _take(self, task: "asyncio.Task[None]", name: str, ready: set[str]) -> None:
        """Note how a resource ended."""
        error = task.exception()
        if error is None:
            ready.add(name)
            return
        self._event(name, f"{self._verb}_FAILED", str(error))
        first = not self._reason
        attempt = self._attempt(name)
        if first:
            self._failed, self._reason = name, f"Resource {name} failed: {error}"
            self._failed_update = (name, self._kind(name), *attempt) if attempt else None
        if attempt is None and _is_custom(self._kind(name)):
            self._to_be_deleted(name, getattr(error, "physical_id", None))
        elif attempt is not None and attempt[1] is not None and not first:
            self._to_be_sent_back(name)

    def _cancel(self, name: str) -> None:
        self._abandoned.add(name)
        self._event(
            name, f"{self._verb}_FAILED", f"Resource {'creation' if self._is_new(name) else 'update'} cancelled"
        )
        if self._is_new(name):
            self._to_be_deleted(name, None)
        else:
            self._to_be_sent_back(name)

    def _to_be_deleted(self, name: str, physical_id: str | None) -> None:
        """Let the rollback delete a custom resource whose creation ended badly: something may have been made."""
        made = physical_id or f"{self._name}-{name}-{uuid.uuid4().hex[:12].upper()}"
        self._record(name, made, {}, self._resolved.get(name, {}), status="CREATE_FAILED")

    def _to_be_sent_back(self, name: str) -> None:
        """Let the rollback give a custom resource its old properties."""
        old = self._before[name]
        attributes = old.get("Attributes", {})
        self._record(name, old["PhysicalResourceId"], attributes, self._resolved[name], status="UPDATE_FAILED")

    # --- one resource -------------------------------------------------------------------------------------------------

    async def _deploy(self, name: str) -> None:
        """Create or update a resource; one whose properties are what they were is not touched."""
        properties, dynamic = self._resolve(name)
        self._resolved[name] = properties
        if self._is_new(name):
            self._event(name, f"{self._verb}_IN_PROGRESS")
            tagged = self._tagged(name, properties, self._stack)
            (made, attributes), seed = await self._call(
                name, self._ms._provision_keeping_seed, self._kind(name), name, tagged, self._name
            )
        else:
            old = self._tagged(name, self._before[name].get("Properties", {}), self._previous)
            new = self._tagged(name, properties, self._stack)
            if old == new:
                return
            self._event(name, "UPDATE_IN_PROGRESS")
            made, attributes, seed = await self._update(name, old, new)
        if name in self._abandoned:
            return
        record = self._record(name, made, attributes, properties, status=f"{self._verb}_COMPLETE")
        record |= {"_dynamic": dynamic} if dynamic else {}
        record |= {"_name_seed": seed} if seed else {}
        self._event(name, f"{self._verb}_COMPLETE", physical_id=made)

    async def _update(self, name: str, old: Document, new: Document) -> tuple[str, Document, str]:
        before = self._before[name]
        old_id = before.get("PhysicalResourceId", name)
        deletes: list[Any] = []
        # Context variables of this task, which the worker thread inherits.
        self._ms._RETAIN_REPLACED.set(self._policy(name, "UpdateReplacePolicy") in self._ms._RETAINING_POLICIES)
        self._ms._DEFERRED_PREDECESSOR_DELETES.set(deletes)
        self._ms._NAME_SEED.set(before.get("_name_seed", ""))
        if self._replaces(name, old, new):
            self._event(name, "UPDATE_IN_PROGRESS", _REPLACED, old_id)
        (made, attributes), seed = await self._call(
            name, self._ms._update_keeping_seed, self._kind(name), old_id, old, new, self._name, name,
            before.get("Attributes", {}),
        )  # fmt: skip
        if made != old_id or deletes:
            self._replaced.append((name, old_id, made, before.get("Properties", {}), deletes))
        return made, attributes, seed

    async def _call(self, name: str, function: Any, *arguments: Any) -> Any:
        if self._ms._runs_on_worker_thread(self._kind(name)):
            return await self._ms.run_reentrant(function, *arguments)
        return function(*arguments)

    def _resolve(self, name: str) -> tuple[Document, Any]:
        """Return a resource's properties with what they refer to, and the values of its dynamic references."""
        raw = copy.deepcopy(self._definitions[name].get("Properties", {}))
        mappings = self._template.get("Mappings", {})
        resolved = self._ms._resolve_refs(
            raw, self._records, self._parameters, self._conditions, mappings, self._name, self._id
        )
        known = {key: value for key, value in resolved.items() if value is not self._ms._NO_VALUE}
        before = self._previous or {}
        template = before.get("_template", {})
        properties, dynamic = self._ms._resolve_dynamic_references(
            known,
            self._before.get(name, {}).get("_dynamic"),
            reuse_ssm=template == self._template and self._parameters == before.get("_resolved_params"),
            reuse_secrets=not self._is_new(name) and template.get("Resources", {}).get(name) == self._definitions[name],
        )
        return properties, dynamic

    def _attempt(self, name: str) -> tuple[Any, ...] | None:
        """Return what an update of a resource that was there before tried; None for a new resource."""
        if self._is_new(name):
            return None
        before = self._before[name]
        old_id = before.get("PhysicalResourceId", name)
        if name not in self._resolved:
            return old_id, None, None, None
        new = self._tagged(name, self._resolved[name], self._stack)
        old = self._tagged(name, before.get("Properties", {}), self._previous)
        if self._replaces(name, old, new) or self._ms._custom_named_replacement_error(self._kind(name), old, new):
            return old_id, None, None, None
        return old_id, new, old, before.get("Attributes", {})

    # --- the end ------------------------------------------------------------------------------------------------------

    def _outputs(self) -> tuple[list[Document], Document]:
        if self._reason:
            return [], {}
        staying = {name: record for name, record in self._records.items() if name in self._ordered}
        try:
            found: tuple[list[Document], Document] = self._ms._resolve_stack_outputs(
                self._template.get("Outputs", {}), self._conditions, staying, self._parameters,
                self._template.get("Mappings", {}), self._name, self._id,
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - an output that cannot be resolved fails the operation
            self._reason = str(error)
            self._ms._add_event(self._id, self._name, self._name, STACK, f"{self._verb}_FAILED", self._reason, self._id)
            return [], {}
        return found

    async def _succeed(self, outputs: list[Document], exports: Document) -> None:
        package: Any = importlib.import_module("ministack.services.cloudformation")
        if self._previous is not None:
            self._enter("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            await self._clean_up()
        self._stack |= {
            "_resources": self._records,
            "_template": self._template,
            "_resolved_params": self._parameters,
            "Outputs": outputs,
        }
        package._exports.update(exports)
        self._enter(f"{self._verb}_COMPLETE")

    async def _clean_up(self) -> None:
        """Delete what was replaced, and what the template no longer has: users first, what they use after."""
        for name, old_id, made, old_properties, deletes in reversed(self._replaced):
            if self._policy(name, "UpdateReplacePolicy") in self._ms._RETAINING_POLICIES:
                if made != old_id:
                    self._event(name, "DELETE_SKIPPED", physical_id=old_id)
                continue
            try:
                for delete, arguments, named in deletes:
                    delete(*arguments, **named)
                if made != old_id:
                    await self._delete(name, self._kind(name), old_id, old_properties)
            except Exception as error:  # noqa: BLE001 - CloudFormation tells it, and completes all the same
                self._event(name, "DELETE_FAILED", str(error), old_id)
        before = self._previous or {}
        definitions = before.get("_template", {}).get("Resources", {})
        order = self._ms._topological_sort(definitions, before.get("_conditions", self._conditions))
        gone = [name for name in self._before if name not in self._ordered]
        for name in sorted(gone, key=lambda one: order.index(one) if one in order else -1, reverse=True):
            await self._remove(name, definitions.get(name), before)

    async def _remove(self, name: str, definition: Document | None, before: Document) -> None:
        record = self._before[name]
        kind, physical_id = record.get("ResourceType", ""), record.get("PhysicalResourceId", "")
        policy = self._ms._resource_policy(
            definition, "DeletionPolicy", self._before, before.get("_resolved_params", {}),
            before.get("_conditions", self._conditions), before.get("_template", {}).get("Mappings", {}),
            self._name, self._id,
        )  # fmt: skip
        if policy in self._ms._RETAINING_POLICIES:
            self._ms._add_event(self._id, self._name, name, kind, "DELETE_SKIPPED", physical_id=physical_id)
            self._records.pop(name, None)
            return
        try:
            if policy == "Snapshot":
                self._ms._snapshot_resource(kind, physical_id, record.get("Properties", {}))
            await self._delete(name, kind, physical_id, record.get("Properties", {}))
        except Exception as error:  # noqa: BLE001 - it stays in the stack, and the next operation tries again
            self._ms._add_event(self._id, self._name, name, kind, "DELETE_FAILED", str(error), physical_id)
            self._records.get(name, {}).update(ResourceStatus="DELETE_FAILED", ResourceStatusReason=str(error))
            return
        self._records.pop(name, None)

    async def _delete(self, name: str, kind: str, physical_id: str, properties: Document) -> None:
        self._ms._add_event(self._id, self._name, name, kind, "DELETE_IN_PROGRESS", physical_id=physical_id)
        arguments = (kind, physical_id, properties, self._name, name)
        if self._ms._runs_on_worker_thread(kind):
            await self._ms.run_reentrant(self._ms._delete_resource, *arguments)
        else:
            self._ms._delete_resource(*arguments)
        self._ms._add_event(self._id, self._name, name, kind, "DELETE_COMPLETE", physical_id=physical_id)

    # --- small things -------------------------------------------------------------------------------------------------

    def _is_new(self, name: str) -> bool:
        return name not in self._before

    def _kind(self, name: str) -> str:
        return str(self._definitions[name].get("Type", "AWS::CloudFormation::CustomResource"))

    def _replaces(self, name: str, old: Document, new: Document) -> bool:
        return bool(self._ms._replacing_change(self._kind(name), old, new))

    def _tagged(self, name: str, properties: Document, stack: Document | None) -> Document:
        tags = (stack or {}).get("Tags") or []
        tagged: Document = self._ms._with_stack_tags(self._kind(name), properties, tags, self._name, self._id, name)
        return tagged

    def _policy(self, name: str, attribute: str) -> str:
        return str(
            self._ms._resource_policy(
                self._definitions.get(name), attribute, self._records, self._parameters, self._conditions,
                self._template.get("Mappings", {}), self._name, self._id,
            )
        )  # fmt: skip

    def _record(
        self, name: str, physical_id: str, attributes: Mapping[str, Any], properties: Document, *, status: str
    ) -> Document:
        record: Document = {
            "PhysicalResourceId": physical_id,
            "ResourceType": self._kind(name),
            "ResourceStatus": status,
            "LogicalResourceId": name,
            "Properties": properties,
            "Attributes": dict(attributes),
            "Timestamp": self._ms.now_iso(),
        }
        self._records[name] = record
        self._created.append(name)
        return record

    def _event(self, name: str, status: str, reason: str = "", physical_id: str = "") -> None:
        self._ms._add_event(self._id, self._name, name, self._kind(name), status, reason, physical_id)

    def _enter(self, status: str, reason: str = "") -> None:
        self._stack["StackStatus"] = status
        self._ms._add_event(self._id, self._name, self._name, STACK, status, reason, self._id)


def _is_custom(kind: str) -> bool:
    return kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"
