"""The clean-up after an update: what it replaced, and what the new template no longer has, is deleted."""

from .stack_operation import Replaced, StackOperation
from .stack_resource import delete
from .stack_template import StackTemplate, ministack

NAMES = ("_snapshot_resource",)
"""What is read in ministack's module of stacks; checked before anything starts."""


async def clean_up(operation: StackOperation, former: StackTemplate) -> None:
    """Delete users first, what they use after; what cannot be deleted does not fail the update.

    Args:
        operation: The update, which has succeeded.
        former: The template before it.
    """
    for replaced in reversed(operation.replaced):
        await _delete_replaced(operation, replaced)
    order, staying = former.order(), operation.template.order()
    gone = [name for name in former.records if name not in staying]
    for name in sorted(gone, key=lambda one: order.index(one) if one in order else -1, reverse=True):
        await _remove(operation, former, name)


async def _delete_replaced(operation: StackOperation, replaced: Replaced) -> None:
    name, old_id, template = replaced.name, replaced.old_id, operation.template
    kind = template.kind(name)
    if template.retains(name, "UpdateReplacePolicy"):
        if replaced.new_id != old_id:
            operation.event(name, kind, "DELETE_SKIPPED", physical_id=old_id)
        return
    try:
        for put_off, arguments, named in replaced.deletes:
            put_off(*arguments, **named)
        if replaced.new_id != old_id:
            await delete(operation, name, kind, old_id, replaced.old_properties)
    except Exception as error:  # noqa: BLE001 - CloudFormation tells it, and completes all the same
        operation.event(name, kind, "DELETE_FAILED", str(error), old_id)


async def _remove(operation: StackOperation, former: StackTemplate, name: str) -> None:
    record, records = former.records[name], operation.template.records
    kind, physical_id = record.get("ResourceType", ""), record.get("PhysicalResourceId", "")
    properties = record.get("Properties", {})
    if former.retains(name, "DeletionPolicy"):
        operation.event(name, kind, "DELETE_SKIPPED", physical_id=physical_id)
        records.pop(name, None)
        return
    try:
        if former.policy(name, "DeletionPolicy") == "Snapshot":
            ministack()._snapshot_resource(kind, physical_id, properties)  # noqa: SLF001 - checked by name in extension.py
        await delete(operation, name, kind, physical_id, properties)
    except Exception as error:  # noqa: BLE001 - it stays in the stack, and the next operation tries again
        operation.event(name, kind, "DELETE_FAILED", str(error), physical_id)
        records.get(name, {}).update(ResourceStatus="DELETE_FAILED", ResourceStatusReason=str(error))
        return
    records.pop(name, None)
