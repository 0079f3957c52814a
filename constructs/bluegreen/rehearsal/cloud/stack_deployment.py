"""The creation and the update of a stack as CloudFormation does it: what does not wait for each other runs at once.

In place of ministack's own loop, which takes one resource after the other. Its ways with a single resource (see
stack_resource.py), and its rollback, stay in use (see stack_rollback.py for what differs there).

When a resource fails, no other one begins. Custom resources that are under way are not waited for: CloudFormation tells
"Resource update cancelled" and takes them back with the rest, whatever they are doing. Other types are waited for.
"""

import asyncio
import importlib
from typing import Any

from . import stack_cleanup, stack_operation, stack_resource, stack_rollback, stack_template
from .api import Document
from .stack_operation import StackOperation
from .stack_resource import Attempt, StackResource
from .stack_template import StackTemplate, ministack

MODULE = stack_template.MODULE
CALLERS = ("ministack.services.cloudformation.handlers", "ministack.services.cloudformation.changesets")
"""They hold the function under its name too."""

NAMES = (
    "_deploy_stack_async",
    "_evaluate_conditions",
    "_fail_property_validation",
    "_failed_operation",
    "_roll_back_operation",
    *stack_cleanup.NAMES,
    *stack_operation.NAMES,
    *stack_resource.NAMES,
    *stack_template.NAMES,
)
"""What is read or replaced there, here and in the modules of an operation; checked before anything starts."""

_LOOK_FOR_CANCEL_SECONDS = 0.2


def install() -> None:
    """Replace ministack's loop."""
    module = ministack()
    original = module._deploy_stack_async  # noqa: SLF001 - checked by name in extension.py

    async def deploy(  # noqa: PLR0917 - ministack calls it so
        stack_name: str,
        stack_id: str,
        body: Document,
        parameters: Document,
        disable_rollback: bool,  # noqa: FBT001 - likewise
        tags: list[Document],
        is_update: bool = False,  # noqa: FBT001, FBT002 - likewise
        previous_stack: Document | None = None,
        retain_except_on_create: bool = False,  # noqa: FBT001, FBT002 - likewise
        imports: Document | None = None,
    ) -> None:
        stack: Document = importlib.import_module(stack_rollback.PACKAGE)._stacks[stack_name]  # noqa: SLF001 - likewise
        conditions = module._evaluate_conditions(body, parameters)  # noqa: SLF001 - likewise
        records = stack.setdefault("_resources", {})
        stack_tags = stack.get("Tags") or []
        template = StackTemplate(stack_name, stack_id, body, parameters, conditions, records, stack_tags)
        if imports or not _has_order(template):
            # Imports, and templates that refer to themselves, are no business of a rehearsal.
            base = (stack_name, stack_id, body, parameters, disable_rollback, tags, is_update)
            await original(*base, previous_stack, retain_except_on_create, imports)
            return
        deployment = StackDeployment(stack, template, (previous_stack or {}) if is_update else None)
        await deployment.run(disable_rollback=disable_rollback, retain_except_on_create=retain_except_on_create)

    for name in (MODULE, *CALLERS):
        caller: Any = importlib.import_module(name)
        caller._deploy_stack_async = deploy  # noqa: SLF001 - likewise


def _has_order(template: StackTemplate) -> bool:
    try:
        template.order()
    except ValueError:
        return False
    return True


class StackDeployment:
    """Takes one stack to its new template, or back.

    Args:
        stack: ministack's record of the stack.
        template: The new template.
        previous: The stack's record before an update; None for a creation.
    """

    def __init__(self, stack: Document, template: StackTemplate, previous: Document | None) -> None:
        former = None if previous is None else StackTemplate.of(template.stack_name, template.stack_id, previous)
        self._stack, self._template, self._previous, self._former = stack, template, previous, former
        self._operation = StackOperation(stack, template, former)
        self._ordered = template.order()
        self._resources = {name: StackResource(self._operation, name) for name in self._ordered}
        self._reason = ""
        self._failed: str | None = None
        self._attempt: Attempt | None = None
        self._cancelled = False

    async def run(self, *, disable_rollback: bool, retain_except_on_create: bool) -> None:
        """Bring the stack to what its template says, or back to where it was.

        Args:
            disable_rollback: Leave the stack as it is when a resource fails.
            retain_except_on_create: The request's RetainExceptOnCreate.
        """
        self._stack.pop("_failed_operation", None)
        if self._is_invalid(disable_rollback=disable_rollback):
            return
        for flag in ("_cancel_requested", "_cancel_token"):
            self._stack.pop(flag, None)
        await self._deploy_resources()
        outputs, exports = self._outputs()
        if not self._reason:
            await self._succeed(outputs, exports)
            return
        failed_operation = self._failed_operation(retain_except_on_create=retain_except_on_create)
        if disable_rollback:
            self._stack["_failed_operation"] = failed_operation
            self._stack["StackStatusReason"] = self._reason
            self._operation.enter(f"{self._operation.verb}_FAILED", self._reason)
            return
        where = (self._template.stack_name, self._template.stack_id, self._stack)
        with stack_rollback.of(self._former):
            await ministack()._roll_back_operation(*where, failed_operation)  # noqa: SLF001 - checked by name

    # --- what is deployed when ----------------------------------------------------------------------------------------

    async def _deploy_resources(self) -> None:
        """Start each resource as soon as those that it refers to are ready, until all are or one fails."""
        names = set(self._ordered)
        waiting = {name: self._template.needs(name, names) for name in self._ordered}
        running: dict[asyncio.Task[None], str] = {}
        ready: set[str] = set()
        while (waiting or running) and not self._reason:
            for name in [name for name, needs in waiting.items() if needs <= ready]:
                del waiting[name]
                running[asyncio.create_task(self._resources[name].deploy())] = name
            done, _ = await asyncio.wait(running, timeout=_LOOK_FOR_CANCEL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._take(task, running.pop(task), ready)
            if self._previous is not None and self._stack.pop("_cancel_requested", False):
                self._reason, self._cancelled = "User Initiated", True
        await self._abandon(running, ready)

    async def _abandon(self, running: "dict[asyncio.Task[None], str]", ready: set[str]) -> None:
        """Leave custom resources that are under way to themselves, and wait for the rest."""
        for task, name in running.items():
            if self._resources[name].is_custom:
                task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
                self._resources[name].cancel()
            else:
                await asyncio.wait([task])
                self._take(task, name, ready)

    def _take(self, task: "asyncio.Task[None]", name: str, ready: set[str]) -> None:
        """Note how a resource ended."""
        error = task.exception()
        if error is None:
            ready.add(name)
            return
        first = not self._reason
        attempt = self._resources[name].fail(error, first=first)
        if first:
            self._failed, self._attempt, self._reason = name, attempt, f"Resource {name} failed: {error}"

    # --- how it begins and ends ---------------------------------------------------------------------------------------

    def _is_invalid(self, *, disable_rollback: bool) -> bool:
        """Let ministack validate the properties; it ends the operation itself when they are invalid."""
        template = self._template
        return not self._stack.get("_disable_validation") and bool(
            ministack()._fail_property_validation(  # noqa: SLF001 - checked by name
                self._stack, template.stack_id, template.stack_name, template.definitions, self._ordered,
                template.parameters, template.conditions, template.body.get("Mappings", {}), disable_rollback,
                previous_stack=self._previous,
            )
        )  # fmt: skip

    def _outputs(self) -> tuple[list[Document], Document]:
        """Return outputs and exports; one that cannot be resolved fails the operation."""
        if self._reason:
            return [], {}
        try:
            return self._template.outputs(self._ordered)
        except Exception as error:  # noqa: BLE001 - whatever the reason
            self._reason = str(error)
            self._operation.stack_event(f"{self._operation.verb}_FAILED", self._reason)
            return [], {}

    async def _succeed(self, outputs: list[Document], exports: Document) -> None:
        if self._former is not None:
            self._operation.enter("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            await stack_cleanup.clean_up(self._operation, self._former)
        self._stack |= {
            "_resources": self._template.records,
            "_template": self._template.body,
            "_resolved_params": self._template.parameters,
            "Outputs": outputs,
        }
        importlib.import_module(stack_rollback.PACKAGE)._exports.update(exports)  # noqa: SLF001 - checked by name
        self._operation.enter(f"{self._operation.verb}_COMPLETE")

    def _failed_operation(self, *, retain_except_on_create: bool) -> Any:
        """Return what ministack's rollback wants to know."""
        operation, template, former = self._operation, self._template, self._former
        failed_update = None
        if self._failed is not None and self._attempt is not None:
            failed_update = (self._failed, template.kind(self._failed), *self._attempt)
        return ministack()._failed_operation(  # noqa: SLF001 - checked by name
            former is not None, self._previous, operation.created, failed_update, self._failed,
            [replaced.name for replaced in operation.replaced], self._cancelled, template.body, template.parameters,
            retain_except_on_create, template.tags, former.tags if former else [], {},
        )  # fmt: skip
