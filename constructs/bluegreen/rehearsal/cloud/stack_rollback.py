"""How a rollback of CloudFormation's differs from ministack's: what is sent back, and what a nested stack calls itself.

No written source states whether a rollback sends the values that were resolved when the old template was deployed, or
resolves them anew from what custom resources answer during the rollback. AWS says of updates that an attribute is
evaluated when its resource is updated (cloudformation-coverage-roadmap issue 68), so they are resolved anew, unless the
fault "stale-rollback" is in force.
"""
# ruff: noqa: SLF001 - every name of ministack's that is used here is checked in extension.py

import contextlib
import copy
import importlib
from collections.abc import Iterator
from typing import Any

from .api import Document

MODULE = "ministack.services.cloudformation.stacks"
NAMES = (
    "_add_event",
    "_NO_VALUE",
    "_resolve_dynamic_references",
    "_resolve_refs",
    "_revert_update",
    "_with_stack_tags",
)
PROVISIONERS = "ministack.services.cloudformation.provisioners"
PROVISIONERS_NAMES = ("_update_resource",)
PACKAGE = "ministack.services.cloudformation"
PACKAGE_NAMES = ("_stacks", "_exports")
"""What is read or replaced in the three modules; checked before anything starts."""

STALE = "stale-rollback"
FAULTS = frozenset({STALE})
"""The fault that is played here."""

STACK = "AWS::CloudFormation::Stack"


class _Rollbacks:
    """The rollbacks that go on now, by stack, and whether they send what was resolved before."""

    def __init__(self) -> None:
        self.previous: dict[str, Document] = {}
        self.stale = False


_rollbacks = _Rollbacks()


def inject(fault: Document) -> None:
    """Let rollbacks send values as they were resolved by the last update that succeeded, until the fault is cleared.

    Args:
        fault: `{"fault": "stale-rollback"}`, or `{"fault": null}`.
    """
    _rollbacks.stale = fault["fault"] == STALE


@contextlib.contextmanager
def of(stack_id: str, previous: Document | None) -> Iterator[None]:
    """Know a stack's former record while its update is taken back; None when its creation is."""
    if previous is not None:
        _rollbacks.previous[stack_id] = previous
    try:
        yield
    finally:
        _rollbacks.previous.pop(stack_id, None)


def install() -> None:
    """Change ministack's rollback."""
    module: Any = importlib.import_module(MODULE)
    stacks: Document = importlib.import_module(PACKAGE)._stacks
    revert, add_event = module._revert_update, module._add_event

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
        before = _rollbacks.previous.get(stack_id)
        if before is not None and record is not None and not _rollbacks.stale:
            record["Properties"] = _resolve(module, before, stack_name, stack_id, logical_id)
            tags = before.get("Tags") or []
            previous = module._with_stack_tags(kind, record["Properties"], tags, stack_name, stack_id, logical_id)
        await revert(stack_id, stack_name, logical_id, kind, physical_id, applied, previous, attributes, record)

    def add_event_of_rollback(
        stack_id: str, stack_name: str, logical_id: str, kind: str, status: str, *rest: Any, **named: Any
    ) -> None:
        if kind == STACK and logical_id == stack_name and status.startswith("UPDATE_"):
            status = _in_rollback(stacks, stack_name, status)
        add_event(stack_id, stack_name, logical_id, kind, status, *rest, **named)

    module._revert_update = revert_anew
    module._add_event = add_event_of_rollback
    _send_back_in_nested_stacks()


def _resolve(module: Any, before: Document, stack_name: str, stack_id: str, logical_id: str) -> Document:
    """Return a resource's properties by the former template, with the attributes that resources have now."""
    template = before["_template"]
    raw = copy.deepcopy(template["Resources"][logical_id].get("Properties", {}))
    resources = before["_resources"]
    where = (before.get("_conditions", {}), template.get("Mappings", {}), stack_name, stack_id)
    resolved = module._resolve_refs(raw, resources, before["_resolved_params"], *where)
    known = {key: value for key, value in resolved.items() if value is not module._NO_VALUE}
    former = resources[logical_id].get("_dynamic")
    properties: Document = module._resolve_dynamic_references(known, former, reuse_ssm=True, reuse_secrets=True)[0]
    return properties


def _in_rollback(stacks: Document, stack_name: str, status: str) -> str:
    """Return, and set, the status of a nested stack whose parent is taken back."""
    stack = stacks.get(stack_name, {})
    parent = stacks.get(stack.get("_parent_stack_name"), {})
    if "ROLLBACK" not in parent.get("StackStatus", "") or "ROLLBACK" in status:
        return status
    stack["StackStatus"] = status.replace("UPDATE_", "UPDATE_ROLLBACK_")
    return str(stack["StackStatus"])


def _send_back_in_nested_stacks() -> None:
    """Give a custom resource of a nested stack its old properties when its own update failed, as in any other stack.

    ministack keeps the old properties for it, and so finds nothing to send.
    """
    provisioners: Any = importlib.import_module(PROVISIONERS)
    update = provisioners._update_resource
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

    provisioners._update_resource = update_or_send_back
