"""How CloudFormation's rollbacks and nested stacks differ from ministack's: what is sent, kept, and told of them.

No written source states whether a rollback sends the values that were resolved when the old template was deployed, or
resolves them anew from what custom resources answer during the rollback. AWS says of updates that an attribute is
evaluated when its resource is updated (cloudformation-coverage-roadmap issue 68), so they are resolved anew, unless the
fault "stale-rollback" is in force.
"""

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from . import stack_template
from .api import Document
from .stack_operation import STACK
from .stack_template import StackTemplate, ministack

MODULE = stack_template.MODULE
NAMES = ("_add_event", "_revert_update")
PROVISIONERS = "ministack.services.cloudformation.provisioners"
PROVISIONERS_NAMES = ("_update_resource", "_delete_resource")
PACKAGE = "ministack.services.cloudformation"
PACKAGE_NAMES = ("_stacks", "_exports")
"""What is read or replaced in the three modules; checked before anything starts."""

_RETAINED = frozenset({"AWS::ECS::TaskDefinition"})
"""What a template is taken to retain when it is replaced."""

STALE = "stale-rollback"
FAULTS = frozenset({STALE})
"""The fault that is played here."""


class _Rollbacks:
    """The rollbacks that go on now, by stack, and whether they send what was resolved before."""

    def __init__(self) -> None:
        self.former: dict[str, StackTemplate] = {}
        self.stale = False


_rollbacks = _Rollbacks()


def inject(fault: Document) -> None:
    """Let rollbacks send values as they were resolved by the last update that succeeded, until the fault is cleared.

    Args:
        fault: `{"fault": "stale-rollback"}`, or `{"fault": null}`.
    """
    _rollbacks.stale = fault["fault"] == STALE


@contextlib.contextmanager
def of(former: StackTemplate | None) -> Iterator[None]:
    """Know a stack's former template while its update is taken back; None when its creation is."""
    if former is None:
        yield
        return
    _rollbacks.former[former.stack_id] = former
    try:
        yield
    finally:
        _rollbacks.former.pop(former.stack_id, None)


def install() -> None:
    """Change ministack's rollback, and its nested stacks."""
    _resolve_anew()
    _tell_rollbacks_of_nested_stacks()
    _keep_attributes_in_nested_stacks()
    _return_to_what_was_replaced_in_nested_stacks()
    _send_back_in_nested_stacks()


def _resolve_anew() -> None:
    """Send back what the former template says with the attributes that resources have now."""
    module = ministack()
    revert = module._revert_update  # noqa: SLF001 - checked by name in extension.py

    async def revert_anew(  # noqa: PLR0917 - ministack calls it so
        stack_id: str,
        stack_name: str,
        logical_id: str,
        kind: str,
        physical_id: str,
        applied: Document,
        previous: Document,
        attributes: Document,
        record: Document | None = None,
    ) -> None:
        former = _rollbacks.former.get(stack_id)
        if former is not None and record is not None and not _rollbacks.stale:
            known = former.records[logical_id].get("_dynamic")
            properties, _ = former.properties(logical_id, known, reuse_ssm=True, reuse_secrets=True)
            record["Properties"] = properties
            previous = former.tagged(logical_id, kind, properties)
        await revert(stack_id, stack_name, logical_id, kind, physical_id, applied, previous, attributes, record)

    module._revert_update = revert_anew  # noqa: SLF001 - likewise


def _tell_rollbacks_of_nested_stacks() -> None:
    """Call the update that takes a nested stack back a rollback, in its status and in its events."""
    module = ministack()
    stacks: Document = importlib.import_module(PACKAGE)._stacks  # noqa: SLF001 - checked by name in extension.py
    add_event = module._add_event  # noqa: SLF001 - likewise

    def add_event_of_rollback(
        stack_id: str, stack_name: str, logical_id: str, kind: str, status: str, *rest: Any, **named: Any
    ) -> None:
        if kind == STACK and logical_id == stack_name and status.startswith("UPDATE_"):
            status = _in_rollback(stacks, stack_name, status)
        add_event(stack_id, stack_name, logical_id, kind, status, *rest, **named)

    module._add_event = add_event_of_rollback  # noqa: SLF001 - likewise


def _in_rollback(stacks: Document, stack_name: str, status: str) -> str:
    """Return, and set, the status of a nested stack whose parent is taken back."""
    if not _is_taken_back(stacks, stack_name) or "ROLLBACK" in status:
        return status
    stacks[stack_name]["StackStatus"] = status.replace("UPDATE_", "UPDATE_ROLLBACK_")
    return str(stacks[stack_name]["StackStatus"])


def _is_taken_back(stacks: Document, stack_name: str) -> bool:
    """Return whether a stack is nested in one whose update is taken back."""
    parent = stacks.get(stacks.get(stack_name, {}).get("_parent_stack_name"), {})
    return "ROLLBACK" in parent.get("StackStatus", "")


def _keep_attributes_in_nested_stacks() -> None:
    """Let a resource of a nested stack that does not change keep its attributes, as in any other stack.

    ministack does not hand them on, and so whatever refers to one fails.
    """
    provisioners: Any = importlib.import_module(PROVISIONERS)
    stacks: Document = importlib.import_module(PACKAGE)._stacks  # noqa: SLF001 - checked by name in extension.py
    update = provisioners._update_resource  # noqa: SLF001 - likewise

    def update_with_attributes(  # noqa: PLR0917 - ministack calls it so
        kind: str,
        physical_id: str,
        old: Document,
        new: Document,
        stack_name: str,
        logical_id: str | None = None,
        old_attributes: Document | None = None,
    ) -> Any:
        if old_attributes is None:
            known = stacks.get(stack_name, {}).get("_resources", {}).get(logical_id, {})
            old_attributes = known.get("Attributes")
        return update(kind, physical_id, old, new, stack_name, logical_id, old_attributes)

    provisioners._update_resource = update_with_attributes  # noqa: SLF001 - likewise


def _return_to_what_was_replaced_in_nested_stacks() -> None:
    """Take the resource that was replaced when a nested stack goes back, and delete what replaced it.

    ministack makes a third one. It deletes what is replaced at once, so this is right for what is retained.
    """
    provisioners: Any = importlib.import_module(PROVISIONERS)
    stacks: Document = importlib.import_module(PACKAGE)._stacks  # noqa: SLF001 - checked by name in extension.py
    update = provisioners._update_resource  # noqa: SLF001 - likewise
    replaced: dict[tuple[str, str | None, str], tuple[str, Document | None]] = {}

    def update_or_return(  # noqa: PLR0917 - ministack calls it so
        kind: str,
        physical_id: str,
        old: Document,
        new: Document,
        stack_name: str,
        logical_id: str | None = None,
        old_attributes: Document | None = None,
    ) -> Any:
        known = stacks.get(stack_name, {}).get("_resources", {}).get(logical_id, {}).get("Attributes")
        before = replaced.pop((stack_name, logical_id, physical_id), None)
        if before is not None and _is_taken_back(stacks, stack_name):
            provisioners._delete_resource(kind, physical_id, old, stack_name, logical_id)  # noqa: SLF001 - likewise
            return before
        made, attributes = update(kind, physical_id, old, new, stack_name, logical_id, old_attributes)
        if made != physical_id and kind in _RETAINED:
            replaced[stack_name, logical_id, made] = (physical_id, known)
        return made, attributes

    provisioners._update_resource = update_or_return  # noqa: SLF001 - likewise


def _send_back_in_nested_stacks() -> None:
    """Give a custom resource of a nested stack its old properties when its own update failed, as in any other stack.

    ministack keeps the old properties for it, and so finds nothing to send.
    """
    provisioners: Any = importlib.import_module(PROVISIONERS)
    update = provisioners._update_resource  # noqa: SLF001 - checked by name in extension.py
    failed: dict[tuple[str, str | None], Document] = {}

    def update_or_send_back(  # noqa: PLR0917 - ministack calls it so
        kind: str,
        physical_id: str,
        old: Document,
        new: Document,
        stack_name: str,
        logical_id: str | None = None,
        old_attributes: Document | None = None,
    ) -> Any:
        attempted = failed.pop((stack_name, logical_id), None)
        try:
            return update(kind, physical_id, attempted or old, new, stack_name, logical_id, old_attributes)
        except Exception:
            if kind.startswith("Custom::"):
                failed[stack_name, logical_id] = new
            raise

    provisioners._update_resource = update_or_send_back  # noqa: SLF001 - likewise
